/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far and how fast, in an honest line: the rate is that of the last ten seconds and of what really came (what was
 * there already does not count), no time is promised before there is a rate, and a silence is called one. All times
 * are of the monotonic clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_SAMPLES 32
#define PROGRESS_TEXT 160

struct progress {
    int64_t total, done; /* bytes; total -1: not known */
    int64_t received;    /* in this run */
    int64_t received_ms; /* when something came last */
    struct {
        int64_t ms, received;
    } samples[PROGRESS_SAMPLES];
    size_t count, next;
};

void progress_start(struct progress *progress, int64_t total, int64_t done, int64_t now_ms);
void progress_add(struct progress *progress, int64_t bytes, int64_t now_ms);
/* "1.2 GiB of 4.0 GiB (30%), 85.3 MiB/s, about 34 s left" */
void progress_text(struct progress *progress, int64_t now_ms, char out[PROGRESS_TEXT]);
