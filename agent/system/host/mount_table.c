/* SPDX-License-Identifier: Apache-2.0 */
/* Reading mountinfo. */
#include "agent/system/host/mount_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/system/file/word_list.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/text.h"

#define MOUNTINFO_LIMIT (64 * 1024 * 1024)
#define FIELDS_MIN 10 /* with no optional field */

static bool is_octal(const char *text)
{
    return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' && text[2] >= '0' && text[2] <= '7';
}

static const char *unescape(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    for (; *text != '\0'; text++) {
        if (*text == '\\' && is_octal(text + 1)) {
            text_add_char(&out, (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
            text += 3;
        } else {
            text_add_char(&out, *text);
        }
    }
    return out.data;
}

static const struct mount_point *find_id(const struct mount_table *table, int64_t id)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].id == id)
            return &table->items[i];
    }
    return NULL;
}

/* Below a parent in the same table, the part of the file system that is shown is what a bind mount was given. */
static void set_origin(struct arena *arena, const struct mount_table *table, struct mount_point *point)
{
    const struct mount_point *parent = point->parent != 1 ? find_id(table, point->parent) : NULL;

    point->origin = point->source;
    if (parent == NULL)
        return;
    size_t length = strlen(parent->root);
    if (length > 1 && text_starts(point->root, parent->root) && point->root[length] == '/')
        point->root += length;
    if (strcmp(parent->path, "/") != 0)
        point->root = arena_printf(arena, "%s%s", parent->path, point->root);
    point->origin = point->root;
}

void mount_table_parse(struct arena *arena, const char *text, struct mount_table *out)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length, lines = 1;

    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    *out = (struct mount_table){ .items = arena_new_array(arena, struct mount_point, lines) };
    while (text_line(&cursor, end, &line, &length)) {
        struct word_list fields = word_list_split(arena, line, length);
        struct mount_point *point = &out->items[out->count];

        if (fields.count < FIELDS_MIN || !text_to_int(fields.items[0], &point->id) ||
            !text_to_int(fields.items[1], &point->parent))
            continue;
        point->root = unescape(arena, fields.items[3]);
        point->path = unescape(arena, fields.items[4]);
        point->source = unescape(arena, fields.items[fields.count - 2]);
        out->count++;
    }
    for (size_t i = 0; i < out->count; i++)
        set_origin(arena, out, &out->items[i]);
}

bool mount_table_read(const struct system *system, struct arena *arena, struct mount_table *out, struct error *err)
{
    const char *path = system_path(system, arena, "/proc/self/mountinfo");
    char *data = NULL;
    size_t length = 0;

    if (!file_read(arena, path, MOUNTINFO_LIMIT, &data, &length, err))
        return false;
    mount_table_parse(arena, data, out);
    return true;
}

const struct mount_point *mount_table_find(const struct mount_table *table, const char *path)
{
    for (size_t i = table->count; i > 0; i--) {
        if (strcmp(table->items[i - 1].path, path) == 0)
            return &table->items[i - 1];
    }
    return NULL;
}

bool mount_is_boundary(struct arena *arena, const char *path)
{
    char above[LIMIT_PATH + 1];
    struct stat own, parent;

    if (lstat(path, &own) != 0 || S_ISLNK(own.st_mode))
        return false;
    if (realpath(arena_printf(arena, "%s/..", path), above) == NULL || lstat(above, &parent) != 0)
        return false;
    return own.st_dev != parent.st_dev || own.st_ino == parent.st_ino;
}
