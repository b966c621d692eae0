/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather_facts: facts of the node, by module setup, or by the modules that facts_modules (ansible_facts_modules) names, one
 * after the other; of two that say something about the same fact the later one wins, maps and lists are joined. The Python that
 * the node found by itself is a fact of the host too.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"
#include "engine/actions/foreign_call.h"
#include "engine/actions/interpreter.h"

struct gather_facts_args {
    bool parallel;
};

static const struct arg_spec gather_facts_spec[] = {
    ARG(gather_facts_args, parallel, ARG_BOOL, .help = "accepted; the modules run one after the other"),
    ARG_END,
};

struct gather_state {
    const struct value *modules; /* names */
    size_t at;                   /* the one under way */
    struct value *failed, *skipped;
};

static void add_discovered(struct action_call *call)
{
    const struct value *facts = value_map_get(call->result, "ansible_facts");
    const char *python = value_map_text(value_map_get(facts, "ansible_python"), "executable");
    struct value *found;

    if (python == NULL || node_keyword(call->task, KEYWORD_DELEGATE_TO) != NULL)
        return;
    found = value_map(call->arena);
    value_map_put_string(call->arena, found, "discovered_interpreter_python", python);
    action_put(call, "ansible_facts", value_merge(call->arena, facts, found, false));
}

/* --- which modules --- */

static bool is_setup(const char *name)
{
    return text_in(name, ARG_NAMES("setup", "ansible.legacy.setup", "ansible.builtin.setup"));
}

static void add_names(struct action_call *call, struct value *names, const char *text, bool *is_smart)
{
    for (char **part = text_split(call->arena, text, ',', NULL); *part != NULL; part++) {
        const char *name = text_trim(call->arena, *part, strlen(*part));

        if (strcmp(name, "smart") == 0)
            *is_smart = true;
        else if (name[0] != '\0')
            value_list_add(call->arena, names, value_string(call->arena, name));
    }
}

/* The variable, else the setting; "smart" stands for setup, which then comes last. */
static bool modules_of(struct action_call *call, struct value **out, struct error *err)
{
    const struct value *said = NULL;
    struct value *names = value_list(call->arena);
    const char *setting = action_setting(call, "facts_modules");
    bool is_smart = false;

    if (!action_target_variable(call, "ansible_facts_modules", &said, err))
        return false;
    for (size_t i = 0; value_is(said, VALUE_LIST) && i < value_count(said); i++)
        add_names(call, names, value_to_text(call->arena, value_item(said, i)), &is_smart);
    if (value_is(said, VALUE_STRING))
        add_names(call, names, value_text(said), &is_smart);
    if (said == NULL && setting != NULL)
        add_names(call, names, setting, &is_smart);
    if (is_smart || value_count(names) == 0)
        value_list_add(call->arena, names, value_string(call->arena, "ansible.legacy.setup"));
    *out = names;
    return true;
}

/* --- asking one --- */

static const char *const of_setup[] = { "gather_subset", "gather_timeout", "filter", NULL };

/* What only setup understands is told, and kept from the others. */
static void warn_ignored(struct action_call *call, const char *module)
{
    for (size_t i = 0; of_setup[i] != NULL; i++) {
        const struct value *value = value_map_get(call->args, of_setup[i]);
        const char *name = i < 2 ? of_setup[i] + strlen("gather_") : of_setup[i];
        bool is_given = value != NULL && !value_is(value, VALUE_NULL);
        bool is_all = value_is(value, VALUE_LIST) && value_count(value) == 1 &&
                      text_equal(value_text(value_item(value, 0)), "all");

        if (i == 0 ? !is_all && !text_equal(value_text(value), "all") : is_given)
            action_warn(call, arena_printf(call->arena, "Ignoring %s(%s) for %s", name,
                                           is_given ? value_to_text(call->arena, value) : "None", module));
    }
}

static struct value *args_for(struct action_call *call, const char *module)
{
    struct value *args = value_map(call->arena);

    if (!is_setup(module))
        warn_ignored(call, module);
    for (size_t i = 0; i < value_count(call->args); i++) {
        const struct value_pair *pair = value_pair_at(call->args, i);
        const char *name = value_text(pair->key);
        bool is_for_setup = name != NULL && text_in(name, of_setup);

        if (!text_equal(name, "parallel") && !value_is(pair->item, VALUE_NULL) && (is_setup(module) || !is_for_setup))
            value_map_put_value(call->arena, args, pair->key, pair->item);
    }
    return args;
}

static bool ask(struct action_call *call, enum action_next *next, const char *name, struct error *err)
{
    struct value *args = args_for(call, name);
    struct playbook_module module = { 0 };
    const char *interpreter = NULL;

    call->module.contents = NULL;
    call->module.content_count = 0;
    if (is_setup(name)) {
        if (!interpreter_python(call, &interpreter, err))
            return false;
        if (interpreter != NULL)
            value_map_put_string(call->arena, args, "_interpreter", interpreter);
        return action_submit(call, next, "setup", args);
    }
    if (!playbook_module(call->loader, call->task, name, false, &module, err))
        return false;
    if (module.foreign != NULL)
        return foreign_call_send(call, next, &(struct foreign_call){ module.foreign, name, args }, err);
    return action_submit(call, next, module.spec->name, args);
}

/* --- joining --- */

static bool holds(const struct value *list, const struct value *item)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (value_equal(value_item(list, i), item))
            return true;
    return false;
}

static const struct value *joined(struct arena *arena, const struct value *old, const struct value *over)
{
    struct value *all;

    if (value_is(old, VALUE_LIST) && value_is(over, VALUE_LIST)) {
        all = value_list(arena);
        for (size_t i = 0; i < value_count(old); i++)
            if (!holds(over, value_item(old, i)))
                value_list_add(arena, all, value_item(old, i));
        for (size_t i = 0; i < value_count(over); i++)
            value_list_add(arena, all, value_item(over, i));
        return all;
    }
    if (!value_is(old, VALUE_MAP) || !value_is(over, VALUE_MAP))
        return over;
    all = value_map(arena);
    for (size_t i = 0; i < value_count(old); i++)
        value_map_put_value(arena, all, value_pair_at(old, i)->key, value_pair_at(old, i)->item);
    for (size_t i = 0; i < value_count(over); i++) {
        const struct value_pair *pair = value_pair_at(over, i);
        const struct value *below = value_map_get_value(old, pair->key);

        value_map_put_value(arena, all, pair->key, below == NULL ? pair->item : joined(arena, below, pair->item));
    }
    return all;
}

static void take(struct action_call *call, const struct value *result)
{
    static const char *const taken[] = { "ansible_facts", "warnings", "deprecations" };

    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        const struct value *old = value_map_get(call->result, taken[i]), *more = value_map_get(result, taken[i]);

        if (more != NULL && value_count(more) > 0)
            action_put(call, taken[i], value_copy(call->arena, old == NULL ? more : joined(call->arena, old, more)));
    }
}

static const struct value *result_of(struct action_call *call)
{
    struct value *warnings = value_list(call->arena);
    struct foreign_output output;
    const struct value *result;

    if (!foreign_output_of(call->reply, &output))
        return call->reply;
    result = foreign_result(call->arena, &output, warnings);
    for (size_t i = 0; i < value_count(warnings); i++)
        action_warn(call, value_text(value_item(warnings, i)));
    return result;
}

static void tell(struct action_call *call, const char *what, const char *key, const struct value *modules)
{
    struct text text = text_new(call->arena);

    text_printf(&text, "The following modules %s: ", what);
    for (size_t i = 0; i < value_count(modules); i++)
        text_printf(&text, "%s%s", i == 0 ? "" : ", ", value_text(value_pair_at(modules, i)->key));
    text_add(&text, "\n");
    action_put_text(call, "msg", text.data);
    action_put(call, key, modules);
}

/* One has answered. */
static void heard(struct action_call *call, struct gather_state *state)
{
    const struct value *result = result_of(call);
    const char *name = value_text(value_item(state->modules, state->at));

    if (value_map_true(result, "failed"))
        value_map_put(call->arena, state->failed, name, value_copy(call->arena, result));
    else if (value_map_true(result, "skipped"))
        value_map_put(call->arena, state->skipped, name, value_copy(call->arena, result));
    else
        take(call, result);
}

static bool finish(struct action_call *call, enum action_next *next, const struct gather_state *state)
{
    *next = ACTION_DONE;
    if (value_map_get(call->result, "ansible_facts") == NULL)
        action_put(call, "ansible_facts", value_map(call->arena));
    if (value_count(state->skipped) > 0) {
        tell(call, "were skipped", "skipped_modules", state->skipped);
        if (value_count(state->skipped) == value_count(state->modules))
            action_put_bool(call, "skipped", true);
    }
    if (value_count(state->failed) > 0) {
        tell(call, "failed to execute", "failed_modules", state->failed);
        action_put_bool(call, "failed", true);
    }
    return true;
}

static bool several(struct action_call *call, enum action_next *next, struct error *err)
{
    struct gather_state *state = call->state;
    const char *name;

    if (call->step > 0) {
        heard(call, state);
        state->at++;
    }
    if (state->at == value_count(state->modules))
        return finish(call, next, state);
    name = value_text(value_item(state->modules, state->at));
    return ask(call, next, name, err);
}

/* Module setup alone: its result is the task's. */
static bool alone(struct action_call *call, enum action_next *next, struct error *err)
{
    const char *interpreter = NULL;

    if (call->step == 0)
        return ask(call, next, "setup", err);
    if (!interpreter_python(call, &interpreter, err))
        return false;
    action_take_reply(call);
    if (interpreter == NULL)
        add_discovered(call);
    *next = ACTION_DONE;
    return true;
}

static bool gather_facts_step(struct action_call *call, enum action_next *next, struct error *err)
{
    struct value *modules = NULL;

    action_put_bool(call, "_ansible_verbose_override", true); /* too much for -v */
    if (call->step == 0) {
        if (!modules_of(call, &modules, err))
            return false;
        if (value_count(modules) > 1 || !is_setup(value_text(value_item(modules, 0)))) {
            struct gather_state *state = arena_new_of(call->arena, struct gather_state);

            *state = (struct gather_state){ modules, 0, value_map(call->arena), value_map(call->arena) };
            call->state = state;
        }
    }
    return call->state == NULL ? alone(call, next, err) : several(call, next, err);
}

ACTION_DEFINE(gather_facts) = { .spec = { .name = "gather_facts",
                                          .summary = "Gather facts of the node",
                                          .args = gather_facts_spec,
                                          .args_size = sizeof(struct gather_facts_args),
                                          .any_args = true },
                                .module = "setup",
                                .step = gather_facts_step };
