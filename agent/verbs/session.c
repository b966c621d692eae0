/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roost-agent session: serves tasks over standard input and output. --self WORD (repeated) says how this program
 * was started (a bundle starts it through a loader of its own), so that it can start itself for another user.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/session/session.h"
#include "agent/verbs/verb.h"

/* What a module or library might print must not get between the frames: they go to a copy of stdout, and stdout to
 * stderr. */
static int session_output(void)
{
    int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

    if (output >= 0)
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    return output;
}

static int session_verb_run(int argc, char **argv)
{
    static const struct option longs[] = { { "self", required_argument, NULL, 's' }, { 0 } };
    const char **self = calloc((size_t)argc + 1, sizeof *self);
    struct error err = ERROR_INIT;
    size_t count = 0;
    int option;

    while (self && (option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (option != 's') {
            free(self);
            return EXIT_OPTIONS;
        }
        self[count++] = optarg;
    }
    struct session_options options = { .input = STDIN_FILENO, .output = session_output(), .self = self };
    bool is_sound = self && options.output >= 0 && session_run(&options, &err);
    if (!is_sound)
        fprintf(stderr, "roost-agent: session: %s\n", err.text[0] ? err.text : "cannot start");
    free(self);
    return is_sound ? 0 : 1;
}

AGENT_VERB_DEFINE(session) = { .name = "session",
                               .summary = "Serve tasks to an engine over standard input and output",
                               .usage = "[--self WORD]...",
                               .run = session_verb_run };
