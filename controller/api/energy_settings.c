/* SPDX-License-Identifier: Apache-2.0 */
/* The setting "energy", its members and their bounds. */
#include "controller/api/energy_settings.h"

#include <math.h>
#include <string.h>

#include "common/json/json.h"
#include "controller/store/store_setting.h"

static double number_of(const struct value *value)
{
    return value_is(value, VALUE_REAL)  ? value->as.real
           : value_is(value, VALUE_INT) ? (double)value->as.integer
                                        : (double)NAN;
}

bool energy_settings_read(struct store_connection *connection, struct arena *arena, struct energy_settings *out,
                          struct error *err)
{
    struct energy_settings settings = { .intensity = (double)NAN, .wall_factor = 1 };
    struct store_setting *row = NULL;
    const struct value *map = NULL;
    struct error ignored = ERROR_INIT;

    if (!store_setting_get(connection, arena, ENERGY_SETTING, &row, err))
        return false;
    if (row != NULL && json_read(arena, row->value, strlen(row->value), NULL, &map, &ignored)) {
        double factor = number_of(value_map_get(map, "wall_factor"));

        settings.intensity = number_of(value_map_get(map, "intensity"));
        settings.wall_factor = isnan(factor) ? 1 : factor;
        settings.idle_watts = value_map_get(map, "idle_watts");
        settings.changed_us = row->changed_us;
        settings.changed_by = row->changed_by;
    }
    *out = settings;
    return true;
}

double energy_settings_idle(const struct energy_settings *settings, const char *node)
{
    return number_of(value_map_get(settings->idle_watts, node));
}

struct value *energy_settings_value(struct arena *arena, const struct energy_settings *settings)
{
    struct value *out = value_map(arena);

    value_map_put(arena, out, "intensity",
                  isnan(settings->intensity) ? value_null() : value_real(arena, settings->intensity));
    value_map_put(arena, out, "wall_factor", value_real(arena, settings->wall_factor));
    value_map_put(arena, out, "idle_watts",
                  value_is(settings->idle_watts, VALUE_MAP) ? settings->idle_watts : value_map(arena));
    return out;
}

bool energy_settings_check(const struct energy_settings *settings, struct error *err)
{
    if (!isnan(settings->intensity) && (settings->intensity < 0 || settings->intensity > ENERGY_INTENSITY_MAX))
        return error_set(err, "intensity is grams of CO2e for a kWh, 0 to %.0f, not %g", ENERGY_INTENSITY_MAX,
                         settings->intensity);
    if (!(settings->wall_factor >= 1 && settings->wall_factor <= ENERGY_WALL_FACTOR_MAX))
        return error_set(err, "wall_factor is watts at the wall for one at the sensor, 1 to %.0f, not %g",
                         ENERGY_WALL_FACTOR_MAX, settings->wall_factor);
    for (size_t i = 0; i < value_map_count(settings->idle_watts); i++) {
        const struct value_pair *pair = value_pair_at(settings->idle_watts, i);
        double watts = number_of(pair->item);

        if (!(watts >= 0 && watts <= ENERGY_IDLE_WATTS_MAX))
            return error_set(err, "idle_watts of '%s' is watts, 0 to %.0f", value_text(pair->key),
                             ENERGY_IDLE_WATTS_MAX);
    }
    return true;
}
