/* SPDX-License-Identifier: Apache-2.0 */
/* roost runs: what was run, what happens in it, what it is told. */
#include "cli/center_verb.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/apply_via.h"
#include "cli/run_failures.h"
#include "cli/run_follow.h"
#include "cli/runs_compare.h"
#include "cli/runs_rows.h"
#include "common/base/text.h"
#include "engine/command/ask.h"

VERB_DECLARE(runs);

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct table_column layout[] = {
    { "RUN", "id", false },     { "KIND", "kind", false },     { "PLAYBOOK", "title", false },
    { "BY", "actor", false },   { "STATE", "state", false },   { "STARTED", "started", true },
    { "ENDED", "ended", true }, { "REASON", "reason", false },
};

static const struct table_column narrow_layout[] = {
    { "RUN", "id", false },         { "PLAYBOOK", "title", false }, { "STATE", "state", false },
    { "STARTED", "started", true }, { "REASON", "reason", false },
};

static const struct table_column hosts[] = {
    { "HOST", "host", false },       { "STATE", "state", false },   { "OK", "ok", false },
    { "CHANGED", "changed", false }, { "FAILED", "failed", false }, { "UNREACHABLE", "unreachable", false },
    { "SKIPPED", "skipped", false },
};

static const struct table_column differences[] = {
    { "HOST", "host", false },   { "TASK", "task", false }, { "BEFORE", "before", false },
    { "AFTER", "after", false }, { "WHAT", "what", false },
};

static const char *run_path(struct center_verb *verb, int64_t id, const char *rest)
{
    return arena_printf(verb->arena, "/api/v1/runs/%lld%s", (long long)id, rest);
}

static bool run_number(struct center_verb *verb, size_t index, int64_t *out, struct error *err)
{
    const char *word = center_verb_need(verb, index, "the run's number", err);

    return word != NULL && ((text_to_int(word, out) && *out > 0) ||
                            error_set_kind(err, ERROR_OPTIONS, "'%s' is no run's number: roost runs lists them", word));
}

/* --- looking --- */

static void print_runs(struct center_verb *verb, const struct value *runs)
{
    bool is_narrow = center_verb_narrow(80);

    center_verb_print(verb, verb->json ? runs : runs_rows(verb->arena, runs), is_narrow ? narrow_layout : layout,
                      is_narrow ? COUNT(narrow_layout) : COUNT(layout), "Nothing was run yet");
}

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *page = NULL, *items = NULL;

    if (!center_client_ask(verb->client, NULL, "/api/v1/runs", NULL, &page, err))
        return false;
    items = value_map_get(page, "items");
    print_runs(verb, items);
    return true;
}

static bool events_of(struct center_verb *verb, int64_t id, const struct value **out, struct error *err)
{
    return center_client_list(verb->client, run_path(verb, id, "/events?limit=1000"), "after", out, err);
}

/* Of a run that did not go well: which task failed, where and why; else what it said last. "" where there is nothing to tell. */
static bool why_read(struct center_verb *verb, int64_t id, const char **out, struct error *err)
{
    const struct value *events = NULL;
    struct run_failures failures;

    if (!events_of(verb, id, &events, err))
        return false;
    run_failures_init(&failures, verb->arena);
    for (size_t i = 0; i < value_count(events); i++)
        run_failures_take(&failures, value_map_get(value_item(events, i), "event"));
    *out = run_failures_text(&failures);
    if (**out == '\0')
        *out = run_failures_last_words(&failures);
    return true;
}

/* What the table has no room for. */
static bool show_why(struct center_verb *verb, int64_t id, const struct value *run, struct error *err)
{
    static const char *const well[] = { "ok", "waiting", NULL };
    const char *reason = value_map_text(run, "reason"), *text = "";
    struct text told = text_new(verb->arena);

    if (!text_in(value_map_text(run, "state"), well) && !why_read(verb, id, &text, err))
        return false;
    table_add_told(&told, reason == NULL ? "" : reason);
    if (told.length > 0 && strstr(text, told.data) == NULL)
        printf("\n%s\n", told.data);
    if (*text != '\0')
        printf("\n%s", text);
    return true;
}

static bool show(struct center_verb *verb, int64_t id, struct error *err)
{
    const struct value *run = NULL;
    struct value *one = value_list(verb->arena);

    if (!center_client_ask(verb->client, NULL, run_path(verb, id, ""), NULL, &run, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, run);
        return true;
    }
    value_list_add(verb->arena, one, run);
    print_runs(verb, one);
    if (!show_why(verb, id, run, err))
        return false;
    printf("\n");
    center_verb_print(verb, value_map_get(run, "hosts"), hosts, COUNT(hosts),
                      value_map_text(run, "ended") == NULL ? "No host has ended its part yet"
                                                           : "No host had a part in it");
    if (value_map_get(run, "question") != NULL)
        printf("\nIt waits for an answer: `roost runs follow %lld` asks for it.\n", (long long)id);
    return true;
}

static bool compare(struct center_verb *verb, struct error *err)
{
    const struct value *before = NULL, *after = NULL, *rows = NULL;
    struct value *shown = value_list(verb->arena);
    int64_t a = 0, b = 0;

    if (!run_number(verb, 1, &a, err) || !run_number(verb, 2, &b, err) || !events_of(verb, a, &before, err) ||
        !events_of(verb, b, &after, err))
        return false;
    rows = runs_compare(verb->arena, before, after);
    for (size_t i = 0; i < value_count(rows); i++) {
        if (center_verb_option(verb, "all") != NULL || !text_equal(value_map_text(value_item(rows, i), "what"), "same"))
            value_list_add(verb->arena, shown, value_item(rows, i));
    }
    center_verb_print(verb, shown, differences, COUNT(differences), "Every task did the same on every host");
    return true;
}

/* --- telling --- */

static bool tell(struct center_verb *verb, int64_t id, const char *order, struct error *err)
{
    const struct value *answer = NULL;

    if (!center_client_ask(verb->client, "POST", run_path(verb, id, arena_printf(verb->arena, "/%s", order)), NULL,
                           &answer, err))
        return false;
    if (verb->json)
        center_verb_json(verb, answer);
    else
        printf("Run %lld is told: %s\n", (long long)id, order);
    return true;
}

/* The exit code of a run that was followed is the verb's: there is no way back from here. */
static bool follow(struct center_verb *verb, int64_t id, struct error *err)
{
    const struct run_follow following = { .client = verb->client, .run_id = id, .answers = true };
    int exit_code = 0;

    if (!run_follow(&following, &exit_code, err))
        return false;
    verb->exit_code = exit_code;
    return true;
}

static bool password(struct center_verb *verb, const char *option, const char *prompt, struct value *secrets,
                     const char *key, struct error *err)
{
    const char *text = NULL;

    if (center_verb_option(verb, option) == NULL)
        return true;
    if (!ask_terminal(NULL, prompt, true, verb->arena, &text))
        return error_set_kind(err, ERROR_OPTIONS, "cannot ask for a password: there is no terminal");
    value_map_put_string(verb->arena, secrets, key, text);
    return true;
}

static bool again(struct center_verb *verb, int64_t id, struct error *err)
{
    struct value *body = value_map(verb->arena), *secrets = value_map(verb->arena);
    const struct value *answer = NULL, *begun = NULL;

    value_map_put_bool(verb->arena, body, "failed", center_verb_option(verb, "failed") != NULL);
    value_map_put(verb->arena, body, "terminal", apply_via_terminal(verb->arena, isatty(STDOUT_FILENO) != 0));
    if (!password(verb, "ask-pass", "SSH password: ", secrets, "connection_password", err) ||
        !password(verb, "ask-become-pass", "BECOME password: ", secrets, "become_password", err))
        return false;
    value_map_put(verb->arena, body, "secrets", secrets);
    if (!center_client_ask(verb->client, "POST", run_path(verb, id, "/again"), body, &answer, err))
        return false;
    begun = value_map_get(answer, "id");
    if (!value_is(begun, VALUE_INT))
        return error_set(err, "the controller gave the run no number");
    return follow(verb, begun->as.integer, err);
}

/* --- the verb --- */

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list",   "show",   "follow", "compare", "pause",
                                           "resume", "cancel", "again",  NULL };
    const char *action = center_verb_word(verb, 0, actions, err);
    size_t words = action == NULL || strcmp(action, "list") == 0 ? 1 : strcmp(action, "compare") == 0 ? 3 : 2;
    int64_t id = 0;

    if (action == NULL || !center_verb_at_most(verb, words, err))
        return false;
    if (words == 1)
        return list(verb, err);
    if (words == 3)
        return compare(verb, err);
    if (!run_number(verb, 1, &id, err))
        return false;
    if (strcmp(action, "show") == 0)
        return show(verb, id, err);
    if (strcmp(action, "follow") == 0)
        return follow(verb, id, err);
    return strcmp(action, "again") == 0 ? again(verb, id, err) : tell(verb, id, action, err);
}

static const struct center_option options[] = {
    { "failed", true }, { "all", true }, { "ask-become-pass", true }, { "ask-pass", true }, { NULL, false }
};

static int runs_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_runs,
        "\n  list            the last hundred runs\n  show RUN        one, and what became of its hosts\n"
        "  follow RUN      its output from the beginning, and on until it ends; the exit code is the run's\n"
        "  compare A B     by host and task what B did differently from A (--all: what was the same too)\n"
        "  pause RUN       hold it before its next task\n  resume RUN      let it go on\n"
        "  cancel RUN      end it; once more: at once\n"
        "  again RUN       the same project and options once more; --failed: only on the hosts that had failed or were\n"
        "                  unreachable; --ask-pass, --ask-become-pass: what was typed is not kept, so it is asked again\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(runs) = { .name = "runs",
                      .summary = "What was run, what happens in it, what it is told",
                      .usage = "[list | show RUN | follow RUN | compare A B | pause RUN | resume RUN | cancel RUN | "
                               "again RUN [--failed]] [--json]",
                      .run = runs_run };
