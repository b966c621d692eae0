/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher as the gateway's source. */
#include "controller/gateway/gateway.h"

static void route(void *data, struct arena *arena, const char *model, struct launcher_route *out)
{
    launcher_route(data, arena, model, out);
}

static void models(void *data, struct arena *arena, struct launcher_model **out, size_t *count_out)
{
    launcher_models(data, arena, out, count_out);
}

static void suspect(void *data, int64_t instance_id)
{
    launcher_suspect(data, instance_id);
}

static void passes(void *data, int64_t instance_id)
{
    launcher_passes(data, instance_id);
}

struct gateway_source gateway_source_launcher(struct launcher *launcher)
{
    return (struct gateway_source){ launcher, route, models, suspect, passes };
}
