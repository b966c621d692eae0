/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of a workload on one node: a unit of systemd that the agent makes, starts, watches and ends, with its ports closed to
 * others. Controller and agent read and write it as JSON; the agent believes nothing of it that it does not check.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/spec/arg_spec.h"
#include "common/value/value.h"

#define PIECE_NAME_MAX 80 /* [a-z0-9][a-z0-9.-]*: "chat.0.head" */
#define PIECE_UNIT_PREFIX "roost-piece-"
#define PIECES_MAX 256 /* of one node */
#define PIECE_ARGUMENTS_MAX 512
#define PIECE_PORTS_MAX 16
#define PIECE_CONTROLLER "controller"         /* in piece_port.from: where the agent's controller is */
#define PIECE_LOG_LINES 60                    /* of a piece that failed */
#define PIECE_OUTPUT_MAX ((size_t)256 * 1024) /* of a job, told when it is over */

struct piece {
    const char *name;
    const char *kind;                /* "service": runs until it is taken away; "job": runs once, its output is told */
    const char *program;             /* of the agent's table (placement_program), or an absolute path */
    const char *build;               /* that the program must have; NULL: any */
    const struct value *arguments;   /* list of texts */
    const struct value *environment; /* map of texts, or NULL */
    const struct value *secrets;     /* the same; SECRET: in a file for the unit alone, in no list of processes */
    const char *user;                /* an account of the node; NULL: one of its own that goes with it (DynamicUser) */
    const struct value *devices;     /* list: "gpu"; NULL: none */
    const struct value
        *read;         /* list of paths it needs to see (models); the rest of /home, /root, /var/lib/roost is hidden */
    const char *state; /* name of a folder in /var/lib/roost-pieces that it may write and that stays; NULL: none */
    const struct value *
        files; /* map name -> text: put into the folder it starts in, which it may write to and which goes with it; NULL: none */
    int64_t state_max;  /* bytes: what is older goes before it starts (RPC cache); 0: no limit */
    int64_t memory_max; /* bytes of host memory; 0: none */
    const struct value *
        ports; /* list of maps {port, address, from: [addresses, or "controller"]}: nobody else gets there; NULL: none */
    const char *restart; /* "no", "on-failure" */
    bool lease;          /* ends when the controller was not heard for the placement's lease_s */
    int64_t timeout_s;   /* of a job; 0: none */
    int64_t stop_s;      /* until it is killed; 0: 10 */
    const char *node;    /* its node's name: only in the controller */
};

extern const struct task_spec piece_spec;

/* Binds and checks: names, absolute paths without "..", counts, ports, addresses; no NUL and no newline in anything that a unit file holds. */
bool piece_bind(struct arena *arena, const struct value *map, struct piece *out, struct error *err);
struct value *piece_value(struct arena *arena, const struct piece *piece);
const char *piece_unit(struct arena *arena, const char *name);    /* "roost-piece-chat.0.head.service" */
const char *piece_of_unit(struct arena *arena, const char *unit); /* the name in such a one; NULL: it is none */
