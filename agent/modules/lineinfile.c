/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lineinfile: makes sure a line is, or is not, in a text file. Works on bytes; line ends of lines it does not
 * touch stay as they are.
 */
#include <string.h>

#include "agent/system/file/file_lines.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/task/file_arguments.h"
#include "agent/task/file_validate.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/regex/regex.h"

#define FILE_MAX ((size_t)512 * 1024 * 1024)
#define NOWHERE SIZE_MAX

struct lineinfile_args {
    const char *path, *state, *regexp, *search_string, *line, *insertafter, *insertbefore, *validate;
    bool backrefs, create, backup, firstmatch;
    struct file_arguments file;
};

static const struct arg_spec lineinfile_spec[] = {
    ARG(lineinfile_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("dest", "destfile", "name"),
        .help = "file to edit"),
    ARG(lineinfile_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the line shall be there"),
    ARG(lineinfile_args, regexp, ARG_STRING, .aliases = ARG_NAMES("regex"),
        .help = "Python regular expression: the last line it matches is replaced (absent: all are removed)"),
    ARG(lineinfile_args, search_string, ARG_STRING, .help = "as regexp, but plain text"),
    ARG(lineinfile_args, line, ARG_STRING, .aliases = ARG_NAMES("value"), .help = "the line"),
    ARG(lineinfile_args, insertafter, ARG_STRING,
        .help = "EOF (default), BOF, or a regular expression of the line before"),
    ARG(lineinfile_args, insertbefore, ARG_STRING, .help = "BOF, or a regular expression of the line behind"),
    ARG(lineinfile_args, backrefs, ARG_BOOL, .default_text = "no",
        .help = "expand \\1 and \\g<name> in line; no match: no change"),
    ARG(lineinfile_args, create, ARG_BOOL, .default_text = "no", .help = "create the file if it does not exist"),
    ARG(lineinfile_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    ARG(lineinfile_args, firstmatch, ARG_BOOL, .default_text = "no", .help = "the first match counts, not the last"),
    ARG(lineinfile_args, validate, ARG_STRING, .help = "command with %s that must accept the new file"),
    FILE_ARGUMENTS(lineinfile_args),
    ARG_END,
};

static const struct arg_rule lineinfile_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("insertbefore", "insertafter") },
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("regexp", "search_string") },
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("backrefs", "search_string") },
    { .kind = ARG_RULE_END },
};

/* The edit of one file. */
struct edit {
    struct task_context *task;
    const struct lineinfile_args *args;
    struct file_lines lines;
    const char *before; /* content as it was */
    size_t before_length;
    struct regex *regexp, *insert; /* NULL: not given */
    size_t removed;
    const char *message; /* "": nothing to do */
};

static bool edit_load(struct edit *edit, bool exists, struct error *err)
{
    char *data = NULL;

    edit->before = "";
    edit->message = "";
    if (exists && !file_read(edit->task->scratch, edit->args->path, FILE_MAX, &data, &edit->before_length, err))
        return false;
    if (exists)
        edit->before = data;
    file_lines_split(edit->task->scratch, edit->before, edit->before_length, &edit->lines);
    return true;
}

static bool compile(struct edit *edit, const char *pattern, struct regex **out, struct error *err)
{
    return !pattern || regex_compile(edit->task->scratch, pattern, strlen(pattern), 0, out, err);
}

/* Does the line match what the arguments search for? */
static bool line_matches(struct edit *edit, const struct file_line *line, bool *matches_out, struct error *err)
{
    if (edit->regexp)
        return regex_search(edit->regexp, line->data, line->length, NULL, matches_out, err);
    *matches_out = edit->args->search_string && file_line_contains(line, edit->args->search_string);
    return true;
}

/* Index of the line that the regexp or search string names, or NOWHERE. */
static bool find_match(struct edit *edit, size_t *out, struct error *err)
{
    bool matches = false;

    *out = NOWHERE;
    if (!edit->regexp && !edit->args->search_string)
        return true;
    for (size_t i = 0; i < edit->lines.count; i++) {
        if (!line_matches(edit, &edit->lines.items[i], &matches, err))
            return false;
        if (matches)
            *out = i;
        if (matches && edit->args->firstmatch)
            break;
    }
    return true;
}

/* Where the line stands already (*line_out), and where the line to insert at is (*place_out). */
static bool find_places(struct edit *edit, size_t *line_out, size_t *place_out, struct error *err)
{
    bool matches = false;

    for (size_t i = 0; i < edit->lines.count; i++) {
        if (file_line_is(&edit->lines.items[i], edit->args->line)) {
            *line_out = i;
            continue;
        }
        const struct file_line *line = &edit->lines.items[i];
        if (!edit->insert)
            continue;
        if (!regex_search(edit->insert, line->data, line->length, NULL, &matches, err))
            return false;
        if (matches)
            *place_out = edit->args->insertbefore ? i : i + 1;
        if (matches && edit->args->firstmatch)
            break;
    }
    return true;
}

static bool replace_line(struct edit *edit, size_t index, bool expand, struct error *err)
{
    struct file_line *line = &edit->lines.items[index];
    struct text text = text_new(edit->task->scratch);
    struct regex_match match = { 0 };
    bool found = false;

    if (expand) {
        if (!regex_search(edit->regexp, line->data, line->length, &match, &found, err) ||
            !regex_expand(edit->regexp, &match, edit->args->line, &text, err))
            return false;
    } else {
        text_add(&text, edit->args->line);
    }
    if (text.length == 0 || text.data[text.length - 1] != '\n')
        text_add_char(&text, '\n');
    if (file_line_equal(line, text.data, text.length))
        return true;
    *line = (struct file_line){ text.data, text.length };
    edit->message = "line replaced";
    return true;
}

static void add_line(struct edit *edit, size_t place)
{
    const struct lineinfile_args *args = edit->args;
    bool at_start = (args->insertbefore && strcmp(args->insertbefore, "BOF") == 0) ||
                    (args->insertafter && strcmp(args->insertafter, "BOF") == 0);

    /* With firstmatch the search ended before it could see that the line follows already. */
    if (args->insertafter && !at_start && place < edit->lines.count &&
        file_line_is(&edit->lines.items[place], args->line))
        return;
    edit->message = "line added";
    if (at_start)
        file_lines_insert(&edit->lines, 0, args->line);
    else if (place == NOWHERE || place == edit->lines.count)
        file_lines_append(&edit->lines, args->line);
    else
        file_lines_insert(&edit->lines, place, args->line);
}

static bool is_pattern(const char *where, bool with_eof)
{
    return where && strcmp(where, "BOF") != 0 && !(with_eof && strcmp(where, "EOF") == 0);
}

static bool edit_present(struct edit *edit, struct error *err)
{
    const struct lineinfile_args *args = edit->args;
    size_t found = NOWHERE, place = NOWHERE;
    const char *insert = is_pattern(args->insertafter, true)     ? args->insertafter
                         : is_pattern(args->insertbefore, false) ? args->insertbefore
                                                                 : NULL;

    if (!compile(edit, args->regexp, &edit->regexp, err) || !compile(edit, insert, &edit->insert, err) ||
        !find_match(edit, &found, err))
        return false;
    bool matched = found != NOWHERE;
    if (!matched && !find_places(edit, &found, &place, err))
        return false;
    if (found != NOWHERE)
        return replace_line(edit, found, matched && args->backrefs, err);
    /* Without a match there is nothing that back references could mean. */
    if (!args->backrefs)
        add_line(edit, place);
    return true;
}

static bool edit_absent(struct edit *edit, struct error *err)
{
    bool matches = false;

    if (!compile(edit, edit->args->regexp, &edit->regexp, err))
        return false;
    for (size_t i = 0; i < edit->lines.count;) {
        const struct file_line *line = &edit->lines.items[i];
        if (!line_matches(edit, line, &matches, err))
            return false;
        if (!edit->regexp && !edit->args->search_string)
            matches = file_line_is(line, edit->args->line);
        if (matches) {
            file_lines_remove(&edit->lines, i);
            edit->removed++;
        } else {
            i++;
        }
    }
    if (edit->removed > 0)
        edit->message = arena_printf(edit->task->scratch, "%zu line(s) removed", edit->removed);
    return true;
}

/* *valid_out: no validate command, or it accepted the file. */
static bool run_validate(struct edit *edit, const char *temp, bool *valid_out, struct error *err)
{
    struct process_result got = { 0 };

    *valid_out = true;
    if (!edit->args->validate)
        return true;
    if (!file_validate(edit->task, edit->args->validate, temp, &got, err))
        return false;
    *valid_out = got.status == 0;
    if (!*valid_out)
        result_fail(edit->task, "failed to validate: rc:%d error:%s", got.status, got.errors);
    return true;
}

static bool edit_write(struct edit *edit, const char *data, size_t length, const char **backup_out, struct error *err)
{
    struct task_context *task = edit->task;
    const struct lineinfile_args *args = edit->args;
    const struct file_replace_options options = { .unsafe = args->file.unsafe_writes };
    FILE_REPLACE_SCOPED replace = NULL;
    bool valid = false;

    if (!file_tree_make(task->scratch, path_dirname(task->scratch, args->path), err))
        return false;
    if (args->backup && !file_backup(task->system, task->scratch, args->path, backup_out, err))
        return false;
    if (!file_replace_begin(task->system, task->scratch, args->path, &options, &replace, err) ||
        !fd_write_all(file_replace_fd(replace), data, length, err))
        return error_prefix(err, "cannot write '%s'", args->path);
    if (!run_validate(edit, file_replace_temp_path(replace), &valid, err))
        return false;
    return valid ? file_replace_commit(replace, err) : true;
}

/* Owner, mode and so on; their part of the message and of the diff. */
static bool edit_attributes(struct edit *edit, struct error *err)
{
    struct task_context *task = edit->task;
    struct arena *arena = task->scratch;
    struct file_arguments_diff diff = { value_map(arena), value_map(arena) };
    size_t changes = value_count(task->result->changes);

    if (!file_arguments_apply_diff(task, edit->args->path, &edit->args->file, false, &diff, err))
        return false;
    if (value_count(task->result->changes) > changes)
        edit->message = arena_printf(arena, "%s%sownership, perms or SE linux context changed", edit->message,
                                     edit->message[0] ? " and " : "");
    struct value *map = value_map(arena);
    if (value_count(diff.before) > 0) {
        value_map_put(arena, map, "before", diff.before);
        value_map_put(arena, map, "after", diff.after);
    }
    const char *header = arena_printf(arena, "%s (file attributes)", edit->args->path);
    value_map_put_string(arena, map, "before_header", header);
    value_map_put_string(arena, map, "after_header", header);
    value_list_add(arena, task->result->diff, map);
    return true;
}

static bool edit_finish(struct edit *edit, struct error *err)
{
    struct task_context *task = edit->task;
    const struct lineinfile_args *args = edit->args;
    size_t length = 0;
    const char *backup = "", *header = arena_printf(task->scratch, "%s (content)", args->path);
    const char *after = file_lines_join(&edit->lines, &length);

    if (edit->message[0] && change_wanted(task, "%s in '%s'", edit->message, args->path)) {
        bool written = edit_write(edit, after, length, &backup, err);
        if (!written || task->result->failed)
            return written;
    }
    result_diff_content(task, edit->before, after, header);
    if ((!task->check_mode || path_exists(args->path)) && !edit_attributes(edit, err))
        return false;
    result_set_string(task, "backup", backup);
    result_message(task, "%s", edit->message);
    return true;
}

static bool check_arguments(struct task_context *task, const struct lineinfile_args *args)
{
    bool present = strcmp(args->state, "present") == 0;

    if (path_is_folder(args->path)) {
        result_set_int(task, "rc", 256);
        return result_fail(task, "Path %s is a directory !", args->path);
    }
    if (present && args->backrefs && !args->regexp)
        return result_fail(task, "regexp is required with backrefs=true");
    if (present && !args->line)
        return result_fail(task, "line is required with state=present");
    if (!present && !args->regexp && !args->search_string && !args->line)
        return result_fail(task, "one of line, search_string, or regexp is required with state=absent");
    if ((args->regexp && !args->regexp[0]) || (args->search_string && !args->search_string[0]))
        result_warn(
            task,
            "The %s is an empty string, which will match every line in the file. This may have unintended "
            "consequences, such as replacing the last line in the file rather than appending.%s",
            args->regexp ? "regular expression" : "search string",
            args->regexp ? " If this is desired, use '^' to match every line in the file and avoid this warning." : "");
    return true;
}

static bool lineinfile_run(struct task_context *task, const void *raw, struct error *err)
{
    struct edit edit = { .task = task, .args = raw };
    const char *path = edit.args->path;
    bool exists = path_exists(path), present = strcmp(edit.args->state, "present") == 0;

    if (check_arguments(task, edit.args) && task->result->failed)
        return true;
    if (!exists && !present) {
        result_message(task, "file not present");
        return true;
    }
    if (!exists && !edit.args->create) {
        result_set_int(task, "rc", 257);
        return result_fail(task, "Destination %s does not exist !", path);
    }
    if (!edit_load(&edit, exists, err) || !(present ? edit_present(&edit, err) : edit_absent(&edit, err)))
        return false;
    if (!present)
        result_set_int(task, "found", (int64_t)edit.removed);
    return edit_finish(&edit, err);
}

MODULE_DEFINE(lineinfile) = {
    .spec = { .name = "lineinfile",
              .summary = "Make sure that a line is, or is not, in a text file",
              .args = lineinfile_spec,
              .rules = lineinfile_rules,
              .args_size = sizeof(struct lineinfile_args) },
    .order = "changed found msg backup diff",
    .run = lineinfile_run,
};
