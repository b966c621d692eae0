/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's slice: the inventory for that one host under its own name, all its variables with it, as Ansible's precedence has
 * them and templates still templates; and what tells the agent how to run the bundle.
 */
#pragma once

#include "cli/project.h"
#include "engine/command/command.h"

#define SLICE_PROJECT "project" /* the playbook's own files, in the bundle */

struct slice_request {
    struct command *command;
    const struct project *project;
    const char *playbook; /* as given */
};

/* What all bundles of a publication share beside the project: the settings, and what -e gave. */
bool slice_common(const struct slice_request *request, struct project *into, struct error *err);
/* What is of this host alone. */
bool slice_host(const struct slice_request *request, const struct inventory_host *host, struct project *into,
                struct error *err);
