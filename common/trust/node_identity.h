/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which node: its name and its generation, counted up each time the name comes back with a new key. In certificates as
 * the URI roost:node:<name>:<generation>.
 */
#pragma once

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct node_identity {
    const char *name;
    int64_t generation; /* from 1 */
};

/* Letters, digits, '.', '-', '_', first and last a letter or digit, LIMIT_NODE_NAME at most: fit for a path too. */
bool node_name_check(const char *name, struct error *err);
char *node_identity_uri(struct arena *arena, const struct node_identity *node);
bool node_identity_is_uri(const char *uri); /* begins as one */
bool node_identity_read(struct arena *arena, const char *uri, struct node_identity *out, struct error *err);
