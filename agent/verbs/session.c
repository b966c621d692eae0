/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roost-agent session: serves tasks over standard input and output; with an ID over a connection to the controller (the
 * daemon's child). --self WORD (repeated) says how this program was started (a bundle starts it through a loader of its
 * own), so that it can start itself for another user.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/daemon/identity.h"
#include "agent/daemon/session_link.h"
#include "agent/session/session.h"
#include "agent/verbs/verb_options.h"

struct session_words {
    const char **self; /* NULL at the end */
    const char *state; /* NULL: not given */
    const char *id;    /* NULL: standard input and output */
};

/* What a module or library might print must not get between the frames: they go to a copy of stdout, and stdout to
 * stderr. */
static int session_output(void)
{
    int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

    if (output >= 0)
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    return output;
}

static bool words_read(int argc, char **argv, struct session_words *out)
{
    static const struct option longs[] = { { "self", required_argument, NULL, 's' },
                                           { "state", required_argument, NULL, 'd' },
                                           { 0 } };
    size_t count = 0;
    int option;

    while ((option = verb_option_next(argc, argv, longs)) != -1) {
        if (option == 's')
            out->self[count++] = optarg;
        else if (option == 'd')
            out->state = optarg;
        else
            return false;
    }
    out->id = argv[optind];
    if (argc - optind > 1 || (out->state != NULL && out->id == NULL)) {
        fprintf(stderr, "roost-agent: session: expected one session ID with --state, or nothing\n");
        return false;
    }
    return true;
}

static bool session_serve(const struct session_words *words, struct error *err)
{
    struct session_options options = { .input = STDIN_FILENO, .self = words->self };
    struct session_link_options link = { .state = words->state == NULL ? IDENTITY_STATE_FOLDER : words->state,
                                         .id = words->id,
                                         .self = words->self };

    if (words->id != NULL)
        return session_link_run(&link, err);
    options.output = session_output();
    return options.output >= 0 ? session_run(&options, err) : error_set(err, "cannot start");
}

static int session_verb_run(int argc, char **argv)
{
    struct session_words words = { .self = calloc((size_t)argc + 1, sizeof(*words.self)) };
    struct error err = ERROR_INIT;
    int code = EXIT_OPTIONS;

    if (words.self == NULL)
        abort();
    if (words_read(argc, argv, &words)) {
        code = session_serve(&words, &err) ? 0 : 1;
        if (code != 0)
            fprintf(stderr, "roost-agent: session: %s\n", err.text);
    }
    free(words.self);
    return code;
}

AGENT_VERB_DEFINE(session) = {
    .name = "session",
    .summary = "Serve tasks to an engine over standard input and output, or through the controller",
    .usage = "[--self WORD]...\n"
             "       roost-agent session ID [--state FOLDER] [--self WORD]...\n\n"
             "ID: of a session that the controller has asked for; the daemon starts it so.\n",
    .run = session_verb_run,
};
