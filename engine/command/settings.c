/* SPDX-License-Identifier: Apache-2.0 */
/* File and environment brought together. */
#include "engine/command/settings.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/command/settings_file.h"
#include "engine/command/settings_row.h"

static bool is_flat(const char *place)
{
    return text_starts(place, "defaults.") || text_starts(place, "privilege_escalation.") ||
           text_starts(place, "ssh_connection.");
}

static const char *key_of(const char *place)
{
    return is_flat(place) ? strchr(place, '.') + 1 : place;
}

/* Under each of its keys. */
static void put_everywhere(struct arena *arena, struct value *values, const struct setting_row *row, const char *text)
{
    char **places = text_split(arena, row->places == NULL ? "" : row->places, ' ', NULL);

    for (; *places != NULL; places++)
        if (**places != '\0')
            value_map_put_string(arena, values, key_of(*places), text);
}

/* What a variable says begins in the current folder, not in the file's. Hosts in an inventory's list stay what they are. */
static const char *from_here(struct arena *arena, const struct setting_row *row, const char *text)
{
    bool is_list = row->type == SETTING_PATHLIST, is_spec = row->type == SETTING_PATHSPEC;
    struct text out = text_new(arena);
    char **parts;

    if (!is_list && !is_spec && row->type != SETTING_PATH)
        return text;
    parts = text_split(arena, text, is_list ? ',' : is_spec ? ':' : '\0', NULL);
    for (size_t i = 0; parts[i] != NULL; i++) {
        const char *path = path_expand_user(arena, setting_expand(arena, parts[i]));

        text_add(&out, i == 0 ? "" : is_list ? "," : ":");
        text_add(&out, *path == '\0' || (is_list && !path_exists(path)) ? path : path_absolute(arena, path));
    }
    return out.data;
}

static void rows_apply(struct arena *arena, const struct settings *settings, const struct setting_row *rows,
                       struct value *values)
{
    for (; rows->name != NULL; rows++) {
        struct setting_text found = setting_find(arena, settings, rows);

        if (found.text != NULL && (*found.text != '\0' || found.variable == NULL))
            put_everywhere(arena, values, rows,
                           found.variable == NULL ? found.text : from_here(arena, rows, found.text));
    }
}

static struct value *values_of(struct arena *arena, const struct settings *settings)
{
    struct value *values = value_map(arena);

    for (size_t i = 0; i < value_count(settings->file); i++) {
        const struct value_pair *pair = value_pair_at(settings->file, i);
        const char *place = value_text(pair->key), *key = key_of(place);

        if (text_starts(place, "defaults.") || value_map_get(values, key) == NULL)
            value_map_put(arena, values, key, pair->item);
    }
    rows_apply(arena, settings, settings_plugin, values);
    rows_apply(arena, settings, settings_own, values);
    rows_apply(arena, settings, settings_base, values);
    return values;
}

static bool rows_check(struct arena *arena, const struct settings *settings, const struct setting_row *rows,
                       struct error *err)
{
    struct setting_state state = { 0 };

    for (; rows->name != NULL; rows++)
        if (setting_find(arena, settings, rows).text != NULL && !setting_state(arena, settings, rows, &state, err))
            return false;
    return true;
}

bool settings_load_from(struct arena *arena, const char *path, struct value *warnings, struct settings *out,
                        struct error *err)
{
    struct value *file = value_map(arena);

    if (path && !settings_file_read(arena, path, file, err))
        return false;
    *out = (struct settings){ .path = path, .file = file };
    out->values = values_of(arena, out);
    if (warnings != NULL)
        settings_warn_unknown(arena, out, warnings);
    return rows_check(arena, out, settings_base, err) && rows_check(arena, out, settings_own, err);
}

bool settings_load_file(struct arena *arena, const char *path, struct settings *out, struct error *err)
{
    return settings_load_from(arena, path, NULL, out, err);
}

bool settings_load(struct arena *arena, struct value *warnings, struct settings *out, struct error *err)
{
    return settings_load_from(arena, settings_file_find(arena, warnings), warnings, out, err);
}

const char *settings_text(const struct settings *settings, const char *key)
{
    const char *text = value_map_text(settings->values, key);
    return text && *text ? text : NULL;
}

bool settings_bool(const struct settings *settings, const char *key, bool fallback)
{
    bool value = fallback;
    const char *text = settings_text(settings, key);
    return text && text_to_bool(text, &value) ? value : fallback;
}

int settings_int(const struct settings *settings, const char *key, int fallback)
{
    int64_t value = 0;
    const char *text = settings_text(settings, key);
    return text && text_to_int(text, &value) && value >= 0 && value < 1000000 ? (int)value : fallback;
}

const char *settings_path(const struct settings *settings, struct arena *arena, const char *text)
{
    const char *expanded = path_expand_user(arena, setting_expand(arena, text));
    if (*expanded == '/' || !settings->path)
        return path_absolute(arena, expanded);
    return path_normalize(arena, path_join(arena, path_dirname(arena, settings->path), expanded));
}
