/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of connections and the one place where a run waits. */
#include "engine/run/link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "engine/foreign/foreign.h"
#include "engine/run/job.h"

#define DESCRIPTORS_EACH 4

static bool is_same(const struct connection_target *a, const struct connection_target *b)
{
    return text_equal(a->host, b->host) && text_equal(a->kind, b->kind) && text_equal(a->address, b->address) &&
           text_equal(a->node, b->node) && a->port == b->port && text_equal(a->user, b->user) &&
           text_equal(a->password, b->password) && text_equal(a->private_key_file, b->private_key_file) &&
           text_equal(a->common_args, b->common_args) && text_equal(a->extra_args, b->extra_args) &&
           text_equal(a->executable, b->executable) && text_equal(a->folder, b->folder);
}

static struct connection_target target_copy(struct arena *arena, const struct connection_target *target)
{
    struct connection_target copy = *target;

    copy.host = arena_copy(arena, target->host);
    copy.kind = arena_copy(arena, target->kind);
    copy.address = arena_copy(arena, target->address);
    copy.node = arena_copy(arena, target->node);
    copy.folder = arena_copy(arena, target->folder);
    copy.user = arena_copy(arena, target->user);
    copy.password = arena_copy(arena, target->password);
    copy.private_key_file = arena_copy(arena, target->private_key_file);
    copy.common_args = arena_copy(arena, target->common_args);
    copy.extra_args = arena_copy(arena, target->extra_args);
    copy.executable = arena_copy(arena, target->executable);
    return copy;
}

static struct link *link_find(const struct run *run, const struct connection_target *target)
{
    struct link *link = run->links;

    while (link != NULL && !is_same(&link->target, target))
        link = link->next;
    return link;
}

static struct link *link_make(const struct connection_target *target)
{
    struct arena *arena = arena_new();
    struct link *link = arena_new_of(arena, struct link);

    link->arena = arena;
    link->target = target_copy(arena, target);
    return link;
}

/* `opened`: its connection could be made; else it is forgotten. */
static bool link_add(struct run *run, struct link *link, bool opened, struct link **out)
{
    if (!opened) {
        arena_free_secret(link->arena);
        return false;
    }
    link->replies = arena_new();
    link->next = run->links;
    run->links = link;
    *out = link;
    return true;
}

bool link_get(struct run *run, const struct connection_target *target, struct link **out, struct error *err)
{
    struct connection_factory *factory = run->options->connections;

    *out = link_find(run, target);
    if (*out != NULL)
        return true;
    struct link *link = link_make(target);

    return link_add(run, link, factory->open(factory, &link->target, &link->connection, err), out);
}

static const struct connection_target here = { .kind = "python" }; /* no node has so little */

void link_python_end(struct run *run, int64_t number)
{
    struct link *link = link_find(run, &here);

    if (link != NULL && number > 0)
        link->connection->ops->cancel(link->connection, (uint32_t)number);
}

bool link_python(struct run *run, struct link **out, struct error *err)
{
    struct foreign_python *python = playbook_python(run->options->loader);

    *out = link_find(run, &here);
    if (*out != NULL)
        return true;
    if (python == NULL || python->connect == NULL)
        return error_set(err, "ansible-core is not to be had here");
    struct link *link = link_make(&here);

    return link_add(run, link, python->connect(python, &link->connection, err), out);
}

bool link_submit(struct link *link, struct job_item *item, const struct module_call *call, struct error *err)
{
    uint32_t number = 0;

    if (!link->connection->ops->submit(link->connection, call, &number, err))
        return false;
    if (link->call_count == link->call_capacity) {
        size_t capacity = link->call_capacity == 0 ? 8 : link->call_capacity * 2;

        link->calls = arena_grow(link->arena, link->calls, link->call_capacity * sizeof(*link->calls),
                                 capacity * sizeof(*link->calls));
        link->call_capacity = capacity;
    }
    link->calls[link->call_count++] = (struct link_call){ number, item };
    return true;
}

static void call_remove(struct link *link, size_t at)
{
    memmove(link->calls + at, link->calls + at + 1, (link->call_count - at - 1) * sizeof(*link->calls));
    link->call_count--;
}

void link_cancel(struct link *link, const struct job_item *item)
{
    for (size_t i = 0; i < link->call_count; i++) {
        if (link->calls[i].item != item)
            continue;
        link->connection->ops->cancel(link->connection, link->calls[i].number);
        call_remove(link, i);
        return;
    }
}

void link_close(struct run *run, struct link *link)
{
    struct link **at = &run->links;

    while (*at != NULL && *at != link)
        at = &(*at)->next;
    if (*at != NULL)
        *at = link->next;
    link->connection->ops->close(link->connection);
    arena_free(link->replies);
    arena_free_secret(link->arena);
}

void link_close_all(struct run *run)
{
    while (run->links != NULL)
        link_close(run, run->links);
}

bool link_close_host(struct run *run, const char *host)
{
    bool closed = false;

    for (struct link *link = run->links, *next; link != NULL; link = next) {
        next = link->next;
        if (text_equal(link->target.host, host) && link->call_count == 0) {
            link_close(run, link);
            closed = true;
        }
    }
    return closed;
}

/* The connection is gone: everybody who waits is told why. The texts must outlive the link. */
static void link_lost(struct run *run, struct link *link, const char *message)
{
    const char *why = message == NULL ? "the connection was lost" : message;

    while (link->call_count > 0) {
        struct job_item *item = link->calls[0].item;

        call_remove(link, 0);
        job_item_lost(item, why);
    }
    link_close(run, link);
}

/* True while there may be more. */
static bool link_take(struct run *run, struct link *link)
{
    struct connection_reply reply = { 0 };
    enum connection_event event = link->connection->ops->take(link->connection, link->replies, &reply);

    if (event == CONNECTION_NOTHING)
        return false;
    if (event == CONNECTION_LOST) {
        link_lost(run, link, reply.message);
        return false;
    }
    for (size_t i = 0; i < link->call_count; i++) {
        struct job_item *item = link->calls[i].item;

        if (link->calls[i].number != reply.call)
            continue;
        if (event == CONNECTION_PROGRESS) {
            job_item_progress(item, reply.message, reply.is_command);
        } else {
            call_remove(link, i);
            job_item_reply(item, reply.result);
        }
        break;
    }
    return true;
}

static struct pollfd *poll_room(struct run *run)
{
    size_t needed = DESCRIPTORS_EACH;

    for (struct link *link = run->links; link != NULL; link = link->next)
        needed += DESCRIPTORS_EACH;
    if (needed > run->poll_capacity) {
        run->poll_list = arena_grow(run->arena, run->poll_list, run->poll_capacity * sizeof(struct pollfd),
                                    needed * 2 * sizeof(struct pollfd));
        run->poll_capacity = needed * 2;
    }
    return run->poll_list;
}

static size_t collect_descriptors(struct run *run, struct pollfd *list, int64_t *wake_ms)
{
    size_t count = 0;
    int64_t now = clock_monotonic_ms();

    for (struct link *link = run->links; link != NULL; link = link->next) {
        int64_t wait;

        if (link->call_count == 0)
            continue;
        count += link->connection->ops->descriptors(link->connection, list + count);
        wait = link->connection->ops->wait_ms(link->connection);
        if (wait >= 0 && (*wake_ms < 0 || now + wait < *wake_ms))
            *wake_ms = now + wait;
    }
    return count;
}

static bool take_all(struct run *run)
{
    bool any = false;

    for (struct link *link = run->links, *next; link != NULL; link = next) {
        next = link->next;
        if (link->call_count == 0)
            continue;
        while (link_take(run, link))
            any = true;
    }
    return any;
}

void link_wait(struct run *run, int64_t wake_ms)
{
    struct pollfd *list = poll_room(run);
    size_t count;
    int64_t now, wait;

    if (take_all(run))
        return;
    count = collect_descriptors(run, list, &wake_ms);
    now = clock_monotonic_ms();
    wait = wake_ms < 0 ? 1000 : wake_ms > now ? wake_ms - now : 0;
    if (wait > 1000)
        wait = 1000; /* looks at the interrupt flag now and then */
    if (poll(list, (nfds_t)count, (int)wait) < 0 && errno != EINTR)
        return;
    if (run->options->sink != NULL && run->options->sink->tick != NULL)
        run->options->sink->tick(run->options->sink);
    take_all(run);
}
