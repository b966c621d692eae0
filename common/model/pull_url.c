/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans for URLs. Without a checksum the digest of the first download is recorded (its name in the store is the
 * record) and holds from then on; http needs a checksum, but for addresses of one's own network.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/ask.h"
#include "common/model/pull_parts.h"

/* The URL with another last part of its path. */
static char *url_with_name(struct arena *arena, const char *url, const char *old, const char *name)
{
    size_t path = strcspn(url, "?#"), start = path - strlen(old);

    return arena_printf(arena, "%.*s%s%s", (int)start, url, name, url + path);
}

static void list_files(struct model_plan *plan)
{
    const struct model_source *source = &plan->source;
    struct model_shard shard;

    if (!model_shard_parse(plan->arena, source->path, &shard)) {
        const struct model_file file = { .path = source->path, .size = -1, .url = source->url };

        model_files_add(plan->arena, &plan->files, &file);
        return;
    }
    for (int number = 1; number <= shard.count; number++) {
        struct model_file file = { .path = model_shard_path(plan->arena, &shard, number), .size = -1 };

        file.url = url_with_name(plan->arena, source->url, source->path, file.path);
        model_files_add(plan->arena, &plan->files, &file);
    }
}

static bool read_size(struct model_plan *plan, struct model_file *file, struct model_step *step,
                      const struct http_response *response, struct error *err)
{
    const char *range = http_header_get(response, "Content-Range"), *slash = range == NULL ? NULL : strchr(range, '/');
    const char *length = http_header_get(response, "Content-Length");
    int64_t size = -1;

    step->no_ranges = response->status == 200;
    if (response->status == 206 || response->status == 416) {
        if (slash == NULL || !text_to_int(slash + 1, &size) || size < 0)
            return error_set(err, "%s: the server does not tell the file's size", step->remote.shown);
    } else if (length != NULL && (!text_to_int(length, &size) || size < 0)) {
        return error_set(err, "%s: the server gives a size that is none", step->remote.shown);
    }
    file->size = size;
    step->etag = arena_copy(plan->arena, response->etag);
    step->modified = arena_copy(plan->arena, response->last_modified);
    return true;
}

/* Asks for the first byte: size, and whether ranges are known. */
static bool probe(struct model_plan *plan, size_t index, struct error *err)
{
    const struct ask question = { .range = "0-0", .head_only = true };
    struct model_file *file = &plan->files.items[index];
    struct model_step *step = &plan->steps[index];
    struct answer answer;

    if (plan->settings->offline)
        return error_set(err, "'%s' is not in the store, and HF_HUB_OFFLINE forbids to ask for it", file->path);
    if (!remote_start(plan->arena, file->url, NULL, &step->remote, err) ||
        !ask(plan->arena, plan->settings, &question, &step->remote, &answer, err))
        return false;
    const struct http_response *response = &answer.response;
    if (response->status != 200 && response->status != 206 && response->status != 416)
        return remote_refused(plan->arena, &step->remote, response, err);
    step->has_remote = true;
    return read_size(plan, file, step, response, err);
}

/* The server says that it is what has been fetched before. */
static bool is_unchanged(struct model_plan *plan, size_t index)
{
    const struct model_step *step = &plan->steps[index];
    const struct value *note = pull_note_of(plan, plan->files.items[index].path);
    const struct value *size = value_map_get(note, "size");
    const char *etag = value_map_text(note, "etag"), *modified = value_map_text(note, "modified");

    if (!value_is(size, VALUE_INT) || size->as.integer != plan->files.items[index].size)
        return false;
    if (etag != NULL && step->etag != NULL)
        return strcmp(etag, step->etag) == 0;
    return modified != NULL && step->modified != NULL && strcmp(modified, step->modified) == 0;
}

static bool look_at_server(struct model_plan *plan, size_t index, struct error *err)
{
    struct model_file *file = &plan->files.items[index];
    struct model_step *step = &plan->steps[index];
    const char *linked = store_name_get(&plan->store, plan->folder, file->path);

    if (step->is_there || step->has_blob)
        return true;
    if (!probe(plan, index, err))
        return false;
    if (file->sha256 == NULL && linked != NULL && is_unchanged(plan, index) &&
        store_has(&plan->store, linked, file->size, NULL)) {
        file->sha256 = linked;
        step->has_blob = step->is_there = true;
    }
    return true;
}

bool pull_plan_url(struct model_plan *plan, struct error *err)
{
    const char *url = plan->source.url;

    if (value_count(plan->request.patterns) > 0)
        return error_set(err, "a URL names one file: patterns are for repositories and folders");
    if (text_starts(url, "http://") && value_count(plan->request.checksums) == 0 &&
        !http_host_is_private(plan->arena, url))
        return error_set(err, "%s: over http without a checksum nothing proves what comes", plan->source.shown);
    plan->folder = pull_folder_of(plan->arena, &plan->source);
    list_files(plan);
    if (!pull_apply_checksums(plan, err))
        return false;
    pull_look_in_store(plan);
    for (size_t i = 0; i < plan->files.count; i++) {
        if (!look_at_server(plan, i, err))
            return false;
    }
    return true;
}
