/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the pieces of a node lie. Units and what belongs to them are forgotten by a restart of the machine; folders of state stay.
 * Paths are those of the host, system->root is put before them.
 */
#pragma once

#include "agent/system/host/system.h"
#include "common/placement/placement.h"

#define PIECES_UNITS "/run/systemd/system"
#define PIECES_MADE "/run/roost-pieces"                    /* NAME/piece.json (as told), NAME/secrets; 0700 */
#define PIECES_STATES "/var/lib/roost-pieces"              /* NAME: `state` of a piece */
#define PIECES_STATES_REAL "/var/lib/private/roost-pieces" /* of accounts of their own: the above is a link then */
#define PIECES_OUTPUTS "/var/lib/roost/pieces"             /* NAME.output of jobs, NAME.begun: when it was; 0700 */
#define PIECES_LEASE_TIMER "roost-lease.timer"
#define PIECES_LEASE_TARGET "roost-lease-over.target"
#define PIECES_TABLE "roost" /* of nftables, family inet */

/* What is to be known about this machine to write a unit. */
struct piece_host {
    int systemd_version;      /* 0: not known */
    const char *gpu_groups;   /* "render video", those that are there; "" none */
    const char *models_store; /* its root: readable for every piece; NULL: none */
};
