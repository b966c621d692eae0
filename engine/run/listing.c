/* SPDX-License-Identifier: Apache-2.0 */
/* --list-hosts, --list-tasks, --list-tags and --syntax-check: what would run, as ansible-playbook prints it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/foreign/foreign.h"
#include "engine/run/methods.h"
#include "engine/run/play_run.h"
#include "engine/run/run_load.h"
#include "engine/run/run_setup.h"
#include "engine/template/template_plugin.h"

/* One play being listed. */
struct listing {
    struct run *run;
    struct arena *arena;
    const struct play *play;
    unsigned what;
    struct text *out;
    struct value *python, *plugins; /* modules that need Python, actions that are plugins -> their files */
    const struct value *play_tags;
    struct value *all_tags; /* map used as a set */
    struct plan_tags tags;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void set_add(struct arena *arena, struct value *set, const struct value *tags)
{
    for (size_t i = 0; i < value_count(tags); i++)
        value_map_put_value(arena, set, value_item(tags, i), value_null());
}

static void print_set(struct listing *listing, const struct value *set, bool sorted, const char *separator)
{
    const char **names = arena_new_array(listing->arena, const char *, value_count(set) + 1);
    size_t count = value_count(set);

    for (size_t i = 0; i < count; i++)
        names[i] = value_to_text(listing->arena, value_pair_at(set, i)->key);
    if (sorted)
        qsort(names, count, sizeof(*names), by_text);
    text_add(listing->out, "[");
    for (size_t i = 0; i < count; i++)
        text_printf(listing->out, "%s%s", i == 0 ? "" : separator, names[i]);
    text_add(listing->out, "]");
}

static void note_file(struct listing *listing, struct value *files, const struct node *task)
{
    if (value_map_get(files, task->action_text) == NULL)
        value_map_put_string(listing->arena, files, task->action_text, task->foreign->path);
}

static bool list_task(struct listing *listing, const struct node *task, struct error *err)
{
    const struct value *tags = NULL;
    struct value *own = value_map(listing->arena);

    if (task->task_kind == TASK_META && task->is_implicit)
        return true;
    if (!plan_tags_of(task, &listing->tags, listing->arena, &tags, err))
        return false;
    set_add(listing->arena, listing->all_tags, tags);
    if ((listing->what & LIST_TASKS) == 0)
        return true;
    set_add(listing->arena, own, listing->play_tags);
    set_add(listing->arena, own, tags);
    text_printf(listing->out,
                "      %s\tTAGS: ", task->name != NULL ? node_title(listing->arena, task) : task->action_text);
    print_set(listing, own, true, ", ");
    text_add(listing->out, "\n");
    if (task->foreign != NULL && task->foreign->kind == FOREIGN_PYTHON)
        note_file(listing, listing->python, task);
    if (task->foreign != NULL && task->foreign->kind == FOREIGN_ACTION)
        note_file(listing, listing->plugins, task);
    return true;
}

/* Only the main part of blocks is listed: rescue and always parts are not. */
static bool list_block(struct listing *listing, const struct plan_block *block, struct error *err)
{
    for (size_t i = 0; i < block->tasks.count; i++) {
        const struct plan_item *item = &block->tasks.items[i];

        if (item->block != NULL ? !list_block(listing, item->block, err) : !list_task(listing, item->task, err))
            return false;
    }
    return true;
}

static bool list_tasks(struct listing *listing, struct error *err)
{
    struct plan plan = { .arena = listing->arena, .play = listing->play };
    struct value *all;

    if (!plan_add(&plan, &listing->play->tasks, &listing->tags, false, err))
        return false;
    listing->all_tags = value_map(listing->arena);
    if ((listing->what & LIST_TASKS) != 0)
        text_add(listing->out, "    tasks:\n");
    for (size_t i = 0; i < plan.block_count; i++)
        if (!list_block(listing, plan.blocks[i], err))
            return false;
    if ((listing->what & LIST_TAGS) != 0) {
        all = value_map(listing->arena);
        set_add(listing->arena, all, listing->play_tags);
        for (size_t i = 0; i < value_count(listing->all_tags); i++)
            value_map_put_value(listing->arena, all, value_pair_at(listing->all_tags, i)->key, value_null());
        text_add(listing->out, "      TASK TAGS: ");
        print_set(listing, all, true, ", ");
        text_add(listing->out, "\n");
    }
    return true;
}

static const struct value *as_list(struct arena *arena, const struct value *value)
{
    struct value *list;

    if (value_is(value, VALUE_LIST))
        return value;
    list = value_list(arena);
    if (value != NULL)
        value_list_add(arena, list, value);
    return list;
}

static bool list_hosts(struct listing *listing, struct template_call *call, const struct value *pattern,
                       struct error *err)
{
    struct host_batches hosts;

    /* a pattern that fits nobody is told in every kind of list */
    if (!play_hosts(listing->run, listing->arena, listing->play, call, &hosts, err))
        return false;
    if ((listing->what & LIST_HOSTS) == 0)
        return true;
    text_add(listing->out, "\n    pattern: ");
    value_repr(listing->out, pattern);
    text_printf(listing->out, "\n    hosts (%zu):", hosts.count);
    for (size_t i = 0; i < hosts.count; i++)
        text_printf(listing->out, "\n      %s", hosts.hosts[i]->name);
    return true;
}

/* Its own, then those of the import_playbook that brought it. */
static const struct value *tags_of_play(struct listing *listing)
{
    const struct value *lists[] = { node_tag_list(listing->arena, listing->play->keywords[KEYWORD_TAGS]),
                                    node_tag_list(listing->arena, listing->play->import_tags) };
    struct value *all = value_list(listing->arena);

    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        for (size_t j = 0; j < value_count(lists[i]); j++)
            value_list_add(listing->arena, all, value_item(lists[i], j));
    return all;
}

static void print_head(struct listing *listing, size_t number, const char *title, const struct value *pattern)
{
    struct value *tags = value_map(listing->arena);
    struct text hosts = text_new(listing->arena);

    for (size_t i = 0; i < value_count(pattern); i++)
        text_printf(&hosts, "%s%s", i == 0 ? "" : ",", value_to_text(listing->arena, value_item(pattern, i)));
    text_printf(listing->out, "\n  play #%zu (%s): %s\tTAGS: ", number, hosts.data, title);
    set_add(listing->arena, tags, listing->play_tags);
    print_set(listing, tags, false, ",");
}

static bool list_play(struct listing *listing, size_t number, struct error *err)
{
    struct vars_play vars = { .play = listing->play, .name = listing->play->name };
    const struct value *pattern = NULL;
    struct vars_place place = { 0 };
    struct template_call call;
    struct vars_scope scope;

    vars_world_enter(listing->run->vars, &vars);
    if (!play_prompts(listing->run, listing->arena, listing->play, true, &vars.prompted, err) ||
        !vars_scope_open(&scope, listing->run->vars, listing->arena, &place, err))
        return false;
    call = vars_scope_call(&scope, listing->arena);
    listing->tags = (struct plan_tags){ .only = listing->run->options->tags,
                                        .skip = listing->run->options->skip_tags,
                                        .call = &call };
    if (!play_pattern(listing->arena, listing->play, &call, &pattern, err))
        return false;
    if (listing->what == LIST_SYNTAX)
        return true;
    vars.name = play_title(listing->arena, listing->play, &call);
    pattern = as_list(listing->arena, pattern);
    listing->play_tags = tags_of_play(listing);
    print_head(listing, number, vars.name, pattern);
    if (!list_hosts(listing, &call, pattern, err))
        return false;
    text_add(listing->out, "\n");
    return (listing->what & (LIST_TASKS | LIST_TAGS)) == 0 || list_tasks(listing, err);
}

static void list_files(const char *title, const struct value *files, struct text *out)
{
    if (value_count(files) > 0)
        text_printf(out, "\n%s:\n", title);
    for (size_t i = 0; i < value_count(files); i++)
        text_printf(out, "      %s\t%s\n", value_text(value_pair_at(files, i)->key),
                    value_text(value_pair_at(files, i)->item));
}

static bool list_playbooks(struct run *run, unsigned what, struct playbook *const *playbooks, size_t count,
                           struct text *out, struct error *err)
{
    const struct run_options *options = run->options;
    struct value *python = value_map(run->arena), *plugins = value_map(run->arena);

    for (size_t i = 0; i < count; i++) {
        bool is_named = run->options->playbooks != NULL && run->options->playbooks[i] != NULL;

        text_printf(out, "\nplaybook: %s\n", is_named ? run->options->playbooks[i] : playbooks[i]->path);
        for (size_t j = 0; j < playbooks[i]->play_count; j++) {
            struct listing listing = { .run = run,
                                       .arena = run->arena,
                                       .play = playbooks[i]->plays[j],
                                       .what = what,
                                       .out = out,
                                       .python = python,
                                       .plugins = plugins };
            bool ok = list_play(&listing, j + 1, err);

            vars_world_enter(run->vars, NULL);
            if (!ok)
                return false;
        }
    }
    list_files("these run through Python on their hosts, packed by ansible-core here", python, out);
    list_files("these actions are plugins that run in Python here", plugins, out);
    if ((what & LIST_TASKS) != 0 && options->templates != NULL) /* as far as the tasks name them */
        list_files("these plugins of templates run in Python here", template_plugins_used(options->templates), out);
    return true;
}

/* Modules that do not exist, of tasks that may be skipped: each is told once. */
static void warn_unresolved(const struct run_options *options, const struct node_list *list, struct value *told)
{
    struct arena *arena = options->inventory->arena;

    for (size_t i = 0; i < list->count; i++) {
        const struct node *node = list->items[i];
        const char *text = node->action_text;

        warn_unresolved(options, &node->tasks, told);
        warn_unresolved(options, &node->rescue, told);
        warn_unresolved(options, &node->always, told);
        if (!node->is_unresolved || text == NULL || value_text_is_template(text, strlen(text)) ||
            value_map_get(told, text) != NULL)
            continue;
        value_map_put_bool(arena, told, text, true);
        value_list_add(arena, options->warnings,
                       value_string(arena, arena_printf(arena, "%s:%d:%d: %s It is refused when the task is reached.",
                                                        node->at.path == NULL ? "" : node->at.path, node->at.line,
                                                        node->at.column, node->unresolved_text)));
    }
}

static void warn_of_all(const struct run_options *options, struct playbook *const *playbooks, size_t count)
{
    struct value *told = value_map(options->inventory->arena);

    for (size_t i = 0; options->warnings != NULL && i < count; i++)
        for (size_t j = 0; j < playbooks[i]->play_count; j++) {
            warn_unresolved(options, &playbooks[i]->plays[j]->tasks, told);
            warn_unresolved(options, &playbooks[i]->plays[j]->handlers, told);
        }
}

bool run_list(struct arena *arena, const struct run_options *options, unsigned what, struct text *out,
              struct error *err)
{
    struct playbook **playbooks = NULL;
    size_t count = 0;
    struct run run;
    bool ok;

    if (!run_load(arena, options, &playbooks, &count, err))
        return false;
    run_open(&run, arena, options);
    warn_of_all(options, playbooks, count);
    ok = methods_check(&run, playbooks, count, err) && list_playbooks(&run, what, playbooks, count, out, err);
    run_close(&run);
    return ok;
}
