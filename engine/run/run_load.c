/* SPDX-License-Identifier: Apache-2.0 */
/* Loading all playbooks of a run; what cannot be done is refused here, before the first connection. */
#include "engine/run/run_load.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/run/plan.h"
#include "engine/run/rollout.h"
#include "engine/run/strategy.h"

static bool refuse_node(const struct node *node, struct error *err)
{
    static const char *const debugger_words[] = {
        "always", "on_failed", "on_unreachable", "on_skipped", "never", NULL
    };
    const struct value *debugger = node->keywords[KEYWORD_DEBUGGER];

    if (value_text(debugger) != NULL && !text_in(value_text(debugger), debugger_words))
        return error_set_at(err, &node->at,
                            "'%s' is not a valid value for debugger. Must be one of always, on_failed, on_unreachable, "
                            "on_skipped, never",
                            value_text(debugger));
    if (plan_is_meta(node, "end_role") && (node->role == NULL || node->is_handler))
        return error_set_at(err, &node->at, "Cannot execute 'end_role' from %s",
                            node->role == NULL ? "outside of a role" : "a handler");
    return true;
}

static bool refuse_list(const struct node_list *list, struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct node *node = list->items[i];

        if (!refuse_node(node, err) || !refuse_list(&node->tasks, err) || !refuse_list(&node->rescue, err) ||
            !refuse_list(&node->always, err))
            return false;
    }
    return true;
}

static bool refuse_play(const struct play *play, struct error *err)
{
    const struct value *written = play->keywords[KEYWORD_STRATEGY];
    struct source_position at = value_position(written == NULL ? value_null() : written);
    const char *strategy = value_text(written);

    if (strategy != NULL && !value_text_is_template(strategy, strlen(strategy)) && strategy_find(strategy) == NULL)
        return error_set_at(err, at.path == NULL ? &play->at : &at,
                            "Invalid play strategy specified: %s; there are linear, free, host_pinned and debug",
                            strategy);
    return refuse_list(&play->tasks, err) && refuse_list(&play->handlers, err);
}

bool run_refuse(struct arena *arena, const struct run_options *options, const struct playbook *playbook,
                struct error *err)
{
    (void)arena;
    (void)options;
    for (size_t i = 0; i < playbook->play_count; i++)
        if (!refuse_play(playbook->plays[i], err))
            return false;
    return true;
}

static size_t path_count(const struct run_options *options)
{
    size_t count = 0;

    while (options->playbooks != NULL && options->playbooks[count] != NULL)
        count++;
    return count;
}

void run_warn_of_empty(struct arena *arena, const struct value *settings, struct value *warnings)
{
    const char *local = value_map_text(settings, "localhost_warning");
    bool warns = true;

    if (local != NULL)
        text_to_bool(local, &warns);
    if (warns && warnings != NULL)
        value_list_add(arena, warnings,
                       value_string(arena, "provided hosts list is empty, only localhost is available. Note that the "
                                           "implicit localhost does not match 'all'"));
}

/* Is there anybody to work on? Known before any playbook is read. */
static bool hosts_check(struct arena *arena, const struct run_options *options, struct error *err)
{
    struct inventory_selection selection = { .pattern = value_string(arena, "all") };
    struct inventory_host_list hosts = { 0 };

    if (!inventory_match(options->inventory, arena, &selection, &hosts, err))
        return false;
    if (hosts.count == 0)
        run_warn_of_empty(arena, options->settings, options->warnings);
    if (hosts.count == 0 || options->limit == NULL)
        return true;
    selection.limit = options->limit;
    selection.warnings = options->warnings;
    if (!inventory_match(options->inventory, arena, &selection, &hosts, err))
        return false;
    return hosts.count > 0 ||
           error_set(err, "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.");
}

bool run_load(struct arena *arena, const struct run_options *options, struct playbook ***out, size_t *count_out,
              struct error *err)
{
    size_t paths = path_count(options), count = paths + (options->plays != NULL ? 1 : 0);
    struct playbook **list = arena_new_array(arena, struct playbook *, count + 1);

    for (size_t i = 0; i < paths; i++)
        if (playbook_is_qualified(options->loader, options->playbooks[i]))
            continue;
        else if (!path_exists(options->playbooks[i]))
            return error_set(err, "the playbook: %s could not be found", options->playbooks[i]);
        else if (path_is_folder(options->playbooks[i]))
            return error_set(err, "the playbook: %s does not appear to be a file", options->playbooks[i]);
    if ((paths > 0 && !hosts_check(arena, options, err)) || !rollout_check(arena, options, err))
        return false;
    for (size_t i = 0; i < paths; i++)
        if (!playbook_load(options->loader, options->playbooks[i], &list[i], err))
            return false;
    const char *folder = options->plays_folder != NULL ? options->plays_folder : ".";
    if (options->plays != NULL && options->plays_folder != NULL)
        playbook_add_folder(options->loader, options->plays_folder);
    if (options->plays != NULL && !playbook_from_value(options->loader, options->plays, folder, &list[paths], err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!run_refuse(arena, options, list[i], err))
            return false;
    *out = list;
    *count_out = count;
    return true;
}

bool run_check_plan(struct arena *arena, const struct run_options *options, struct error *err)
{
    struct playbook **playbooks = NULL;
    size_t count = 0;

    return run_load(arena, options, &playbooks, &count, err);
}
