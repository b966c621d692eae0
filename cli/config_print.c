/* SPDX-License-Identifier: Apache-2.0 */
/* What `roost config` prints, to the byte as ansible-config where both have the setting. */
#include "cli/config_print.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_writer.h"
#include "engine/command/settings_row.h"

/* --- which rows --- */

struct group {
    const char *type, *plugin; /* NULL: Ansible's own settings */
    const struct setting_row **rows;
    size_t count;
};

static int by_name(const void *a, const void *b)
{
    const struct setting_row *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

static size_t count_of(const struct setting_row *rows)
{
    size_t count = 0;

    while (rows[count].name != NULL)
        count++;
    return count;
}

/* All without a plugin, or those of this "type plugin". */
static struct group group_of(struct arena *arena, const struct setting_row *rows, const char *plugin)
{
    struct group group = { .rows = arena_new_array(arena, const struct setting_row *, count_of(rows) + 1) };
    const char *blank = plugin == NULL ? NULL : strchr(plugin, ' ');

    for (size_t i = 0; rows[i].name != NULL; i++)
        if (text_equal(rows[i].plugin, plugin))
            group.rows[group.count++] = &rows[i];
    qsort(group.rows, group.count, sizeof(*group.rows), by_name);
    group.type = blank == NULL ? NULL : arena_copy_n(arena, plugin, (size_t)(blank - plugin));
    group.plugin = blank == NULL ? NULL : blank + 1;
    return group;
}

/* --- dump --- */

static struct value *entry_of(struct arena *arena, const char *name, const struct setting_state *state)
{
    struct value *entry = value_map(arena);

    value_map_put_string(arena, entry, "name", name);
    value_map_put_string(arena, entry, "origin", state->origin);
    value_map_put(arena, entry, "type", value_null());
    value_map_put(arena, entry, "value", state->value);
    return entry;
}

/* One line, or one entry of the list. */
static void state_add(struct config_job *job, const char *name, const struct setting_state *state, struct value *list)
{
    if (job->options->only_changed && (strcmp(state->origin, "default") == 0 || strcmp(state->origin, "REQUIRED") == 0))
        return;
    if (strcmp(job->options->format, "display") != 0) {
        value_list_add(job->arena, list, entry_of(job->arena, name, state));
        return;
    }
    struct text line = text_new(job->arena);
    text_printf(&line, "%s(%s) = ", name, state->origin);
    value_str(&line, state->value);
    value_list_add(job->arena, list, value_string_n(job->arena, line.data, line.length));
}

static const struct value *config_file(struct config_job *job)
{
    return job->settings.path == NULL ? value_null()
                                      : (const struct value *)value_string(job->arena, job->settings.path);
}

static bool group_states(struct config_job *job, const struct group *group, struct value *list, struct error *err)
{
    struct setting_state state = { 0 }, file = { .value = config_file(job), .origin = "" };
    bool has_file = group->plugin != NULL;

    for (size_t i = 0; i < group->count; i++) {
        if (!has_file && strcmp(group->rows[i]->name, "CONFIG_FILE") > 0) {
            state_add(job, "CONFIG_FILE", &file, list);
            has_file = true;
        }
        if (!setting_state(job->arena, &job->settings, group->rows[i], &state, err))
            return false;
        state_add(job, group->rows[i]->name, &state, list);
    }
    return true;
}

/* Roost's own settings are told when they are set: what Ansible has stays what it is. */
static bool own_states(struct config_job *job, struct value *list, struct error *err)
{
    struct setting_state state = { 0 };

    for (const struct setting_row *row = settings_own; row->name != NULL; row++) {
        if (!setting_state(job->arena, &job->settings, row, &state, err))
            return false;
        if (strcmp(state.origin, "default") != 0)
            state_add(job, row->name, &state, list);
    }
    return true;
}

static bool is_wanted(const struct config_options *options, const char *plugin)
{
    const char *blank = strchr(plugin, ' ');
    size_t length = (size_t)(blank - plugin);

    if (strcmp(options->type, "all") != 0 &&
        (strlen(options->type) != length || strncmp(options->type, plugin, length) != 0))
        return false;
    return options->plugin_count == 0 || text_in(blank + 1, options->plugins);
}

static const char *underline(struct arena *arena, const char *text, char c)
{
    char *line = arena_copy(arena, text);

    memset(line, c, strlen(line));
    return line;
}

/* A heading and its lines, or {name: entries}. */
static void named_add(struct config_job *job, const char *name, char c, struct value *inner, struct value *list)
{
    struct value *entry = value_map(job->arena);

    if (strcmp(job->options->format, "display") != 0) {
        value_map_put(job->arena, entry, name, inner);
        value_list_add(job->arena, list, entry);
        return;
    }
    if (value_count(inner) == 0 && job->options->only_changed)
        return;
    value_list_add(
        job->arena, list,
        value_string(job->arena, arena_printf(job->arena, "\n%s:\n%s", name, underline(job->arena, name, c))));
    for (size_t i = 0; i < value_count(inner); i++)
        value_list_add(job->arena, list, value_item(inner, i));
}

static bool plugins_states(struct config_job *job, const char *type, struct value *list, struct error *err)
{
    const char *last = NULL;

    for (const struct setting_row *row = settings_plugin; row->name != NULL; row++) {
        struct value *inner = value_list(job->arena);
        struct group group;

        if (text_equal(row->plugin, last) || !is_wanted(job->options, row->plugin) ||
            !text_starts(row->plugin, arena_printf(job->arena, "%s ", type)))
            continue;
        last = row->plugin;
        group = group_of(job->arena, settings_plugin, row->plugin);
        if (!group_states(job, &group, inner, err))
            return false;
        if (value_count(inner) > 0)
            named_add(job, group.plugin, '_', inner, list);
    }
    return true;
}

static bool all_states(struct config_job *job, struct value *list, struct error *err)
{
    static const char *const types[] = { "become",    "cache",  "callback", "cliconf", "connection", "httpapi",
                                         "inventory", "lookup", "netconf",  "shell",   "vars" };
    bool shows = strcmp(job->options->format, "display") == 0;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct value *inner = value_list(job->arena);
        char *name = text_upper(arena_printf(job->arena, shows ? "%s" : "%s_plugins", types[i]));

        if (!plugins_states(job, types[i], inner, err))
            return false;
        named_add(job, name, '=', inner, list);
    }
    return true;
}

static bool print_value(struct config_job *job, const struct value *value, struct error *err)
{
    static const struct json_style json = { .indent = 4, .sort_keys = true };
    static const struct yaml_style yaml = { .block = true };

    if (strcmp(job->options->format, "yaml") == 0)
        return yaml_write(&job->out, value, &yaml, err);
    if (strcmp(job->options->format, "json") == 0) {
        json_write(&job->out, value, &json);
        return true;
    }
    for (size_t i = 0; i < value_count(value); i++)
        text_printf(&job->out, "%s\n", value_text(value_item(value, i)));
    return true;
}

bool config_dump(struct config_job *job, struct error *err)
{
    const char *type = job->options->type;
    struct value *list = value_list(job->arena);
    struct group base = group_of(job->arena, settings_base, NULL);
    bool is_base = strcmp(type, "base") == 0, is_all = strcmp(type, "all") == 0, ok = true;

    if (is_base || is_all)
        ok = group_states(job, &base, list, err) && own_states(job, list, err);
    if (is_all)
        ok = ok && all_states(job, list, err);
    else if (!is_base)
        ok = plugins_states(job, type, list, err);
    return ok && print_value(job, list, err);
}

/* --- list --- */

static const char *type_name(enum setting_type type)
{
    static const char *const names[] = {
        [SETTING_ANY] = "string",        [SETTING_STRING] = "string",     [SETTING_BOOL] = "boolean",
        [SETTING_INT] = "integer",       [SETTING_REAL] = "float",        [SETTING_LIST] = "list",
        [SETTING_LIST_ANY] = "list",     [SETTING_PATH] = "path",         [SETTING_PATHSPEC] = "pathspec",
        [SETTING_PATHLIST] = "pathlist", [SETTING_TEMPORARY] = "tmppath", [SETTING_MAP] = "dict",
    };

    return names[type];
}

/* {name: X} for each variable. */
static struct value *variables_of(struct arena *arena, const struct setting_row *row)
{
    struct value *list = value_list(arena);

    for (char **part = text_split(arena, row->variables == NULL ? "" : row->variables, ' ', NULL); *part != NULL;
         part++) {
        struct value *entry = value_map(arena);

        value_map_put_string(arena, entry, "name", *part);
        if (**part != '\0')
            value_list_add(arena, list, entry);
    }
    return list;
}

static struct value *places_of(struct arena *arena, const struct setting_row *row)
{
    struct value *list = value_list(arena);

    for (char **part = text_split(arena, row->places == NULL ? "" : row->places, ' ', NULL); *part != NULL; part++) {
        struct value *entry = value_map(arena);
        const char *dot = strrchr(*part, '.');

        if (dot == NULL)
            continue;
        value_map_put_string(arena, entry, "key", dot + 1);
        value_map_put_string(arena, entry, "section", arena_copy_n(arena, *part, (size_t)(dot - *part)));
        value_list_add(arena, list, entry);
    }
    return list;
}

static struct value *described(struct config_job *job, const struct setting_row *row)
{
    static const struct settings none = { 0 };
    struct value *entry = value_map(job->arena), *choices = value_list(job->arena);
    struct setting_state state = { .value = value_null() };
    struct error ignored = ERROR_INIT;

    if (setting_state(job->arena, &none, row, &state, &ignored))
        value_map_put(job->arena, entry, "default", state.value);
    for (char **part = text_split(job->arena, row->choices == NULL ? "" : row->choices, '|', NULL); *part != NULL;
         part++)
        if (**part != '\0')
            value_list_add(job->arena, choices, value_string(job->arena, *part));
    if (value_count(choices) > 0)
        value_map_put(job->arena, entry, "choices", choices);
    if (row->variables != NULL)
        value_map_put(job->arena, entry, "env", variables_of(job->arena, row));
    if (row->places != NULL)
        value_map_put(job->arena, entry, "ini", places_of(job->arena, row));
    value_map_put_string(job->arena, entry, "type", type_name(row->type));
    return entry;
}

static struct value *map_in(struct arena *arena, struct value *map, const char *key, bool *made_out)
{
    struct value *made = value_map(arena);

    *made_out = value_map_get(map, key) == NULL;
    if (*made_out)
        value_map_put(arena, map, key, made);
    return made;
}

static void plugins_described(struct config_job *job, struct value *all)
{
    struct value *types = value_map(job->arena), *type = NULL, *plugin = NULL;
    const char *last = NULL;
    bool made = false, is_all = strcmp(job->options->type, "all") == 0;

    value_map_put(job->arena, all, "PLUGINS", types);
    for (const struct setting_row *row = settings_plugin; row->name != NULL; row++) {
        const char *blank = strchr(row->plugin, ' ');
        char *name = arena_copy_n(job->arena, row->plugin, (size_t)(blank - row->plugin));
        struct value *next;

        if (!is_wanted(job->options, row->plugin))
            continue;
        next = map_in(job->arena, types, is_all ? text_upper(name) : name, &made);
        type = made ? next : type;
        if (!text_equal(row->plugin, last))
            plugin = map_in(job->arena, type, blank + 1, &made);
        last = row->plugin;
        value_map_put(job->arena, plugin, row->name, described(job, row));
    }
}

bool config_list(struct config_job *job, struct error *err)
{
    struct value *all = value_map(job->arena);
    const char *type = job->options->type;

    for (const struct setting_row *row = settings_base; row->name != NULL; row++)
        if (strcmp(type, "base") == 0 || strcmp(type, "all") == 0)
            value_map_put(job->arena, all, row->name, described(job, row));
    if (strcmp(type, "base") != 0)
        plugins_described(job, all);
    return print_value(job, all, err);
}

/* --- init --- */

static const char *default_text(struct arena *arena, const struct setting_row *row)
{
    const char *text = row->fallback == NULL || strcmp(row->fallback, SETTING_REQUIRED) == 0 ? "" : row->fallback;
    struct text out = text_new(arena);

    if (text_starts(text, "{{HOME}}"))
        text_add(&out, "~/.ansible");
    text += text_starts(text, "{{HOME}}") ? strlen("{{HOME}}") : *text == '(' ? 1 : 0;
    for (; *text != '\0'; text++)
        text_add(&out, *text == ',' && (row->type == SETTING_LIST || row->type == SETTING_LIST_ANY)
                           ? ", "
                           : (const char[]){ *text, '\0' });
    return out.data;
}

static bool row_is_wanted(struct config_job *job, const struct setting_row *row)
{
    const char *type = job->options->type;

    if (row->plugin != NULL)
        return strcmp(type, "base") != 0 && is_wanted(job->options, row->plugin);
    return strcmp(type, "base") == 0 || strcmp(type, "all") == 0;
}

static void section_add(struct config_job *job, const struct setting_row *rows, const char *section, struct text *out)
{
    for (; rows->name != NULL; rows++) {
        const struct value *places = places_of(job->arena, rows);
        const struct value *last = value_item(places, value_count(places) - 1);

        if (value_count(places) == 0 || !row_is_wanted(job, rows) ||
            strcmp(value_map_text(last, "section"), section) != 0)
            continue;
        text_printf(out, "# (%s) %s\n%s%s=%s\n\n", type_name(rows->type), rows->name, job->options->disabled ? ";" : "",
                    value_map_text(last, "key"), default_text(job->arena, rows));
    }
}

static void sections_add(struct config_job *job, const struct setting_row *rows, struct value *seen)
{
    for (; rows->name != NULL; rows++) {
        const struct value *places = places_of(job->arena, rows);
        const char *section;

        if (value_count(places) == 0 || !row_is_wanted(job, rows))
            continue;
        section = value_map_text(value_item(places, value_count(places) - 1), "section");
        if (value_map_get(seen, section) != NULL)
            continue;
        value_map_put_bool(job->arena, seen, section, true);
        text_printf(&job->out, "[%s]\n", section);
        section_add(job, settings_base, section, &job->out);
        section_add(job, settings_plugin, section, &job->out);
        text_add_char(&job->out, '\n');
    }
}

static void variables_add(struct config_job *job, const struct setting_row *rows)
{
    for (; rows->name != NULL; rows++) {
        struct value *names = variables_of(job->arena, rows);
        const char *text = default_text(job->arena, rows), *name;

        if (value_count(names) == 0 || !row_is_wanted(job, rows))
            continue;
        name = value_map_text(value_item(names, value_count(names) - 1), "name");
        if (rows->type == SETTING_BOOL)
            text = strcmp(text, "True") == 0 ? "1" : "0";
        text_printf(&job->out, "# %s(%s)\n%s%s=%s%s%s\n\n", rows->name, type_name(rows->type),
                    job->options->disabled ? "#" : "", name, strpbrk(text, " ~*'[") == NULL ? "" : "'", text,
                    strpbrk(text, " ~*'[") == NULL ? "" : "'");
    }
}

bool config_init(struct config_job *job, struct error *err)
{
    (void)err;
    if (strcmp(job->options->format, "ini") == 0) {
        struct value *seen = value_map(job->arena);

        sections_add(job, settings_base, seen);
        sections_add(job, settings_plugin, seen);
    } else if (strcmp(job->options->format, "env") == 0) {
        variables_add(job, settings_base);
        variables_add(job, settings_plugin);
    }
    return true;
}
