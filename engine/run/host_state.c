/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts of a run: made when first seen, looked ahead, marked as failed. */
#include <string.h>

#include "common/base/text.h"
#include "engine/run/strategy.h"

struct run_host *run_host_of(struct run *run, const struct inventory_host *host)
{
    if (host->number >= run->host_capacity) {
        size_t capacity = run->host_capacity == 0 ? 16 : run->host_capacity;

        while (capacity <= host->number)
            capacity *= 2;
        run->hosts = arena_grow(run->arena, run->hosts, run->host_capacity * sizeof(struct run_host *),
                                capacity * sizeof(struct run_host *));
        run->host_capacity = capacity;
    }
    if (run->hosts[host->number] == NULL) {
        run->hosts[host->number] = arena_new_of(run->arena, struct run_host);
        run->hosts[host->number]->host = run->options->inventory->numbered[host->number];
    }
    return run->hosts[host->number];
}

void host_mark_failed(struct run_host *host)
{
    iterator_fail(&host->position);
    host->removals++;
}

void host_look_ahead(struct run *run, struct run_host *host)
{
    iterator_copy(&run->play->iterator, &host->ahead, &host->position);
    host->next = iterator_next(&run->play->iterator, &host->ahead, host->index);
}

void host_step_forward(struct run_host *host)
{
    struct iterator_position behind = host->position;

    host->position = host->ahead;
    host->ahead = behind;
}

const char *setting_text(const struct run *run, const char *key)
{
    const char *text = value_map_text(run->options->settings, key);

    return text == NULL || *text == '\0' ? NULL : text;
}

bool setting_bool(const struct run *run, const char *key, bool fallback)
{
    const struct value *value = value_map_get(run->options->settings, key);
    bool out = fallback;

    if (value_is(value, VALUE_BOOL))
        return value->as.boolean;
    return value_text(value) != NULL && text_to_bool(value_text(value), &out) ? out : fallback;
}

int setting_int(const struct run *run, const char *key, int fallback)
{
    const struct value *value = value_map_get(run->options->settings, key);
    int64_t out = fallback;

    if (value_is(value, VALUE_INT))
        out = value->as.integer;
    else if (value_text(value) == NULL || !text_to_int(value_text(value), &out))
        return fallback;
    return out < 0 || out > INT32_MAX ? fallback : (int)out;
}

bool run_is_interrupted(const struct run *run)
{
    return run->is_quit || (run->options->interrupted != NULL && *run->options->interrupted != 0);
}
