/* SPDX-License-Identifier: Apache-2.0 */
/* Telling what is planned and what is there. */
#include "common/model/pull_value.h"

#include <string.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/pull_parts.h"

static const struct value *size_value(struct arena *arena, int64_t size)
{
    return size < 0 ? value_null() : value_int(arena, size);
}

const struct value *model_plan_value(const struct model_plan *plan)
{
    struct arena *arena = plan->arena;
    struct value *map = value_map(arena), *files = value_list(arena);
    size_t first = model_plan_main(plan), projector = model_plan_projector(plan);

    for (size_t i = 0; i < plan->files.count; i++) {
        struct value *file = value_map(arena);

        value_map_put_string(arena, file, "path", model_plan_path(plan, i));
        value_map_put(arena, file, "size", size_value(arena, plan->files.items[i].size));
        value_map_put_string(arena, file, "sha256", plan->files.items[i].sha256);
        value_list_add(arena, files, file);
    }
    value_map_put_string(arena, map, "source", plan->source.shown);
    value_map_put_string(arena, map, "store", plan->store.root);
    value_map_put_string(arena, map, "path", model_plan_path(plan, first));
    value_map_put_string(arena, map, "mmproj", projector < plan->files.count ? model_plan_path(plan, projector) : NULL);
    value_map_put_string(arena, map, "link",
                         plan->request.name == NULL
                             ? NULL
                             : arena_printf(arena, "%s/links/%s/%s", plan->store.root, plan->request.name,
                                            path_basename(plan->files.items[first].path)));
    value_map_put_string(arena, map, "revision", plan->revision);
    value_map_put(arena, map, "size", size_value(arena, plan->size_bytes));
    value_map_put_string(arena, map, "sha256", plan->files.items[first].sha256);
    value_map_put(arena, map, "files", files);
    return map;
}

/* --- the store --- */

static void add_once(struct text *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = strstr(list->data, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == list->data || at[-1] == ',') && (at[length] == '\0' || at[length] == ','))
            return;
    }
    text_printf(list, "%s%s", list->length > 0 ? "," : "", word);
}

/* "hf://ORG/REPO/PATH@main" of names/hf/HOST/ORG/REPO/commits/COMMIT. */
static const char *hub_source(const struct model_store *store, const struct store_name *name)
{
    struct arena *arena = store->arena;
    const char *commit = path_basename(name->folder);
    char *repository = path_dirname(arena, path_dirname(arena, name->folder)), **entries;
    const char *organisation = path_basename(path_dirname(arena, repository));
    struct text revisions = text_new(arena);
    struct error ignored = ERROR_INIT;
    size_t count = 0;

    text_add(&revisions, "");
    if (!store_entries(store, arena_printf(arena, "%s/revisions", repository), &entries, &count, &ignored))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *leads_to = store_revision_get(store, repository, entries[i]);
        const char *revision = pull_revision_of_entry(arena, entries[i]);

        if (leads_to != NULL && strcmp(leads_to, commit) == 0 && revision[0] != '.' && strcmp(revision, commit) != 0)
            add_once(&revisions, revision);
    }
    return arena_printf(arena, "hf://%s/%s/%s@%s", organisation, path_basename(repository), name->path,
                        revisions.length > 0 ? revisions.data : commit);
}

static const char *noted_source(const struct model_store *store, const struct store_name *name)
{
    const char *path = store_path(store, arena_printf(store->arena, "%s.json", name->folder));
    const struct value *note = NULL;
    struct error ignored = ERROR_INIT;
    const char *source = NULL;
    char *data = NULL;
    size_t size = 0;

    if (path_is_file(path) && file_read(store->arena, path, 4 * 1024 * 1024, &data, &size, &ignored) &&
        json_read(store->arena, data, size, NULL, &note, &ignored))
        source = value_map_text(note, "source");
    if (source == NULL || text_starts(source, "https://") || text_starts(source, "http://"))
        return source != NULL ? source : name->folder;
    return arena_printf(store->arena, "file://%s",
                        path_join(store->arena, path_dirname(store->arena, source + strlen("file://")), name->path));
}

static const char *links_to(const struct model_store *store, const struct store_name *name)
{
    struct text links = text_new(store->arena);
    struct error ignored = ERROR_INIT;
    char **entries;
    size_t count = 0;

    text_add(&links, "");
    if (!store_links(store, &entries, &count, &ignored))
        return "";
    for (size_t i = 0; i < count; i++) {
        struct store_link link;

        if (store_link_read(store, entries[i], &link) && store_link_is_for(store, &link, name))
            text_printf(&links, "%s%s", links.length > 0 ? "," : "", entries[i]);
    }
    return links.data;
}

static struct model_entry entry_of(const struct model_store *store, const struct store_name *name)
{
    struct model_shard shard;
    bool is_split = model_shard_parse(store->arena, name->path, &shard);

    return (struct model_entry){
        .source = text_starts(name->folder, "names/hf/") ? hub_source(store, name) : noted_source(store, name),
        .path = store_path(store, path_join(store->arena, name->folder, name->path)),
        .sha256 = name->sha256,
        .links = links_to(store, name),
        .files = is_split ? shard.count : 1,
        .missing = is_split ? shard.count : 1,
    };
}

/* The entry that a shard's name belongs to is the one before, if that is of the same model: names are sorted. */
static bool belongs(struct arena *arena, const struct store_name *first, const struct store_name *name)
{
    struct model_shard a, b;

    return first != NULL && strcmp(first->folder, name->folder) == 0 && model_shard_parse(arena, first->path, &a) &&
           model_shard_parse(arena, name->path, &b) && strcmp(a.stem, b.stem) == 0 && a.count == b.count;
}

void model_entries(const struct model_store *store, const struct store_name *names, size_t count,
                   struct model_entry **out, size_t *count_out)
{
    struct model_entry *entries = arena_new_array(store->arena, struct model_entry, count + 1);
    const struct store_name *first = NULL;
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        if (!belongs(store->arena, first, &names[i])) {
            first = &names[i];
            entries[used++] = entry_of(store, first);
        }
        if (names[i].size < 0)
            continue;
        entries[used - 1].size += names[i].size;
        entries[used - 1].missing--;
    }
    *out = entries;
    *count_out = used;
}

static bool path_is_same(struct arena *arena, const char *a, const char *b)
{
    struct model_shard first, second;

    return strcmp(a, b) == 0 || (model_shard_parse(arena, a, &first) && model_shard_parse(arena, b, &second) &&
                                 strcmp(first.stem, second.stem) == 0 && first.count == second.count);
}

static bool revision_is_among(struct arena *arena, const char *revision, const char *revisions)
{
    size_t count = 0;
    char **parts = text_split(arena, revisions, ',', &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(parts[i], revision) == 0)
            return true;
    }
    return false;
}

bool model_entry_is(struct arena *arena, const char *name, const char *source)
{
    const char *at = strrchr(name, '@');
    struct model_source entry, wanted;
    struct error ignored = ERROR_INIT;

    if (strcmp(name, source) == 0)
        return true;
    if (strstr(source, "://") == NULL || !text_starts(name, "hf://") || at == NULL ||
        !model_source_parse(arena, arena_copy_n(arena, name, (size_t)(at - name)), &entry, &ignored) ||
        !model_source_parse(arena, source, &wanted, &ignored))
        return false;
    return wanted.kind == MODEL_SOURCE_HUB && text_equal(entry.organisation, wanted.organisation) &&
           text_equal(entry.repository, wanted.repository) && path_is_same(arena, entry.path, wanted.path) &&
           revision_is_among(arena, wanted.revision, at + 1);
}

const struct value *model_entries_value(struct arena *arena, const struct model_entry *entries, size_t count)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < count; i++) {
        struct value *map = value_map(arena);

        value_map_put_string(arena, map, "source", entries[i].source);
        value_map_put_string(arena, map, "path", entries[i].path);
        value_map_put_string(arena, map, "sha256", entries[i].sha256);
        value_map_put_string(arena, map, "links", entries[i].links);
        value_map_put_int(arena, map, "size", entries[i].size);
        value_map_put_int(arena, map, "files", entries[i].files);
        value_map_put_int(arena, map, "missing", entries[i].missing);
        value_list_add(arena, list, map);
    }
    return list;
}

struct value *store_cleaned_value(struct arena *arena, const struct store_cleaned *cleaned)
{
    struct value *map = value_map(arena);

    value_map_put_int(arena, map, "names", cleaned->names);
    value_map_put_int(arena, map, "blobs", cleaned->blobs);
    value_map_put_int(arena, map, "partials", cleaned->partials);
    value_map_put_int(arena, map, "bytes", cleaned->bytes);
    value_map_put_int(arena, map, "in_use", cleaned->in_use);
    return map;
}
