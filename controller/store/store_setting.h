/* SPDX-License-Identifier: Apache-2.0 */
/* What operators set for the whole controller, by name: JSON that the store does not look into. */
#pragma once

#include "controller/store/store.h"

struct store_setting {
    const char *name, *value; /* value: JSON */
    const char *changed_by;
    int64_t changed_us;
};
bool store_setting_put(struct store_connection *writer, const struct store_setting *setting, struct error *err);
/* NULL: it was never set. */
bool store_setting_get(struct store_connection *connection, struct arena *arena, const char *name,
                       struct store_setting **out, struct error *err);
