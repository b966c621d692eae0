/* SPDX-License-Identifier: Apache-2.0 */
/* What operators say of energy: how much carbon a kilowatt hour costs, what lies between sensor and wall, what nodes take without work. */
#pragma once

#include "common/value/value.h"
#include "controller/store/store.h"

#define ENERGY_SETTING "energy" /* its name in the store */
#define ENERGY_INTENSITY_MAX 5000.0
#define ENERGY_WALL_FACTOR_MAX 10.0
#define ENERGY_IDLE_WATTS_MAX 10000.0

struct energy_settings {
    double intensity;               /* g CO2e for a kWh; NAN: nobody has said */
    double wall_factor;             /* watts at the wall for one at the sensor; 1 unless somebody has said */
    const struct value *idle_watts; /* map node -> watts; NULL: none */
    int64_t changed_us;             /* 0: never */
    const char *changed_by;
};

bool energy_settings_read(struct store_connection *connection, struct arena *arena, struct energy_settings *out,
                          struct error *err);
/* What was said of the node; NAN: nothing. */
double energy_settings_idle(const struct energy_settings *settings, const char *node);
/* {intensity, wall_factor, idle_watts}: as kept and as told. */
struct value *energy_settings_value(struct arena *arena, const struct energy_settings *settings);
/* Within their bounds; the sentence says which is not. */
bool energy_settings_check(const struct energy_settings *settings, struct error *err);
