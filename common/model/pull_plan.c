/* SPDX-License-Identifier: Apache-2.0 */
/* Making the plan: what every kind of source has in common. Reads the store, changes nothing. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/hub.h"
#include "common/model/pull_parts.h"

#define NOTE_MAX (4 * 1024 * 1024)

char *pull_folder_of(struct arena *arena, const struct model_source *source)
{
    struct digest digest;
    char hex[DIGEST_HEX];

    if (source->kind == MODEL_SOURCE_FILE) {
        const char *folder = path_is_folder(source->url) ? source->url : path_dirname(arena, source->url);
        const char *name = path_basename(folder);

        digest_start(&digest);
        digest_add(&digest, folder, strlen(folder));
        digest_hex(&digest, hex);
        return arena_printf(arena, "names/file/%s-%.16s", name[0] == '\0' ? "root" : name, hex);
    }
    digest_start(&digest);
    digest_add(&digest, source->url, strlen(source->url));
    digest_hex(&digest, hex);
    const char *host = strstr(source->shown, "://") + 3;
    host = hub_host_name(arena, arena_printf(arena, "://%.*s", (int)strcspn(host, "/"), host));
    return arena_printf(arena, "names/url/%s-%.16s", host, hex);
}

char *pull_repository_of(struct arena *arena, const struct model_settings *settings, const struct model_source *source)
{
    return arena_printf(arena, "names/hf/%s/%s/%s", hub_host_name(arena, settings->endpoint), source->organisation,
                        source->repository);
}

bool pull_apply_checksums(struct model_plan *plan, struct error *err)
{
    const struct value *given = plan->request.checksums;

    if (value_count(given) == 0)
        return true;
    if (value_count(given) != plan->files.count)
        return error_set(err, "%zu checksums are given for %zu files", value_count(given), plan->files.count);
    for (size_t i = 0; i < plan->files.count; i++) {
        const char *text = value_text(value_item(given, i));
        struct model_file *file = &plan->files.items[i];

        if (text != NULL && text_starts(text, "sha256:"))
            text += strlen("sha256:");
        if (text == NULL || !digest_is_sha256(text))
            return error_set(err, "the checksum of '%s' is no SHA-256: 64 lower-case hexadecimal digits are wanted",
                             file->path);
        if (file->sha256 != NULL && strcmp(file->sha256, text) != 0)
            return error_set(err, "the checksum given for '%s' is not the one the hub has: %s", file->path,
                             file->sha256);
        file->sha256 = text;
    }
    return true;
}

void pull_look_in_store(struct model_plan *plan)
{
    if (plan->steps == NULL)
        plan->steps = arena_new_array(plan->arena, struct model_step, plan->files.count);
    for (size_t i = 0; i < plan->files.count; i++) {
        struct model_file *file = &plan->files.items[i];
        const char *linked = store_name_get(&plan->store, plan->folder, file->path);
        bool is_fixed = file->git != NULL || !plan->request.update;
        int64_t size = file->size;

        if (file->sha256 == NULL && is_fixed)
            file->sha256 = linked;
        plan->steps[i].has_blob = file->sha256 != NULL && store_has(&plan->store, file->sha256, file->size, &size);
        plan->steps[i].is_there = plan->steps[i].has_blob && linked != NULL && strcmp(linked, file->sha256) == 0;
        if (plan->steps[i].has_blob)
            file->size = size;
    }
}

/* --- notes --- */

const struct value *pull_note_of(struct model_plan *plan, const char *path)
{
    const char *name = store_path(&plan->store, arena_printf(plan->arena, "%s.json", plan->folder));
    struct error ignored = ERROR_INIT;
    const struct value *note = NULL;
    char *data = NULL;
    size_t size = 0;

    if (!path_is_file(name) || !file_read(plan->arena, name, NOTE_MAX, &data, &size, &ignored) ||
        !json_read(plan->arena, data, size, NULL, &note, &ignored))
        return NULL;
    return value_map_get(value_map_get(note, "files"), path);
}

bool pull_note_write(struct model_plan *plan, struct error *err)
{
    struct value *note = value_map(plan->arena), *files = value_map(plan->arena);

    value_map_put_string(plan->arena, note, "source", plan->source.shown);
    for (size_t i = 0; i < plan->files.count; i++) {
        const struct value *old = pull_note_of(plan, plan->files.items[i].path);
        struct value *file = value_map(plan->arena);

        value_map_put_int(plan->arena, file, "size", plan->files.items[i].size);
        value_map_put_string(plan->arena, file, "etag", plan->steps[i].etag);
        value_map_put_string(plan->arena, file, "modified", plan->steps[i].modified);
        value_map_put(plan->arena, files, plan->files.items[i].path,
                      plan->steps[i].is_there && plan->steps[i].etag == NULL && old != NULL ? old : file);
    }
    value_map_put(plan->arena, note, "files", files);
    return store_note_write(&plan->store, arena_printf(plan->arena, "%s.json", plan->folder),
                            json_text(plan->arena, note, JSON_COMPACT), err);
}

/* --- the plan as a whole --- */

/* Blocks that an unfinished download of it has on the disk already. */
static int64_t partial_bytes(const struct model_plan *plan, const struct model_file *file)
{
    struct stat info;

    if (file->sha256 == NULL ||
        stat(store_path(&plan->store, path_join(plan->arena, "partial", file->sha256)), &info) != 0)
        return 0;
    return (int64_t)info.st_blocks * 512 < file->size ? (int64_t)info.st_blocks * 512 : file->size;
}

struct store_link pull_link_of(const struct model_plan *plan)
{
    const char *below = path_dirname(plan->arena, plan->files.items[model_plan_main(plan)].path);
    struct store_link link = { plan->folder, plan->folder, NULL };
    struct value *files = value_list(plan->arena);

    if (below[0] != '\0')
        link.target = path_join(plan->arena, plan->folder, below);
    for (size_t i = 0; i < plan->files.count; i++)
        value_list_add(plan->arena, files, value_string(plan->arena, plan->files.items[i].path));
    link.files = files;
    return link;
}

static bool links_are_right(const struct model_plan *plan)
{
    struct store_link wanted, link;

    if (plan->repository != NULL && !pull_revision_is_set(plan))
        return false;
    if (plan->request.name == NULL)
        return true;
    wanted = pull_link_of(plan);
    return store_link_read(&plan->store, plan->request.name, &link) && store_link_equal(&link, &wanted);
}

static void sum_up(struct model_plan *plan)
{
    plan->is_there = links_are_right(plan);
    for (size_t i = 0; i < plan->files.count; i++) {
        const struct model_file *file = &plan->files.items[i];

        plan->is_there = plan->is_there && plan->steps[i].is_there;
        if (file->size < 0)
            plan->size_bytes = -1;
        else if (plan->size_bytes >= 0)
            plan->size_bytes += file->size;
        if (!plan->steps[i].has_blob && !plan->steps[i].is_there && file->size > 0)
            plan->missing_bytes += file->size;
    }
}

static bool check_space(struct model_plan *plan, struct error *err)
{
    int64_t needed = 0, free_bytes = 0;

    for (size_t i = 0; i < plan->files.count; i++) {
        const struct model_file *file = &plan->files.items[i];

        if (plan->steps[i].has_blob || plan->steps[i].is_there || file->size <= 0)
            continue;
        if (file->size > INT64_MAX / 2 - needed)
            return error_set(err, "'%s' is said to have %lld bytes, which cannot be", file->path,
                             (long long)file->size);
        needed += file->size - partial_bytes(plan, file);
    }
    if (needed == 0)
        return true;
    if (!store_free_bytes(&plan->store, &free_bytes, err))
        return false;
    if (needed > free_bytes)
        return error_set(err, "not enough space for %s: %s are needed, %s are free in '%s'", plan->source.shown,
                         model_size_text(plan->arena, needed), model_size_text(plan->arena, free_bytes),
                         plan->store.root);
    return true;
}

bool pull_plan_complete(struct model_plan *plan, struct error *err)
{
    sum_up(plan);
    return check_space(plan, err);
}

static bool check_name(const char *name, struct error *err)
{
    return name == NULL || store_link_is_name(name) ||
           error_set(err, "the name '%.100s' cannot be used for a link", name);
}

bool model_plan_make(struct arena *arena, const struct model_settings *settings, const struct model_request *request,
                     struct model_plan *out, struct error *err)
{
    struct model_plan plan = {
        .arena = arena, .settings = settings, .request = *request, .store = { arena, settings->store }, .revision = ""
    };
    bool done;

    if (settings->store[0] != '/')
        return error_set(err, "the store '%s' is no absolute path", settings->store);
    if (!check_name(request->name, err) || !model_source_parse(arena, request->source, &plan.source, err))
        return false;
    if (plan.source.kind == MODEL_SOURCE_HUB)
        done = pull_plan_hub(&plan, err);
    else if (plan.source.kind == MODEL_SOURCE_URL)
        done = pull_plan_url(&plan, err);
    else
        done = pull_plan_file(&plan, err);
    if (!done)
        return false;
    if (!pull_plan_complete(&plan, err))
        return false;
    *out = plan;
    return true;
}

/* --- asking the plan --- */

char *model_plan_path(const struct model_plan *plan, size_t index)
{
    return store_path(&plan->store, path_join(plan->arena, plan->folder, plan->files.items[index].path));
}

size_t model_plan_main(const struct model_plan *plan)
{
    for (size_t i = 0; i < plan->files.count; i++) {
        if (model_path_is_gguf(plan->files.items[i].path) && !model_path_is_projector(plan->files.items[i].path))
            return i;
    }
    return 0;
}

size_t model_plan_projector(const struct model_plan *plan)
{
    size_t i = 0;

    while (i < plan->files.count && !model_path_is_projector(plan->files.items[i].path))
        i++;
    return i;
}
