/* SPDX-License-Identifier: Apache-2.0 */
/* Loading all playbooks of a run; what cannot be done is refused here, before the first connection. */
#include "engine/run/run_load.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/run/plan.h"
#include "engine/run/rollout.h"

static bool refuse_defaults(const struct value *defaults, struct error *err)
{
    for (size_t i = 0; value_is(defaults, VALUE_LIST) && i < value_count(defaults); i++)
        if (!refuse_defaults(value_item(defaults, i), err))
            return false;
    for (size_t i = 0; value_is(defaults, VALUE_MAP) && i < value_count(defaults); i++) {
        const char *key = value_text(value_pair_at(defaults, i)->key);
        struct source_position at = value_position(value_pair_at(defaults, i)->key);

        if (key != NULL && text_starts(key, "group/"))
            return error_set_at(err, &at, "module_defaults: groups are not supported yet ('%s'): name the modules",
                                key);
    }
    return true;
}

static bool refuse_node(const struct node *node, struct error *err)
{
    const struct value *async = node->keywords[KEYWORD_ASYNC], *poll = node->keywords[KEYWORD_POLL];
    const struct value *debugger = node->keywords[KEYWORD_DEBUGGER];
    bool is_async = async != NULL && !(value_is(async, VALUE_INT) && async->as.integer == 0);

    if (is_async && value_is(poll, VALUE_INT) && poll->as.integer == 0)
        return error_set_at(err, &node->at,
                            "async with 'poll: 0' is not supported yet: the task would have to go on after its result");
    if (debugger != NULL && !text_equal(value_text(debugger), "never"))
        return error_set_at(err, &node->at, "the keyword 'debugger' is not supported");
    if (plan_is_meta(node, "refresh_inventory"))
        return error_set_at(err, &node->at,
                            "meta: refresh_inventory is not supported: inventories are read once per run");
    return refuse_defaults(node->keywords[KEYWORD_MODULE_DEFAULTS], err);
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
    const char *strategy = value_text(play->keywords[KEYWORD_STRATEGY]);

    if (strategy != NULL && text_starts(strategy, "ansible.builtin."))
        strategy += strlen("ansible.builtin.");
    if (strategy != NULL && strcmp(strategy, "linear") != 0)
        return error_set_at(err, &play->at, "strategy '%s' is not supported yet: only linear", strategy);
    return refuse_defaults(play->keywords[KEYWORD_MODULE_DEFAULTS], err) && refuse_list(&play->tasks, err) &&
           refuse_list(&play->handlers, err);
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

/* Is there anybody to work on? Known before any playbook is read. */
static bool hosts_check(struct arena *arena, const struct run_options *options, struct error *err)
{
    const struct value *local = value_map_get(options->settings, "localhost_warning");
    struct inventory_selection selection = { .pattern = value_string(arena, "all") };
    struct inventory_host_list hosts = { 0 };
    bool warns = true;

    if (!inventory_match(options->inventory, arena, &selection, &hosts, err))
        return false;
    if (value_text(local) != NULL)
        text_to_bool(value_text(local), &warns);
    if (hosts.count == 0 && warns && options->warnings != NULL)
        value_list_add(arena, options->warnings,
                       value_string(arena, "provided hosts list is empty, only localhost is available. Note that the "
                                           "implicit localhost does not match 'all'"));
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
        if (!path_exists(options->playbooks[i]))
            return error_set(err, "the playbook: %s could not be found", options->playbooks[i]);
    if ((paths > 0 && !hosts_check(arena, options, err)) || !rollout_check(arena, options, err))
        return false;
    for (size_t i = 0; i < paths; i++)
        if (!playbook_load(options->loader, options->playbooks[i], &list[i], err))
            return false;
    const char *folder = options->plays_folder != NULL ? options->plays_folder : ".";
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
