/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several transfers: libcurl's multi interface, told by epoll which of its connections have something, so that hundreds that wait cost
 * nothing. A transfer has an arena of its own, which dies with it.
 */
#include "common/http/http_group.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/http/http_transfer.h"

#define GROUP_OTHERS_MAX 16
#define GROUP_EVENTS 64

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
    int epoll;
    int64_t timer_ms;   /* libcurl wants to be called then, by the monotonic clock; -1: it does not */
    int count, running; /* members; those of them that are not over, as libcurl last said */
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
    group->count--;
}

static void forget_spoken(struct http_group *group)
{
    member_free(group, group->spoken);
    group->spoken = NULL;
}

/* --- what libcurl wants to hear of --- */

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
    struct http_group *group = data;
    struct epoll_event event = { .events =
                                     (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U),
                                 .data.fd = fd };

    (void)easy;
    (void)known;
    if (what == CURL_POLL_REMOVE)
        (void)epoll_ctl(group->epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(group->epoll, EPOLL_CTL_MOD, fd, &event) != 0 && errno == ENOENT)
        return epoll_ctl(group->epoll, EPOLL_CTL_ADD, fd, &event);
    return 0;
}

static int timer_wanted(CURLM *handle, long wait_ms, void *data)
{
    struct http_group *group = data;

    (void)handle;
    group->timer_ms = wait_ms < 0 ? -1 : clock_monotonic_ms() + wait_ms;
    return 0;
}

static bool group_prepare(struct http_group *group)
{
    const struct http_library *library = &group->library;

    return group->handle != NULL && group->epoll >= 0 &&
           library->multi_setopt(group->handle, CURLMOPT_SOCKETFUNCTION, socket_wanted) == CURLM_OK &&
           library->multi_setopt(group->handle, CURLMOPT_SOCKETDATA, group) == CURLM_OK &&
           library->multi_setopt(group->handle, CURLMOPT_TIMERFUNCTION, timer_wanted) == CURLM_OK &&
           library->multi_setopt(group->handle, CURLMOPT_TIMERDATA, group) == CURLM_OK;
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
    group->timer_ms = -1;
    group->epoll = epoll_create1(EPOLL_CLOEXEC);
    group->handle = group->library.multi_init();
    if (!group_prepare(group)) {
        fd_close(group->epoll);
        if (group->handle != NULL)
            (void)group->library.multi_cleanup(group->handle);
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
    fd_close(group->epoll);
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
    group->count++;
    if (member_start(group, member, err))
        return true;
    member_free(group, member);
    return false;
}

void http_group_end(struct http_group *group, const void *data)
{
    struct member *next = NULL;

    for (struct member *member = group->members; member != NULL; member = next) {
        next = member->next;
        if (member->job.sink.data != data)
            continue;
        if (group->spoken == member)
            group->spoken = NULL;
        member_free(group, member);
    }
}

/* --- stepping --- */

static CURLMcode group_timers(struct http_group *group)
{
    return group->library.multi_socket_action(group->handle, CURL_SOCKET_TIMEOUT, 0, &group->running);
}

static CURLMcode group_sockets(struct http_group *group)
{
    struct epoll_event events[GROUP_EVENTS];
    int count = epoll_wait(group->epoll, events, GROUP_EVENTS, 0);
    CURLMcode code = CURLM_OK;

    for (int i = 0; i < count && code == CURLM_OK; i++) {
        unsigned what = events[i].events;
        int mask = ((what & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) | ((what & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                   ((what & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);

        code = group->library.multi_socket_action(group->handle, events[i].data.fd, mask, &group->running);
    }
    return code;
}

/* No longer than until libcurl's own timer. */
static int group_patience(const struct http_group *group, int wait_ms)
{
    int64_t left_ms = 0;

    if (group->timer_ms < 0)
        return wait_ms;
    left_ms = group->timer_ms - clock_monotonic_ms();
    left_ms = left_ms < 0 ? 0 : left_ms;
    return wait_ms < 0 || left_ms < wait_ms ? (int)left_ms : wait_ms;
}

static bool group_wait(struct http_group *group, struct pollfd *others, size_t count, int wait_ms, struct error *err)
{
    struct pollfd all[GROUP_OTHERS_MAX + 1] = { { .fd = group->epoll, .events = POLLIN } };
    CURLMcode code = CURLM_OK;
    int ready = 0;

    for (size_t i = 0; i < count; i++)
        all[i + 1] = (struct pollfd){ .fd = others[i].fd, .events = others[i].events };
    ready = poll(all, (nfds_t)count + 1, group_patience(group, wait_ms));
    for (size_t i = 0; i < count; i++)
        others[i].revents = ready > 0 ? all[i + 1].revents : 0;
    if (ready > 0 && all[0].revents != 0)
        code = group_sockets(group);
    if (code == CURLM_OK && group->timer_ms >= 0 && group->timer_ms <= clock_monotonic_ms())
        code = group_timers(group);
    return code == CURLM_OK || group_failed(group, code, err);
}

bool http_group_wait(struct http_group *group, struct pollfd *others, size_t count, int wait_ms, struct error *err)
{
    CURLMcode code;

    forget_spoken(group);
    if (count > GROUP_OTHERS_MAX)
        return error_set_kind(err, ERROR_LIMIT, "at most %d descriptors beside the transfers", GROUP_OTHERS_MAX);
    code = group_timers(group);
    if (code != CURLM_OK)
        return group_failed(group, code, err);
    /* one is over: whoever started it wants to know now */
    return group_wait(group, others, count, group->running < group->count ? 0 : wait_ms, err);
}

bool http_group_step(struct http_group *group, int wait_ms, struct error *err)
{
    CURLMcode code;

    forget_spoken(group);
    code = group_timers(group);
    if (code != CURLM_OK)
        return group_failed(group, code, err);
    return group->running == 0 || group_wait(group, NULL, 0, group->running < group->count ? 0 : wait_ms, err);
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
