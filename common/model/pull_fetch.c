/* SPDX-License-Identifier: Apache-2.0 */
/* One file into the store: partial file, download or copy, verification, and only then its name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/model/download.h"
#include "common/model/hub.h"
#include "common/model/pull_parts.h"

#define COPY_SIZE (1024 * 1024)

struct fetch {
    struct model_part part; /* first: what a provider sees of it */
    struct model_plan *plan;
    struct model_file *file;
    struct model_step *step;
    struct progress *progress;
    struct partial partial;
};

char *pull_key_of(struct arena *arena, const struct model_file *file)
{
    struct digest digest;
    char hex[DIGEST_HEX];

    if (file->sha256 != NULL)
        return arena_copy(arena, file->sha256);
    if (file->git != NULL)
        return arena_printf(arena, "git-%s", file->git);
    digest_start(&digest);
    digest_add(&digest, file->url, strlen(file->url));
    digest_hex(&digest, hex);
    return arena_printf(arena, "url-%s", hex);
}

/* What the partial file is of: a state of another identity is not taken up. */
static bool fetch_resume(struct fetch *fetch, struct error *err)
{
    const struct model_step *step = fetch->step;
    const char *digest = fetch->file->sha256 != NULL ? fetch->file->sha256 : fetch->file->git;
    const char *identity;

    if (digest != NULL)
        identity = arena_printf(fetch->plan->arena, "digest %s %lld", digest, (long long)fetch->file->size);
    else
        identity = arena_printf(fetch->plan->arena, "url %lld %s %s", (long long)fetch->file->size,
                                step->etag == NULL ? "" : step->etag, step->modified == NULL ? "" : step->modified);
    if (!partial_resume(&fetch->partial, identity, err))
        return false;
    if (digest == NULL && step->etag == NULL && step->modified == NULL)
        partial_restart(&fetch->partial); /* nothing says that it is still the same */
    return true;
}

/* --- from a server --- */

static bool renew(void *data, struct remote *out, struct error *err)
{
    struct fetch *fetch = data;
    struct model_plan *plan = fetch->plan;

    if (plan->source.kind == MODEL_SOURCE_HUB) {
        const struct hub hub = { plan->arena, plan->settings, &plan->source };

        return hub_resolve(&hub, plan->revision, fetch->file, out, err);
    }
    return remote_start(plan->arena, fetch->file->url, NULL, out, err);
}

static bool fetch_download(struct fetch *fetch, const struct download_ahead *ahead, char sha256_out[DIGEST_HEX],
                           int64_t *size_out, struct error *err)
{
    struct download download = {
        .arena = fetch->plan->arena,
        .settings = fetch->plan->settings,
        .partial = &fetch->partial,
        .remote = fetch->step->remote,
        .name = fetch->file->path,
        .size = fetch->file->size,
        .etag = fetch->file->sha256 == NULL && fetch->file->git == NULL ? fetch->step->etag : NULL,
        .modified = fetch->file->sha256 == NULL && fetch->file->git == NULL ? fetch->step->modified : NULL,
        .no_ranges = fetch->step->no_ranges,
        .progress = fetch->progress,
        .ahead = ahead,
        .renew = renew,
        .renew_data = fetch,
    };

    if (!fetch->step->has_remote && !renew(fetch, &download.remote, err))
        return false;
    return download_run(&download, sha256_out, size_out, err);
}

/* --- from this machine --- */

static bool copy_pieces(struct fetch *fetch, int from, const struct download_ahead *ahead, struct digest *digest,
                        struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    char *buffer = arena_alloc(arena, COPY_SIZE), text[PROGRESS_TEXT];
    const struct model_settings *settings = fetch->plan->settings;
    size_t got = COPY_SIZE;

    while (got == COPY_SIZE) {
        int64_t now = clock_monotonic_ms();

        if (model_is_cancelled(settings))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (!fd_read_all(from, buffer, COPY_SIZE, &got, err) || !fd_write_all(fetch->partial.fd, buffer, got, err))
            return error_prefix(err, "cannot copy '%s' into the store", fetch->file->path);
        digest_add(digest, buffer, got);
        if (ahead != NULL)
            ahead->front(ahead->data, digest->length);
        progress_add(fetch->progress, (int64_t)got, now);
        if (settings->watch.progress != NULL) {
            progress_text(fetch->progress, now, text);
            settings->watch.progress(settings->watch.data, text);
        }
    }
    return true;
}

static bool fetch_copy(struct fetch *fetch, const struct download_ahead *ahead, char sha256_out[DIGEST_HEX],
                       int64_t *size_out, struct error *err)
{
    FD_SCOPED from = open(fetch->file->url, O_RDONLY | O_CLOEXEC);
    struct digest digest;

    if (from < 0)
        return error_set_errno(err, "cannot read '%s'", fetch->file->url);
    fetch->progress->done -= fetch->partial.verified.length;
    partial_restart(&fetch->partial);
    if (ahead != NULL)
        ahead->restarted(ahead->data);
    digest_start(&digest);
    if (lseek(fetch->partial.fd, 0, SEEK_SET) != 0 || !copy_pieces(fetch, from, ahead, &digest, err))
        return false;
    *size_out = digest.length;
    digest_hex(&digest, sha256_out);
    return true;
}

/* --- whoever brings it --- */

static bool fetch_origin(struct model_part *part, const struct download_ahead *ahead, char sha256_out[DIGEST_HEX],
                         int64_t *size_out, struct error *err)
{
    struct fetch *fetch = (struct fetch *)part;

    return fetch->plan->source.kind == MODEL_SOURCE_FILE ? fetch_copy(fetch, ahead, sha256_out, size_out, err)
                                                         : fetch_download(fetch, ahead, sha256_out, size_out, err);
}

static bool fetch_bring(struct fetch *fetch, char sha256_out[DIGEST_HEX], int64_t *size_out, struct error *err)
{
    const struct model_provider *provider = fetch->plan->provider;

    return provider == NULL ? fetch_origin(&fetch->part, NULL, sha256_out, size_out, err)
                            : provider->bring(provider->data, &fetch->part, sha256_out, size_out, err);
}

static void fetch_judged(const struct fetch *fetch, bool is_good)
{
    if (fetch->plan->provider != NULL)
        fetch->plan->provider->judged(fetch->plan->provider->data, &fetch->part, is_good);
}

/* --- the judgement --- */

static bool verify(struct fetch *fetch, const char *sha256, int64_t size, struct error *err)
{
    const struct model_file *file = fetch->file;
    char git[DIGEST_HEX];

    if (file->size >= 0 && size != file->size)
        return error_set(err, "%s has %lld bytes, %lld were announced", file->path, (long long)size,
                         (long long)file->size);
    if (file->sha256 != NULL && strcmp(sha256, file->sha256) != 0)
        return error_set(err, "%s is not what it should be: its SHA-256 is %s, not %s; nothing of it was kept%s",
                         file->path, sha256, file->sha256,
                         fetch->plan->source.kind == MODEL_SOURCE_HUB || value_count(fetch->plan->request.checksums) > 0
                             ? ""
                             : " (it was replaced since it was first fetched; an update takes the new one)");
    if (file->git == NULL)
        return true;
    if (!digest_git_of_fd(fetch->partial.fd, size, git, err))
        return false;
    return strcmp(git, file->git) == 0 ||
           error_set(err, "%s is not what it should be: git's name of it is %s, not %s", file->path, git, file->git);
}

/* Under the lock: the blob appears and has its name before anybody can collect it. */
static bool publish(struct fetch *fetch, const char *sha256, int64_t size, struct error *err)
{
    struct model_plan *plan = fetch->plan;
    FD_SCOPED lock = -1;

    if (!store_lock(&plan->store, &lock, err))
        return false;
    /* one of another size is no such content, whatever has happened to it: it is replaced */
    if (store_has(&plan->store, sha256, size, NULL))
        partial_discard(&fetch->partial); /* it has come under another name meanwhile */
    else if (!partial_commit(&fetch->partial, sha256, err))
        return false;
    return store_name_set(&plan->store, plan->folder, fetch->file->path, sha256, err);
}

static bool fetch_run(struct fetch *fetch, struct error *err)
{
    char sha256[DIGEST_HEX];
    int64_t size = 0;

    fetch->partial.keeps_behind = fetch->plan->provider != NULL;
    if (!fetch_resume(fetch, err))
        return false;
    if (fetch->partial.verified.length > 0)
        model_note(fetch->plan->settings, "%s: %s are there and verified already", fetch->file->path,
                   model_size_text(fetch->plan->arena, fetch->partial.verified.length));
    fetch->progress->done += fetch->partial.verified.length;
    if (!fetch_bring(fetch, sha256, &size, err))
        return false;
    if (!verify(fetch, sha256, size, err)) {
        partial_discard(&fetch->partial);
        fetch_judged(fetch, false);
        return false;
    }
    fetch->file->sha256 = arena_copy(fetch->plan->arena, sha256);
    fetch->file->size = size;
    if (!publish(fetch, sha256, size, err))
        return false;
    fetch_judged(fetch, true);
    return true;
}

bool pull_fetch(struct model_plan *plan, size_t index, struct progress *progress, struct error *err)
{
    struct fetch fetch = {
        .plan = plan, .file = &plan->files.items[index], .step = &plan->steps[index], .progress = progress
    };
    bool done;

    fetch.part = (struct model_part){ .plan = plan,
                                      .index = index,
                                      .partial = &fetch.partial,
                                      .key = pull_key_of(plan->arena, fetch.file),
                                      .progress = progress,
                                      .origin = fetch_origin };
    if (!partial_open(&plan->store, fetch.part.key, plan->settings, &fetch.partial, err))
        return false;
    if (fetch.file->sha256 != NULL && store_has(&plan->store, fetch.file->sha256, fetch.file->size, NULL)) {
        FD_SCOPED lock = -1; /* another process was quicker */

        partial_discard(&fetch.partial);
        progress->done += fetch.file->size > 0 ? fetch.file->size : 0;
        return store_lock(&plan->store, &lock, err) &&
               store_name_set(&plan->store, plan->folder, fetch.file->path, fetch.file->sha256, err);
    }
    done = fetch_run(&fetch, err);
    partial_close(&fetch.partial);
    return done;
}
