/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of [inventory] and its kin, lists taken apart. */
#include "engine/command/inventory_setup.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/command/command.h"

/* The first of two places that is set. */
static const char *either(const struct settings *settings, const char *key, const char *other)
{
    const char *text = settings_text(settings, key);

    return text != NULL ? text : settings_text(settings, other);
}

/* "a, b": NULL when it is not set. */
static const char *const *words(struct arena *arena, const char *text)
{
    size_t count = 0, used = 0;
    char **parts;
    const char **list;

    if (text == NULL)
        return NULL;
    parts = text_split(arena, text, ',', &count);
    list = arena_new_array(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *word = text_trim(arena, parts[i], strlen(parts[i]));

        if (word[0] != '\0')
            list[used++] = word;
    }
    return list;
}

static void warn_of_precedence(struct command *command, const char *const *entries)
{
    for (; entries != NULL && *entries != NULL; entries++) {
        const char *sentence = arena_printf(command->arena, "Ignoring unknown variable precedence entry: %s", *entries);

        if (!text_in(*entries, inventory_precedence))
            value_list_add(command->arena, command->warnings, value_string(command->arena, sentence));
    }
}

const struct inventory_rules *inventory_rules_make(struct command *command, struct error *err)
{
    struct arena *arena = command->arena;
    const struct settings *settings = &command->settings;
    struct inventory_rules *rules = arena_new_of(arena, struct inventory_rules);
    bool has_files = true;

    rules->plugins = words(arena, settings_text(settings, "inventory.enable_plugins"));
    rules->yaml_endings =
        words(arena, either(settings, "yaml_valid_extensions", "inventory_plugin_yaml.yaml_valid_extensions"));
    rules->ignored_endings =
        words(arena, either(settings, "inventory_ignore_extensions", "inventory.ignore_extensions"));
    rules->ignored_names = words(arena, either(settings, "inventory_ignore_patterns", "inventory.ignore_patterns"));
    rules->group_names = settings_text(settings, "force_valid_group_names");
    rules->mismatch = settings_text(settings, "inventory.host_pattern_mismatch");
    rules->any_unparsed_fails = settings_bool(settings, "inventory.any_unparsed_is_failed", false);
    rules->unparsed_fails = settings_bool(settings, "inventory.unparsed_is_failed", false);
    rules->unparsed_is_silent = !settings_bool(settings, "inventory.inventory_unparsed_warning", true);
    rules->use_extra_vars = settings_bool(settings, "inventory_plugins.use_extra_vars", false);
    rules->script_timeout_s = settings_int(settings, "inventory.script_timeout", 0);
    rules->extra_vars = command->extra_vars;
    rules->precedence = words(arena, settings_text(settings, "precedence"));
    rules->merges_hashes = text_equal(settings_text(settings, "hash_behaviour"), "merge");
    warn_of_precedence(command, rules->precedence);
    if (!vars_plugins_check(command, words(arena, value_map_text(settings->values, "vars_plugins_enabled")), &has_files,
                            err))
        return NULL;
    rules->skips_vars_files = !has_files;
    return rules;
}
