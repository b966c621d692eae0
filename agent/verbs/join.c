/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent join: brings this node to a controller; --renew asks for a new certificate (the daemon's child). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/join.h"
#include "agent/verbs/verb_options.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "engine/command/interrupt.h"

struct join_options {
    struct join_request request;
    const char *text;
    bool renew, when_due;
};

static int join_fail(const struct error *err, int code)
{
    fprintf(stderr, "roost-agent: join: %s\n", err->text);
    return code;
}

/* On a terminal one line that is written over; else each sentence once, so that a log stays short. */
struct progress {
    bool is_terminal;
    char last[256];
};

static void progress_show(void *data, const char *sentence)
{
    struct progress *progress = data;

    if (progress->is_terminal)
        fprintf(stderr, "\r\033[K%s ... ", sentence);
    else if (strncmp(progress->last, sentence, sizeof(progress->last) - 1) != 0)
        fprintf(stderr, "%s\n", sentence);
    snprintf(progress->last, sizeof(progress->last), "%s", sentence);
    fflush(stderr);
}

/* "-": the string comes on standard input, so that the secret stands in no list of processes. */
static bool string_read(struct arena *secrets, const char *text, struct join_string *out, struct error *err)
{
    char *data = arena_alloc(secrets, LIMIT_JOIN_STRING + 2);
    size_t got = 0;

    if (strcmp(text, "-") != 0)
        return join_string_read(secrets, text, out, err);
    return (fd_read_all(STDIN_FILENO, data, LIMIT_JOIN_STRING + 1, &got, err) &&
            join_string_read(secrets, data, out, err)) ||
           error_prefix(err, "standard input");
}

static int exit_code_of(enum join_outcome outcome)
{
    static const int codes[] = {
        [JOIN_DONE] = 0,        [JOIN_FAILED] = 1,        [JOIN_TOKEN] = 2,
        [JOIN_NAME] = 3,        [JOIN_WRONG_CA] = 4,      [JOIN_OPTIONS] = EXIT_OPTIONS,
        [JOIN_UNREACHABLE] = 6, [JOIN_ALREADY] = 7,       [JOIN_CLOCK] = 8,
        [JOIN_REFUSED] = 9,     [JOIN_INTERRUPTED] = 130,
    };
    return codes[outcome];
}

static int join_with(struct arena *secrets, struct join_options *options)
{
    struct progress progress = { .is_terminal = isatty(STDERR_FILENO) == 1 };
    struct error err = ERROR_INIT;
    struct join_string string;
    struct node_identity node;
    enum join_outcome outcome;

    if (!string_read(secrets, options->text, &string, &err))
        return join_fail(&err, EXIT_OPTIONS);
    options->request.string = &string;
    options->request.interrupted = interrupt_flag();
    options->request.progress = progress_show;
    options->request.data = &progress;
    interrupt_watch();
    outcome = join_run(secrets, &options->request, &node, &err);
    if (progress.is_terminal && progress.last[0] != '\0')
        fputc('\n', stderr);
    if (outcome != JOIN_DONE)
        return join_fail(&err, exit_code_of(outcome));
    printf("joined as '%s', generation %lld; systemctl enable --now roost-agent starts the daemon\n", node.name,
           (long long)node.generation);
    return 0;
}

static bool options_read(int argc, char **argv, struct join_options *options)
{
    static const struct option longs[] = {
        { "controller", required_argument, NULL, 'c' },
        { "name", required_argument, NULL, 'n' },
        { "state", required_argument, NULL, 's' },
        { "again", no_argument, NULL, 'a' },
        { "renew", no_argument, NULL, 'r' },
        { "when-due", no_argument, NULL, 'w' },
        { 0 },
    };
    int option;

    while ((option = verb_option_next(argc, argv, longs)) != -1) {
        switch (option) {
        case 'c':
            options->request.controller = optarg;
            break;
        case 'n':
            options->request.name = optarg;
            break;
        case 's':
            options->request.state = optarg;
            break;
        case 'a':
            options->request.again = true;
            break;
        case 'r':
            options->renew = true;
            break;
        case 'w':
            options->when_due = true;
            break;
        default:
            return false;
        }
    }
    if (options->when_due && !options->renew) {
        fprintf(stderr, "roost-agent: join: --when-due goes with --renew\n");
        return false;
    }
    options->text = argv[optind];
    if (argc - optind == (options->renew ? 0 : 1))
        return true;
    fprintf(stderr, options->renew ? "roost-agent: join: --renew takes no join string\n"
                                   : "roost-agent: join: expected one join string, or - for standard input\n");
    return false;
}

static int renew_run(struct arena *arena, const struct join_options *options)
{
    struct error err = ERROR_INIT;
    bool renewed = false;

    if (!join_renew(arena, options->request.state, options->when_due, &renewed, &err))
        return join_fail(&err, 1);
    puts(renewed ? "renewed" : "not due");
    return 0;
}

static int join_verb_run(int argc, char **argv)
{
    struct join_options options = { .request = { .state = IDENTITY_STATE_FOLDER } };
    struct arena *secrets;
    int code;

    if (!options_read(argc, argv, &options))
        return EXIT_OPTIONS;
    secrets = arena_new();
    code = options.renew ? renew_run(secrets, &options) : join_with(secrets, &options);
    arena_free_secret(secrets);
    return code;
}

AGENT_VERB_DEFINE(join) = {
    .name = "join",
    .summary = "Join this node to a controller",
    .usage =
        "- | JOIN_STRING [--controller HOST:PORT] [--name NAME] [--state FOLDER] [--again]\n"
        "       roost-agent join --renew [--when-due] [--state FOLDER]\n\n"
        "-: the join string comes on standard input, so that its secret stands in no list of processes and no history\n"
        "of a shell. --name: what the node shall be called (default: its host name). --again: though it has joined.\n",
    .run = join_verb_run,
};
