/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway, put together with the rest of the controller. */
#pragma once

#include "controller/gateway/gateway.h"

struct center_gateway_options {
    const char *listen;  /* NULL: there is none */
    bool plain;          /* plain HTTP beyond loopback, too */
    bool may_be_missing; /* an address that is taken is told, and no error */
};

/* *trouble_out: why there is none, in the arena, or NULL. The center's store and authority are there; its own server comes later. */
bool center_gateway_open(struct center *center, const struct center_gateway_options *options, struct arena *arena,
                         struct gateway **out, const char **trouble_out, struct error *err);
/* The controller's routes, and the gateway's where there is one. */
struct api_table center_gateway_table(struct arena *arena, const struct gateway *gateway);
