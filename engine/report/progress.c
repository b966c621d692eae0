/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state behind the live line, kept from the events of the run.
 */
#include "engine/report/progress.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_HOSTS 3
#define SECOND_US (1000 * 1000)

void progress_init(struct progress *progress, struct arena *arena)
{
    *progress = (struct progress){ .arena = arena };
}

/* Cut at a character's end; control characters become blanks, so that a name cannot drive the terminal. */
static void name_set(char *to, size_t room, const char *from)
{
    size_t length = from == NULL ? 0 : strlen(from);

    if (length >= room) {
        length = room - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xC0) == 0x80)
            length--;
    }
    for (size_t i = 0; i < length; i++)
        to[i] = (unsigned char)from[i] < ' ' || from[i] == 127 ? ' ' : from[i];
    to[length] = '\0';
}

static struct progress_host *busy_find(struct progress *progress, const char *name)
{
    char cut[sizeof(progress->busy->name)];

    name_set(cut, sizeof(cut), name);
    for (size_t i = 0; i < progress->busy_count; i++) {
        if (strcmp(progress->busy[i].name, cut) == 0)
            return &progress->busy[i];
    }
    return NULL;
}

static void busy_add(struct progress *progress, const struct event *event)
{
    struct progress_host *host = busy_find(progress, event->host);

    if (host == NULL) {
        if (progress->busy_count == progress->busy_room) {
            size_t room = progress->busy_room == 0 ? 16 : progress->busy_room * 2;

            progress->busy = arena_grow(progress->arena, progress->busy, progress->busy_room * sizeof(*progress->busy),
                                        room * sizeof(*progress->busy));
            progress->busy_room = room;
        }
        host = &progress->busy[progress->busy_count++];
    }
    name_set(host->name, sizeof(host->name), event->host);
    host->message[0] = '\0';
    host->start_us = event->wall_us;
}

static void busy_remove(struct progress *progress, const struct event *event)
{
    struct progress_host *host = event->host == NULL ? NULL : busy_find(progress, event->host);

    progress->done++;
    if (host != NULL)
        *host = progress->busy[--progress->busy_count];
}

static void task_begin(struct progress *progress, const struct event *event)
{
    name_set(progress->task, sizeof(progress->task), event->name);
    progress->task_start_us = event->wall_us;
    progress->done = 0;
    if (!event->free_strategy)
        progress->busy_count = 0;
}

void progress_event(struct progress *progress, const struct event *event)
{
    struct progress_host *host;

    switch (event->kind) {
    case EVENT_PLAY_START:
        name_set(progress->play, sizeof(progress->play), event->name);
        progress->total = event->host_count;
        progress->task[0] = '\0';
        progress->busy_count = 0;
        break;
    case EVENT_TASK_START:
        task_begin(progress, event);
        break;
    case EVENT_HOST_START:
        busy_add(progress, event);
        break;
    case EVENT_RESULT:
    case EVENT_INCLUDE_RESULT:
        busy_remove(progress, event);
        break;
    case EVENT_PROGRESS:
        host = event->host == NULL ? NULL : busy_find(progress, event->host);
        if (host != NULL)
            name_set(host->message, sizeof(host->message), event->message);
        break;
    case EVENT_STATS:
    case EVENT_RUN_END:
        progress->task[0] = '\0';
        break;
    default:
        break;
    }
}

static int slowest_first(const void *a, const void *b)
{
    const struct progress_host *left = a, *right = b;

    if (left->start_us != right->start_us)
        return left->start_us < right->start_us ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void hosts_add(struct progress *progress, int64_t now_us, struct text *out)
{
    qsort(progress->busy, progress->busy_count, sizeof(*progress->busy), slowest_first);
    for (size_t i = 0; i < progress->busy_count && i < SHOWN_HOSTS; i++) {
        const struct progress_host *host = &progress->busy[i];

        text_printf(out, "%s%s %llds%s%s", i == 0 ? " | " : ", ", host->name,
                    (long long)((now_us - host->start_us) / SECOND_US), host->message[0] == '\0' ? "" : ": ",
                    host->message);
    }
    if (progress->busy_count > SHOWN_HOSTS)
        text_printf(out, " and %zu more", progress->busy_count - SHOWN_HOSTS);
}

bool progress_line(struct progress *progress, int64_t now_us, struct text *out)
{
    int64_t passed = now_us - progress->task_start_us;

    if (progress->task[0] == '\0' || progress->busy_count == 0 || passed < PROGRESS_AFTER_US)
        return false;
    if (progress->play[0] != '\0')
        text_printf(out, "%s | ", progress->play);
    text_printf(out, "%s | ", progress->task);
    if (progress->total > 0 && progress->done <= progress->total)
        text_printf(out, "%zu/%zu hosts | ", progress->done, progress->total);
    text_printf(out, "%llds", (long long)(passed / SECOND_US));
    hosts_add(progress, now_us, out);
    return true;
}
