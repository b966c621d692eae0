/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this node is to its controller, as a join left it: one folder, STATE/identity, that is there whole or not at all. It
 * holds the key, the certificate, the CA, the key that signs bundles and node.json; what belongs to this generation only
 * (spool, the highest bundle, the last work) lies in it too, so that a new generation begins without it.
 */
#pragma once

#include "common/trust/join_string.h"
#include "common/trust/node_identity.h"
#include "common/trust/pem.h"

#define IDENTITY_STATE_FOLDER "/var/lib/roost/agent"

struct identity_paths {
    const char *state;                                       /* the whole state folder */
    const char *folder;                                      /* STATE/identity */
    const char *key, *certificate, *ca, *signing_key, *node; /* in it */
    const char *spool, *bundle_state, *work, *run, *facts;   /* in it, of this generation */
    const char *joining_key, *joining_ca;                    /* of a join under way, in STATE */
};

struct identity {
    struct identity_paths paths;
    struct node_identity node;
    const char *controller; /* "host:port", an IPv6 address in brackets */
};

/* What a join brought, all PEM but `controller`. The key is taken from paths->joining_key. */
struct identity_new {
    struct node_identity node;
    const char *controller, *certificate, *ca, *signing_key;
};

struct identity_paths identity_paths(struct arena *arena, const char *state);
/* The state folder, made (0700) when it is not there; one that others may enter is refused. */
bool identity_folder_make(struct arena *arena, const char *state, struct error *err);
/* *missing_out: this node has not joined; *out is not written then. */
bool identity_load(struct arena *arena, const char *state, struct identity *out, bool *missing_out, struct error *err);
/* Puts the folder in place of the one that is there, on the disk when it returns; the key of the join becomes the node's. */
bool identity_install(struct arena *arena, const struct identity_paths *paths, const struct identity_new *made,
                      struct error *err);
