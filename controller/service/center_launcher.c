/* SPDX-License-Identifier: Apache-2.0 */
/* Wiring between controller/launcher and controller/api. */
#include "controller/service/center_launcher.h"

#include "controller/launcher/launcher.h"

static void wake_topic(void *data, const char *topic, int64_t id)
{
    const struct center *center = data;

    if (center->server != NULL)
        api_wake(center->server, api_topic(topic, id));
}

static void work_news(void *data, int64_t node_id)
{
    wake_topic(data, "work", node_id);
}

static void workload_news(void *data, int64_t instance_id)
{
    wake_topic(data, "instance", instance_id);
}

static void log_news(void *data, int64_t instance_id)
{
    wake_topic(data, "log", instance_id);
}

static int64_t heard_ms(void *data, int64_t node_id)
{
    const struct center *center = data;
    struct presence_time heard = { .monotonic_ms = 0 };

    (void)presence_find(center->presence, node_id, &heard);
    return heard.monotonic_ms;
}

bool center_launcher_open(struct center *center, int64_t lease_s, struct error *err)
{
    const struct launcher_options options = { .store = center->store,
                                              .news = { work_news, workload_news, log_news, center },
                                              .heard_ms = heard_ms,
                                              .heard_data = center,
                                              .lease_s = lease_s };

    return launcher_open(&options, &center->launcher, err);
}

void center_launcher_stop(struct center *center)
{
    launcher_stop(center->launcher);
}

void center_launcher_free(struct center *center)
{
    launcher_free(center->launcher);
    center->launcher = NULL;
}
