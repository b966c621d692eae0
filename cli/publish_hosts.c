/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns of all plays, matched. */
#include "cli/publish_hosts.h"

#include "engine/playbook/model.h"

static bool is_template(const struct value *pattern)
{
    if (value_is(pattern, VALUE_STRING))
        return value_text_is_template(pattern->as.string.data, pattern->as.string.length);
    for (size_t i = 0; i < value_count(pattern); i++) {
        if (is_template(value_item(pattern, i)))
            return true;
    }
    return false;
}

bool publish_hosts(struct command *command, const char *playbook, const struct value **out, struct error *err)
{
    struct value *names = value_map(command->arena);
    struct playbook *loaded = NULL;

    if (!playbook_load(command->loader, playbook, &loaded, err))
        return false;
    *out = NULL;
    for (size_t i = 0; i < loaded->play_count; i++) {
        const struct inventory_selection selection = { .pattern = loaded->plays[i]->keywords[KEYWORD_HOSTS],
                                                       .warnings = value_list(command->arena) };
        struct inventory_host_list hosts = { 0 };

        if (is_template(selection.pattern))
            return true;
        if (!inventory_match(command->inventory, command->arena, &selection, &hosts, err))
            return error_locate(err, &loaded->plays[i]->at);
        for (size_t j = 0; j < hosts.count; j++)
            value_map_put_bool(command->arena, names, hosts.items[j]->name, true);
    }
    *out = names;
    return true;
}
