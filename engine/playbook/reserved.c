/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables named like keywords or like what templates always have: they work, but are seldom what was meant.
 */
#include "common/base/text.h"
#include "engine/playbook/load.h"

static bool is_reserved(const char *name)
{
    static const char *const more[] = { "async_val", "loop_with", "with_",  "cycler",    "dict",
                                        "joiner",    "lipsum",    "lookup", "namespace", "now",
                                        "q",         "query",     "range",  "undef",     NULL };
    enum keyword keyword;

    if (text_in(name, more))
        return true;
    return keyword_find(name, IN_PLAY | IN_ROLE | IN_BLOCK | IN_TASK, &keyword) && keyword != KEYWORD_VARS &&
           keyword != KEYWORD_USER && keyword != KEYWORD_ROLE;
}

static void map_check(struct playbook_loader *loader, const struct value *map)
{
    for (size_t i = 0; value_is(map, VALUE_MAP) && i < value_count(map); i++) {
        const char *name = value_text(value_pair_at(map, i)->key);

        if (name != NULL && is_reserved(name))
            load_warn_once(loader, arena_printf(loader->arena, "Found variable using reserved name: %s", name));
    }
}

void load_reserved_check(const struct load_scope *scope)
{
    const struct play *play = scope->play;

    map_check(scope->loader, scope->loader->config.extra_vars);
    map_check(scope->loader, play->vars);
    for (size_t i = 0; i < play->role_count; i++) {
        map_check(scope->loader, play->roles[i]->defaults);
        map_check(scope->loader, play->roles[i]->vars);
    }
}
