/* SPDX-License-Identifier: Apache-2.0 */
/* Sending what the controller lacks, a few files at a time. */
#include "cli/project.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/project_walk.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/http/http_group.h"

#define SHOWN_AFTER_MS 2000
#define SHOWN_EVERY_MS 200

#define UPLOADS 4 /* at a time */
#define STEP_MS 200
#define ANSWER_MAX ((size_t)65536)

/* A file on its way. */
struct upload {
    struct arena *arena; /* NULL: the place is free */
    const struct project_file *file;
    struct text answer;
};

struct sender {
    struct center_client *client;
    struct http_group *group;
    struct upload uploads[UPLOADS];
    const struct project *project;
    struct value *wanted; /* map sha256 -> true, taken out when sent */
    size_t files, files_total;
    uint64_t bytes, bytes_total;
    int64_t began_ms, shown_ms; /* 0: nothing is shown yet */
    bool is_terminal;
};

static bool wanted_ask(struct sender *sender, struct error *err)
{
    struct arena *arena = sender->project->arena;
    struct value *body = value_map(arena), *list = value_list(arena);
    const struct value *answer = NULL, *missing = NULL;

    for (size_t i = 0; i < sender->project->count; i++)
        value_list_add(arena, list, value_string(arena, sender->project->files[i].sha256));
    value_map_put(arena, body, "sha256", list);
    if (!center_client_ask(sender->client, "POST", "/api/v1/files/missing", body, &answer, err))
        return false;
    missing = value_map_get(answer, "missing");
    for (size_t i = 0; i < value_count(missing); i++)
        value_map_put_bool(arena, sender->wanted, value_text(value_item(missing, i)), true);
    return true;
}

/* The file of the tree that is to be sent: each content once. */
static bool take_wanted(struct sender *sender, const struct project_file *file)
{
    struct arena *arena = sender->project->arena;

    return value_map_remove(arena, sender->wanted, value_string(arena, file->sha256));
}

static void progress_show(struct sender *sender, bool is_last)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!sender->is_terminal || now_ms - sender->began_ms < SHOWN_AFTER_MS ||
        (!is_last && now_ms - sender->shown_ms < SHOWN_EVERY_MS))
        return;
    sender->shown_ms = now_ms;
    fprintf(stderr, "\r\033[Ksent %zu of %zu files, %.1f of %.1f MiB%s", sender->files, sender->files_total,
            (double)sender->bytes / 1048576, (double)sender->bytes_total / 1048576, is_last ? "\n" : "");
}

/* --- several at a time, over connections that are kept --- */

static bool answer_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct upload *upload = data;

    if (upload->answer.length + length > ANSWER_MAX)
        return error_set(err, "the answer is too long");
    text_add_n(&upload->answer, bytes, length);
    return true;
}

/* What is read now must be what was hashed before: a file that somebody edits meanwhile is refused by the controller. */
static bool upload_begin(struct sender *sender, struct upload *upload, const struct project_file *file,
                         struct error *err)
{
    struct arena *arena = arena_new();
    struct center_sending sending = { .method = "PUT",
                                      .path = arena_printf(arena, "/api/v1/files/%s", file->sha256),
                                      .type = "application/octet-stream" };
    struct http_job job = { .sink = { answer_write, upload } };
    char *data = NULL;
    size_t length = file->bytes;

    *upload = (struct upload){ .arena = arena, .file = file, .answer = text_new(arena) };
    if (file->source != NULL && !file_read(arena, file->source, PROJECT_FILE_MAX, &data, &length, err))
        return false;
    sending.body = file->source != NULL ? data : file->data;
    sending.length = length;
    job.request = center_client_request(sender->client, arena, &sending);
    job.request.http1 = true;
    return http_group_start(sender->group, &job, err);
}

static bool upload_end(struct sender *sender, const struct http_done *done, struct error *err)
{
    struct upload *upload = done->data;
    const struct value *answer = NULL;
    bool ok = done->is_ok;

    if (!ok)
        *err = *done->error;
    ok = ok &&
         center_client_answer(sender->client, upload->arena, done->response->status, upload->answer.data, &answer, err);
    if (!ok)
        return error_prefix(err, "cannot send '%s'", upload->file->path);
    sender->files++;
    sender->bytes += upload->file->bytes;
    arena_free(upload->arena);
    *upload = (struct upload){ .arena = NULL };
    return true;
}

/* Free places get the next files. */
static bool uploads_fill(struct sender *sender, const struct project_file *const *files, size_t *next,
                         struct error *err)
{
    for (size_t i = 0; i < UPLOADS && *next < sender->files_total; i++) {
        if (sender->uploads[i].arena == NULL && !upload_begin(sender, &sender->uploads[i], files[(*next)++], err))
            return error_prefix(err, "cannot send '%s'", files[*next - 1]->path);
    }
    return true;
}

static bool uploads_run(struct sender *sender, const struct project_file *const *files, struct error *err)
{
    struct http_done done;
    size_t next = 0;

    while (sender->files < sender->files_total) {
        if (!uploads_fill(sender, files, &next, err) || !http_group_step(sender->group, STEP_MS, err))
            return false;
        while (http_group_next(sender->group, &done)) {
            if (!upload_end(sender, &done, err))
                return false;
        }
        progress_show(sender, false);
    }
    return true;
}

static bool files_send(struct sender *sender, const struct project_file *const *files, struct error *err)
{
    bool ok = sender->files_total == 0 || (http_group_new(&sender->group, err) && uploads_run(sender, files, err));

    http_group_free(sender->group);
    for (size_t i = 0; i < UPLOADS; i++)
        arena_free(sender->uploads[i].arena);
    return ok;
}

bool project_send(struct center_client *client, const struct project *project, size_t *sent_out, struct error *err)
{
    struct sender sender = { .client = client,
                             .project = project,
                             .wanted = value_map(project->arena),
                             .began_ms = clock_monotonic_ms(),
                             .is_terminal = isatty(STDERR_FILENO) == 1 };
    const struct project_file **files =
        arena_new_array(project->arena, const struct project_file *, project->count + 1);

    if (!wanted_ask(&sender, err))
        return false;
    for (size_t i = 0; i < project->count; i++) {
        if (!take_wanted(&sender, &project->files[i]))
            continue;
        files[sender.files_total++] = &project->files[i];
        sender.bytes_total += project->files[i].bytes;
    }
    if (!files_send(&sender, files, err)) {
        if (sender.shown_ms > 0)
            fputc('\n', stderr);
        return false;
    }
    if (sender.shown_ms > 0)
        progress_show(&sender, true);
    if (sent_out != NULL)
        *sent_out = sender.files_total;
    return true;
}
