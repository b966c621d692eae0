/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_params: parameters on the kernel's command line, whatever boot loader hands them over. */
#include <string.h>

#include "agent/system/boot/kernel_param_check.h"
#include "agent/task/kernel_params_task.h"
#include "agent/task/module.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

struct kernel_params_args {
    const struct value *params;
    const char *name, *state, *boot_loader, *conflict;
    const struct value *value;
    bool backup;
};

static const struct arg_spec kernel_params_args[] = {
    ARG(kernel_params_args, params, ARG_RAW, .aliases = ARG_NAMES("parameters"),
        .help = "mapping of names to values (null or empty: the bare word; a list: the parameter several times), or a "
                "list of words such as `iommu=pt`"),
    ARG(kernel_params_args, name, ARG_STRING, .aliases = ARG_NAMES("key"), .help = "one parameter instead of params"),
    ARG(kernel_params_args, value, ARG_RAW,
        .help = "its value, or a list; without it the bare word (absent: whatever value it has)"),
    ARG(kernel_params_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("present", "absent"),
        .help = "whether the parameters are there at the next boot"),
    ARG(kernel_params_args, boot_loader, ARG_STRING, .default_text = "auto",
        .choices = ARG_NAMES("auto", "grub", "grubby", "systemd-boot", "rpm-ostree"),
        .help = "the boot loader; auto finds it"),
    ARG(kernel_params_args, conflict, ARG_STRING, .default_text = "override",
        .choices = ARG_NAMES("override", "remove", "fail"),
        .help =
            "another value that a file of somebody else sets: leave it there and win over it, take it out, or fail"),
    ARG(kernel_params_args, backup, ARG_BOOL, .default_text = "no",
        .help = "keep a copy of configuration files before changing them"),
    ARG_END,
};

static const struct arg_rule kernel_params_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("params", "name") },
    { .kind = ARG_RULE_ONE_OF, .names = ARG_NAMES("params", "name") },
    { .kind = ARG_RULE_REQUIRED_BY, .key = "value", .names = ARG_NAMES("name") },
    { .kind = ARG_RULE_END },
};

#define GOALS_MAX 128

struct goals {
    struct task_context *task;
    bool is_present;
    struct kernel_goal items[GOALS_MAX];
    size_t count;
};

static bool value_is_bare(const struct value *value)
{
    return value == NULL || value_is(value, VALUE_NULL) || text_equal(value_text(value), "");
}

static const char *value_word(struct arena *arena, const struct value *value)
{
    return value_is_bare(value) ? NULL : value_to_text(arena, value);
}

static bool goal_check(struct goals *goals, const struct kernel_goal *goal, struct error *err)
{
    struct task_context *task = goals->task;

    for (size_t i = 0; i < goal->value_count || i == 0; i++) {
        const char *value = i < goal->value_count ? goal->values[i] : NULL;
        bool is_ok = goal->is_present ? kernel_param_check(task->system, task->scratch, goal->name, value, err)
                                      : kernel_param_check_absent(goal->name, value, err);
        if (!is_ok)
            return false;
        const char *doubt =
            goal->is_present ? kernel_param_doubt(task->system, task->scratch, goal->name, value) : NULL;
        if (doubt != NULL)
            result_warn(task, "%s", doubt);
    }
    for (size_t i = 0; i < goals->count; i++)
        if (kernel_name_equal(goals->items[i].name, goal->name))
            return error_set(err, "'%s' is given twice: give it once, with a list of values", goal->name);
    if (goal->is_present && kernel_param_deprecated(goal->name) != NULL)
        result_warn(task, "%s", kernel_param_deprecated(goal->name));
    return true;
}

/* `value` absent or null: the bare word when present, any value when absent. */
static bool goal_add(struct goals *goals, const char *name, const struct value *value, struct error *err)
{
    struct arena *arena = goals->task->scratch;
    bool is_list = value_is(value, VALUE_LIST);
    size_t count = is_list ? value_count(value) : 1;
    const char **values = arena_new_array(arena, const char *, count + 1);
    struct kernel_goal goal = { .name = name, .is_present = goals->is_present, .values = values };

    if (goals->count == GOALS_MAX)
        return error_set(err, "more than %d kernel parameters in one task", GOALS_MAX);
    if (value_is(value, VALUE_MAP) || value_is(value, VALUE_BOOL))
        return error_set(err, "the value of '%s' is a %s: write the word the kernel shall see, in quotes", name,
                         value_kind_text(value));
    if (count == 0)
        return error_set(err, "the list of values of '%s' is empty", name);
    for (size_t i = 0; i < count; i++)
        values[goal.value_count++] = value_word(arena, is_list ? value_item(value, i) : value);
    if (!goal.is_present && !is_list && value_is_bare(value))
        goal.value_count = 0;
    if (!goal_check(goals, &goal, err))
        return false;
    goals->items[goals->count++] = goal;
    return true;
}

static bool goals_of_words(struct goals *goals, const struct value *list, struct error *err)
{
    struct arena *arena = goals->task->scratch;
    struct value *map = value_map(arena);

    for (size_t i = 0; i < value_count(list); i++) {
        const char *text = value_to_text(arena, value_item(list, i));
        const char *equals = strchr(text, '=');
        const char *name = equals != NULL ? arena_copy_n(arena, text, (size_t)(equals - text)) : text;
        const struct value *held = value_map_get(map, name);
        struct value *values = value_list(arena);

        for (size_t v = 0; v < value_count(held); v++)
            value_list_add(arena, values, value_item(held, v));
        value_list_add(arena, values, equals != NULL ? value_string(arena, equals + 1) : value_null());
        value_map_put(arena, map, name, values);
    }
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const struct value *values = pair->item;

        if (value_count(values) == 1)
            values = value_item(values, 0);
        if (!goal_add(goals, value_text(pair->key), values, err))
            return false;
    }
    return true;
}

static bool goals_read(struct goals *goals, const struct kernel_params_args *args, struct error *err)
{
    struct arena *arena = goals->task->scratch;

    if (args->name != NULL)
        return goal_add(goals, text_trim(arena, args->name, strlen(args->name)), args->value, err);
    if (value_is(args->params, VALUE_STRING)) {
        struct value *list = value_list(arena);
        struct kernel_words words = kernel_words_read(arena, value_text(args->params));
        for (size_t i = 0; i < words.count; i++)
            value_list_add(arena, list, value_string(arena, words.items[i].text));
        return goals_of_words(goals, list, err);
    }
    if (value_is(args->params, VALUE_LIST))
        return goals_of_words(goals, args->params, err);
    if (!value_is(args->params, VALUE_MAP))
        return error_set(err, "params is a %s, should be a mapping or a list", value_kind_text(args->params));
    for (size_t i = 0; i < value_count(args->params); i++) {
        const struct value_pair *pair = value_pair_at(args->params, i);
        if (!goal_add(goals, value_to_text(arena, pair->key), pair->item, err))
            return false;
    }
    return true;
}

static enum boot_conflict conflict_of(const char *text)
{
    return strcmp(text, "remove") == 0 ? BOOT_REMOVE : strcmp(text, "fail") == 0 ? BOOT_FAIL : BOOT_OVERRIDE;
}

static bool kernel_params_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct kernel_params_args *args = raw;
    struct goals *goals = arena_new_of(task->scratch, struct goals);
    struct kernel_params_outcome outcome;

    goals->task = task;
    goals->is_present = strcmp(args->state, "present") == 0;
    if (!goals_read(goals, args, err))
        return false;
    if (goals->count == 0)
        return error_set(err, "params names no parameter");
    struct kernel_params_request request = {
        .boot_loader = args->boot_loader,
        .goals = goals->items,
        .goal_count = goals->count,
        .conflict = conflict_of(args->conflict),
        .backup = args->backup,
    };
    if (!kernel_params_apply(task, &request, &outcome, err))
        return false;
    kernel_params_describe(task, &request, &outcome);
    if (outcome.reboot_required)
        result_message(task, "the machine must be rebooted for the kernel parameters to take effect");
    return true;
}

MODULE_DEFINE(kernel_params) = {
    .spec = {
        .name = "kernel_params",
        .summary = "Set parameters on the kernel's command line",
        .args = kernel_params_args,
        .rules = kernel_params_rules,
        .args_size = sizeof(struct kernel_params_args),
    },
    .run = kernel_params_run,
};
