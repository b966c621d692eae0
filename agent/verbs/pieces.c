/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent pieces: what of workloads is on this node; by hand: makes a placement from a file, ends all; keep: the daemon's child. */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/identity.h"
#include "agent/daemon/pieces_keeper.h"
#include "agent/pieces/piece_made.h"
#include "agent/pieces/pieces.h"
#include "agent/verbs/verb_options.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/json/json.h"
#include "common/model/model_settings.h"

#define SETTLE_MS 60000

struct pieces_words {
    const char *state, *controller, *what, *file;
    bool json;
};

static bool words_read(int argc, char **argv, struct pieces_words *out)
{
    static const struct option longs[] = { { "state", required_argument, NULL, 's' },
                                           { "controller", required_argument, NULL, 'c' },
                                           { "json", no_argument, NULL, 'j' },
                                           { 0 } };
    int option;

    while ((option = verb_option_next(argc, argv, longs)) != -1) {
        if (option == 's')
            out->state = optarg;
        else if (option == 'c')
            out->controller = optarg;
        else if (option == 'j')
            out->json = true;
        else
            return false;
    }
    out->what = argc > optind ? argv[optind] : "list";
    out->file = argc > optind + 1 ? argv[optind + 1] : NULL;
    if (argc - optind <= 2 && (out->file != NULL) == (strcmp(out->what, "apply") == 0))
        return true;
    fprintf(stderr, "roost-agent: pieces: expected nothing, 'apply FILE', 'end' or 'keep'\n");
    return false;
}

static const char *models_store(void)
{
    const char *root = getenv("ROOST_MODELS_STORE");

    return root == NULL || root[0] == '\0' ? MODEL_STORE_DEFAULT : root;
}

/* --- showing --- */

static void piece_print(const struct value *piece)
{
    const struct value *pid = value_map_get(piece, "pid");
    const char *sentence = value_map_text(piece, "sentence");

    printf("%-28s %-9s %8" PRId64 "  %s\n", value_map_text(piece, "name"), value_map_text(piece, "state"),
           value_is(pid, VALUE_INT) ? pid->as.integer : 0, sentence == NULL ? "" : sentence);
}

static void report_print(struct arena *arena, const struct value *report, bool json)
{
    const struct value *list = value_map_get(report, "pieces");

    if (json) {
        puts(json_text(arena, report, JSON_COMPACT));
        return;
    }
    if (value_count(list) == 0) {
        puts("there are no pieces of workloads on this node");
        return;
    }
    printf("%-28s %-9s %8s\n", "PIECE", "STATE", "PROCESS");
    for (size_t i = 0; i < value_count(list); i++)
        piece_print(value_item(list, i));
}

static const struct value *piece_look_value(struct arena *arena, struct unit_manager *manager, const char *name)
{
    const struct system system = { .root = "" };
    const char *definition = piece_made_definition(&system, arena, name), *sentence = NULL;
    const struct value *map = NULL;
    struct value *out = value_map(arena);
    enum piece_state state = PIECE_GONE;
    struct piece_now now;
    struct error ignored = ERROR_INIT;

    if (definition != NULL && !json_read(arena, definition, strlen(definition), NULL, &map, &ignored))
        map = NULL;
    if (!piece_look(manager, name, &now, &ignored))
        return NULL;
    if (!piece_now_judge(arena, &now,
                         strcmp(value_map_text(map, "kind") == NULL ? "" : value_map_text(map, "kind"), "job") == 0,
                         &state, &sentence))
        sentence = "it is not started";
    value_map_put_string(arena, out, "name", name);
    value_map_put_string(arena, out, "state", piece_state_name(state));
    value_map_put_int(arena, out, "pid", now.pid);
    if (sentence != NULL)
        value_map_put_string(arena, out, "sentence", sentence);
    return out;
}

static bool pieces_list(const struct pieces_words *words, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    UNIT_MANAGER_SCOPED manager = NULL;
    const struct system system = { .root = "" };
    const char **names = piece_made_names(&system, arena);
    struct value *report = value_map(arena), *list = value_list(arena);

    if (!unit_manager_open(&system, arena, UNIT_SCOPE_SYSTEM, &manager, err))
        return false;
    for (size_t i = 0; names[i] != NULL; i++) {
        const struct value *piece = piece_look_value(arena, manager, names[i]);

        if (piece != NULL)
            value_list_add(arena, list, piece);
    }
    value_map_put(arena, report, "pieces", list);
    report_print(arena, report, words->json);
    return true;
}

/* --- making --- */

static bool placement_read(struct arena *arena, const char *path, const struct value **out, struct error *err)
{
    static const char none[] = "{\"epoch\": 0, \"pieces\": []}";
    char *text = NULL;
    size_t length = 0;

    if (path == NULL)
        return json_read(arena, none, strlen(none), NULL, out, err);
    return file_read(arena, path, PLACEMENT_BYTES_MAX, &text, &length, err) &&
           json_read(arena, text, length, path, out, err);
}

/* Rounds until nothing is under way. */
static bool pieces_settle(struct pieces *pieces, bool json, struct error *err)
{
    int64_t end_ms = clock_monotonic_ms() + SETTLE_MS;

    for (;;) {
        ARENA_SCOPED arena = arena_new();
        struct pieces_round round;
        int64_t wait_ms;

        pieces_heard(pieces, clock_boot_ms());
        if (!pieces_round(pieces, arena, &round, err))
            return false;
        if (round.trouble != NULL)
            fprintf(stderr, "roost-agent: pieces: %s\n", round.trouble);
        if (round.is_settled || clock_monotonic_ms() > end_ms) {
            report_print(arena, round.report == NULL ? pieces_report(pieces, arena) : round.report, json);
            return round.is_settled ||
                   error_set(err, "not all of them have come to a rest within %d s", SETTLE_MS / 1000);
        }
        wait_ms = round.due_ms - clock_monotonic_ms();
        (void)poll(NULL, 0, wait_ms < 20 ? 20 : wait_ms > 100 ? 100 : (int)wait_ms);
    }
}

static bool pieces_make(const struct pieces_words *words, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct system system = { .root = "" };
    const struct value *placement = NULL;
    struct pieces *pieces;
    bool ok;

    if (!placement_read(arena, words->file, &placement, err))
        return false;
    (void)signal(SIGPIPE, SIG_IGN); /* nft may end before it has read what it is given */
    pieces = pieces_new(&(struct pieces_options){ .system = &system, .models_store = models_store() });
    (void)pieces_engines(pieces, arena, arena, value_map(arena));
    ok = pieces_set(pieces, placement, words->controller, err) && pieces_settle(pieces, words->json, err);
    pieces_free(pieces);
    return ok;
}

static int pieces_run(int argc, char **argv)
{
    struct pieces_words words = { .state = IDENTITY_STATE_FOLDER };
    struct error err = ERROR_INIT;
    bool ok;

    if (!words_read(argc, argv, &words))
        return EXIT_OPTIONS;
    if (strcmp(words.what, "list") == 0) {
        ok = pieces_list(&words, &err);
    } else if (strcmp(words.what, "apply") == 0 || strcmp(words.what, "end") == 0) {
        ok = pieces_make(&words, &err);
    } else if (strcmp(words.what, "keep") == 0) {
        ok = pieces_keeper_run(&(struct pieces_keeper_options){ .state = words.state, .models_store = models_store() },
                               &err);
    } else {
        fprintf(stderr, "roost-agent: pieces: unexpected '%s'; there are list, apply, end and keep\n", words.what);
        return EXIT_OPTIONS;
    }
    if (!ok)
        fprintf(stderr, "roost-agent: pieces: %s\n", err.text);
    return ok ? 0 : 1;
}

AGENT_VERB_DEFINE(pieces) = {
    .name = "pieces",
    .summary = "Show the pieces of workloads on this node",
    .usage =
        "[list] [--json]\n"
        "       roost-agent pieces apply FILE [--controller ADDRESS] [--json]\n"
        "       roost-agent pieces end [--json]\n"
        "       roost-agent pieces keep [--state FOLDER]\n\n"
        "apply: makes this node equal to the placement in FILE (JSON, docs/pieces.md), without a controller; what is not in it ends.\n"
        "end: ends all of them. On a node that has a controller its daemon makes them anew.\n"
        "keep: looks after them; the daemon starts it so.\n",
    .run = pieces_run,
};
