/* SPDX-License-Identifier: Apache-2.0 */
/* `roost-agent share`: gives chunks to the nodes that the orders on its input name, until the input ends. */
#pragma once

#include "common/base/error.h"

struct share_options {
    int input;
    const char *ca, *certificate, *key; /* PEM files of the node's identity */
    const char *store;
};

bool share_run(const struct share_options *options, struct error *err);
