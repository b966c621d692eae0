/* SPDX-License-Identifier: Apache-2.0 */
/* roost drift [NODE]: where nodes are not as declared, since when, and why. */
#include "cli/center_verb.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

VERB_DECLARE(drift);

static const struct table_column layout[] = {
    { "NODE", "node", false },       { "RESOURCE", "resource", false }, { "CAUSE", "cause", false },
    { "SINCE", "first_seen", true }, { "SEEN", "last_seen", true },     { "TIMES", "count", false },
    { "WHY", "reason", false },
};
static const struct table_column all_layout[] = {
    { "NODE", "node", false },       { "RESOURCE", "resource", false }, { "CAUSE", "cause", false },
    { "SINCE", "first_seen", true }, { "MENDED", "resolved", true },    { "TIMES", "count", false },
    { "WHY", "reason", false },
};
static const struct table_column narrow_layout[] = {
    { "NODE", "node", false },
    { "RESOURCE", "resource", false },
    { "SINCE", "first_seen", true },
    { "WHY", "reason", false },
};
static const struct table_column all_narrow_layout[] = {
    { "NODE", "node", false },
    { "RESOURCE", "resource", false },
    { "MENDED", "resolved", true },
    { "WHY", "reason", false },
};

static void print_table(struct center_verb *verb, const struct value *rows)
{
    bool is_narrow = center_verb_narrow(80), all = center_verb_option(verb, "all") != NULL;

    center_verb_print(verb, rows,
                      is_narrow ? (all ? all_narrow_layout : narrow_layout)
                      : all     ? all_layout
                                : layout,
                      is_narrow ? sizeof(narrow_layout) / sizeof(narrow_layout[0]) : sizeof(layout) / sizeof(layout[0]),
                      "No drift is known");
}

/* "2026-11-21T11:28:36.832002Z" without what nobody reads. */
static const char *time_short(struct arena *arena, const char *text)
{
    char *out = text == NULL ? arena_copy(arena, "never") : arena_copy_n(arena, text, strcspn(text, ".Z"));

    out[strcspn(out, "T")] = ' ';
    return out;
}

/* What a node told, harmless for the terminal, with its lines and tabs. */
static const char *told(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n\t");

        table_add_told(&out, arena_copy_n(arena, text, length));
        if (text[length] != '\0')
            text_add_char(&out, text[length++]);
        text += length;
    }
    return text == NULL ? NULL : out.data;
}

static void print_row(struct arena *arena, const struct value *row)
{
    const char *diff = told(arena, value_map_text(row, "diff")), *reason = told(arena, value_map_text(row, "reason"));
    const char *from = value_map_text(row, "window_from"), *to = value_map_text(row, "window_to");
    const struct value *count = value_map_get(row, "count");
    const char *resolved = value_map_text(row, "resolved");

    printf("\n%s: %s\n", value_map_text(row, "node"), told(arena, value_map_text(row, "resource")));
    printf("  first seen %s UTC, times: %lld\n", time_short(arena, value_map_text(row, "first_seen")),
           value_is(count, VALUE_INT) ? (long long)count->as.integer : 0LL);
    printf("  cause: %s%s%s\n", value_map_text(row, "cause"), reason == NULL ? "" : ", ", reason == NULL ? "" : reason);
    if (from != NULL && to != NULL)
        printf("  last in order %s UTC, different at %s UTC\n", time_short(arena, from), time_short(arena, to));
    if (resolved != NULL)
        printf("  mended, seen %s UTC\n", time_short(arena, resolved));
    if (diff != NULL) {
        size_t length = strlen(diff);

        while (length > 0 && diff[length - 1] == '\n')
            length--;
        printf("%.*s\n", (int)length, diff);
    }
}

static bool run(struct center_verb *verb, struct error *err)
{
    const char *path = arena_printf(verb->arena, "/api/v1/drift?resolved=%s",
                                    center_verb_option(verb, "all") != NULL ? "true" : "false");
    const struct value *rows = NULL;

    if (!center_verb_at_most(verb, 1, err))
        return false;
    if (verb->word_count == 1)
        path = arena_printf(verb->arena, "%s&node=%s", path, verb->words[0]);
    if (!center_client_list(verb->client, path, "before", &rows, err))
        return false;
    print_table(verb, rows);
    if (!verb->json && verb->word_count == 1)
        for (size_t i = 0; i < value_count(rows); i++)
            print_row(verb->arena, value_item(rows, i));
    return true;
}

static const struct center_option options[] = { { "all", true }, { NULL, false } };

static int drift_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_drift,
        "\n  --all      what is in order again, too\n\nWith a node, each is shown with its cause, the time in which it happened, and the diff.\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(drift) = { .name = "drift",
                       .summary = "Where nodes are not as declared, since when, and why",
                       .usage = "[NODE] [--all] [--json]",
                       .run = drift_run };
