/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent share: the daemon's child that gives chunks of models to neighbours; orders come on standard input. */
#include <stdio.h>
#include <unistd.h>

#include "agent/daemon/identity.h"
#include "agent/share/share.h"
#include "agent/share/fetch_config.h"
#include "agent/verbs/model_child.h"
#include "agent/verbs/verb_options.h"

static int share_verb_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct share_options options = { .input = STDIN_FILENO };
    struct model_settings settings;
    struct model_child_options given;
    struct error err = ERROR_INIT;
    struct identity identity;
    bool missing = false;

    if (!model_child_options("share", argc, argv, &given))
        return EXIT_OPTIONS;
    if (identity_load(arena, given.state, &identity, &missing, &err) &&
        fetch_config_read(arena, given.config, NULL, &settings, &err) &&
        (!missing || error_set(&err, "this node has not joined a controller"))) {
        options.ca = identity.paths.ca;
        options.certificate = identity.paths.certificate;
        options.key = identity.paths.key;
        options.store = settings.store;
        if (share_run(&options, &err))
            return 0;
    }
    fprintf(stderr, "roost-agent: share: %s\n", err.text);
    return 1;
}

AGENT_VERB_DEFINE(share) = {
    .name = "share",
    .summary = "Give chunks of models to neighbours over mutual TLS (the daemon's child)",
    .usage =
        "[--state FOLDER] [--config FILE]\n\nReads orders as lines of JSON from standard input: where to listen, which models, to which nodes. Ends when its input ends.\n",
    .run = share_verb_run,
};
