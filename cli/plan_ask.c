/* SPDX-License-Identifier: Apache-2.0 */
/* A plan is asked for until what can be known is known. */
#include "cli/plan_ask.h"

#include <time.h>

#include "common/base/clock.h"

#define AGAIN_MS 300
#define LOOK_MS 20000

bool plan_ask(struct center_verb *verb, const struct value *list, const struct value **out, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + LOOK_MS;
    struct value *body = value_map(verb->arena);

    value_map_put(verb->arena, body, "workloads", list);
    for (;;) {
        if (!center_client_ask(verb->client, "POST", "/api/v1/plan", body, out, err))
            return false;
        if (!value_map_true(*out, "looking") || clock_monotonic_ms() > until_ms)
            return true;
        nanosleep(&(struct timespec){ .tv_nsec = (long)AGAIN_MS * 1000000 }, NULL);
    }
}
