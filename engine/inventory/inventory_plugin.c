/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of sources by the names that ansible.cfg gives them, which files each of them wants, and the content that they
 * share. A file that names another plugin is read by ansible-core (inventory_python.c), or refused.
 */
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/toml/toml_reader.h"
#include "engine/inventory/inventory_internal.h"
#include "engine/inventory/inventory_python.h"
#include "engine/vault/data_file.h"
#include "engine/vault/vault.h"

#define BUILTIN "ansible.builtin."

/* --- content --- */

bool inventory_source_data(struct inventory_source *source, struct error *err)
{
    const struct vault_door door = { source->config->decrypt, source->config->decrypt_context };
    struct arena *arena = source->inventory->arena;
    struct vault_content content = { 0 };

    if (source->data != NULL)
        return true;
    if (!vault_read_file(&door, arena, source->path, LIMIT_SOURCE_FILE, &content, err))
        return error_set(err, "%s", arena_copy(arena, err->text)); /* the file is named, and it is all of it */
    source->data = content.data;
    source->length = content.length;
    return true;
}

bool inventory_source_yaml(struct inventory_source *source, const struct value **out, struct error *err)
{
    if (source->yaml == NULL) {
        struct yaml_source yaml = { .path = source->path, .trusted = true, .warnings = source->config->warnings };

        if (!inventory_source_data(source, err))
            return false;
        yaml.data = source->data;
        yaml.length = source->length;
        if (!data_read(source->inventory->arena, &yaml, out, err))
            return false;
        source->yaml = *out == NULL ? value_null() : *out;
    }
    *out = source->yaml;
    return true;
}

bool inventory_plugin_options(struct inventory_source *source, const char *name, const struct value **out,
                              struct error *err)
{
    const char *named;

    if (!inventory_source_yaml(source, out, err))
        return false;
    if (!value_truthy(*out))
        return error_set_kind(err, ERROR_PARSE, "%s is empty", source->path);
    named = value_map_text(*out, "plugin");
    if (named != NULL && text_starts(named, BUILTIN))
        named += strlen(BUILTIN);
    return text_equal(named, name) ||
           error_set_kind(err, ERROR_PARSE, "Incorrect plugin name in file: %s", named == NULL ? "none found" : named);
}

/* --- who wants it --- */

static bool is_readable(const struct inventory_source *source)
{
    return access(source->path, R_OK) == 0;
}

static bool wants_list(struct inventory_source *source)
{
    return strchr(source->path, ',') != NULL && !path_exists(source->path);
}

static bool wants_script(struct inventory_source *source)
{
    struct error ignored = ERROR_INIT;

    if (!is_readable(source))
        return false;
    return access(source->path, X_OK) == 0 ||
           (inventory_source_data(source, &ignored) && text_starts(source->data, "#!"));
}

static bool wants_auto(struct inventory_source *source)
{
    return is_readable(source) && (text_ends(source->path, ".yml") || text_ends(source->path, ".yaml"));
}

static const char *extension_of(const struct inventory_source *source)
{
    return path_extension(path_basename(source->path));
}

static bool wants_yaml(struct inventory_source *source)
{
    static const char *const usual[] = { ".yaml", ".yml", ".json", NULL };
    const char *extension = extension_of(source);

    return is_readable(source) &&
           (extension[0] == '\0' ||
            text_in(extension, source->rules->yaml_endings != NULL ? source->rules->yaml_endings : usual));
}

static bool wants_config(struct inventory_source *source)
{
    static const char *const endings[] = { "", ".config", ".yaml", ".yml", ".json", NULL };

    return is_readable(source) && text_in(extension_of(source), endings);
}

static bool wants_toml(struct inventory_source *source)
{
    return is_readable(source) && strcmp(extension_of(source), ".toml") == 0;
}

static bool wants_ini(struct inventory_source *source)
{
    return is_readable(source);
}

/* --- reading --- */

static bool read_list(struct inventory_source *source, struct error *err)
{
    return inventory_read_list(source->inventory, source->path, false, err);
}

static bool read_ranges(struct inventory_source *source, struct error *err)
{
    return inventory_read_list(source->inventory, source->path, true, err);
}

static bool read_script(struct inventory_source *source, struct error *err)
{
    return inventory_read_script(source->inventory, source->path, err);
}

static bool read_yaml(struct inventory_source *source, struct error *err)
{
    const struct value *content = NULL;

    return inventory_source_yaml(source, &content, err) &&
           inventory_read_yaml(source->inventory, content, source->config->warnings, err);
}

static bool read_ini(struct inventory_source *source, struct error *err)
{
    return inventory_source_data(source, err) &&
           inventory_read_ini(source->inventory, source->path, source->data, source->length, err);
}

static bool read_toml(struct inventory_source *source, struct error *err)
{
    struct toml_source toml = { .path = source->path, .trusted = true };
    const struct value *content = NULL;

    if (!inventory_source_data(source, err))
        return false;
    toml.data = source->data;
    toml.length = source->length;
    return toml_read(source->inventory->arena, &toml, &content, err) &&
           inventory_read_toml(source->inventory, content, source->config->warnings, err);
}

static bool refuse(struct inventory_source *source, const struct value *named, const char *why)
{
    struct source_position at = value_position(named);
    struct text known = text_new(source->inventory->arena);
    const char *names[16], *nearest;
    size_t count = 0;

    for (const struct inventory_plugin *plugin = inventory_plugins; plugin->name != NULL; plugin++) {
        text_printf(&known, "%s%s", count == 0 ? "" : ", ", plugin->name);
        names[count++] = plugin->name;
    }
    nearest = text_nearest(value_text(named), names, count);
    return error_set_at(
        source->fatal, &at, "inventory plugin '%s' is not available: Roost has %s; %s%s%s%s", value_text(named),
        known.data, why[0] == '\0' ? "ansible-core has none of that name either" : why,
        nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

/* A YAML file with the key `plugin` is for the plugin of that name. */
static bool read_auto(struct inventory_source *source, struct error *err)
{
    const struct value *content = NULL, *named;
    const struct inventory_plugin *plugin;

    if (!inventory_source_yaml(source, &content, err))
        return false;
    named = value_map_get(content, "plugin");
    if (named == NULL || !value_truthy(named) || value_text(named) == NULL)
        return error_set_kind(err, ERROR_PARSE,
                              "no root 'plugin' key found, '%s' is not a valid YAML inventory plugin config file",
                              source->path);
    plugin = inventory_plugin_find(value_text(named));
    if (plugin == NULL) {
        bool found = false;
        struct error why = ERROR_INIT;

        if (inventory_python_read(source, value_text(named), &found, &why))
            return true;
        if (found) {
            source->is_declined = false; /* the file has named it: that is told */
            *err = why;
            return false;
        }
        refuse(source, named, why.text);
        return error_set_kind(err, ERROR_PARSE, "inventory config '%s' specifies unknown plugin '%s'", source->path,
                              value_text(named));
    }
    if (plugin->read == read_auto || !plugin->wants(source))
        return error_set_kind(err, ERROR_PARSE, "inventory source '%s' could not be verified by inventory plugin '%s'",
                              source->path, plugin->name);
    return plugin->read(source, err);
}

const struct inventory_plugin inventory_plugins[] = {
    { "advanced_host_list", wants_list, read_ranges },
    { "auto", wants_auto, read_auto },
    { "constructed", wants_config, inventory_read_constructed },
    { "generator", wants_config, inventory_read_generator },
    { "host_list", wants_list, read_list },
    { "ini", wants_ini, read_ini },
    { "script", wants_script, read_script },
    { "toml", wants_toml, read_toml },
    { "yaml", wants_yaml, read_yaml },
    { NULL, NULL, NULL },
};

const struct inventory_plugin *inventory_plugin_find(const char *name)
{
    if (text_starts(name, BUILTIN))
        name += strlen(BUILTIN);
    for (const struct inventory_plugin *plugin = inventory_plugins; plugin->name != NULL; plugin++) {
        if (strcmp(plugin->name, name) == 0)
            return plugin;
    }
    return NULL;
}
