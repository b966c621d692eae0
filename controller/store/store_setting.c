/* SPDX-License-Identifier: Apache-2.0 */
/* Settings by name. */
#include "controller/store/store_setting.h"

#include "controller/store/query.h"

bool store_setting_put(struct store_connection *writer, const struct store_setting *setting, struct error *err)
{
    return query_run(writer,
                     "INSERT OR REPLACE INTO setting (name, value, changed_us, changed_by) VALUES (?1, ?2, ?3, ?4)",
                     BINDS(bind_text(setting->name), bind_text(setting->value), bind_int(setting->changed_us),
                           bind_text(setting->changed_by)),
                     err);
}

bool store_setting_get(struct store_connection *connection, struct arena *arena, const char *name,
                       struct store_setting **out, struct error *err)
{
    struct store_setting *setting = NULL;
    struct query query;

    query_start(&query, connection, "SELECT name, value, changed_by, changed_us FROM setting WHERE name = ?1",
                BINDS(bind_text(name)));
    if (query_next(&query)) {
        setting = arena_new_of(arena, struct store_setting);
        *setting = (struct store_setting){ query_text(&query, arena, 0), query_text(&query, arena, 1),
                                           query_text(&query, arena, 2), query_int(&query, 3) };
    }
    if (!query_end(&query, err))
        return false;
    *out = setting;
    return true;
}
