/* SPDX-License-Identifier: Apache-2.0 */
/* Links and the records beside them. The record is written first: one that is not of the link's folder does not count. */
#include "common/model/store_link.h"

#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/model_source.h"

#define UPWARDS "../" /* what the target of every link begins with */
#define RECORD_END ".json"
#define RECORD_MAX (64 * 1024 * 1024)
#define NAME_MAX_LENGTH 128

bool store_link_is_name(const char *name)
{
    return model_path_is_safe(name) && strchr(name, '/') == NULL && name[0] != '.' && strlen(name) <= NAME_MAX_LENGTH;
}

static const char *link_path(const struct model_store *store, const char *name)
{
    return path_join(store->arena, "links", name);
}

static const char *record_path(const struct model_store *store, const char *name)
{
    return arena_printf(store->arena, "links/.%s" RECORD_END, name);
}

static const struct value *record_files(const struct model_store *store, const char *name, const char *folder)
{
    const char *path = store_path(store, record_path(store, name));
    struct error ignored = ERROR_INIT;
    const struct value *record = NULL, *files;
    char *data = NULL;
    size_t size = 0;

    if (!path_is_file(path) || !file_read(store->arena, path, RECORD_MAX, &data, &size, &ignored) ||
        !json_read(store->arena, data, size, NULL, &record, &ignored) ||
        !text_equal(value_map_text(record, "folder"), folder))
        return NULL;
    files = value_map_get(record, "files");
    return value_count(files) > 0 ? files : NULL;
}

bool store_link_read(const struct model_store *store, const char *name, struct store_link *out)
{
    char target[LIMIT_PATH];
    ssize_t length = -1;

    if (store_link_is_name(name))
        length = readlink(store_path(store, link_path(store, name)), target, sizeof(target) - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    if (!text_starts(target, UPWARDS))
        return false;
    out->target = arena_copy(store->arena, target + strlen(UPWARDS));
    out->folder = store_folder_of(store, out->target);
    out->files = out->folder == NULL ? NULL : record_files(store, name, out->folder);
    return true;
}

bool store_link_write(const struct model_store *store, const char *name, const struct store_link *link,
                      struct error *err)
{
    struct value *record = value_map(store->arena);

    value_map_put_string(store->arena, record, "folder", link->folder);
    value_map_put(store->arena, record, "files", link->files);
    return store_note_write(store, record_path(store, name), json_text(store->arena, record, JSON_COMPACT), err) &&
           store_link_set(store, link_path(store, name), arena_printf(store->arena, UPWARDS "%s", link->target), err);
}

bool store_link_equal(const struct store_link *a, const struct store_link *b)
{
    if (!text_equal(a->target, b->target) || value_count(a->files) != value_count(b->files))
        return false;
    for (size_t i = 0; i < value_count(a->files); i++) {
        if (!text_equal(value_text(value_item(a->files, i)), value_text(value_item(b->files, i))))
            return false;
    }
    return true;
}

bool store_link_is_for(const struct model_store *store, const struct store_link *link, const struct store_name *name)
{
    if (link->files == NULL)
        return text_equal(link->target, path_dirname(store->arena, path_join(store->arena, name->folder, name->path)));
    for (size_t i = 0; i < value_count(link->files) && strcmp(link->folder, name->folder) == 0; i++) {
        if (text_equal(value_text(value_item(link->files, i)), name->path))
            return true;
    }
    return false;
}

void store_link_remove(const struct model_store *store, const char *name)
{
    struct error ignored = ERROR_INIT;
    struct store_link link;
    char **entries = NULL;
    size_t count = 0;

    if (!store_link_read(store, name, &link))
        return;
    if (link.folder != NULL && text_starts(link.folder, "names/hf/")) {
        const char *repository = path_dirname(store->arena, path_dirname(store->arena, link.folder));
        const char *revisions = arena_printf(store->arena, "%s/revisions", repository);

        if (!store_entries(store, revisions, &entries, &count, &ignored))
            count = 0;
        for (size_t i = 0; i < count; i++) {
            const char *named = strstr(entries[i], STORE_REVISION_NAMED);

            if (named != NULL && strcmp(named + strlen(STORE_REVISION_NAMED), name) == 0)
                (void)store_name_remove(store, revisions, entries[i], &ignored);
        }
    }
    (void)unlink(store_path(store, link_path(store, name)));
    (void)unlink(store_path(store, record_path(store, name)));
}

bool store_links(const struct model_store *store, char ***out, size_t *count_out, struct error *err)
{
    size_t count = 0, kept = 0;
    char **entries = NULL;

    if (!store_entries(store, "links", &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (store_link_is_name(entries[i]))
            entries[kept++] = entries[i];
    }
    *out = entries;
    *count_out = kept;
    return true;
}

static bool leads_nowhere(const struct model_store *store, const char *name)
{
    struct store_link link;

    if (!path_exists(store_path(store, link_path(store, name))))
        return true;
    if (!store_link_read(store, name, &link) || link.files == NULL)
        return false;
    for (size_t i = 0; i < value_count(link.files); i++) {
        const char *path = value_text(value_item(link.files, i));

        if (path != NULL && model_path_is_safe(path) && store_name_get(store, link.folder, path) != NULL)
            return false;
    }
    return true;
}

static bool is_stray_record(const struct model_store *store, const char *entry)
{
    const char *name = entry + 1;
    struct store_link link;

    return entry[0] == '.' && text_ends(entry, RECORD_END) &&
           !store_link_read(store, arena_copy_n(store->arena, name, strlen(name) - strlen(RECORD_END)), &link);
}

bool store_links_sweep(const struct model_store *store, struct error *err)
{
    char **entries = NULL;
    size_t count = 0;

    if (!store_entries(store, "links", &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *path = store_path(store, link_path(store, entries[i]));

        if (is_stray_record(store, entries[i]))
            (void)unlink(path);
        else if (store_link_is_name(entries[i]) && leads_nowhere(store, entries[i])) {
            store_link_remove(store, entries[i]);
            (void)unlink(path); /* also one that somebody made, and that never led into the store */
        }
    }
    return true;
}
