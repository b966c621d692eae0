/* SPDX-License-Identifier: Apache-2.0 */
/* roost workloads check|list|schema: what is declared beside the inventory, before anything starts. */
#include <string.h>

#include "cli/center_verb.h"
#include "cli/plan_ask.h"
#include "cli/plan_print.h"
#include "cli/workload_files.h"
#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/command/output.h"

VERB_DECLARE(workloads);

static const struct center_option options[] = { { "inventory", false }, { "offline", true }, { NULL, false } };

static bool files_read(struct center_verb *verb, struct workload_files *files, struct error *err)
{
    return center_verb_at_most(verb, 2, err) &&
           workload_files_read(verb->arena, verb->word_count > 1 ? verb->words[1] : NULL,
                               center_verb_option(verb, "inventory"), files, err);
}

/* --- check --- */

static bool check_places(struct center_verb *verb, const struct workload_files *files, struct error *err)
{
    struct value *list = value_list(verb->arena);
    const struct value *answer = NULL;

    for (size_t i = 0; i < files->count; i++)
        value_list_add(verb->arena, list, workload_value(verb->arena, &files->workloads[i]));
    if (!plan_ask(verb, list, &answer, err))
        return false;
    if (verb->json)
        center_verb_json(verb, value_map_get(answer, "places"));
    for (size_t i = 0; i < value_count(value_map_get(answer, "places")); i++) {
        if (!value_map_true(value_item(value_map_get(answer, "places"), i), "placed"))
            verb->exit_code = 2;
    }
    if (!verb->json)
        plan_print_places(verb->arena, stdout, value_map_get(answer, "places"), output_columns(stdout));
    return true;
}

static bool check(struct center_verb *verb, struct error *err)
{
    struct workload_files files;
    bool is_offline = verb->client == NULL || center_verb_option(verb, "offline") != NULL;

    if (!files_read(verb, &files, err))
        return false;
    if (!path_exists(files.folder))
        return error_set(err, "there is no folder '%s': nothing is declared (-i INVENTORY looks beside another one)",
                         path_absolute(verb->arena, files.folder));
    if (!verb->json)
        printf("%s: %zu workload%s, well declared\n", files.folder, files.count, files.count == 1 ? "" : "s");
    if (files.count > 0 && !is_offline)
        return check_places(verb, &files, err);
    if (verb->json)
        center_verb_json(verb, value_list(verb->arena));
    else if (files.count > 0)
        printf("Where they would go was not looked at: %s\n",
               verb->client == NULL ? "no controller is known here" : "--offline");
    return true;
}

/* --- list --- */

static const struct table_column layout[] = {
    { "NAME", "name", false },     { "KIND", "kind", false },   { "ENGINE", "engine", false },
    { "MODELS", "models", false }, { "NODES", "nodes", false }, { "REPLICAS", "replicas", false },
    { "AT", "at", false },
};

static const char *joined(struct arena *arena, const struct value *list, const char *none)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(list); i++)
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", value_to_text(arena, value_item(list, i)));
    return out.length == 0 ? none : out.data;
}

static bool list(struct center_verb *verb, struct error *err)
{
    struct workload_files files;
    struct value *rows = value_list(verb->arena);

    if (!files_read(verb, &files, err))
        return false;
    for (size_t i = 0; i < files.count; i++) {
        const struct workload *workload = &files.workloads[i];
        struct source_position at = value_position(workload->source);
        struct value *row = verb->json ? workload_value(verb->arena, workload) : value_map(verb->arena);

        if (!verb->json) {
            value_map_put_string(verb->arena, row, "name", workload->name);
            value_map_put_string(verb->arena, row, "kind", workload->kind == WORKLOAD_BATCH ? "batch" : "inference");
            value_map_put_string(verb->arena, row, "engine", workload->engine);
            value_map_put_string(verb->arena, row, "models", joined(verb->arena, workload->models, "-"));
            value_map_put_string(verb->arena, row, "nodes", joined(verb->arena, workload->nodes, "auto"));
            value_map_put_int(verb->arena, row, "replicas", workload->replicas);
            value_map_put_string(verb->arena, row, "at",
                                 arena_printf(verb->arena, "%s:%d", at.path == NULL ? "?" : at.path, at.line));
        }
        value_list_add(verb->arena, rows, row);
    }
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]),
                      arena_printf(verb->arena, "Nothing is declared in %s", files.folder));
    return true;
}

static bool schema(struct center_verb *verb, struct error *err)
{
    if (!center_verb_at_most(verb, 1, err))
        return false;
    center_verb_json(verb, workload_schema(verb->arena));
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "check", "list", "schema", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);

    if (action == NULL)
        return false;
    return strcmp(action, "check") == 0  ? check(verb, err)
           : strcmp(action, "list") == 0 ? list(verb, err)
                                         : schema(verb, err);
}

static int workloads_run(int argc, char **argv)
{
    static const struct center_action action = {
        .verb = &verb_workloads,
        .help =
            "\n  check      every declaration, and where the controller would place it; exit code 2: some have no place\n"
            "  list       what is declared\n"
            "  schema     JSON schema (2020-12) of the files, for editors\n\n"
            "  PATH                  folder or file; without it: workloads/ beside the inventory\n"
            "  -i, --inventory PATH  beside this one\n"
            "  --offline             the controller is not asked\n",
        .options = options,
        .run = run,
    };

    return center_verb_run_free(&action, argc, argv);
}

VERB_DEFINE(workloads) = { .name = "workloads",
                           .summary = "Check and list the workloads that are declared",
                           .usage = "[check|list|schema] [PATH] [--json]",
                           .run = workloads_run };
