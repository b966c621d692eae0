/* SPDX-License-Identifier: Apache-2.0 */
/* What the controller's own API does with the gateway, which is built on top of it. The functions are for any thread and do not block. */
#pragma once

#include <stdint.h>

#include "common/base/text.h"

struct gateway;
struct store_gateway_key;

struct gateway_link {
    struct gateway *gateway;
    /* A key was made, or revoked (revoked_us): what is under way with it ends at once. After it is on disk. */
    void (*key_changed)(struct gateway *gateway, const struct store_gateway_key *key);
    /* Its figures, in Prometheus' text format. */
    void (*metrics)(struct gateway *gateway, struct text *out);
    /* Requests that wait for a slot of this workload now, whatever name they asked for. */
    size_t (*waiting)(struct gateway *gateway, const char *workload);
};
