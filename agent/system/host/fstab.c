/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and editing lines of fstab. */
#include "agent/system/host/fstab.h"

#include <string.h>

#include "agent/system/file/word_list.h"
#include "common/base/text.h"

#define FIELDS_MIN 4
#define FIELDS 6

char *fstab_escape(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    for (; *text != '\0'; text++) {
        if (strchr("\\ &\t\n", *text) != NULL)
            text_printf(&out, "\\%03o", (unsigned)*text);
        else
            text_add_char(&out, *text);
    }
    return out.data;
}

/* The fields of a line that mounts something; count 0: a comment, or no such line. */
static struct word_list line_fields(struct arena *arena, const char *line, size_t length)
{
    struct word_list fields = word_list_split(arena, line, length);

    if (fields.count > 0 && (fields.items[0][0] == '#' || fields.count < FIELDS_MIN || fields.count > FIELDS))
        fields.count = 0;
    return fields;
}

/* `path` is escaped, `src` is as given: so does Ansible compare them. */
static bool is_meant(const struct word_list *fields, const char *path, const char *src)
{
    if (fields->count == 0 || strcmp(fields->items[1], path) != 0)
        return false;
    bool is_swap = strcmp(fields->items[1], "none") == 0 && strcmp(fields->items[2], "swap") == 0;
    return !is_swap || src == NULL || strcmp(fields->items[0], src) == 0;
}

static bool is_same(const struct word_list *fields, const char *const wanted[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (i >= fields->count || strcmp(fields->items[i], wanted[i]) != 0)
            return false;
    }
    return true;
}

static void entry_fields(struct arena *arena, const struct fstab_entry *entry, const char *out[FIELDS])
{
    const char *plain[FIELDS] = { entry->src, entry->path, entry->fstype, entry->opts, entry->dump, entry->passno };

    for (size_t i = 0; i < FIELDS; i++)
        out[i] = fstab_escape(arena, plain[i] != NULL ? plain[i] : "");
}

static void add_line(struct text *out, const char *const fields[FIELDS])
{
    text_printf(out, "%s %s %s %s %s %s\n", fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]);
}

char *fstab_set(struct arena *arena, const char *text, const struct fstab_entry *entry, bool *changed_out)
{
    const char *cursor = text, *end = text + strlen(text), *line, *wanted[FIELDS];
    struct text out = text_new(arena);
    bool exists = false, changed = false;
    size_t length;

    entry_fields(arena, entry, wanted);
    while (text_line(&cursor, end, &line, &length)) {
        struct word_list fields = line_fields(arena, line, length);
        bool meant = is_meant(&fields, wanted[1], entry->src);

        exists = exists || meant;
        if (meant && !is_same(&fields, wanted)) {
            add_line(&out, wanted);
            changed = true;
            continue;
        }
        text_add_n(&out, line, length);
        text_add_char(&out, '\n');
    }
    if (!exists)
        add_line(&out, wanted);
    *changed_out = changed || !exists;
    return out.data;
}

char *fstab_unset(struct arena *arena, const char *text, const char *path, const char *src, bool *changed_out)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    const char *escaped = fstab_escape(arena, path);
    struct text out = text_new(arena);
    size_t length;

    *changed_out = false;
    while (text_line(&cursor, end, &line, &length)) {
        struct word_list fields = line_fields(arena, line, length);

        if (is_meant(&fields, escaped, src)) {
            *changed_out = true;
            continue;
        }
        text_add_n(&out, line, (size_t)(cursor - line));
    }
    return out.data;
}
