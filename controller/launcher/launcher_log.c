/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are followed: a ring for each instance. */
#include "controller/launcher/launcher_log.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/launcher/launcher_internal.h"

#define FOLLOW_MS 60000

static struct log_instance *log_find(struct launcher_log *log, int64_t instance_id)
{
    for (size_t i = 0; i < LAUNCHER_LOG_INSTANCES; i++) {
        if (log->instances[i].instance_id == instance_id)
            return &log->instances[i];
    }
    return NULL;
}

static void instance_clear(struct log_instance *instance)
{
    for (size_t i = 0; i < instance->count; i++) {
        struct log_line *line = &instance->lines[(instance->begin + i) % LAUNCHER_LOG_LINES];

        free(line->piece);
        free(line->text);
    }
    free(instance->lines);
    *instance = (struct log_instance){ .instance_id = 0 };
}

void log_free(struct launcher_log *log)
{
    for (size_t i = 0; i < LAUNCHER_LOG_INSTANCES; i++)
        instance_clear(&log->instances[i]);
}

bool log_is_followed(const struct launcher_log *log, int64_t instance_id, int64_t now_ms)
{
    for (size_t i = 0; i < LAUNCHER_LOG_INSTANCES; i++) {
        if (log->instances[i].instance_id == instance_id && log->instances[i].until_ms > now_ms)
            return true;
    }
    return false;
}

bool log_follow(struct launcher_log *log, int64_t instance_id, int64_t until_ms, int64_t now_ms)
{
    struct log_instance *instance = log_find(log, instance_id);
    bool is_new = instance == NULL || instance->until_ms <= now_ms;

    for (size_t i = 0; instance == NULL && i < LAUNCHER_LOG_INSTANCES; i++) {
        if (log->instances[i].until_ms <= now_ms)
            instance = &log->instances[i];
    }
    if (instance == NULL)
        return false; /* as many as there may be are followed already */
    if (instance->instance_id != instance_id)
        instance_clear(instance);
    instance->instance_id = instance_id;
    instance->until_ms = until_ms;
    return is_new;
}

static bool log_has(const struct log_instance *instance, const char *piece, int64_t at_us, const char *text)
{
    for (size_t i = instance->count; i > 0; i--) {
        const struct log_line *line = &instance->lines[(instance->begin + i - 1) % LAUNCHER_LOG_LINES];

        if (line->at_us < at_us)
            return false;
        if (line->at_us == at_us && strcmp(line->piece, piece) == 0 && strcmp(line->text, text) == 0)
            return true;
    }
    return false;
}

static void line_add(struct log_instance *instance, const char *piece, int64_t at_us, const char *text)
{
    struct log_line *line = NULL;

    if (instance->lines == NULL)
        instance->lines = calloc(LAUNCHER_LOG_LINES, sizeof(*instance->lines));
    if (instance->lines == NULL || log_has(instance, piece, at_us, text))
        return; /* sent again */
    if (instance->count == LAUNCHER_LOG_LINES) {
        line = &instance->lines[instance->begin];
        free(line->piece);
        free(line->text);
        instance->begin = (instance->begin + 1) % LAUNCHER_LOG_LINES;
        instance->count--;
    }
    line = &instance->lines[(instance->begin + instance->count) % LAUNCHER_LOG_LINES];
    line->number = ++instance->last;
    line->at_us = at_us;
    line->piece = strdup(piece);
    line->text = strndup(text, LAUNCHER_LOG_LINE);
    if (line->piece != NULL && line->text != NULL)
        instance->count++;
}

void log_add(struct launcher_log *log, int64_t instance_id, const char *piece, const struct value *lines)
{
    struct log_instance *instance = log_find(log, instance_id);

    for (size_t i = 0; instance != NULL && value_is(lines, VALUE_LIST) && i < value_count(lines); i++) {
        const struct value *item = value_item(lines, i), *at = value_map_get(item, "at_us");
        const char *text = value_map_text(item, "text");

        if (text != NULL)
            line_add(instance, piece, value_is(at, VALUE_INT) ? at->as.integer : 0, text);
    }
}

/* --- for others --- */

void launcher_log_follow(struct launcher *launcher, int64_t instance_id)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_new = false;

    if (launcher == NULL)
        return;
    pthread_mutex_lock(&launcher->mutex);
    is_new = log_follow(&launcher->log, instance_id, now_ms + FOLLOW_MS, now_ms);
    if (is_new && launcher->follows_count < LAUNCHER_LOG_INSTANCES)
        launcher->follows[launcher->follows_count++] = instance_id;
    pthread_mutex_unlock(&launcher->mutex);
    if (is_new)
        launcher_wake(launcher);
}

bool launcher_log_is_followed(struct launcher *launcher, int64_t instance_id)
{
    bool followed = false;

    if (launcher == NULL)
        return false;
    pthread_mutex_lock(&launcher->mutex);
    followed = log_is_followed(&launcher->log, instance_id, clock_monotonic_ms());
    pthread_mutex_unlock(&launcher->mutex);
    return followed;
}

void launcher_log_add(struct launcher *launcher, int64_t instance_id, const char *piece, const struct value *lines)
{
    if (launcher == NULL)
        return;
    pthread_mutex_lock(&launcher->mutex);
    log_add(&launcher->log, instance_id, piece, lines);
    pthread_mutex_unlock(&launcher->mutex);
    if (launcher->options.news.log != NULL)
        launcher->options.news.log(launcher->options.news.data, instance_id);
}

void launcher_log_read(struct launcher *launcher, struct arena *arena, const struct launcher_line_range *range,
                       struct launcher_line **out, size_t *count_out)
{
    const struct log_instance *instance = NULL;
    struct launcher_line *lines = arena_new_array(arena, struct launcher_line, range->limit + 1);
    size_t count = 0;

    if (launcher != NULL) {
        pthread_mutex_lock(&launcher->mutex);
        instance = log_find(&launcher->log, range->instance_id);
        for (size_t i = 0; instance != NULL && i < instance->count && count < range->limit; i++) {
            const struct log_line *line = &instance->lines[(instance->begin + i) % LAUNCHER_LOG_LINES];

            if (line->number > range->after)
                lines[count++] = (struct launcher_line){ .number = line->number,
                                                         .at_us = line->at_us,
                                                         .piece = arena_copy(arena, line->piece),
                                                         .text = arena_copy(arena, line->text) };
        }
        pthread_mutex_unlock(&launcher->mutex);
    }
    *out = lines;
    *count_out = count;
}
