/* SPDX-License-Identifier: Apache-2.0 */
/* Wiring between the gateway and the controller. */
#include "controller/service/center_gateway.h"

#include <string.h>

#include "controller/gateway/playground.h"

bool center_gateway_open(struct center *center, const struct center_gateway_options *options, struct arena *arena,
                         struct gateway **out, const char **trouble_out, struct error *err)
{
    const struct gateway_options gateway = { .center = center,
                                             .source = gateway_source_launcher(center->launcher),
                                             .listen = options->listen,
                                             .certificate_pem = center->authority->server_chain_pem,
                                             .key_pem = center->authority->server_key_pem,
                                             .plain_anywhere = options->plain };

    *out = NULL;
    *trouble_out = NULL;
    if (options->listen == NULL || gateway_open(&gateway, out, err))
        return true;
    if (!options->may_be_missing)
        return false;
    *trouble_out = arena_copy(arena, err->text);
    error_clear(err);
    return true;
}

struct api_table center_gateway_table(struct arena *arena, const struct gateway *gateway)
{
    size_t count = api_resource_table_count;
    const struct api_resource **resources = arena_new_array(arena, const struct api_resource *, count + 2);

    memcpy(resources, api_resource_table, count * sizeof(*resources));
    if (gateway != NULL) {
        resources[count++] = &api_resource_gateway;
        resources[count++] = &api_resource_gateway_playground;
    }
    return (struct api_table){ resources, count };
}
