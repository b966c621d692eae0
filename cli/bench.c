/* SPDX-License-Identifier: Apache-2.0 */
/* roost bench: run benchmarks on the nodes, see what came out, compare. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/bench_print.h"
#include "cli/center_verb.h"
#include "common/base/text.h"

VERB_DECLARE(bench);

#define LOOK_NS 300000000L /* between two looks at one that runs */
#define EXIT_FAILED 2      /* one of them failed */

static const struct table_column layout[] = {
    { "ID", "id", false },          { "KIND", "kind", false },     { "MODEL", "subject", false },
    { "NODES", "names", false },    { "STATE", "state", false },   { "ASKED", "asked", true },
    { "CHANGE", "changed", false }, { "FIGURES", "short", false },
};

/* --- the order --- */

/* "1,2,4" are numbers of nodes, names are nodes; both may be there. */
static bool nodes_read(struct center_verb *verb, struct value *body, struct error *err)
{
    const char *given = center_verb_option(verb, "nodes");
    struct value *counts = value_list(verb->arena), *names = value_list(verb->arena);
    char **words = NULL;
    size_t count = 0;

    if (given == NULL)
        return true;
    words = text_split(verb->arena, given, ',', &count);
    for (size_t i = 0; i < count; i++) {
        int64_t number = 0;

        if (words[i][0] == '\0')
            return error_set_kind(err, ERROR_OPTIONS, "--nodes '%s': an empty word; expected 1,2,4 or names", given);
        if (text_to_int(words[i], &number))
            value_list_add(verb->arena, counts, value_int(verb->arena, number));
        else
            value_list_add(verb->arena, names, value_string(verb->arena, words[i]));
    }
    if (value_count(counts) > 0)
        value_map_put(verb->arena, body, "counts", counts);
    if (value_count(names) > 0)
        value_map_put(verb->arena, body, "nodes", names);
    return true;
}

static bool settings_read(struct center_verb *verb, struct value *body, struct error *err)
{
    const char *given = center_verb_option(verb, "set");
    struct value *options = value_map(verb->arena);
    char **words = NULL;
    size_t count = 0;

    if (given == NULL)
        return true;
    words = text_split(verb->arena, given, ',', &count);
    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(words[i], '=');

        if (equals == NULL || equals == words[i])
            return error_set_kind(err, ERROR_OPTIONS, "--set '%s': expected NAME=VALUE,NAME=VALUE", given);
        value_map_put_string(verb->arena, options, arena_copy_n(verb->arena, words[i], (size_t)(equals - words[i])),
                             equals + 1);
    }
    value_map_put(verb->arena, body, "options", options);
    return true;
}

static bool order_read(struct center_verb *verb, struct value *body, struct error *err)
{
    bool is_hpl = center_verb_option(verb, "hpl") != NULL, is_iperf3 = center_verb_option(verb, "iperf3") != NULL;
    static const char *const same[] = { "memory", "network", "kv" };

    if (is_hpl && is_iperf3)
        return error_set_kind(err, ERROR_OPTIONS, "--hpl and --iperf3 are two benchmarks: run one after the other");
    if ((is_hpl || is_iperf3) == (verb->word_count > 0))
        return error_set_kind(err, ERROR_OPTIONS,
                              verb->word_count > 0
                                  ? "a model and --%s do not go together"
                                  : "expected a MODEL, --hpl, --iperf3, or list, show, compare, cancel",
                              is_hpl ? "hpl" : "iperf3");
    value_map_put_string(verb->arena, body, "kind", is_hpl ? "hpl" : is_iperf3 ? "iperf3" : "llama_bench");
    if (verb->word_count > 0)
        value_map_put_string(verb->arena, body, "model", verb->words[0]);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        if (center_verb_option(verb, same[i]) != NULL)
            value_map_put_string(verb->arena, body, same[i], center_verb_option(verb, same[i]));
    }
    return nodes_read(verb, body, err) && settings_read(verb, body, err);
}

/* --- followed --- */

static bool is_over(const struct value *row)
{
    const char *state = value_map_text(row, "state");

    return text_equal(state, "done") || text_equal(state, "failed");
}

/* A line when there is something new to say of it. */
static void progress(struct center_verb *verb, const struct value *row, const char **said)
{
    const char *state = value_map_text(row, "state"), *sentence = value_map_text(row, "sentence");
    struct text line = text_new(verb->arena);

    text_printf(&line, "bench %lld (%lld node%s): %s", (long long)value_map_int(row, "id", 0),
                (long long)value_map_int(row, "nodes_count", 0), value_map_int(row, "nodes_count", 0) == 1 ? "" : "s",
                state);
    if (sentence != NULL && sentence[0] != '\0') {
        text_add(&line, ", ");
        table_add_told(&line, sentence);
    }
    if (!text_equal(*said, line.data))
        fprintf(stderr, "%s\n", line.data);
    *said = line.data;
}

static bool wait_for(struct center_verb *verb, int64_t id, const struct value **out, struct error *err)
{
    const char *path = arena_printf(verb->arena, "/api/v1/benches/%lld", (long long)id), *said = NULL;
    const struct timespec pause = { .tv_nsec = LOOK_NS };

    for (;;) {
        if (!center_client_ask(verb->client, "GET", path, NULL, out, err))
            return false;
        progress(verb, *out, &said);
        if (is_over(*out))
            return true;
        nanosleep(&pause, NULL);
    }
}

static void results_print(struct center_verb *verb, const struct value *rows)
{
    for (size_t i = 0; i < value_count(rows); i++) {
        if (text_equal(value_map_text(value_item(rows, i), "state"), "failed"))
            verb->exit_code = EXIT_FAILED;
    }
    if (verb->json) {
        center_verb_json(verb, rows);
        return;
    }
    bench_print_tables(verb->arena, stdout, rows);
    fflush(stdout);
    bench_print_flags(stderr, rows);
    bench_print_failures(stderr, rows);
}

static bool start(struct center_verb *verb, struct error *err)
{
    struct value *body = value_map(verb->arena), *rows = value_list(verb->arena);
    const struct value *answer = NULL, *items = NULL;

    if (!order_read(verb, body, err) || !center_client_ask(verb->client, "POST", "/api/v1/benches", body, &answer, err))
        return false;
    items = value_map_get(answer, "items");
    if (center_verb_option(verb, "no-wait") != NULL) {
        if (verb->json)
            center_verb_json(verb, items);
        for (size_t i = 0; !verb->json && i < value_count(items); i++)
            printf("bench %lld waits: roost bench show %lld\n", (long long)value_map_int(value_item(items, i), "id", 0),
                   (long long)value_map_int(value_item(items, i), "id", 0));
        return true;
    }
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *row = NULL;

        if (!wait_for(verb, value_map_int(value_item(items, i), "id", 0), &row, err))
            return false;
        value_list_add(verb->arena, rows, row);
    }
    results_print(verb, rows);
    return true;
}

/* --- what was --- */

static const char *names_text(struct arena *arena, const struct value *row)
{
    const struct value *names = value_map_get(row, "nodes");
    struct text out = text_new(arena);

    if (value_count(names) == 0 || value_count(names) != (size_t)value_map_int(row, "nodes_count", 0))
        return arena_printf(arena, "%lld", (long long)value_map_int(row, "nodes_count", 0));
    for (size_t i = 0; i < value_count(names); i++)
        text_printf(&out, "%s%s", i > 0 ? "," : "", value_text(value_item(names, i)));
    return out.data;
}

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;
    struct value *shown = value_list(verb->arena);

    if (!center_client_list(verb->client, "/api/v1/benches", "before", &rows, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, rows);
        return true;
    }
    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i), *change = value_map_get(row, "change");
        struct value *more = value_map(verb->arena);

        value_map_put_string(verb->arena, more, "names", names_text(verb->arena, row));
        value_map_put_string(verb->arena, more, "short",
                             text_equal(value_map_text(row, "state"), "done") ? bench_print_short(verb->arena, row)
                                                                              : value_map_text(row, "sentence"));
        if (value_is(change, VALUE_REAL))
            value_map_put_string(verb->arena, more, "changed",
                                 arena_printf(verb->arena, "%+.1f %%%s", change->as.real * 100,
                                              value_map_true(row, "is_flagged") ? " !" : ""));
        value_list_add(verb->arena, shown, value_merge(verb->arena, row, more, false));
    }
    center_verb_print(verb, shown, layout, sizeof(layout) / sizeof(layout[0]), "No benchmark was run yet");
    return true;
}

static bool bench_get(struct center_verb *verb, size_t index, const struct value **out, struct error *err)
{
    const char *word = center_verb_need(verb, index, "the benchmark's number", err);
    int64_t id = 0;

    if (word == NULL)
        return false;
    if (!text_to_int(word, &id))
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is no number of a benchmark: roost bench list", word);
    return center_client_ask(verb->client, "GET", arena_printf(verb->arena, "/api/v1/benches/%lld", (long long)id),
                             NULL, out, err);
}

static bool show(struct center_verb *verb, struct error *err)
{
    struct value *rows = value_list(verb->arena);
    const struct value *row = NULL;
    const char *said = NULL;

    if (!center_verb_at_most(verb, 2, err) || !bench_get(verb, 1, &row, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, row);
        return true;
    }
    if (!text_equal(value_map_text(row, "state"), "done"))
        progress(verb, row, &said);
    value_list_add(verb->arena, rows, row);
    bench_print_tables(verb->arena, stdout, rows);
    bench_print_flags(stdout, rows);
    bench_print_failures(stdout, rows);
    return true;
}

static bool compare(struct center_verb *verb, struct error *err)
{
    const struct value *before = NULL, *now = NULL;

    if (!center_verb_at_most(verb, 3, err) || !bench_get(verb, 1, &before, err) || !bench_get(verb, 2, &now, err))
        return false;
    if (!text_equal(value_map_text(before, "kind"), value_map_text(now, "kind")))
        return error_set(err, "one is of kind %s, the other of kind %s", value_map_text(before, "kind"),
                         value_map_text(now, "kind"));
    if (!text_equal(value_map_text(before, "alike"), value_map_text(now, "alike")))
        fprintf(stderr, "They differ in model, nodes or settings: their figures say little about one another.\n");
    bench_print_compared(verb->arena, stdout, before, now);
    return true;
}

static bool cancel(struct center_verb *verb, struct error *err)
{
    const char *id = center_verb_need(verb, 1, "the benchmark's number", err);
    const struct value *answer = NULL;

    if (id == NULL || !center_verb_at_most(verb, 2, err) ||
        !center_client_ask(verb->client, "POST", arena_printf(verb->arena, "/api/v1/benches/%s/cancel", id), NULL,
                           &answer, err))
        return false;
    printf("bench %s is given up\n", id);
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    const char *word = verb->word_count > 0 ? verb->words[0] : "";

    if (strcmp(word, "list") == 0)
        return center_verb_at_most(verb, 1, err) && list(verb, err);
    if (strcmp(word, "show") == 0)
        return show(verb, err);
    if (strcmp(word, "compare") == 0)
        return compare(verb, err);
    if (strcmp(word, "cancel") == 0)
        return cancel(verb, err);
    return center_verb_at_most(verb, 1, err) && start(verb, err);
}

static const struct center_option options[] = { { "hpl", true },  { "iperf3", true },  { "nodes", false },
                                                { "set", false }, { "memory", false }, { "network", false },
                                                { "kv", false },  { "no-wait", true }, { NULL, false } };

static int bench_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_bench,
        "\n  MODEL            llama-bench: prompt processing and generation, printed as a table in markdown\n"
        "  --hpl            High-Performance Linpack\n  --iperf3         the network between all pairs of nodes\n"
        "  --nodes 1,2,4    one benchmark on so many nodes each; names say which may be used: --nodes 2,ai-1,ai-2\n"
        "  --set N=V,N=V    options of the engine: pp, tg, repeat, depth; max_n, memory_share; seconds, streams\n"
        "  --memory SIZE    host memory that it takes of each node, where it cannot be counted\n"
        "  --network NET    network or interface that the nodes talk over\n  --kv TYPE        type of the cache\n"
        "  --no-wait        do not wait for the end\n\n"
        "  list             all of them, newest first; ! marks a change of more than 5 %\n"
        "  show ID          its table, and what is different on its nodes since the one before\n"
        "  compare ID ID    figure by figure\n  cancel ID        give it up\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(bench) = {
    .name = "bench",
    .summary = "Benchmarks of models, nodes and their network",
    .usage = "MODEL [--nodes 1,2,4] | --hpl | --iperf3 | list | show ID | compare ID ID | cancel ID [--json]",
    .run = bench_run
};
