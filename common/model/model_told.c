/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as JSON, and back as plans of this node. */
#include "common/model/model_told.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/chunk_map.h"
#include "common/model/hub.h"
#include "common/model/pull_parts.h"

#define FOLDER "fetches"
#define TREE_TOLD_MAX ((size_t)512 * 1024)
#define FILES_MAX 4096
#define TEXT_MAX 1024

/* --- telling --- */

static const char *tree_of(const struct model_plan *plan)
{
    struct error ignored = ERROR_INIT;
    const char *tree = plan->tree;
    char *data = NULL;
    size_t size = 0;

    if (plan->repository == NULL)
        return NULL;
    if (tree == NULL && file_read(plan->arena,
                                  store_path(&plan->store, arena_printf(plan->arena, "%s/trees/%s.json",
                                                                        plan->repository, plan->revision)),
                                  TREE_TOLD_MAX, &data, &size, &ignored))
        tree = data;
    return tree == NULL || strlen(tree) > TREE_TOLD_MAX ? NULL : tree;
}

static struct value *file_value(const struct model_plan *plan, size_t index)
{
    const struct model_file *file = &plan->files.items[index];
    const struct model_step *step = &plan->steps[index];
    struct value *map = value_map(plan->arena);

    value_map_put_string(plan->arena, map, "path", file->path);
    value_map_put_int(plan->arena, map, "size", file->size);
    value_map_put_string(plan->arena, map, "sha256", file->sha256);
    value_map_put_string(plan->arena, map, "git", file->git);
    value_map_put_string(plan->arena, map, "etag", step->etag);
    value_map_put_string(plan->arena, map, "modified", step->modified);
    value_map_put_bool(plan->arena, map, "no_ranges", step->no_ranges);
    if (file->git != NULL || file->url != NULL || file->sha256 != NULL)
        value_map_put_string(plan->arena, map, "key", pull_key_of(plan->arena, file));
    return map;
}

struct value *model_told_value(const struct model_plan *plan, int64_t fetch)
{
    struct value *map = value_map(plan->arena), *files = value_list(plan->arena);

    for (size_t i = 0; i < plan->files.count; i++)
        value_list_add(plan->arena, files, file_value(plan, i));
    value_map_put_string(plan->arena, map, "source", plan->request.source);
    value_map_put_int(plan->arena, map, "fetch", fetch);
    value_map_put_string(plan->arena, map, "revision", plan->revision);
    value_map_put_string(plan->arena, map, "tree", tree_of(plan));
    value_map_put_bool(plan->arena, map, "is_folder",
                       plan->source.kind == MODEL_SOURCE_FILE && path_is_folder(plan->source.url));
    value_map_put(plan->arena, map, "files", files);
    return map;
}

/* --- believing --- */

static bool text_is_good(const char *text)
{
    if (text == NULL)
        return true;
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    }
    return strlen(text) <= TEXT_MAX;
}

/* Of a URL and of files on a machine: the place is reckoned from the source, not taken from who tells. */
static char *place_of(const struct model_plan *plan, const struct value *told, const char *path)
{
    const char *url = plan->source.url, *folder;
    size_t length;

    if (plan->source.kind == MODEL_SOURCE_FILE) {
        folder = value_map_true(told, "is_folder") ? url : path_dirname(plan->arena, url);
        return path_join(plan->arena, folder, path);
    }
    length = strcspn(url, "?#");
    while (length > 0 && url[length - 1] != '/')
        length--;
    return arena_printf(plan->arena, "%.*s%s%s", (int)length, url, path, url + strcspn(url, "?#"));
}

static bool file_take(struct model_plan *plan, const struct value *told, const struct value *item,
                      struct value *digests, struct error *err)
{
    const struct value *size = value_map_get(item, "size");
    const char *sha256 = value_map_text(item, "sha256"), *git = value_map_text(item, "git");
    const char *path = value_map_text(item, "path");
    struct model_file file = { .path = path, .size = value_is(size, VALUE_INT) ? size->as.integer : -1, .git = git };

    if (path == NULL || !model_path_is_safe(path) || model_files_find(&plan->files, path) != NULL)
        return error_set(err, "a path that cannot be");
    if (file.size < -1 || file.size > CHUNKS_MAX * CHUNK_SIZE)
        return error_set(err, "'%s' is said to have a size that cannot be", path);
    if ((sha256 != NULL && !digest_is_sha256(sha256)) || (git != NULL && !digest_is_git(git)))
        return error_set(err, "'%s' is said to have a digest that is none", path);
    if (plan->source.kind == MODEL_SOURCE_HUB && ((sha256 == NULL && git == NULL) || file.size < 0))
        return error_set(err, "'%s' comes from a hub and has no digest", path);
    if (plan->source.kind == MODEL_SOURCE_HUB)
        file.sha256 = git == NULL ? sha256 : NULL;
    else
        file.url = place_of(plan, told, path);
    model_files_add(plan->arena, &plan->files, &file);
    value_list_add(plan->arena, digests, sha256 == NULL ? value_null() : value_string(plan->arena, sha256));
    return true;
}

static bool files_take(struct model_plan *plan, const struct value *told, const struct value **digests_out,
                       struct error *err)
{
    const struct value *list = value_map_get(told, "files");
    struct value *digests = value_list(plan->arena);

    if (!value_is(list, VALUE_LIST) || value_count(list) == 0 || value_count(list) > FILES_MAX)
        return error_set(err, "no files");
    for (size_t i = 0; i < value_count(list); i++) {
        if (!file_take(plan, told, value_item(list, i), digests, err))
            return false;
    }
    plan->steps = arena_new_array(plan->arena, struct model_step, plan->files.count);
    for (size_t i = 0; i < plan->files.count; i++) {
        const struct value *item = value_item(list, i);
        const char *etag = value_map_text(item, "etag"), *modified = value_map_text(item, "modified");

        if (!text_is_good(etag) || !text_is_good(modified))
            return error_set(err, "an ETag or a date that cannot be");
        plan->steps[i].etag = etag;
        plan->steps[i].modified = modified;
        plan->steps[i].no_ranges = value_map_true(item, "no_ranges");
    }
    *digests_out = digests;
    return true;
}

static bool folder_take(struct model_plan *plan, const struct value *told, struct error *err)
{
    const char *revision = value_map_text(told, "revision"), *tree = value_map_text(told, "tree");
    struct model_files all = { 0 };

    if (plan->source.kind == MODEL_SOURCE_HUB) {
        if (revision == NULL || !digest_is_git(revision))
            return error_set(err, "no commit");
        if (tree != NULL && !hub_tree_read(plan->arena, tree, strlen(tree), &all, err))
            return false;
        plan->revision = revision;
        plan->tree = tree;
        plan->repository = pull_repository_of(plan->arena, plan->settings, &plan->source);
        plan->folder = arena_printf(plan->arena, "%s/commits/%s", plan->repository, revision);
        return true;
    }
    plan->folder = pull_folder_of(plan->arena, &plan->source);
    return true;
}

bool model_told_plan(struct arena *arena, const struct model_told *told, struct model_plan *out,
                     const struct value **digests_out, struct error *err)
{
    struct model_plan plan = { .arena = arena,
                               .settings = told->settings,
                               .request = *told->request,
                               .store = { arena, told->settings->store },
                               .revision = "" };

    if (!model_source_parse(arena, told->request->source, &plan.source, err))
        return false;
    if (!value_is(told->value, VALUE_MAP))
        return error_set(err, "what was told of %s is no mapping", plan.source.shown);
    if (!folder_take(&plan, told->value, err) || !files_take(&plan, told->value, digests_out, err))
        return error_prefix(err, "what was told of %s makes no sense", plan.source.shown);
    pull_look_in_store(&plan);
    if (!pull_plan_complete(&plan, err))
        return false;
    *out = plan;
    return true;
}

/* --- on this node's disk --- */

char *model_told_path(const struct model_store *store, const char *source)
{
    char hex[HASH_HEX_MAX];

    return arena_printf(store->arena, FOLDER "/%.32s.json", hash_hex_of(HASH_SHA256, source, strlen(source), hex));
}

bool model_told_write(const struct model_store *store, const char *source, const struct value *told, struct error *err)
{
    return store_folder_make(store, FOLDER, err) &&
           store_note_write(store, model_told_path(store, source), json_text(store->arena, told, JSON_COMPACT), err);
}

const struct value *model_told_read(const struct model_store *store, struct arena *arena, const char *source)
{
    const char *path = store_path(store, model_told_path(store, source));
    const struct value *told = NULL;
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t size = 0;

    if (!path_is_file(path) || !file_read(arena, path, MODEL_TOLD_MAX, &data, &size, &ignored) ||
        !json_read(arena, data, size, NULL, &told, &ignored) || !text_equal(value_map_text(told, "source"), source))
        return NULL;
    return told;
}

static bool key_is_good(const char *key)
{
    return key != NULL && (digest_is_sha256(key) || (text_starts(key, "git-") && digest_is_git(key + 4)) ||
                           (text_starts(key, "url-") && digest_is_sha256(key + 4)));
}

int model_told_open(const struct model_store *store, struct arena *arena, const struct value *file,
                    const char **key_out, bool *is_blob_out)
{
    const char *sha256 = value_map_text(file, "sha256"), *key = value_map_text(file, "key");
    int fd = -1;

    if (sha256 != NULL && digest_is_sha256(sha256))
        fd = open(store_blob(store, sha256), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *is_blob_out = fd >= 0;
    *key_out = fd >= 0 ? sha256 : key;
    if (fd >= 0 || !key_is_good(key))
        return fd;
    return open(arena_printf(arena, "%s/partial/%s", store->root, key), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}
