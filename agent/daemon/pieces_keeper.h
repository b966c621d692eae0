/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's child that looks after this node's pieces: asks the controller for the placement, makes it (agent/pieces), watches the units,
 * sends logs that somebody follows, asks again often enough for leases. It lives while there are pieces, and a minute longer. What it finds goes to
 * standard output, a map of JSON on each line, for the daemon: {"report": kind, "body": {...}}, {"say": sentence},
 * {"placement": {measure, models, share}}, first {"ready": true}. SIGUSR1: the placement may be another one; SIGUSR2: programs may have come or gone; SIGTERM:
 * it ends, the pieces go on.
 */
#pragma once

#include <stdbool.h>

#include "common/base/error.h"

#define PIECES_KEEPER_FILE "placement" /* in STATE/identity: what is to be, also when the controller is away */

struct pieces_keeper_options {
    const char *state;        /* the daemon's folder */
    const char *models_store; /* NULL: none */
};

/* Until there is nothing to look after. */
bool pieces_keeper_run(const struct pieces_keeper_options *options, struct error *err);
