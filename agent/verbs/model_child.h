/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the daemon's children for models, fetch and share. */
#pragma once

#include <stdbool.h>

struct model_child_options {
    const char *state, *config; /* their defaults, unless they are given */
};

/* False: they make no sense, which has been said. */
bool model_child_options(const char *verb, int argc, char **argv, struct model_child_options *out);
