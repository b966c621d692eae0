/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent bundle: takes the controller's bundle if it has a newer one (the daemon's child). */
#include "agent/daemon/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/verbs/verb_options.h"
#include "common/json/json.h"

struct bundle_verb_options {
    const char *state;
    bool json;
};

static bool options_read(int argc, char **argv, struct bundle_verb_options *options)
{
    static const struct option longs[] = { { "state", required_argument, NULL, 's' },
                                           { "json", no_argument, NULL, 'j' },
                                           { 0 } };
    int option;

    while ((option = verb_option_next(argc, argv, longs)) != -1) {
        if (option == 's')
            options->state = optarg;
        else if (option == 'j')
            options->json = true;
        else
            return false;
    }
    if (optind == argc)
        return true;
    fprintf(stderr, "roost-agent: bundle: unexpected '%s'\n", argv[optind]);
    return false;
}

static void print_json(struct arena *arena, enum bundle_outcome outcome, const struct error *err)
{
    static const char *const names[] = {
        [BUNDLE_SAME] = "same", [BUNDLE_TAKEN] = "taken", [BUNDLE_NONE] = "none", [BUNDLE_REFUSED] = "refused"
    };
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "outcome", names[outcome]);
    if (outcome == BUNDLE_REFUSED)
        value_map_put_string(arena, map, "refused", err->text);
    puts(json_text(arena, map, JSON_COMPACT));
}

static void print_now(const struct bundle_now *now, enum bundle_outcome outcome)
{
    const char *what = outcome == BUNDLE_TAKEN  ? "taken"
                       : outcome == BUNDLE_NONE ? "the controller has none; kept"
                                                : "kept";

    if (now->is_withdrawn)
        printf("%s: version %" PRId64 ", withdrawn: nothing is declared for this node\n", what, now->version);
    else
        printf("%s: version %" PRId64 ", %s, as '%s'\n", what, now->version, now->name, now->host);
}

static int print_text(struct arena *arena, const char *state, enum bundle_outcome outcome, struct error *err)
{
    struct bundle_now now;
    bool missing = false;

    if (outcome == BUNDLE_REFUSED || !bundle_now_read(arena, state, &now, &missing, err)) {
        fprintf(stderr, "roost-agent: bundle: %s%s\n", outcome == BUNDLE_REFUSED ? "refused: " : "", err->text);
        return outcome == BUNDLE_REFUSED ? 2 : 1;
    }
    if (missing)
        puts("nothing was published for this node yet");
    else
        print_now(&now, outcome);
    return 0;
}

static int bundle_verb_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle_verb_options options = { .state = IDENTITY_STATE_FOLDER };
    enum bundle_outcome outcome = BUNDLE_SAME;
    struct error err = ERROR_INIT;

    if (!options_read(argc, argv, &options))
        return EXIT_OPTIONS;
    if (!bundle_take(arena, &(struct bundle_options){ .state = options.state }, &outcome, &err)) {
        fprintf(stderr, "roost-agent: bundle: %s\n", err.text);
        return 1;
    }
    if (!options.json)
        return print_text(arena, options.state, outcome, &err);
    print_json(arena, outcome, &err);
    return 0;
}

AGENT_VERB_DEFINE(bundle) = {
    .name = "bundle",
    .summary = "Take what the controller has published for this node",
    .usage =
        "[--state FOLDER] [--json]\n\nThe daemon does so by itself: at its start, when it is told, and once an hour.\n"
        "Exit codes: 0 done or nothing newer, 1 error, 2 what the controller sent is refused.\n",
    .run = bundle_verb_run,
};
