/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent fetch: the daemon's child that brings one model into the store; orders come on standard input. */
#include <stdio.h>
#include <unistd.h>

#include "agent/daemon/identity.h"
#include "agent/share/fetch.h"
#include "agent/share/fetch_config.h"
#include "agent/verbs/model_child.h"
#include "agent/verbs/verb_options.h"

static int fetch_verb_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct fetch_options options = { .input = STDIN_FILENO, .output = STDOUT_FILENO };
    struct model_child_options given;
    struct error err = ERROR_INIT;
    struct identity identity;
    bool missing = false;
    int code;

    if (!model_child_options("fetch", argc, argv, &given))
        return EXIT_OPTIONS;
    if (!identity_load(arena, given.state, &identity, &missing, &err) ||
        !fetch_config_read(arena, given.config, NULL, &options.settings, &err)) {
        fprintf(stderr, "roost-agent: fetch: %s\n", err.text);
        return 1;
    }
    options.node = missing ? "" : identity.node.name;
    if (!missing) {
        options.ca = identity.paths.ca;
        options.certificate = identity.paths.certificate;
        options.key = identity.paths.key;
    }
    code = fetch_run(&options, &err);
    if (code == 2)
        fprintf(stderr, "roost-agent: fetch: %s\n", err.text);
    return code;
}

AGENT_VERB_DEFINE(fetch) = {
    .name = "fetch",
    .summary = "Bring a model into this node's store, from neighbours or its origin (the daemon's child)",
    .usage =
        "[--state FOLDER] [--config FILE]\n\nReads orders as lines of JSON from standard input and tells its progress the same way; ends when the model is there,\n"
        "or when its input ends. --config: hub and token of this node (default " FETCH_CONFIG_PATH ").\n",
    .run = fetch_verb_run,
};
