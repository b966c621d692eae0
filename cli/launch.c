/* SPDX-License-Identifier: Apache-2.0 */
/* roost launch [WORKLOAD...]: declares to the controller what stands in inventory/workloads, starts it, and shows how it comes up. */
#include <time.h>
#include <unistd.h>

#include "cli/center_verb.h"
#include "cli/plan_ask.h"
#include "cli/plan_print.h"
#include "cli/workload_files.h"
#include "cli/workload_rows.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "engine/command/output.h"

VERB_DECLARE(launch);

#define LOOK_MS 300

/* --- what is launched --- */

static bool chosen(struct center_verb *verb, const struct workload ***out, size_t *count_out, struct error *err)
{
    struct workload_files files;
    const struct workload **list = NULL;
    size_t count = 0;

    if (!workload_files_read(verb->arena, center_verb_option(verb, "folder"), center_verb_option(verb, "inventory"),
                             &files, err))
        return false;
    list = arena_new_array(verb->arena, const struct workload *, files.count + verb->word_count + 1);
    for (size_t i = 0; verb->word_count == 0 && i < files.count; i++)
        list[count++] = &files.workloads[i];
    for (size_t i = 0; i < verb->word_count; i++) {
        if (!workload_files_find(&files, verb->words[i], &list[count++], err))
            return false;
    }
    *out = list;
    *count_out = count;
    return count > 0 || error_set(err, "no workloads are declared in %s", files.folder);
}

static struct value *list_value(struct arena *arena, const struct workload **list, size_t count)
{
    struct value *workloads = value_list(arena);

    for (size_t i = 0; i < count; i++)
        value_list_add(arena, workloads, workload_value(arena, list[i]));
    return workloads;
}

static bool dry_run(struct center_verb *verb, const struct workload **list, size_t count, struct error *err)
{
    const struct value *answer = NULL;

    if (!plan_ask(verb, list_value(verb->arena, list, count), &answer, err))
        return false;
    if (verb->json)
        center_verb_json(verb, answer);
    else if (!plan_print_places(verb->arena, stdout, value_map_get(answer, "places"), output_columns(stdout)))
        verb->exit_code = 2;
    return true;
}

static bool start_one(struct center_verb *verb, const struct workload *workload, struct error *err)
{
    const char *path = arena_printf(verb->arena, "/api/v1/workloads/%s", workload->name);
    const struct value *answer = NULL;

    return (center_client_ask(verb->client, "PUT", path, workload_value(verb->arena, workload), &answer, err) &&
            center_client_ask(verb->client, "POST", arena_printf(verb->arena, "%s/start", path), NULL, &answer, err)) ||
           error_prefix(err, "%s", workload->name);
}

/* What has no place, asked before anything is started: what is there would take the place from itself. A controller that cannot tell says nothing. */
static const struct value *places_ask(struct center_verb *verb, const struct workload **list, size_t count)
{
    struct value *body = value_map(verb->arena);
    const struct value *answer = NULL;
    struct error ignored = ERROR_INIT;

    value_map_put(verb->arena, body, "workloads", list_value(verb->arena, list, count));
    return center_client_ask(verb->client, "POST", "/api/v1/plan", body, &answer, &ignored)
               ? value_map_get(answer, "places")
               : NULL;
}

/* --- how it comes up --- */

struct watching {
    struct center_verb *verb;
    struct arena *arena; /* of one look */
    const struct value *names;
    bool is_live;      /* a terminal: the table is drawn over itself */
    size_t lines;      /* of the table that is there */
    const char **said; /* what was printed of each row last, where there is no terminal */
    size_t said_count;
};

static bool is_settled(const char *state)
{
    return text_in(state, (const char *const[]){ "serving", "failed", "done", NULL });
}

static void table_draw(struct watching *watching, const struct value *rows)
{
    for (; watching->lines > 0; watching->lines--)
        fputs("\033[A\033[2K", stdout);
    workload_rows_print(watching->arena, stdout, rows, output_columns(stdout));
    watching->lines = value_count(rows) + 1;
    fflush(stdout);
}

static void changes_say(struct watching *watching, const struct value *rows)
{
    struct center_verb *verb = watching->verb;

    if (watching->said == NULL)
        watching->said = arena_new_array(verb->arena, const char *, WORKLOADS_MAX);
    for (size_t i = 0; i < value_count(rows) && i < WORKLOADS_MAX; i++) {
        const struct value *row = value_item(rows, i);
        const char *line = arena_printf(watching->arena, "%s: %s: %s", value_map_text(row, "name"),
                                        value_map_text(row, "state"), value_map_text(row, "sentence"));

        if (text_equal(line, watching->said[i]))
            continue;
        puts(line);
        watching->said[i] = arena_copy(verb->arena, line);
    }
    fflush(stdout);
}

/* One look; *done_out: nothing changes by itself any more. */
static bool look(struct watching *watching, bool *done_out, bool *good_out, struct error *err)
{
    const struct value *answer = NULL, *rows = NULL;

    if (!center_client_ask(watching->verb->client, "GET", "/api/v1/workloads", NULL, &answer, err))
        return false;
    rows = workload_rows(watching->arena, value_map_get(answer, "items"), watching->names);
    *done_out = *good_out = true;
    for (size_t i = 0; i < value_count(rows); i++) {
        const char *state = value_map_text(value_item(rows, i), "state");

        *done_out = *done_out && is_settled(state);
        *good_out = *good_out && !text_equal(state, "failed");
    }
    if (watching->is_live)
        table_draw(watching, rows);
    else
        changes_say(watching, rows);
    return true;
}

static bool wait_until_up(struct center_verb *verb, const struct value *names, struct error *err)
{
    struct watching watching = { .verb = verb, .names = names, .is_live = isatty(STDOUT_FILENO) == 1 };
    int64_t limit_s = 0, until_ms = INT64_MAX;
    bool done = false, good = true;

    if (center_verb_option(verb, "timeout") != NULL) {
        if (!text_to_int(center_verb_option(verb, "timeout"), &limit_s) || limit_s < 1)
            return error_set_kind(err, ERROR_OPTIONS, "--timeout takes seconds");
        until_ms = clock_monotonic_ms() + limit_s * 1000;
    }
    while (!done) {
        ARENA_SCOPED arena = arena_new();

        watching.arena = arena;
        if (!look(&watching, &done, &good, err))
            return false;
        if (!done && clock_monotonic_ms() > until_ms) {
            verb->exit_code = 2;
            return true;
        }
        if (!done)
            nanosleep(&(struct timespec){ .tv_nsec = (long)LOOK_MS * 1000000 }, NULL);
    }
    if (!good)
        verb->exit_code = 2;
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    const struct workload **list = NULL;
    const struct value *places = NULL;
    struct value *names = value_list(verb->arena);
    bool is_watched = center_verb_option(verb, "wait") != NULL || isatty(STDOUT_FILENO) == 1;
    size_t count = 0;

    if (!chosen(verb, &list, &count, err))
        return false;
    if (center_verb_option(verb, "dry-run") != NULL)
        return dry_run(verb, list, count, err);
    places = is_watched ? NULL : places_ask(verb, list, count);
    for (size_t i = 0; i < count; i++) {
        value_list_add(verb->arena, names, value_string(verb->arena, list[i]->name));
        if (!start_one(verb, list[i], err))
            return false;
    }
    if (is_watched)
        return wait_until_up(verb, names, err);
    printf("%zu launched; roost ps shows how they are\n", count);
    plan_print_waiting(verb->arena, stdout, places);
    return true;
}

static const struct center_option options[] = { { "dry-run", true }, { "wait", true },       { "timeout", false },
                                                { "folder", false }, { "inventory", false }, { NULL, false } };

static int launch_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_launch,
        "\n  --dry-run         say where each would go, and why; nothing is started\n"
        "  --wait            until all serve (or failed), where the output is no terminal too\n"
        "  --timeout S       not longer than this\n"
        "  --inventory PATH  they are in the folder workloads beside it\n"
        "  --folder PATH     they are in this folder or file\n\n"
        "Exit codes: 0 all serve, 2 some do not, 1 and 5 errors.\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(launch) = { .name = "launch",
                        .summary = "Start workloads that are declared in inventory/workloads",
                        .usage = "[WORKLOAD...] [--dry-run] [--wait]",
                        .run = launch_run };
