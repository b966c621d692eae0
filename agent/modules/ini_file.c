/* SPDX-License-Identifier: Apache-2.0 */
/* ini_file: options and sections of an INI file, one at a time. community.general.ini_file. */
#include "agent/system/file/ini_file.h"

#include <string.h>

#include "agent/task/module.h"
#include "agent/task/replace_content.h"
#include "common/base/path.h"
#include "common/base/text.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

struct ini_file_args {
    const char *path, *section, *option, *value, *state;
    const struct value *values;
    bool backup, exclusive, no_extra_spaces, allow_no_value, create;
    struct file_arguments file;
};

static const struct arg_spec ini_file_spec[] = {
    ARG(ini_file_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("dest"), .help = "file to edit"),
    ARG(ini_file_args, section, ARG_STRING, .help = "name of the section; none: what comes before the first one"),
    ARG(ini_file_args, option, ARG_STRING, .help = "name of the option; none: the whole section"),
    ARG(ini_file_args, value, ARG_STRING, .help = "value of the option"),
    ARG(ini_file_args, values, ARG_LIST, .help = "values of an option that may be there more than once"),
    ARG(ini_file_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether it shall be there"),
    ARG(ini_file_args, exclusive, ARG_BOOL, .default_text = "yes",
        .help = "the option shall have no other values; absent: whatever its value is"),
    ARG(ini_file_args, no_extra_spaces, ARG_BOOL, .default_text = "no", .help = "no blanks around the ="),
    ARG(ini_file_args, allow_no_value, ARG_BOOL, .default_text = "no", .help = "the option may be a name alone"),
    ARG(ini_file_args, create, ARG_BOOL, .default_text = "yes", .help = "create the file if it does not exist"),
    ARG(ini_file_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    FILE_ARGUMENTS(ini_file_args),
    ARG_END,
};

static const struct arg_rule ini_file_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("value", "values") },
    { .kind = ARG_RULE_END },
};

/* The wanted values, each once. */
static const struct value *values_make(struct arena *arena, const struct ini_file_args *args)
{
    struct value *values = value_list(arena);

    if (args->value)
        value_list_add(arena, values, value_string(arena, args->value));
    for (size_t i = 0; i < value_count(args->values); i++) {
        const struct value *item = value_item(args->values, i);
        bool known = false;
        for (size_t j = 0; j < value_count(values); j++)
            known = known || value_equal(value_item(values, j), item);
        if (!known)
            value_list_add(arena, values, item);
    }
    return values;
}

static bool write_file(struct task_context *task, const struct ini_file_args *args,
                       const struct replace_content *content, const char *message, struct error *err)
{
    const char *backup = "";

    if (!change_wanted(task, "%s in '%s'", strcmp(message, "OK") == 0 ? "end the last line" : message, args->path))
        return true;
    if (!replace_content_write(task, content, &backup, err))
        return false;
    if (args->backup)
        result_set_string(task, "backup_file", backup);
    return true;
}

static bool ini_file_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct ini_file_args *args = raw;
    struct arena *arena = task->scratch;
    const struct ini_request request = { .section = args->section,
                                         .option = args->option && args->option[0] ? args->option : NULL,
                                         .values = values_make(arena, args),
                                         .absent = strcmp(args->state, "absent") == 0,
                                         .exclusive = args->exclusive,
                                         .no_spaces = args->no_extra_spaces,
                                         .allow_no_value = args->allow_no_value };
    struct replace_content content = {
        .path = args->path, .exists = path_exists(args->path), .backup = args->backup, .file = &args->file
    };
    const char *message = NULL, *ignored = "", *header = arena_printf(arena, "%s (content)", args->path);
    struct file_lines lines;
    char *before = NULL;
    size_t length = 0;

    if (!request.absent && !args->allow_no_value && value_count(request.values) == 0)
        return result_fail(task, "Parameter 'value(s)' must be defined if state=present and allow_no_value=False.");
    if (!content.exists && !args->create) {
        result_set_int(task, "rc", 257);
        return result_fail(task, "Destination %s does not exist!", args->path);
    }
    if (!replace_content_read(task, args->path, &before, &length, err))
        return false;
    size_t mark = text_starts(before, byte_order_mark) ? sizeof(byte_order_mark) - 1 : 0;
    file_lines_split(arena, before + mark, length - mark, &lines);
    bool changed = ini_file_edit(&lines, &request, &message);
    struct text after = text_new(arena);
    text_add_n(&after, before, mark);
    const char *joined = file_lines_join(&lines, &content.after_length);
    text_add_n(&after, joined, content.after_length);
    content.after = after.data;
    content.after_length = after.length;
    result_diff_content(task, before, changed ? content.after : before, header);
    if (changed && !write_file(task, args, &content, message, err))
        return false;
    result_set_string(task, "path", args->path);
    result_message(task, "%s", message);
    return !path_exists(args->path) || (replace_content_attributes(task, &content, &ignored, NULL, err) &&
                                        file_arguments_describe(task, args->path, err));
}

MODULE_DEFINE(ini_file) = {
    .spec = { .name = "ini_file",
              .summary = "Set or remove options and sections of an INI file",
              .args = ini_file_spec,
              .rules = ini_file_rules,
              .args_size = sizeof(struct ini_file_args) },
    .order = "changed diff msg path backup_file",
    .run = ini_file_run,
};
