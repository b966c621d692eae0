/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Editing INI text. An option that is commented out counts as a place for it when it is set, not when it is
 * removed. The rules are those of community.general.ini_file.
 */
#include "agent/system/file/ini_file.h"

#include <string.h>

#include "common/base/text.h"

/* One edit. `first` to `end` are the section's lines without its header. */
struct ini_edit {
    struct file_lines *lines;
    const struct ini_request *request;
    struct value *values; /* those that are still to be set */
    bool *settled;        /* by line: it is as wanted */
    size_t header, first, end;
    bool found; /* the section is there */
    bool changed, has_bare;
    const char *message;
};

/* --- looking at lines --- */

static size_t content_length(const struct file_line *line)
{
    size_t length = line->length;

    if (length > 0 && line->data[length - 1] == '\n')
        length--;
    if (length > 0 && line->data[length - 1] == '\r')
        length--;
    return length;
}

static size_t skip_blanks(const char *data, size_t length, size_t at)
{
    while (at < length && (data[at] == ' ' || data[at] == '\t'))
        at++;
    return at;
}

/* Is this "option" or "option = value", from `at`? The value goes to *value_out. */
static bool option_at(const struct file_line *line, size_t at, const char *option, struct file_line *value_out)
{
    size_t length = content_length(line), name = strlen(option);

    at = skip_blanks(line->data, length, at);
    if (length - at < name || memcmp(line->data + at, option, name) != 0)
        return false;
    at = skip_blanks(line->data, length, at + name);
    if (at < length && line->data[at] != '=')
        return false;
    at = at < length ? skip_blanks(line->data, length, at + 1) : at;
    *value_out = (struct file_line){ line->data + at, length - at };
    return true;
}

static bool option_match(const struct file_line *line, const char *option, bool comments_too,
                         struct file_line *value_out)
{
    bool has_mark = line->length > 0 && (line->data[0] == '#' || line->data[0] == ';');

    return (comments_too && has_mark && option_at(line, 1, option, value_out)) || option_at(line, 0, option, value_out);
}

/* The value's place in the list, or its count. */
static size_t value_find(const struct value *values, const struct file_line *wanted)
{
    size_t count = value_count(values), i = 0;

    while (i < count &&
           !file_line_equal(wanted, value_text(value_item(values, i)), strlen(value_text(value_item(values, i)))))
        i++;
    return i;
}

static bool is_blank_or_comment(const struct file_line *line)
{
    size_t length = content_length(line), at = skip_blanks(line->data, length, 0);

    return at == length || line->data[at] == '#' || line->data[at] == ';';
}

static bool is_header(const struct file_line *line, const char *section)
{
    size_t length = strlen(section);

    return line->length >= length + 2 && line->data[0] == '[' && memcmp(line->data + 1, section, length) == 0 &&
           line->data[length + 1] == ']';
}

static void section_find(struct ini_edit *edit)
{
    const char *section = edit->request->section;
    bool is_top = !section || !section[0];
    size_t i = 0;

    edit->found = is_top;
    for (; i < edit->lines->count; i++) {
        const struct file_line *line = &edit->lines->items[i];
        if (!is_top && is_header(line, section)) {
            edit->found = true;
            edit->header = i;
            edit->first = i + 1;
        } else if (line->data[0] == '[' && edit->found) {
            break;
        }
    }
    edit->end = edit->found ? i : 0;
}

/* --- changing lines --- */

static const char *option_text(const struct ini_edit *edit, const char *value)
{
    const char *between = edit->request->no_spaces ? "=" : " = ";

    if (!value)
        return edit->request->option;
    return arena_printf(edit->lines->arena, "%s%s%s", edit->request->option, between, value);
}

static void edit_done(struct ini_edit *edit, const char *message)
{
    edit->changed = true;
    edit->message = message;
}

/* The line becomes `text` and keeps its line end. */
static void line_set(struct ini_edit *edit, size_t index, const char *text)
{
    struct file_line *line = &edit->lines->items[index];
    size_t length = content_length(line);
    struct text whole = text_new(edit->lines->arena);

    edit->settled[index] = true;
    if (length == strlen(text) && memcmp(line->data, text, length) == 0)
        return;
    text_add(&whole, text);
    text_add_n(&whole, line->data + length, line->length - length);
    *line = (struct file_line){ whole.data, whole.length };
    edit_done(edit, "option changed");
}

/* A new line, with the line end of the one above. */
static void line_insert(struct ini_edit *edit, size_t index, const char *text)
{
    const struct file_line *above = index > 0 ? &edit->lines->items[index - 1] : NULL;
    bool has_return = above && above->length > 1 && above->data[above->length - 2] == '\r';

    file_lines_insert(edit->lines, index, has_return ? arena_printf(edit->lines->arena, "%s\r", text) : text);
}

/* Lines that have one of the wanted values get their usual form. */
static void set_same_values(struct ini_edit *edit)
{
    const struct ini_request *request = edit->request;
    struct file_line value;

    for (size_t i = edit->first; i < edit->end; i++) {
        if (!option_match(&edit->lines->items[i], request->option, true, &value))
            continue;
        size_t at = value_find(edit->values, &value);
        if (at < value_count(edit->values)) {
            bool bare = value.length == 0 && request->allow_no_value;
            line_set(edit, i, option_text(edit, bare ? NULL : value_text(value_item(edit->values, at))));
            edit->has_bare = edit->has_bare || bare;
            value_list_remove(edit->values, at);
        } else if (value_count(edit->values) == 0 && request->allow_no_value) {
            line_set(edit, i, option_text(edit, NULL));
            edit->has_bare = true;
            break;
        }
    }
}

/* Other lines of the option take the values that are left, or go. */
static void set_other_values(struct ini_edit *edit)
{
    struct file_line value;

    for (size_t i = edit->first; i < edit->end && value_count(edit->values) > 0; i++) {
        if (edit->settled[i] || !option_match(&edit->lines->items[i], edit->request->option, true, &value))
            continue;
        line_set(edit, i, option_text(edit, value_text(value_item(edit->values, 0))));
        value_list_remove(edit->values, 0);
    }
    for (size_t i = edit->end; i > edit->first; i--) {
        if (edit->settled[i - 1] || !option_match(&edit->lines->items[i - 1], edit->request->option, true, &value))
            continue;
        file_lines_remove(edit->lines, i - 1);
        edit->end--;
        edit_done(edit, "option changed");
    }
}

/* What is left goes behind the section's last line that is neither empty nor a comment. */
static void add_options(struct ini_edit *edit)
{
    size_t at = edit->end, count = value_count(edit->values);

    while (at > edit->first && is_blank_or_comment(&edit->lines->items[at - 1]))
        at--;
    for (size_t i = 0; i < count; i++)
        line_insert(edit, at + i, option_text(edit, value_text(value_item(edit->values, i))));
    bool bare = count == 0 && edit->request->allow_no_value && !edit->has_bare;
    if (bare)
        line_insert(edit, at, option_text(edit, NULL));
    if (count > 0 || bare)
        edit_done(edit, "option added");
}

static void add_section(struct ini_edit *edit)
{
    const struct ini_request *request = edit->request;
    struct file_lines *lines = edit->lines;
    size_t count = value_count(edit->values);

    line_insert(edit, lines->count, arena_printf(lines->arena, "[%s]", request->section));
    edit_done(edit, "only section added");
    if (!request->option)
        return;
    for (size_t i = 0; i < count; i++)
        line_insert(edit, lines->count, option_text(edit, value_text(value_item(edit->values, i))));
    if (count == 0 && request->allow_no_value)
        line_insert(edit, lines->count, option_text(edit, NULL));
    if (count > 0 || request->allow_no_value)
        edit_done(edit, "section and option added");
}

static void make_present(struct ini_edit *edit)
{
    const struct ini_request *request = edit->request;

    if (!edit->found) {
        add_section(edit);
        return;
    }
    if (!request->option)
        return;
    set_same_values(edit);
    if (request->exclusive && !request->allow_no_value)
        set_other_values(edit);
    add_options(edit);
}

static void make_absent(struct ini_edit *edit)
{
    const struct ini_request *request = edit->request;
    struct file_line value;

    if (!edit->found)
        return;
    if (!request->option) {
        bool has_header = request->section && request->section[0];
        size_t start = has_header ? edit->header : 0;
        for (size_t i = start; i < edit->end; i++)
            file_lines_remove(edit->lines, start);
        if (edit->end > start)
            edit_done(edit, "section removed");
        return;
    }
    for (size_t i = edit->end; i > edit->first; i--) {
        if (!option_match(&edit->lines->items[i - 1], request->option, false, &value) ||
            (!request->exclusive && value_find(edit->values, &value) == value_count(edit->values)))
            continue;
        file_lines_remove(edit->lines, i - 1);
        edit_done(edit, "option changed");
    }
}

bool ini_file_edit(struct file_lines *lines, const struct ini_request *request, const char **message_out)
{
    struct ini_edit edit = { .lines = lines, .request = request, .message = "OK" };

    edit.values = value_list(lines->arena);
    for (size_t i = 0; i < value_count(request->values); i++)
        value_list_add(lines->arena, edit.values, value_item(request->values, i));
    if (lines->count == 0)
        file_lines_insert(lines, 0, "");
    struct file_line *last = &lines->items[lines->count - 1];
    if (last->data[last->length - 1] != '\n') {
        struct text ended = text_new(lines->arena);
        text_add_n(&ended, last->data, last->length);
        text_add_char(&ended, '\n');
        *last = (struct file_line){ ended.data, ended.length };
        edit.changed = true;
    }
    edit.settled = arena_new_array(lines->arena, bool, lines->count + 1);
    section_find(&edit);
    if (request->absent)
        make_absent(&edit);
    else
        make_present(&edit);
    *message_out = edit.message;
    return edit.changed;
}
