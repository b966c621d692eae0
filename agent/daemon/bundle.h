/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's bundle: what the controller's signed manifest names, in STATE/bundle, which is there whole or not at all. It holds
 * `manifest` (as signed), `info.json` (what to run) and files/. A new one is filled beside it, brought to the disk and exchanged
 * with it by one rename. Done by a child of the daemon; the daemon reads bundle_now.
 */
#pragma once

#include "agent/daemon/identity.h"

/* What the node works from. */
struct bundle_now {
    int64_t version, created_us, expires_us;
    bool has_changed;      /* its files are others than those of the bundle before; else it was signed anew only */
    bool is_withdrawn;     /* nothing is declared: the rest is NULL */
    const char *name;      /* of the playbook, as its publisher says */
    const char *host;      /* the node's name in the publisher's inventory */
    const char *playbook;  /* absolute paths from here on */
    const char *inventory; /* the node's slice */
    const char *vars;      /* what the publisher gave with -e, or NULL */
    const char *config;    /* an ansible.cfg */
};

/* *missing_out: none was taken yet; *out is not written then. */
bool bundle_now_read(struct arena *arena, const char *state, struct bundle_now *out, bool *missing_out,
                     struct error *err);

enum bundle_outcome {
    BUNDLE_SAME,    /* the controller has nothing newer */
    BUNDLE_TAKEN,   /* another one is in place; it may be one that withdraws */
    BUNDLE_NONE,    /* the controller has none: what is here stays */
    BUNDLE_REFUSED, /* the sentence in the error says why; what is here stays */
};

struct bundle_options {
    const char *state;
    /* For tests: told before each step, by its name; may end the process. May be NULL. */
    void (*step)(void *data, const char *name);
    void *data;
};

/* Asks the controller and takes what it has. False: it could not be asked, or this machine is in the way (disk). */
bool bundle_take(struct arena *arena, const struct bundle_options *options, enum bundle_outcome *out,
                 struct error *err);
