/* SPDX-License-Identifier: Apache-2.0 */
/* Takes requirements apart and writes them as pip's own tools do: extras and specifiers in order, no needless blanks. */
#include "agent/system/package/python_requirement.h"

#include <ctype.h>
#include <string.h>

#include "agent/system/file/word_list.h"
#include "agent/system/package/python_specifier.h"
#include "common/base/text.h"

#define BLANKS " \t\r\n"

static size_t name_length(const char *text)
{
    size_t length = 0;

    if (!isalnum((unsigned char)text[0]))
        return 0;
    while (isalnum((unsigned char)text[length]) || (text[length] != '\0' && strchr("-_.", text[length])))
        length++;
    return isalnum((unsigned char)text[length - 1]) ? length : 0;
}

static const char *blanks(const char *at)
{
    return at + strspn(at, BLANKS);
}

/* Keeps the list in the order of the texts, each once. */
static void add_sorted(struct arena *arena, struct value *list, const char *text)
{
    size_t i = 0;

    for (; i < value_count(list); i++) {
        int order = strcmp(value_text(value_item(list, i)), text);
        if (order == 0)
            return;
        if (order > 0)
            break;
    }
    value_list_insert(arena, list, i, value_string(arena, text));
}

/* "[a, b]" behind a name; the cursor moves behind it. False: it does not end as it should. */
static bool take_extras(struct arena *arena, const char **cursor, struct value *extras)
{
    const char *at = *cursor;

    if (*at != '[')
        return true;
    at = blanks(at + 1);
    while (*at != ']') {
        size_t length = name_length(at);
        if (length == 0)
            return false;
        add_sorted(arena, extras, arena_copy_n(arena, at, length));
        at = blanks(at + length);
        if (*at == ',')
            at = blanks(at + 1);
        else if (*at != ']')
            return false;
    }
    *cursor = blanks(at + 1);
    return true;
}

/* ">=1, <2", also in parentheses. */
static bool take_specifiers(struct arena *arena, const char **cursor, struct value *specifiers)
{
    const char *at = *cursor;
    bool in_parentheses = *at == '(';
    size_t length = 0;

    at = blanks(at + in_parentheses);
    for (char *one; (one = python_specifier_take(arena, at, &length)) != NULL;) {
        add_sorted(arena, specifiers, one);
        at = blanks(at + length);
        if (*at != ',')
            break;
        at = blanks(at + 1);
    }
    if (in_parentheses && *at != ')')
        return false;
    *cursor = blanks(at + in_parentheses);
    return true;
}

/* The words of a marker with single blanks and double quotes. NULL: a quotation has no end. */
static char *marker_text(struct arena *arena, const char *at)
{
    struct text out = text_new(arena);

    for (at = blanks(at); *at != '\0'; at = blanks(at)) {
        size_t length = strcspn(at, BLANKS "\"'()<>=!~");
        if (*at == '"' || *at == '\'') {
            const char *end = strchr(at + 1, *at);
            if (!end)
                return NULL;
            text_printf(&out, "%s\"%.*s\"", out.length > 0 && !text_ends(out.data, "(") ? " " : "", (int)(end - at - 1),
                        at + 1);
            at = end + 1;
            continue;
        }
        if (length == 0)
            length = *at == '(' || *at == ')' ? 1 : strspn(at, "<>=!~");
        bool is_tight = out.length == 0 || *at == ')' || text_ends(out.data, "(");
        text_printf(&out, "%s%.*s", is_tight ? "" : " ", (int)length, at);
        at += length;
    }
    return out.length > 0 ? out.data : NULL;
}

static char *normal_form(struct arena *arena, const struct python_requirement *plain, const struct value *extras)
{
    struct text out = text_new(arena);

    text_add(&out, plain->name);
    if (value_count(extras) > 0)
        text_printf(&out, "[%s]", word_list_join_values(arena, extras, ","));
    text_add(&out, word_list_join_values(arena, plain->specifiers, ","));
    if (plain->url)
        text_printf(&out, "@ %s%s", plain->url, plain->marker ? " " : "");
    if (plain->marker)
        text_printf(&out, "; %s", plain->marker);
    return out.data;
}

static bool read_plain(struct arena *arena, const char *text, struct python_requirement *out)
{
    const char *at = blanks(text);
    size_t length = name_length(at);
    struct value *extras = value_list(arena), *specifiers = value_list(arena);

    if (length == 0)
        return false;
    out->name = arena_copy_n(arena, at, length);
    out->key = python_name_key(arena, at, length);
    at = blanks(at + length);
    if (!take_extras(arena, &at, extras))
        return false;
    if (*at == '@') {
        at = blanks(at + 1);
        length = strcspn(at, BLANKS);
        out->url = length > 0 ? arena_copy_n(arena, at, length) : NULL;
        at = blanks(at + length);
    } else if (!take_specifiers(arena, &at, specifiers)) {
        return false;
    }
    out->specifiers = specifiers;
    if (*at == ';') {
        out->marker = marker_text(arena, at + 1);
        at = out->marker ? "" : at;
    }
    out->text = normal_form(arena, out, extras);
    return *at == '\0';
}

struct python_requirement python_requirement_read(struct arena *arena, const char *text)
{
    struct python_requirement plain = { .is_plain = true };

    if (read_plain(arena, text, &plain))
        return plain;
    return (struct python_requirement){ .text = text };
}

char *python_name_key(struct arena *arena, const char *name, size_t length)
{
    struct text key = text_new(arena);

    for (size_t i = 0; i < length; i++) {
        if (strchr("-_.", name[i]) == NULL)
            text_add_char(&key, (char)tolower((unsigned char)name[i]));
        else if (i == 0 || strchr("-_.", name[i - 1]) == NULL)
            text_add_char(&key, '-');
    }
    return key.data ? key.data : arena_copy(arena, "");
}

bool python_requirement_met(const struct python_requirement *requirement, const char *version)
{
    if (!requirement->is_plain)
        return false;
    for (size_t i = 0; i < value_count(requirement->specifiers); i++)
        if (!python_specifier_met(value_text(value_item(requirement->specifiers, i)), version))
            return false;
    return true;
}
