/* SPDX-License-Identifier: Apache-2.0 */
/* One range: what is asked, what of the answer is believed, and where its bytes go. */
#include "common/model/download_part.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"

static bool judge_fatal(struct part *part, const struct error *err)
{
    part->verdict = PART_FATAL;
    part->error = *err;
    return false;
}

/* "bytes 0-99/1234" */
static bool read_content_range(struct arena *arena, const char *text, int64_t *first_out, int64_t *total_out)
{
    const char *dash, *slash;

    if (text == NULL || !text_starts(text, "bytes "))
        return false;
    text += 6;
    dash = strchr(text, '-');
    slash = strchr(text, '/');
    return dash != NULL && slash != NULL && dash < slash &&
           text_to_int(arena_copy_n(arena, text, (size_t)(dash - text)), first_out) &&
           text_to_int(slash + 1, total_out) && *first_out >= 0 && *total_out > *first_out;
}

static bool same_etag(const char *wanted, const char *etag)
{
    if (wanted == NULL || etag == NULL)
        return true;
    wanted += text_starts(wanted, "W/") ? 2 : 0;
    etag += text_starts(etag, "W/") ? 2 : 0;
    return strcmp(wanted, etag) == 0;
}

/* The date counts where there is no ETag, which is more exact. */
static bool is_replaced(const struct download *download, const struct http_response *head)
{
    if (!same_etag(download->etag, head->etag))
        return true;
    return download->etag == NULL && download->modified != NULL && head->last_modified != NULL &&
           strcmp(download->modified, head->last_modified) != 0;
}

static bool judge_range(struct part *part, const struct http_response *head)
{
    struct download *download = part->download;
    struct error err = ERROR_INIT;
    int64_t first = 0, total = 0;

    if (download->no_ranges ||
        !read_content_range(part->arena, http_header_get(head, "Content-Range"), &first, &total) ||
        first != part->position)
        error_set(&err, "%s: the server answers with another range than the one asked for", download->remote.shown);
    else if (download->size >= 0 && total != download->size)
        error_set(&err, "%s: the file has %lld bytes there, not the %lld that were announced", download->remote.shown,
                  (long long)total, (long long)download->size);
    else if (is_replaced(download, head))
        error_set(&err, "%s: the file was replaced while it was being fetched", download->remote.shown);
    else {
        download->size = total;
        if (part->end > total)
            part->end = total;
        part->verdict = PART_TAKEN;
        return true;
    }
    return judge_fatal(part, &err);
}

/* The whole file, where a range was asked for or none. */
static bool judge_whole(struct part *part, const struct http_response *head)
{
    struct download *download = part->download;
    const char *length = http_header_get(head, "Content-Length");
    struct error err = ERROR_INIT;
    int64_t total = -1;

    if (part->position != 0) {
        part->verdict = PART_WHOLE;
        return false;
    }
    if (length != NULL && text_to_int(length, &total) && download->size >= 0 && total != download->size) {
        error_set(&err, "%s: the file has %lld bytes there, not the %lld that were announced", download->remote.shown,
                  (long long)total, (long long)download->size);
        return judge_fatal(part, &err);
    }
    if (download->size < 0 && total >= 0)
        download->size = total;
    download->no_ranges = true;
    part->end = download->size < 0 ? PART_END_UNKNOWN : download->size;
    part->verdict = PART_TAKEN;
    return true;
}

/* True: the body is wanted. */
static bool judge(struct part *part, const struct http_response *head)
{
    const struct remote *remote = &part->download->remote;
    int status = head->status;

    if (status == 206)
        return judge_range(part, head);
    if (status == 200)
        return judge_whole(part, head);
    remote_refused(part->arena, remote, head, &part->error);
    if (remote_is_redirect(head)) {
        part->verdict = PART_REDIRECT;
        part->peer_is_private = head->peer_is_private;
        part->location = arena_copy(part->arena, http_header_get(head, "Location"));
    } else if (remote_is_temporary(head, &part->wanted_ms)) {
        part->verdict = PART_LATER;
    } else if (remote->hops > 0 && part->download->renew != NULL &&
               (status == 400 || status == 401 || status == 403 || status == 404 || status == 410)) {
        part->verdict = PART_EXPIRED;
    } else {
        part->verdict = PART_FATAL;
    }
    return false;
}

static bool part_begin(void *data, const struct http_response *head, struct error *err)
{
    struct part *part = data;

    part->latency_ms = clock_monotonic_ms() - part->started_ms + 1;
    return judge(data, head) || error_set_kind(err, ERROR_CANCELLED, "the body is not wanted");
}

static bool part_flush(struct part *part, struct error *err)
{
    struct download *download = part->download;
    size_t at = 0;

    while (at < part->buffered) {
        ssize_t put = pwrite(download->partial->fd, part->buffer + at, part->buffered - at, part->position);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            error_set_errno(err, "cannot write '%s' into the store", download->name);
            judge_fatal(part, err);
            return false;
        }
        at += (size_t)put;
        part->position += put;
        progress_add(download->progress, put, clock_monotonic_ms());
    }
    part->buffered = 0;
    return true;
}

static bool part_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct part *part = data;

    if (length > (uint64_t)(part->end - part->position) - part->buffered) {
        error_set(err, "%s: the server sends more than it announced", part->download->remote.shown);
        return judge_fatal(part, err);
    }
    while (length > 0) {
        size_t room = PART_BUFFER - part->buffered, piece = length < room ? length : room;

        memcpy(part->buffer + part->buffered, bytes, piece);
        part->buffered += piece;
        bytes += piece;
        length -= piece;
        if (part->buffered == PART_BUFFER && !part_flush(part, err))
            return false;
    }
    return true;
}

bool part_request(struct part *part, struct http_group *group, struct error *err)
{
    const struct download *download = part->download;
    struct http_job job = { .sink = { .write = part_write, .data = part }, .begin = part_begin };
    const char *range = NULL;

    arena_reset(part->arena);
    if (!download->no_ranges)
        range = arena_printf(part->arena, "%lld-%lld", (long long)part->position, (long long)part->end - 1);
    remote_request(part->arena, &download->remote, download->settings, range, &job.request);
    part->verdict = PART_UNJUDGED;
    part->wanted_ms = -1;
    part->buffered = 0;
    part->started_position = part->position;
    part->started_ms = clock_monotonic_ms();
    error_clear(&part->error);
    if (!http_group_start(group, &job, err))
        return false;
    part->state = PART_RUNNING;
    return true;
}

bool part_settle(struct part *part, const struct http_done *done, struct error *err)
{
    int64_t span = clock_monotonic_ms() - part->started_ms;

    part->state = PART_IDLE;
    if (part->verdict == PART_UNJUDGED && done->is_ok)
        (void)judge(part, done->response); /* an answer without a body */
    if (part->verdict == PART_FATAL) {
        *err = part->error;
        return false;
    }
    if (part->verdict == PART_TAKEN && !part_flush(part, err))
        return false;
    part->rate = (part->position - part->started_position) * 1000 / (span > 0 ? span : 1);
    if (part->end == PART_END_UNKNOWN && done->is_ok)
        part->end = part->download->size = part->position;
    if (part->position > part->started_position)
        part->attempt = 0;
    if (done->is_ok || part->verdict > PART_TAKEN)
        return true;
    part->error = *done->error; /* it broke off */
    if (done->error->kind != ERROR_LIMIT)
        return true;
    *err = part->error; /* refused by our own rules: no other try will do */
    return false;
}
