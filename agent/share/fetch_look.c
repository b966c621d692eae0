/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model is, before anybody has it: the header of each of its GGUF files is read from the origin into a file with holes, as long as
 * the real one, and read there like any other.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/share/fetch_parts.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/model/hub.h"
#include "common/model/model_shape_value.h"

#define HEAD_FIRST ((int64_t)4 * 1024 * 1024)
#define HEAD_MOST ((int64_t)256 * 1024 * 1024)
#define STEP_MOST ((int64_t)ASK_BODY_MAX)

static bool remote_of(struct fetch *fetch, size_t index, struct remote *out, struct error *err)
{
    const struct model_plan *plan = &fetch->plan;
    const struct hub hub = { plan->arena, plan->settings, &plan->source };

    if (plan->source.kind == MODEL_SOURCE_HUB)
        return hub_resolve(&hub, plan->revision, &plan->files.items[index], out, err);
    return remote_start(plan->arena, plan->files.items[index].url, NULL, out, err);
}

/* Bytes from `from` up to `to` into their place. */
static bool range_bring(struct fetch *fetch, struct remote *remote, int fd, int64_t from, int64_t to, struct error *err)
{
    while (from < to) {
        ARENA_SCOPED arena = arena_new();
        int64_t end = to - from > STEP_MOST ? from + STEP_MOST : to;
        const struct ask question = { .range = arena_printf(arena, "%lld-%lld", (long long)from, (long long)end - 1) };
        struct answer answer;

        if (!ask(arena, &fetch->settings, &question, remote, &answer, err))
            return false;
        if (answer.response.status != 206 || answer.response.size_bytes != end - from)
            return answer.response.status == 200 ? error_set(err, "%s: the server knows no ranges", remote->shown)
                                                 : remote_refused(arena, remote, &answer.response, err);
        if (pwrite(fd, answer.body, (size_t)(end - from), (off_t)from) != (ssize_t)(end - from))
            return error_set_errno(err, "a header cannot be written");
        from = end;
    }
    return true;
}

/* More and more of it, until its header is in what has come. */
static bool header_bring(struct fetch *fetch, size_t index, const char *path, struct error *err)
{
    const struct model_file *file = &fetch->plan.files.items[index];
    FD_SCOPED fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct remote remote;
    int64_t have = 0, wanted = HEAD_FIRST;

    if (fd < 0 || ftruncate(fd, (off_t)file->size) != 0)
        return error_set_errno(err, "cannot make '%s'", path);
    if (!remote_of(fetch, index, &remote, err))
        return false;
    for (;;) {
        ARENA_SCOPED arena = arena_new();
        struct error trouble = ERROR_INIT;
        struct gguf *gguf = NULL;

        if (wanted > file->size)
            wanted = file->size;
        if (!range_bring(fetch, &remote, fd, have, wanted, err))
            return false;
        have = wanted;
        if (gguf_read(arena, path, &gguf, &trouble) && (int64_t)gguf->data_offset <= have)
            return true;
        if (have >= file->size || have >= HEAD_MOST)
            return error_set(err, "%s: %s", file->path,
                             trouble.text[0] == '\0' ? "its header is too long" : trouble.text);
        wanted = have * 4;
    }
}

static bool is_of_model(const struct model_plan *plan, size_t index)
{
    const char *path = plan->files.items[index].path;

    return model_path_is_gguf(path) && !model_path_is_projector(path);
}

/* All shards of the model's file into one folder. */
static bool headers_bring(struct fetch *fetch, const char *folder, struct error *err)
{
    for (size_t i = 0; i < fetch->plan.files.count; i++) {
        const struct model_file *file = &fetch->plan.files.items[i];

        if (!is_of_model(&fetch->plan, i))
            continue;
        if (file->size < 0)
            return error_set(err, "%s: the server does not tell its length", file->path);
        if (!header_bring(fetch, i, path_join(fetch->arena, folder, path_basename(file->path)), err))
            return false;
    }
    return true;
}

static void folder_remove(struct fetch *fetch, const char *folder)
{
    for (size_t i = 0; i < fetch->plan.files.count; i++)
        (void)unlink(path_join(fetch->arena, folder, path_basename(fetch->plan.files.items[i].path)));
    (void)rmdir(folder);
}

static bool shape_of(struct fetch *fetch, struct model_shape **out, struct error *err)
{
    const struct model_plan *plan = &fetch->plan;
    size_t first = model_plan_main(plan);
    const char *folder = store_path(&plan->store, arena_printf(fetch->arena, "partial/.look-%d", (int)getpid()));
    bool ok;

    if (plan->is_there)
        return model_shape_of_file(fetch->arena, model_plan_path(plan, first), out, err);
    if (plan->source.kind == MODEL_SOURCE_FILE)
        return model_shape_of_file(fetch->arena, plan->files.items[first].url, out, err);
    if (!store_prepare(&plan->store, err))
        return false;
    if (mkdir(folder, 0700) != 0)
        return error_set_errno(err, "cannot make '%s'", folder);
    ok = headers_bring(fetch, folder, err) &&
         model_shape_of_file(fetch->arena,
                             path_join(fetch->arena, folder, path_basename(plan->files.items[first].path)), out, err);
    folder_remove(fetch, folder);
    return ok;
}

bool fetch_look(struct fetch *fetch, struct value **out, struct error *err)
{
    struct value *more = value_map(fetch->arena);
    struct model_shape *shape = NULL;

    if (!fetch_plan_find(fetch, err))
        return false;
    fetch->tell.total_bytes = fetch->plan.size_bytes;
    if (is_of_model(&fetch->plan, model_plan_main(&fetch->plan))) {
        if (!shape_of(fetch, &shape, err))
            return false;
        value_map_put(fetch->arena, more, "shape", model_shape_value(fetch->arena, shape));
    }
    value_map_put_string(fetch->arena, more, "digest", fetch->plan.files.items[model_plan_main(&fetch->plan)].sha256);
    *out = more;
    return true;
}
