/* SPDX-License-Identifier: Apache-2.0 */
/* getent: entries of the name service switch (users, groups, hosts ...) as the fact getent_<database>. Reads only. */
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct getent_args {
    const char *database, *key, *service, *split;
    bool fail_key;
};

static const struct arg_spec getent_spec[] = {
    ARG(getent_args, database, ARG_STRING, .required = true, .help = "which one: passwd, group, hosts ..."),
    ARG(getent_args, key, ARG_STRING, .help = "the entry; without it all entries, where the database can list them"),
    ARG(getent_args, service, ARG_STRING, .help = "ask only this service of the switch"),
    ARG(getent_args, split, ARG_STRING, .help = "what separates the fields; default: a colon or white space"),
    ARG(getent_args, fail_key, ARG_BOOL, .default_text = "true", .help = "an entry that is missing is a failure"),
    ARG_END,
};

static const char *separator_of(const struct getent_args *args)
{
    static const char *const colon[] = { "passwd", "shadow", "group", "gshadow", NULL };

    return args->split == NULL && text_in(args->database, colon) ? ":" : args->split;
}

/* As Python's split; NULL separates by white space. */
static const struct value *fields_of(struct arena *arena, const char *line, size_t length, const char *separator)
{
    static const char blanks[] = " \t\r\f\v";
    const char *end = line + length, *at = line;
    struct value *fields = value_list(arena);

    while (separator == NULL) {
        const char *start;

        while (at < end && strchr(blanks, *at) != NULL)
            at++;
        if (at == end)
            return fields;
        for (start = at; at < end && strchr(blanks, *at) == NULL;)
            at++;
        value_list_add(arena, fields, value_string_n(arena, start, (size_t)(at - start)));
    }
    for (const char *hit; (hit = memmem(at, (size_t)(end - at), separator, strlen(separator))) != NULL;) {
        value_list_add(arena, fields, value_string_n(arena, at, (size_t)(hit - at)));
        at = hit + strlen(separator);
    }
    value_list_add(arena, fields, value_string_n(arena, at, (size_t)(end - at)));
    return fields;
}

static const struct value *without_first(struct arena *arena, const struct value *fields)
{
    struct value *rest = value_list(arena);

    for (size_t i = 1; i < value_count(fields); i++)
        value_list_add(arena, rest, value_item(fields, i));
    return rest;
}

/* A name with several lines has a list of entries instead of one. */
static void entry_add(struct arena *arena, struct value *entries, struct value *seen, const struct value *fields)
{
    const struct value *name = value_item(fields, 0), *rest = without_first(arena, fields);
    const struct value *before = value_map_get_value(entries, name);
    bool is_several = value_map_get_value(seen, name) != NULL;
    struct value *several;

    if (before == NULL) {
        value_map_put_value(arena, entries, name, rest);
        return;
    }
    several = value_list(arena);
    for (size_t i = 0; is_several && i < value_count(before); i++)
        value_list_add(arena, several, value_item(before, i));
    if (!is_several)
        value_list_add(arena, several, before);
    value_list_add(arena, several, rest);
    value_map_put_value(arena, seen, name, value_bool(true));
    value_map_put_value(arena, entries, name, several);
}

static void facts_set(struct task_context *task, const char *database, const struct value *entries)
{
    struct value *facts = value_map(task->scratch);

    value_map_put(task->scratch, facts, arena_printf(task->scratch, "getent_%s", database), entries);
    result_set(task, "ansible_facts", facts);
}

static void answer_read(struct task_context *task, const struct getent_args *args, const struct process_result *answer)
{
    struct value *entries = value_map(task->scratch), *seen = value_map(task->scratch);
    const char *cursor = answer->output, *end = answer->output + answer->output_length, *line = NULL;
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        const struct value *fields = fields_of(task->scratch, line, length, separator_of(args));

        if (value_count(fields) > 0)
            entry_add(task->scratch, entries, seen, fields);
    }
    facts_set(task, args->database, entries);
}

static bool answer_refused(struct task_context *task, const struct getent_args *args, int status)
{
    static const char *const reasons[] = {
        [1] = "Missing arguments, or database unknown.",
        [2] = "One or more supplied key could not be found in the database.",
        [3] = "Enumeration not supported on this database.",
    };
    struct value *entries;

    if (status == 2 && !args->fail_key && args->key != NULL) {
        entries = value_map(task->scratch);
        value_map_put(task->scratch, entries, args->key, value_null());
        facts_set(task, args->database, entries);
        result_message(task, "%s", reasons[2]);
        return true;
    }
    return result_fail(task, "%s", status >= 1 && status <= 3 ? reasons[status] : "Unexpected failure!");
}

static bool getent_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct getent_args *args = raw;
    const char *words[6] = { "getent", args->database };
    struct process_request request = { .argv = words, .c_locale = true, .umask_bits = -1 };
    struct process_result answer;
    size_t count = 2;

    if (args->split != NULL && args->split[0] == '\0')
        return result_fail(task, "split: an empty text separates nothing");
    if (args->key != NULL)
        words[count++] = args->key;
    if (args->service != NULL) {
        words[count++] = "-s";
        words[count] = args->service;
    }
    if (process_require(task->system, task->scratch, "getent", err) == NULL)
        return false;
    if (!process_run(task->system, task->scratch, &request, &answer, err))
        return false;
    if (answer.status != 0)
        return answer_refused(task, args, answer.status);
    answer_read(task, args, &answer);
    return true;
}

MODULE_DEFINE(getent) = {
    .spec = { .name = "getent",
              .summary = "Read entries of users, groups, hosts and their like",
              .args = getent_spec,
              .args_size = sizeof(struct getent_args) },
    .is_info = true,
    .order = "ansible_facts",
    .run = getent_run,
};
