/* SPDX-License-Identifier: Apache-2.0 */
/* One row of the table: what is set for it, and that with its type. */
#include "engine/command/settings_row.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define HOME "{{HOME}}"
#define CWD "{{CWD}}"

/* --- what is set --- */

struct setting_text setting_find(struct arena *arena, const struct settings *settings, const struct setting_row *row)
{
    struct setting_text found = { 0 };
    char **names = text_split(arena, row->variables == NULL ? "" : row->variables, ' ', NULL);
    char **places = text_split(arena, row->places == NULL ? "" : row->places, ' ', NULL);

    for (; settings->file != NULL && *names != NULL; names++) {
        const char *text = **names == '\0' ? NULL : getenv(*names);

        if (text != NULL)
            found = (struct setting_text){ .text = text, .variable = *names };
    }
    for (; found.variable == NULL && *places != NULL; places++) {
        const struct value *text = value_map_get(settings->file, *places);

        if (settings->file == NULL && **places != '\0') /* not from a file of this machine */
            text = value_map_get(settings->values, text_starts(*places, "defaults.") ? *places + 9 : *places);
        if (text != NULL && value_text(text) != NULL)
            found = (struct setting_text){ .text = value_text(text), .at = value_position(text) };
    }
    return found;
}

/* --- types --- */

const char *setting_expand(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    while (*text != '\0') {
        bool braces = text[0] == '$' && text[1] == '{';
        size_t from = braces ? 2 : 1, length = 0;
        const char *set;

        if (text_starts(text, CWD)) {
            text_add(&out, path_absolute(arena, "."));
            text += strlen(CWD);
            continue;
        }
        while (text[0] == '$' && (isalnum((unsigned char)text[from + length]) || text[from + length] == '_'))
            length++;
        set = length == 0 || (braces && text[from + length] != '}') ? NULL
                                                                    : getenv(arena_copy_n(arena, text + from, length));
        if (set == NULL)
            text_add_char(&out, *text++);
        else {
            text_add(&out, set);
            text += from + length + (braces ? 1 : 0);
        }
    }
    return out.data;
}

static const char *unquoted(struct arena *arena, const char *text)
{
    size_t length = strlen(text);

    if (length > 1 && (*text == '"' || *text == '\'') && text[length - 1] == *text && text[length - 2] != '\\')
        return arena_copy_n(arena, text + 1, length - 2);
    return text;
}

struct typing {
    struct arena *arena;
    const struct settings *settings;
    const struct setting_row *row;
    bool is_default, is_variable;
};

static const char *path_of(const struct typing *typing, const char *text)
{
    const struct settings without = { 0 };
    const char *rest;

    if (text_starts(text, HOME)) {
        const struct setting_row *row = settings_base;
        struct setting_state home = { 0 };
        struct error err = ERROR_INIT;

        while (strcmp(row->name, "ANSIBLE_HOME") != 0)
            row++;
        rest = text + strlen(HOME);
        text = setting_state(typing->arena, typing->settings, row, &home, &err) && value_text(home.value) != NULL
                   ? value_text(home.value)
                   : "~/.ansible";
        text = arena_printf(typing->arena, "%s%s", text, rest);
    }
    return settings_path(typing->is_default || typing->is_variable ? &without : typing->settings, typing->arena, text);
}

static const struct value *parts_of(const struct typing *typing, const char *text, char separator, bool are_paths)
{
    struct value *list = value_list(typing->arena);
    char **parts = text_split(typing->arena, text, separator, NULL);

    if (typing->is_default && *text == '\0')
        return list;
    for (; *parts != NULL; parts++) {
        const char *part = separator == ':' ? *parts : text_trim(typing->arena, *parts, strlen(*parts));

        part = are_paths ? path_of(typing, part) : unquoted(typing->arena, part);
        value_list_add(typing->arena, list, value_string(typing->arena, part));
    }
    return list;
}

static const struct value *list_of(const struct typing *typing, const char *text)
{
    bool is_tuple = typing->is_default && *text == '(';
    const struct value *list = parts_of(typing, text + is_tuple, ',', false);

    return is_tuple ? value_mark(typing->arena, list, VALUE_TUPLE, 0) : list;
}

static const struct value *any_of(const struct typing *typing, const char *text)
{
    int64_t integer = 0;

    if (typing->is_default && (strcmp(text, "True") == 0 || strcmp(text, "False") == 0))
        return value_bool(*text == 'T');
    if (typing->is_default && text_to_int(text, &integer))
        return value_int(typing->arena, integer);
    return value_string(typing->arena, unquoted(typing->arena, text));
}

/* NULL: it is not of its type. */
static const struct value *typed(const struct typing *typing, const char *text)
{
    const struct value *map = NULL;
    struct error ignored = ERROR_INIT;
    int64_t integer = 0;
    double real = 0;
    bool truth = false;

    switch (typing->row->type) {
    case SETTING_BOOL:
        return value_bool(text_to_bool(text, &truth) && truth);
    case SETTING_INT:
        return text_to_int(text_trim(typing->arena, text, strlen(text)), &integer) ? value_int(typing->arena, integer)
                                                                                   : NULL;
    case SETTING_REAL:
        return text_to_real(text_trim(typing->arena, text, strlen(text)), &real) ? value_real(typing->arena, real)
                                                                                 : NULL;
    case SETTING_LIST_ANY:
        return typing->is_default ? list_of(typing, text) : any_of(typing, text);
    case SETTING_LIST:
        return list_of(typing, text);
    case SETTING_PATH:
    case SETTING_TEMPORARY:
        return value_string(typing->arena, path_of(typing, text));
    case SETTING_PATHSPEC:
        return parts_of(typing, text, ':', true);
    case SETTING_PATHLIST:
        return parts_of(typing, text, ',', true);
    case SETTING_MAP:
        return json_read(typing->arena, text, strlen(text), NULL, &map, &ignored) && value_is(map, VALUE_MAP) ? map
                                                                                                              : NULL;
    case SETTING_STRING:
        return value_string(typing->arena, unquoted(typing->arena, text));
    case SETTING_ANY:
        break;
    }
    return any_of(typing, text);
}

/* Python's words for it. */
static const char *type_sentence(enum setting_type type)
{
    return type == SETTING_INT    ? "invalid literal for int() with base 10:"
           : type == SETTING_REAL ? "could not convert string to float:"
                                  : "Invalid type provided for \"dictionary\":";
}

static bool is_choice(const struct typing *typing, const struct value *value)
{
    char **choices = text_split(typing->arena, typing->row->choices, '|', NULL);
    bool fine = value_text(value) == NULL || text_in(value_text(value), (const char *const *)choices);

    for (size_t i = 0; value_is(value, VALUE_LIST) && i < value_count(value); i++)
        fine = fine && text_in(value_text(value_item(value, i)), (const char *const *)choices);
    return fine;
}

static bool check_choice(const struct typing *typing, const struct value *value, const struct setting_text *found,
                         struct error *err)
{
    char *choices, *nearest;
    size_t count = 0;
    char **list;

    if (typing->row->choices == NULL || is_choice(typing, value))
        return true;
    list = text_split(typing->arena, typing->row->choices, '|', &count);
    choices = arena_copy(typing->arena, typing->row->choices);
    nearest = arena_copy(typing->arena, text_nearest(found->text, (const char *const *)list, count));
    struct text valid = text_new(typing->arena);
    for (; *choices != '\0'; choices++)
        text_add(&valid, *choices == '|' ? ", " : (const char[]){ *choices, '\0' });
    return error_set_kind(err, ERROR_OPTIONS,
                          "Invalid value \"%s\" for configuration option \"setting: %s \", valid values are: %s%s%s%s",
                          found->text, typing->row->name, valid.data, nearest == NULL ? "" : "; did you mean '",
                          nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

/* --- state --- */

static const struct value *fallback_of(struct typing typing)
{
    typing.is_default = true;
    return typing.row->fallback == NULL ? value_null() : typed(&typing, typing.row->fallback);
}

bool setting_state(struct arena *arena, const struct settings *settings, const struct setting_row *row,
                   struct setting_state *out, struct error *err)
{
    struct setting_text found = setting_find(arena, settings, row);
    const struct typing typing = { arena, settings, row, false, found.variable != NULL };
    bool is_set = found.text != NULL;

    *out = (struct setting_state){ .origin = "default", .at = found.at };
    if (is_set) {
        out->value = typed(&typing, found.text);
        out->origin = found.variable != NULL ? arena_printf(arena, "env: %s", found.variable) : settings->path;
    }
    if (is_set && out->value == NULL && found.variable != NULL && *found.text == '\0') {
        is_set = false; /* an empty variable is none where text does not fit */
        out->origin = "default";
    }
    if (!is_set && text_equal(row->fallback, SETTING_REQUIRED)) {
        out->origin = "REQUIRED";
        out->value = value_null();
        return true;
    }
    if (!is_set) {
        out->value = fallback_of(typing);
        return true;
    }
    if (out->value == NULL)
        error_set_kind(err, ERROR_OPTIONS, "Invalid type for configuration option setting: %s (from %s): %s '%s'",
                       row->name, out->origin == NULL ? "the settings" : out->origin, type_sentence(row->type),
                       found.text);
    return (out->value != NULL && check_choice(&typing, out->value, &found, err)) || error_locate(err, &found.at);
}
