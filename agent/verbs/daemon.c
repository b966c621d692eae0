/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent daemon: what systemd keeps running on a node that has joined. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/daemon/daemon.h"
#include "agent/daemon/identity.h"
#include "agent/daemon/daemon_config.h"
#include "agent/verbs/verb_options.h"
#include "common/base/path.h"

static void log_print(void *data, const char *sentence)
{
    (void)data;
    fprintf(stderr, "%s\n", sentence);
}

static bool options_read(int argc, char **argv, struct daemon_options *options)
{
    static const struct option longs[] = { { "state", required_argument, NULL, 's' },
                                           { "config", required_argument, NULL, 'c' },
                                           { "program", required_argument, NULL, 'p' },
                                           { 0 } };
    int option;

    while ((option = verb_option_next(argc, argv, longs)) != -1) {
        if (option == 's')
            options->state = optarg;
        else if (option == 'c')
            options->config_path = optarg;
        else if (option == 'p')
            options->program = optarg;
        else
            return false;
    }
    if (optind < argc) {
        fprintf(stderr, "roost-agent: daemon: unexpected '%s'\n", argv[optind]);
        return false;
    }
    /* only the default's file may be absent */
    if (strcmp(options->config_path, DAEMON_CONFIG_PATH) == 0 || path_exists(options->config_path))
        return true;
    fprintf(stderr, "roost-agent: daemon: --config '%s': there is no such file\n", options->config_path);
    return false;
}

static int daemon_verb_run(int argc, char **argv)
{
    char program[PATH_MAX] = "";
    struct daemon_options options = {
        .state = IDENTITY_STATE_FOLDER, .config_path = DAEMON_CONFIG_PATH, .program = program, .log = log_print
    };
    struct error err = ERROR_INIT;

    if (!options_read(argc, argv, &options))
        return EXIT_OPTIONS;
    if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0 || !daemon_run(&options, &err)) {
        fprintf(stderr, "roost-agent: daemon: %s\n", err.text[0] == '\0' ? "cannot find its own program" : err.text);
        return 1;
    }
    return 0;
}

AGENT_VERB_DEFINE(daemon) = {
    .name = "daemon",
    .summary = "Check this node for drift, report to the controller, do what it asks",
    .usage =
        "[--state FOLDER] [--config FILE] [--program FILE]\n\nRuns in the foreground, for systemd. --config: policy and schedule (default " DAEMON_CONFIG_PATH
        ").\n--program: what runs the checks (default: this program); where a loader of its own starts it, the script that does so.\n",
    .run = daemon_verb_run,
};
