/* SPDX-License-Identifier: Apache-2.0 */
/* Reading server-sent events (WHATWG HTML, section 9.2) and coming back for more. */
#include "cli/center_follow.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/text.h"

#define PAUSE_FIRST_MS 500
#define PAUSE_MAX_MS 15000

struct reading {
    const struct center_follow *follow;
    struct arena *arena;
    struct text line, id, event, data; /* of the message that is coming in */
    struct text last_id;               /* of the last one that came in whole */
    bool has_data, has_last, got_any, enough;
};

static void message_end(struct reading *reading)
{
    struct center_message message = { .id = reading->id.length > 0 ? reading->id.data : NULL,
                                      .event = reading->event.length > 0 ? reading->event.data : "message",
                                      .data = reading->data.data };

    if (message.id != NULL) {
        text_truncate(&reading->last_id, 0);
        text_add(&reading->last_id, message.id);
        reading->has_last = true;
    }
    if (reading->has_data)
        reading->enough = !reading->follow->take(reading->follow->data, &message);
    reading->has_data = false;
    text_truncate(&reading->id, 0);
    text_truncate(&reading->event, 0);
    text_truncate(&reading->data, 0);
}

static void line_take(struct reading *reading)
{
    const char *line = reading->line.data;
    const char *colon = strchr(line, ':');
    size_t length = colon == NULL ? strlen(line) : (size_t)(colon - line);
    const char *value = colon == NULL ? "" : colon + 1 + (colon[1] == ' ');

    reading->got_any = true;
    if (*line == '\0') {
        message_end(reading);
    } else if (length == 4 && strncmp(line, "data", 4) == 0) {
        if (reading->has_data)
            text_add_char(&reading->data, '\n');
        text_add(&reading->data, value);
        reading->has_data = true;
    } else if (length == 2 && strncmp(line, "id", 2) == 0) {
        text_truncate(&reading->id, 0);
        text_add(&reading->id, value);
    } else if (length == 5 && strncmp(line, "event", 5) == 0) {
        text_truncate(&reading->event, 0);
        text_add(&reading->event, value);
    }
}

static bool bytes_take(void *data, const char *bytes, size_t length)
{
    struct reading *reading = data;

    for (size_t i = 0; i < length && !reading->enough; i++) {
        if (bytes[i] == '\n') {
            line_take(reading);
            text_truncate(&reading->line, 0);
        } else if (bytes[i] != '\r') {
            text_add_char(&reading->line, bytes[i]);
        }
    }
    return !reading->enough;
}

/* What was cut off in the middle comes again whole. */
static void half_drop(struct reading *reading)
{
    reading->has_data = false;
    text_truncate(&reading->line, 0);
    text_truncate(&reading->id, 0);
    text_truncate(&reading->event, 0);
    text_truncate(&reading->data, 0);
}

static void pause_for(int64_t *pause_ms)
{
    const struct timespec wait = { .tv_sec = (time_t)(*pause_ms / 1000),
                                   .tv_nsec = (long)(*pause_ms % 1000) * 1000000 };

    (void)nanosleep(&wait, NULL);
    *pause_ms = *pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : *pause_ms * 2;
}

bool center_follow(struct center_client *client, const struct center_follow *follow, bool until_end, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct reading reading = { .follow = follow, .arena = arena };
    int64_t pause_ms = PAUSE_FIRST_MS;
    bool was_told = false;

    reading.line = text_new(arena);
    reading.id = text_new(arena);
    reading.event = text_new(arena);
    reading.data = text_new(arena);
    reading.last_id = text_new(arena);
    for (;;) {
        const struct center_stream stream = { .path = follow->path,
                                              .last_id = reading.has_last ? reading.last_id.data : follow->last_id,
                                              .take = bytes_take,
                                              .data = &reading };
        struct error broken = ERROR_INIT;
        enum center_stream_end end = CENTER_STREAM_ENDED;

        reading.got_any = false;
        end = center_client_stream(client, &stream, &broken);
        if (reading.enough || end == CENTER_STREAM_STOPPED || (end == CENTER_STREAM_ENDED && until_end))
            return true;
        if (end == CENTER_STREAM_REFUSED) {
            *err = broken;
            return false;
        }
        was_told = was_told && !reading.got_any;
        pause_ms = reading.got_any ? PAUSE_FIRST_MS : pause_ms;
        if (!was_told && follow->broken != NULL && end == CENTER_STREAM_BROKEN)
            follow->broken(follow->data, &broken);
        was_told = was_told || end == CENTER_STREAM_BROKEN;
        half_drop(&reading);
        pause_for(&pause_ms);
    }
}
