/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the live line tells: which play and task are under way, on how many of the hosts the task is done, for how long, and
 * which hosts it waits for. Internal to engine/report.
 */
#pragma once

#include "common/base/text.h"
#include "common/event/event.h"

#define PROGRESS_AFTER_US (2 * 1000 * 1000) /* what is done sooner needs no line */

struct progress_host {
    char name[64], message[64];
    int64_t start_us;
};

struct progress {
    struct arena *arena;
    char play[64], task[96];
    int64_t task_start_us;
    size_t total, done; /* hosts */
    struct progress_host *busy;
    size_t busy_count, busy_room;
};

void progress_init(struct progress *progress, struct arena *arena);
void progress_event(struct progress *progress, const struct event *event);
/* "play | task | 3/12 hosts | 14 s | box4 14 s, box7 9 s: copying". False: there is nothing to show yet. */
bool progress_line(struct progress *progress, int64_t now_us, struct text *out);
