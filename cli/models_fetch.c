/* SPDX-License-Identifier: Apache-2.0 */
/* roost models fetch SOURCE --nodes a,b [--wait], roost models where: models on the controller's nodes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/center_verb.h"
#include "cli/models_verbs.h"
#include "common/base/text.h"
#include "common/model/model_settings.h"

#define LOOK_MS 500

/* --- how far it is --- */

/* "ai-1 origin 1.0 GiB" or so: where it came from, the largest first in what the controller says. */
static const char *from_text(struct arena *arena, const struct value *from)
{
    struct text text = text_new(arena);

    text_add(&text, "");
    for (size_t i = 0; i < value_map_count(from); i++) {
        const struct value_pair *pair = value_pair_at(from, i);

        if (value_text(pair->key) == NULL || !value_is(pair->item, VALUE_INT))
            continue;
        text_printf(&text, "%s", text.length > 0 ? ", " : "");
        table_add_told(&text, value_text(pair->key));
        text_printf(&text, " %s", model_size_text(arena, pair->item->as.integer));
    }
    return text.data;
}

static const char *bad_text(struct arena *arena, const struct value *bad)
{
    struct text text = text_new(arena);

    text_add(&text, "");
    for (size_t i = 0; value_is(bad, VALUE_LIST) && i < value_count(bad); i++) {
        text_add(&text, text.length > 0 ? ", " : "");
        table_add_told(&text, value_text(value_item(bad, i)) == NULL ? "?" : value_text(value_item(bad, i)));
    }
    return text.data;
}

static const struct value *rows_shown(struct arena *arena, const struct value *rows)
{
    struct value *out = value_list(arena);

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i);
        struct value *shown = value_map(arena);
        int64_t total = value_map_int(row, "total_bytes", 0);

        value_map_put_string(arena, shown, "node", value_map_text(row, "node"));
        value_map_put_string(arena, shown, "state",
                             value_map_true(row, "is_seed") ? "seed" : value_map_text(row, "state"));
        value_map_put_string(arena, shown, "done",
                             total == 0 ? ""
                                        : arena_printf(arena, "%" PRId64 "%% of %s", value_map_int(row, "percent", 0),
                                                       model_size_text(arena, total)));
        value_map_put_string(arena, shown, "from", from_text(arena, value_map_get(row, "from")));
        value_map_put_string(arena, shown, "bad", bad_text(arena, value_map_get(row, "bad")));
        value_map_put_string(arena, shown, "sentence", value_map_text(row, "sentence"));
        value_list_add(arena, out, shown);
    }
    return out;
}

static const struct table_column fetch_layout[] = {
    { "NODE", "node", false }, { "STATE", "state", false },        { "DONE", "done", false },
    { "FROM", "from", false }, { "BAD NEIGHBOURS", "bad", false }, { "", "sentence", false },
};

static bool is_of(const struct value *row, const char *source, const struct value *nodes)
{
    if (!text_equal(value_map_text(row, "source"), source) && !text_equal(value_map_text(row, "name"), source))
        return false;
    for (size_t i = 0; i < value_count(nodes); i++) {
        if (text_equal(value_map_text(row, "node"), value_text(value_item(nodes, i))))
            return true;
    }
    return false;
}

/* Rows of what was asked for. */
static const struct value *rows_of(struct arena *arena, const struct value *rows, const char *source,
                                   const struct value *nodes)
{
    struct value *out = value_list(arena);

    for (size_t i = 0; i < value_count(rows); i++) {
        if (is_of(value_item(rows, i), source, nodes))
            value_list_add(arena, out, value_item(rows, i));
    }
    return out;
}

static bool is_over(const struct value *rows, bool *failed_out)
{
    bool is_over = true;

    *failed_out = false;
    for (size_t i = 0; i < value_count(rows); i++) {
        const char *state = value_map_text(value_item(rows, i), "state");

        is_over = is_over && (text_equal(state, "ready") || text_equal(state, "failed"));
        *failed_out = *failed_out || text_equal(state, "failed");
    }
    return is_over;
}

/* One line that is written over, on a terminal. */
static void progress_print(struct arena *arena, const struct value *rows)
{
    struct text line = text_new(arena);

    if (!isatty(STDERR_FILENO))
        return;
    text_add(&line, "");
    for (size_t i = 0; i < value_count(rows) && line.length < 100; i++) {
        const struct value *row = value_item(rows, i);

        text_add(&line, i > 0 ? "  " : "");
        table_add_told(&line, value_map_text(row, "node"));
        text_printf(&line, " %" PRId64 "%%%s", value_map_int(row, "percent", 0),
                    value_map_true(row, "is_seed") ? " (from the origin)" : "");
    }
    fprintf(stderr, "\r\033[K%s", line.data);
}

static void pause_ms(int64_t wait_ms)
{
    struct timespec left = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L };

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static bool fetch_follow(struct center_verb *verb, const char *source, const struct value *nodes, struct error *err)
{
    const struct value *rows = NULL, *all = NULL;
    bool failed = false;

    for (;;) {
        if (!center_client_list(verb->client, "/api/v1/models/fetches", "after", &all, err))
            return false;
        rows = rows_of(verb->arena, all, source, nodes);
        if (is_over(rows, &failed))
            break;
        progress_print(verb->arena, rows);
        pause_ms(LOOK_MS);
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    verb->exit_code = failed ? 1 : 0;
    if (verb->json)
        center_verb_json(verb, rows);
    else
        center_verb_print(verb, rows_shown(verb->arena, rows), fetch_layout,
                          sizeof(fetch_layout) / sizeof(fetch_layout[0]), "It is there already");
    return true;
}

static const struct value *nodes_of(struct arena *arena, const char *text)
{
    struct value *list = value_list(arena);
    size_t count = 0;
    char **parts = text_split(arena, text, ',', &count);

    for (size_t i = 0; i < count; i++) {
        const char *name = text_trim(arena, parts[i], strlen(parts[i]));

        if (name[0] != '\0')
            value_list_add(arena, list, value_string(arena, name));
    }
    return list;
}

static bool fetch_run(struct center_verb *verb, struct error *err)
{
    const char *source =
        center_verb_need(verb, 0, "a source: hf://ORG/REPO/FILE, https://..., file:///... or a name", err);
    const char *nodes = center_verb_option(verb, "nodes");
    struct value *body = value_map(verb->arena);
    const struct value *answer = NULL, *names;

    if (source == NULL || !center_verb_at_most(verb, 1, err))
        return false;
    if (nodes == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "--nodes a,b is missing: which nodes are to have it");
    names = nodes_of(verb->arena, nodes);
    value_map_put_string(verb->arena, body, "source", source);
    value_map_put(verb->arena, body, "nodes", names);
    if (center_verb_option(verb, "name") != NULL)
        value_map_put_string(verb->arena, body, "name", center_verb_option(verb, "name"));
    if (!center_client_ask(verb->client, "POST", "/api/v1/models/fetch", body, &answer, err))
        return false;
    if (center_verb_option(verb, "wait") != NULL)
        return fetch_follow(verb, source, names, err);
    if (verb->json)
        center_verb_json(verb, answer);
    else
        puts("asked for; roost models where tells how far it is");
    return true;
}

int models_fetch(int argc, char **argv)
{
    static const struct verb verb = { "models fetch", "Bring a model to nodes",
                                      "SOURCE --nodes a,b [--name NAME] [--wait]", NULL };
    static const struct center_option options[] = { { "nodes", false }, { "name", false }, { "wait", true }, { 0 } };
    static const struct center_action action = {
        .verb = &verb,
        .help = "\nOne of the nodes fetches it from its origin, the others take chunks from it and from each other\n"
                "(docs/models-neighbours.md). SOURCE: hf://, https://, file:/// or a name that a node has it by.\n"
                "--name: a link to it in the nodes' stores. --wait: until it is there or has failed (exit code 1).\n",
        .options = options,
        .run = fetch_run,
    };

    return center_verb_run(&action, argc, argv);
}

/* --- where --- */

/* A row for each model, a column for each node. */
struct matrix {
    struct arena *arena;
    struct value *rows;
    const char *nodes[64];
    size_t nodes_count;
    struct text failures; /* a line for each: why */
};

static struct value *matrix_row(struct matrix *matrix, const char *model)
{
    struct value *row;

    for (size_t i = 0; i < value_count(matrix->rows); i++) {
        if (text_equal(value_map_text(value_item(matrix->rows, i), "model"), model)) {
            row = value_map(matrix->arena);
            for (size_t k = 0; k < value_count(value_item(matrix->rows, i)); k++) {
                const struct value_pair *pair = value_pair_at(value_item(matrix->rows, i), k);

                value_map_put_value(matrix->arena, row, pair->key, pair->item);
            }
            value_list_remove(matrix->rows, i);
            value_list_insert(matrix->arena, matrix->rows, i, row);
            return row;
        }
    }
    row = value_map(matrix->arena);
    value_map_put_string(matrix->arena, row, "model", model);
    value_list_add(matrix->arena, matrix->rows, row);
    return row;
}

/* By name. */
static void node_add(struct matrix *matrix, const char *node)
{
    size_t at = 0;

    while (at < matrix->nodes_count && strcmp(matrix->nodes[at], node) < 0)
        at++;
    if ((at < matrix->nodes_count && strcmp(matrix->nodes[at], node) == 0) ||
        matrix->nodes_count == sizeof(matrix->nodes) / sizeof(matrix->nodes[0]))
        return;
    memmove(&matrix->nodes[at + 1], &matrix->nodes[at], (matrix->nodes_count - at) * sizeof(matrix->nodes[0]));
    matrix->nodes[at] = node;
    matrix->nodes_count++;
}

static void matrix_models(struct matrix *matrix, const struct value *models)
{
    for (size_t i = 0; i < value_count(models); i++) {
        const struct value *model = value_item(models, i);
        const char *node = value_map_text(model, "node"), *name = value_map_text(model, "name");
        struct value *row;

        if (node == NULL || name == NULL)
            continue;
        node_add(matrix, node);
        row = matrix_row(matrix, name);
        value_map_put_string(matrix->arena, row, "size",
                             model_size_text(matrix->arena, value_map_int(model, "bytes", 0)));
        value_map_put_string(matrix->arena, row, node,
                             text_equal(value_map_text(model, "state"), "complete") ? "yes" : "in part");
    }
}

/* What was only looked at for its header (to plan with it) was never to come whole. */
static const char *matrix_failure(struct matrix *matrix, const struct value *fetch)
{
    bool is_header = text_equal(value_map_text(fetch, "by"), "planner");
    const char *sentence = value_map_text(fetch, "sentence");

    text_add(&matrix->failures, "\n");
    table_add_told(&matrix->failures, value_map_text(fetch, "node"));
    text_add(&matrix->failures, is_header ? " could not read the header of " : " could not fetch ");
    table_add_told(&matrix->failures, value_map_text(fetch, "source"));
    text_add(&matrix->failures, ": ");
    table_add_told(&matrix->failures, sentence != NULL ? sentence : "it has not told why");
    return is_header ? "no header" : "failed";
}

/* What is on its way, or failed. What is ready is among the models. */
static void matrix_fetches(struct matrix *matrix, const struct value *fetches)
{
    for (size_t i = 0; i < value_count(fetches); i++) {
        const struct value *fetch = value_item(fetches, i);
        const char *node = value_map_text(fetch, "node"), *source = value_map_text(fetch, "source");
        const char *state = value_map_text(fetch, "state");
        struct value *row;

        if (node == NULL || source == NULL || text_equal(state, "ready") || text_equal(state, "look"))
            continue;
        node_add(matrix, node);
        row = matrix_row(matrix, source);
        value_map_put_string(matrix->arena, row, node,
                             text_equal(state, "failed")
                                 ? matrix_failure(matrix, fetch)
                                 : arena_printf(matrix->arena, "%" PRId64 "%%", value_map_int(fetch, "percent", 0)));
    }
}

static bool where_run(struct center_verb *verb, struct error *err)
{
    struct matrix matrix = { .arena = verb->arena, .rows = value_list(verb->arena), .failures = text_new(verb->arena) };
    struct table_column layout[66] = { { "MODEL", "model", false }, { "SIZE", "size", false } };
    const struct value *models = NULL, *fetches = NULL;

    if (!center_verb_at_most(verb, 0, err) ||
        !center_client_ask(verb->client, "GET", "/api/v1/models?limit=1000", NULL, &models, err) ||
        !center_client_list(verb->client, "/api/v1/models/fetches", "after", &fetches, err))
        return false;
    matrix_models(&matrix, value_map_get(models, "items"));
    matrix_fetches(&matrix, fetches);
    for (size_t i = 0; i < matrix.nodes_count; i++)
        layout[2 + i] = (struct table_column){ matrix.nodes[i], matrix.nodes[i], false };
    center_verb_print(verb, matrix.rows, layout, 2 + matrix.nodes_count, "No node has a model");
    if (!verb->json && matrix.failures.length > 0)
        puts(matrix.failures.data);
    return true;
}

int models_where(int argc, char **argv)
{
    static const struct verb verb = { "models where", "Show which nodes have which models", "", NULL };
    static const struct center_option options[] = { { 0 } };
    static const struct center_action action = {
        .verb = &verb,
        .help =
            "\nA row for each model, a column for each node: yes, in part, how far it is, failed, or no header (of one that was\nonly "
            "looked at, for a plan). Why stands below.\n",
        .options = options,
        .run = where_run,
    };

    return center_verb_run(&action, argc, argv);
}
