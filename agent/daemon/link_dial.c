/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up, then connecting; each step does what can be done at once. */
#include "agent/daemon/link_dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/keep_alive.h"

#define RESOLVER_FD 3 /* in the child: all others are closed */

/* --- looking up --- */

/* What the child writes before the places. */
struct link_found {
    int code; /* of getaddrinfo */
    int system_errno;
    size_t count;
};

static size_t places_fill(const struct addrinfo *list, struct link_place *out)
{
    size_t count = 0;

    for (; list != NULL && count < LINK_ADDRESSES_MAX; list = list->ai_next) {
        if (list->ai_addrlen > sizeof(out->address))
            continue;
        out[count].length = list->ai_addrlen;
        memcpy(&out[count].address, list->ai_addr, list->ai_addrlen);
        count++;
    }
    return count;
}

static struct link_found look_up(const char *host, const char *port, int flags, struct link_place *out)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
    struct addrinfo *list = NULL;
    struct link_found found = { .code = getaddrinfo(host, port, &hints, &list), .system_errno = errno };

    if (found.code == 0) {
        found.count = places_fill(list, out);
        freeaddrinfo(list);
    }
    return found;
}

/* The child: it ends with its parent, and holds nothing of its parent's open. */
static _Noreturn void resolver_run(const char *host, const char *port, int fd)
{
    struct link_place places[LINK_ADDRESSES_MAX] = { 0 };
    struct link_found found;
    struct error ignored = ERROR_INIT;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(fd, RESOLVER_FD) != RESOLVER_FD)
        _exit(1);
    (void)close_range(RESOLVER_FD + 1, ~0U, 0);
    found = look_up(host, port, AI_ADDRCONFIG, places);
    _exit(fd_write_all(RESOLVER_FD, &found, sizeof(found), &ignored) &&
                  fd_write_all(RESOLVER_FD, places, found.count * sizeof(places[0]), &ignored)
              ? 0
              : 1);
}

static bool resolver_start(struct link_dial *dial, const char *host, const char *port, struct error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(err, "cannot make a pipe");
    dial->resolver = fork();
    if (dial->resolver == 0)
        resolver_run(host, port, ends[1]);
    dial->answers = ends[0];
    fd_close(ends[1]);
    if (dial->resolver > 0)
        return fd_set_nonblocking(dial->answers, true, err);
    dial->resolver = 0;
    return error_set_errno(err, "cannot start a child");
}

static void resolver_end(struct link_dial *dial)
{
    pid_t pid = 0;

    if (dial->resolver > 0) {
        (void)kill(dial->resolver, SIGKILL);
        do
            pid = waitpid(dial->resolver, NULL, 0);
        while (pid < 0 && errno == EINTR);
    }
    dial->resolver = 0;
    fd_close(dial->answers);
    dial->answers = -1;
}

static enum link_dial_step look_up_fail(const struct link_found *found, struct error *err)
{
    const char *reason = found->code == EAI_SYSTEM ? strerror(found->system_errno)
                         : found->code != 0        ? gai_strerror(found->code)
                                                   : "it has no address";

    error_set(err, "the host name cannot be resolved (%s)", reason);
    return DIAL_FAILED;
}

/* The child writes less than a pipe holds: what it has to say comes at once. */
static enum link_dial_step resolver_step(struct link_dial *dial, struct error *err)
{
    struct link_found found = { .code = EAI_FAIL };
    ssize_t got = read(dial->answers, &found, sizeof(found));

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return DIAL_WAIT;
    if (got != (ssize_t)sizeof(found) || found.code != 0 || found.count == 0 || found.count > LINK_ADDRESSES_MAX)
        return look_up_fail(&found, err);
    if (!fd_read_all(dial->answers, dial->places, found.count * sizeof(dial->places[0]), &(size_t){ 0 }, err))
        return DIAL_FAILED;
    dial->count = found.count;
    resolver_end(dial);
    return DIAL_WAIT;
}

/* --- connecting --- */

static void attempt_give_up(struct link_dial *dial, int reason)
{
    fd_close(dial->fd);
    dial->fd = -1;
    dial->last_errno = reason;
}

/* The time that is left is shared among the addresses that are left. */
static void attempt_begin(struct link_dial *dial)
{
    const struct link_place *place = &dial->places[dial->next];
    int64_t now_ms = clock_monotonic_ms();

    dial->attempt_end_ms = now_ms + (dial->end_ms - now_ms) / (int64_t)(dial->count - dial->next);
    dial->next++;
    dial->fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (dial->fd < 0) {
        dial->last_errno = errno;
        return;
    }
    keep_alive_set(dial->fd, KEEP_ALIVE_IDLE);
    if (connect(dial->fd, (const struct sockaddr *)&place->address, place->length) != 0 && errno != EINPROGRESS)
        attempt_give_up(dial, errno);
}

static bool attempt_is_connected(struct link_dial *dial)
{
    struct pollfd ready = { .fd = dial->fd, .events = POLLOUT };
    int reason = 0;
    socklen_t length = sizeof(reason);

    if (poll(&ready, 1, 0) <= 0) {
        if (clock_monotonic_ms() >= dial->attempt_end_ms)
            attempt_give_up(dial, 0);
        return false;
    }
    if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &reason, &length) != 0)
        reason = errno;
    if (reason != 0)
        attempt_give_up(dial, reason);
    return reason == 0;
}

static enum link_dial_step dial_fail(const struct link_dial *dial, struct error *err)
{
    char reason[128];

    if (dial->last_errno == 0)
        error_set(err, "no connection within %g seconds (timeout)", dial->timeout_ms / 1000.0);
    else
        error_set(err, "no connection: %s", strerror_r(dial->last_errno, reason, sizeof(reason)));
    return DIAL_FAILED;
}

enum link_dial_step link_dial_step(struct link_dial *dial, struct error *err)
{
    if (dial->resolver > 0) {
        enum link_dial_step step = resolver_step(dial, err);

        if (step == DIAL_FAILED)
            return step;
        if (dial->resolver > 0)
            return clock_monotonic_ms() < dial->end_ms ? DIAL_WAIT : dial_fail(dial, err);
    }
    for (;;) {
        if (dial->fd >= 0 && attempt_is_connected(dial))
            return DIAL_CONNECTED;
        if (dial->fd >= 0)
            return DIAL_WAIT;
        if (dial->next == dial->count)
            return dial_fail(dial, err);
        attempt_begin(dial);
    }
}

/* --- from outside --- */

/* "host:port", "[::1]:port" */
static bool address_split(struct arena *arena, const char *address, const char **host_out, const char **port_out,
                          struct error *err)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - address);

    if (length == 0 || colon[1] == '\0')
        return error_set_kind(err, ERROR_OPTIONS, "this is no address: expected HOST:PORT");
    *port_out = colon + 1;
    *host_out = address[0] == '[' && colon[-1] == ']' ? arena_copy_n(arena, address + 1, length - 2)
                                                      : arena_copy_n(arena, address, length);
    return true;
}

bool link_dial_begin(struct link_dial *dial, const char *address, int timeout_ms, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *host = NULL, *port = NULL;

    *dial = (struct link_dial){
        .answers = -1, .fd = -1, .end_ms = clock_monotonic_ms() + timeout_ms, .timeout_ms = timeout_ms
    };
    if (!address_split(arena, address, &host, &port, err))
        return false;
    dial->count = look_up(host, port, AI_NUMERICHOST | AI_NUMERICSERV, dial->places).count;
    return dial->count > 0 || resolver_start(dial, host, port, err);
}

struct pollfd link_dial_wait(const struct link_dial *dial, int64_t *until_ms_out)
{
    *until_ms_out = dial->resolver > 0 ? dial->end_ms : dial->attempt_end_ms;
    return dial->resolver > 0 ? (struct pollfd){ .fd = dial->answers, .events = POLLIN }
                              : (struct pollfd){ .fd = dial->fd, .events = POLLOUT };
}

int link_dial_take(struct link_dial *dial)
{
    int fd = dial->fd;

    dial->fd = -1;
    return fd;
}

void link_dial_end(struct link_dial *dial)
{
    resolver_end(dial);
    fd_close(dial->fd);
    dial->fd = -1;
}
