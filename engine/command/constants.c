/* SPDX-License-Identifier: Apache-2.0 */
/* All settings of the table, with their types. */
#include "engine/command/constants.h"

#include <string.h>

#include "engine/command/settings_table.h"
#include "engine/template/lookup.h"

static void rows_add(struct arena *arena, const struct settings *settings, const struct setting_row *rows,
                     struct value *map)
{
    struct error ignored = ERROR_INIT;
    struct setting_state state = { 0 };

    for (; rows->name != NULL; rows++)
        if (setting_state(arena, settings, rows, &state, &ignored)) /* wrong ones were an error before */
            value_map_put(arena, map, rows->name, state.value);
}

/* Options of plugins: "connection ssh" -> { "port": ... }. Those without a value are null. */
static const struct value *plugins_of(struct arena *arena, const struct settings *settings)
{
    struct value *map = value_map(arena), *options = NULL;
    struct error ignored = ERROR_INIT;
    const char *plugin = NULL;

    for (const struct setting_row *row = settings_plugin; row->name != NULL; row++) {
        struct setting_state state = { 0 };
        bool has_value = setting_state(arena, settings, row, &state, &ignored) && state.value != NULL;

        if (plugin == NULL || strcmp(plugin, row->plugin) != 0) {
            plugin = row->plugin;
            options = value_map(arena);
            value_map_put(arena, map, plugin, options);
        }
        value_map_put(arena, options, row->name, has_value ? state.value : value_null());
    }
    return map;
}

const struct value *constants_of(struct arena *arena, const struct settings *settings)
{
    struct value *map = value_map(arena);

    rows_add(arena, settings, settings_base, map);
    rows_add(arena, settings, settings_own, map);
    value_map_put_string(arena, map, "CONFIG_FILE", settings->path);
    value_map_put(arena, map, CONSTANTS_PLUGINS, plugins_of(arena, settings));
    return map;
}
