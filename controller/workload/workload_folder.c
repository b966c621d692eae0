/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of declared workloads: its files in the order of their names, each a map or a list of maps. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"
#include "controller/workload/workload.h"

#define FILE_MAX ((size_t)1024 * 1024)

struct folder_reader {
    struct arena *arena;
    struct workload *workloads; /* WORKLOADS_MAX */
    size_t count;
    struct error *err;
};

static const char *place_text(struct arena *arena, const struct value *value)
{
    struct source_position at = value_position(value);

    return arena_printf(arena, "%s:%d:%d", at.path == NULL ? "?" : at.path, at.line, at.column);
}

static bool take_map(struct folder_reader *reader, const struct value *map)
{
    struct workload *workload = &reader->workloads[reader->count];
    struct source_position at = value_position(map);
    struct error taken = ERROR_INIT;

    if (reader->count == WORKLOADS_MAX)
        return error_set_at(reader->err, &at, "there are more than %d workloads", WORKLOADS_MAX);
    if (!workload_bind(reader->arena, map, workload, reader->err))
        return false;
    if (!workload_name_is_free(workload->name, &taken))
        return error_set_at(reader->err, &at, "%s", taken.text);
    for (size_t i = 0; i < reader->count; i++) {
        if (strcmp(reader->workloads[i].name, workload->name) == 0)
            return error_set_at(reader->err, &at, "there are two workloads '%s': the other one is at %s",
                                workload->name, place_text(reader->arena, reader->workloads[i].source));
    }
    reader->count++;
    return true;
}

static bool take_file(struct folder_reader *reader, const char *path)
{
    struct yaml_source source = { .warnings = value_list(reader->arena) };
    const struct value *content = NULL;
    char *data = NULL;

    source.path = arena_copy(reader->arena, path);
    if (!file_read(reader->arena, path, FILE_MAX, &data, &source.length, reader->err))
        return false;
    source.data = data;
    if (!yaml_read(reader->arena, &source, &content, reader->err))
        return false;
    if (value_count(source.warnings) > 0) { /* a key that is there twice: which one is meant cannot be known */
        const char *warning = value_text(value_item(source.warnings, 0)), *rest = strstr(warning, ". Using");

        return error_set(reader->err, "%.*s", (int)(rest == NULL ? strlen(warning) : (size_t)(rest - warning)),
                         warning);
    }
    if (value_is(content, VALUE_NULL))
        return true;
    if (!value_is(content, VALUE_LIST))
        return take_map(reader, content);
    for (size_t i = 0; i < value_count(content); i++) {
        if (!take_map(reader, value_item(content, i)))
            return false;
    }
    return true;
}

bool workload_file_read(struct arena *arena, const char *path, struct workload **out, size_t *count_out,
                        struct error *err)
{
    struct folder_reader reader = { .arena = arena, .err = err };

    reader.workloads = arena_new_array(arena, struct workload, WORKLOADS_MAX + 1);
    if (!take_file(&reader, path))
        return false;
    *out = reader.workloads;
    *count_out = reader.count;
    return true;
}

static int is_workload_file(const struct dirent *entry)
{
    const char *name = entry->d_name;

    return name[0] != '.' && (text_ends(name, ".yml") || text_ends(name, ".yaml") || text_ends(name, ".json"));
}

static int entry_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool workload_folder_read(struct arena *arena, const char *folder, struct workload **out, size_t *count_out,
                          struct error *err)
{
    struct folder_reader reader = { .arena = arena, .err = err };
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_workload_file, entry_order);
    bool ok = count >= 0 || errno == ENOENT;

    if (!ok)
        error_set_errno(err, "the folder of workloads '%s' cannot be read", folder);
    reader.workloads = arena_new_array(arena, struct workload, WORKLOADS_MAX + 1);
    for (int i = 0; i < count; i++) {
        ok = ok && take_file(&reader, path_join(arena, folder, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    if (!ok)
        return false;
    *out = reader.workloads;
    *count_out = reader.count;
    return true;
}
