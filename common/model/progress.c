/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of the last seconds and the sentence made of them. */
#include "common/model/progress.h"

#include <stdio.h>
#include <string.h>

#include "common/model/model_settings.h"

#define SAMPLE_MS 400
#define WINDOW_MS 10000
#define SETTLED_MS 1500 /* a rate that is younger says nothing */
#define SILENCE_MS 3000

static void sample(struct progress *progress, int64_t now_ms)
{
    progress->samples[progress->next].ms = now_ms;
    progress->samples[progress->next].received = progress->received;
    progress->next = (progress->next + 1) % PROGRESS_SAMPLES;
    if (progress->count < PROGRESS_SAMPLES)
        progress->count++;
}

void progress_start(struct progress *progress, int64_t total, int64_t done, int64_t now_ms)
{
    memset(progress, 0, sizeof(*progress));
    progress->total = total;
    progress->done = done;
    progress->received_ms = now_ms;
    sample(progress, now_ms);
}

void progress_add(struct progress *progress, int64_t bytes, int64_t now_ms)
{
    size_t newest = (progress->next + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;

    progress->done += bytes;
    progress->received += bytes;
    if (bytes > 0)
        progress->received_ms = now_ms;
    if (now_ms - progress->samples[newest].ms >= SAMPLE_MS)
        sample(progress, now_ms);
}

/* Bytes per second over the window; 0: not known. */
static double rate(const struct progress *progress, int64_t now_ms)
{
    for (size_t age = progress->count; age > 0; age--) {
        size_t at = (progress->next + PROGRESS_SAMPLES - age) % PROGRESS_SAMPLES;
        int64_t span = now_ms - progress->samples[at].ms;

        if (span <= WINDOW_MS || age == 1)
            return span < SETTLED_MS
                       ? 0.0
                       : (double)(progress->received - progress->samples[at].received) * 1000.0 / (double)span;
    }
    return 0.0;
}

void progress_text(struct progress *progress, int64_t now_ms, char out[PROGRESS_TEXT])
{
    ARENA_SCOPED arena = arena_new();
    double speed = rate(progress, now_ms);
    int64_t silence = now_ms - progress->received_ms, left = progress->total - progress->done;
    char head[64];

    if (progress->total > 0)
        (void)snprintf(head, sizeof(head), "%s of %s (%d%%)", model_size_text(arena, progress->done),
                       model_size_text(arena, progress->total),
                       (int)((double)progress->done * 100.0 / (double)progress->total));
    else
        (void)snprintf(head, sizeof(head), "%s", model_size_text(arena, progress->done));
    if (silence >= SILENCE_MS)
        (void)snprintf(out, PROGRESS_TEXT, "%s, nothing has come for %s", head, model_time_text(arena, silence / 1000));
    else if (speed < 1.0)
        (void)snprintf(out, PROGRESS_TEXT, "%s", head);
    else if (progress->total <= 0)
        (void)snprintf(out, PROGRESS_TEXT, "%s, %s/s", head, model_size_text(arena, (int64_t)speed));
    else
        (void)snprintf(out, PROGRESS_TEXT, "%s, %s/s, about %s left", head, model_size_text(arena, (int64_t)speed),
                       model_time_text(arena, (int64_t)((double)left / speed) + 1));
}
