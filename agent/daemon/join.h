/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How this node comes to its identity: the CA is held against the join string, then the token and a request for a
 * certificate are sent, then all is kept at once. The key is made before anything is sent and used again by the next try,
 * so that a join which broke off at any point can be repeated with the same string.
 */
#pragma once

#include "agent/daemon/identity.h"

enum join_outcome {
    JOIN_DONE,
    JOIN_FAILED,      /* none of the others */
    JOIN_TOKEN,       /* the token is unknown, used, revoked, or its time is over */
    JOIN_NAME,        /* the token is not for this name, or the key is known under another */
    JOIN_WRONG_CA,    /* who answered is not the controller of the join string */
    JOIN_OPTIONS,     /* no address, no fit name */
    JOIN_UNREACHABLE, /* no answer */
    JOIN_ALREADY,
    JOIN_CLOCK,   /* this machine's clock makes certificates worthless */
    JOIN_REFUSED, /* an operator said no */
    JOIN_INTERRUPTED,
};

struct join_request {
    const char *state;
    const struct join_string *string;
    const char *controller; /* "host:port"; NULL: the join string's */
    const char *name;       /* NULL: the host name */
    bool again;             /* though the node has joined: with a new key */
    const volatile int *interrupted;
    /* What is waited for, one sentence; called at each poll. May be NULL */
    void (*progress)(void *data, const char *sentence);
    void *data;
};

/* Anything but JOIN_DONE: err says why. */
enum join_outcome join_run(struct arena *arena, const struct join_request *request, struct node_identity *out,
                           struct error *err);
/* A new certificate for the key that is there; with `when_due` only when half of the old one's life is over. */
bool join_renew(struct arena *arena, const char *state, bool when_due, bool *renewed_out, struct error *err);
