/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing and writing of .repo files. */
#include "agent/system/package/repo_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

struct scan {
    struct arena *arena;
    struct value *sections, *section;
    const char *option; /* the one that indented lines go on with; NULL: none */
    size_t indent, number;
    size_t blanks; /* empty lines since its last line */
};

static char *trimmed(struct arena *arena, const char *from, const char *to)
{
    return text_trim(arena, from, (size_t)(to - from));
}

static void go_on(struct scan *scan, const char *text)
{
    const char *before = value_map_text(scan->section, scan->option);
    struct text value = text_new(scan->arena);

    text_add(&value, before);
    for (size_t i = 0; i < scan->blanks; i++)
        text_add_char(&value, '\n');
    text_printf(&value, "\n%s", text);
    value_map_put_string(scan->arena, scan->section, scan->option, value.data);
    scan->blanks = 0;
}

static void begin_section(struct scan *scan, const char *line, const char *close)
{
    const char *name = arena_copy_n(scan->arena, line + 1, (size_t)(close - line - 1));

    scan->section = value_map(scan->arena);
    scan->option = NULL;
    value_map_put(scan->arena, scan->sections, name, scan->section);
}

static bool begin_option(struct scan *scan, const char *text, struct error *err)
{
    size_t length = strcspn(text, "=:");

    if (scan->section == NULL)
        return error_set(err, "line %zu: File contains no section headers", scan->number);
    if (text[length] == '\0' || length == 0)
        return error_set(err, "line %zu is neither a section nor an option: '%s'", scan->number, text);
    char *name = text_lower(trimmed(scan->arena, text, text + length));
    scan->option = name;
    scan->blanks = 0;
    value_map_put_string(scan->arena, scan->section, name,
                         text_trim(scan->arena, text + length + 1, strlen(text + length + 1)));
    return true;
}

static bool scan_line(struct scan *scan, const char *line, size_t length, struct error *err)
{
    const char *text = text_trim(scan->arena, line, length);
    size_t indent = strspn(line, " \t");
    const char *close = text[0] == '[' ? strrchr(text, ']') : NULL;

    scan->number++;
    if (text[0] == '#' || text[0] == ';')
        return true;
    if (text[0] == '\0') {
        scan->blanks++;
        return true;
    }
    if (scan->option != NULL && indent > scan->indent) {
        go_on(scan, text);
        return true;
    }
    scan->indent = indent;
    if (close != NULL) {
        begin_section(scan, text, close);
        return true;
    }
    return begin_option(scan, text, err);
}

bool repo_file_parse(struct arena *arena, const char *text, struct value **out, struct error *err)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    struct scan scan = { .arena = arena, .sections = value_map(arena) };
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        if (!scan_line(&scan, arena_copy_n(arena, line, length), length, err))
            return false;
    }
    *out = scan.sections;
    return true;
}

char *repo_file_text(struct arena *arena, const struct value *sections)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(sections); i++) {
        const struct value_pair *section = value_pair_at(sections, i);

        text_printf(&out, "[%s]\n", value_text(section->key));
        for (size_t j = 0; j < value_count(section->item); j++) {
            const struct value_pair *option = value_pair_at(section->item, j);

            text_printf(&out, "%s = ", value_text(option->key));
            for (const char *at = value_text(option->item); *at != '\0'; at++) {
                text_add_char(&out, *at);
                if (*at == '\n')
                    text_add_char(&out, '\t');
            }
            text_add_char(&out, '\n');
        }
        text_add_char(&out, '\n');
    }
    return out.data;
}

static int pair_order(const void *a, const void *b)
{
    const struct value_pair *const *first = a, *const *second = b;

    return strcmp(value_text((*first)->key), value_text((*second)->key));
}

static const struct value_pair **sorted(struct arena *arena, const struct value *map)
{
    size_t count = value_count(map);
    const struct value_pair **pairs = arena_new_array(arena, const struct value_pair *, count + 1);

    for (size_t i = 0; i < count; i++)
        pairs[i] = value_pair_at(map, i);
    if (count > 0)
        qsort(pairs, count, sizeof(*pairs), pair_order);
    return pairs;
}

char *repo_file_shown(struct arena *arena, const struct value *sections)
{
    struct text out = text_new(arena);

    for (const struct value_pair **section = sorted(arena, sections); *section != NULL; section++) {
        text_printf(&out, "[%s]\n", value_text((*section)->key));
        for (const struct value_pair **option = sorted(arena, (*section)->item); *option != NULL; option++)
            text_printf(&out, "%s = %s\n", value_text((*option)->key), value_text((*option)->item));
        text_add_char(&out, '\n');
    }
    return out.data;
}
