/* SPDX-License-Identifier: Apache-2.0 */
/* Several transfers: libcurl's multi interface. A transfer has an arena of its own, which dies with it. */
#include "common/http/http_group.h"

#include <stdlib.h>

#include "common/http/http_transfer.h"

#define GROUP_OTHERS_MAX 16

struct member {
    struct http_transfer transfer;
    struct http_job job;
    struct http_response response;
    struct error error;
    struct member *next; /* in the group's list */
};

struct http_group {
    struct http_library library;
    CURLM *handle;
    struct member *members;
    struct member *spoken; /* the one that http_group_next told of */
};

static void member_free(struct http_group *group, struct member *member)
{
    if (member == NULL)
        return;
    for (struct member **at = &group->members; *at != NULL; at = &(*at)->next) {
        if (*at == member) {
            *at = member->next;
            break;
        }
    }
    if (member->transfer.handle != NULL)
        (void)group->library.multi_remove_handle(group->handle, member->transfer.handle);
    http_transfer_end(&member->transfer);
    arena_free(member->transfer.arena);
    free(member);
}

static void forget_spoken(struct http_group *group)
{
    member_free(group, group->spoken);
    group->spoken = NULL;
}

bool http_group_new(struct http_group **out, struct error *err)
{
    struct http_group *group = calloc(1, sizeof(*group));

    if (group == NULL)
        return error_set(err, "no memory");
    if (!http_library_load(&group->library, err)) {
        free(group);
        return false;
    }
    group->handle = group->library.multi_init();
    if (group->handle == NULL) {
        free(group);
        return error_set(err, "libcurl cannot be started");
    }
    *out = group;
    return true;
}

void http_group_free(struct http_group *group)
{
    if (group == NULL)
        return;
    for (struct member *member = group->members, *next; member != NULL; member = next) {
        next = member->next;
        member_free(group, member);
    }
    (void)group->library.multi_cleanup(group->handle);
    free(group);
}

static bool group_failed(const struct http_group *group, CURLMcode code, struct error *err)
{
    return error_set(err, "the transfers cannot go on: %s", group->library.multi_strerror(code));
}

static bool member_start(struct http_group *group, struct member *member, struct error *err)
{
    struct http_transfer *transfer = &member->transfer;
    CURLMcode code;

    if (!http_transfer_prepare(transfer)) {
        *err = member->error;
        return false;
    }
    (void)group->library.easy_setopt(transfer->handle, CURLOPT_PRIVATE, member);
    /* large pieces: fewer calls for many gigabytes */
    (void)group->library.easy_setopt(transfer->handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    code = group->library.multi_add_handle(group->handle, transfer->handle);
    return code == CURLM_OK || group_failed(group, code, err);
}

bool http_group_start(struct http_group *group, const struct http_job *job, struct error *err)
{
    struct member *member = calloc(1, sizeof(*member));

    forget_spoken(group);
    if (member == NULL)
        return error_set(err, "no memory");
    member->job = *job;
    member->transfer = (struct http_transfer){
        .library = group->library,
        .arena = arena_new(),
        .request = &member->job.request,
        .sink = &member->job.sink,
        .err = &member->error,
        .begin = job->begin,
    };
    member->next = group->members;
    group->members = member;
    if (member_start(group, member, err))
        return true;
    member_free(group, member);
    return false;
}

bool http_group_step(struct http_group *group, int wait_ms, struct error *err)
{
    int running = 0;
    CURLMcode code;

    forget_spoken(group);
    code = group->library.multi_perform(group->handle, &running);
    if (code == CURLM_OK && running > 0)
        code = group->library.multi_poll(group->handle, NULL, 0, wait_ms, NULL);
    return code == CURLM_OK || group_failed(group, code, err);
}

static int members_count(const struct http_group *group)
{
    int count = 0;

    for (const struct member *member = group->members; member != NULL; member = member->next)
        count++;
    return count;
}

/* libcurl's flags are not poll(2)'s. */
static void waitfds_make(struct curl_waitfd *waitfds, const struct pollfd *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        waitfds[i] =
            (struct curl_waitfd){ .fd = others[i].fd,
                                  .events = (short)(((others[i].events & POLLIN) != 0 ? CURL_WAIT_POLLIN : 0) |
                                                    ((others[i].events & POLLOUT) != 0 ? CURL_WAIT_POLLOUT : 0)) };
}

static void waitfds_take(const struct curl_waitfd *waitfds, struct pollfd *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        others[i].revents = (short)(((waitfds[i].revents & CURL_WAIT_POLLIN) != 0 ? POLLIN : 0) |
                                    ((waitfds[i].revents & CURL_WAIT_POLLOUT) != 0 ? POLLOUT : 0));
}

bool http_group_wait(struct http_group *group, struct pollfd *others, size_t count, int wait_ms, struct error *err)
{
    struct curl_waitfd waitfds[GROUP_OTHERS_MAX];
    int running = 0;
    CURLMcode code;

    forget_spoken(group);
    if (count > GROUP_OTHERS_MAX)
        return error_set_kind(err, ERROR_LIMIT, "at most %d descriptors beside the transfers", GROUP_OTHERS_MAX);
    waitfds_make(waitfds, others, count);
    code = group->library.multi_perform(group->handle, &running);
    if (running < members_count(group))
        wait_ms = 0; /* one is over: whoever started it wants to know now */
    if (code == CURLM_OK)
        code = group->library.multi_poll(group->handle, waitfds, (unsigned)count, wait_ms, NULL);
    waitfds_take(waitfds, others, count);
    return code == CURLM_OK || group_failed(group, code, err);
}

bool http_group_next(struct http_group *group, struct http_done *out)
{
    struct member *member = NULL;
    CURLMsg *message;
    int left = 0;

    forget_spoken(group);
    do
        message = group->library.multi_info_read(group->handle, &left);
    while (message != NULL && message->msg != CURLMSG_DONE);
    if (message == NULL)
        return false;
    group->library.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &member);
    *out = (struct http_done){ .data = member->job.sink.data,
                               .is_ok = message->data.result == CURLE_OK,
                               .response = &member->response,
                               .error = &member->error };
    if (out->is_ok)
        http_transfer_answer(&member->transfer, &member->response);
    else
        (void)http_fail(&member->transfer, message->data.result);
    group->spoken = member;
    return true;
}
