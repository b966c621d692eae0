/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that do not exist. They are collected while tasks are read and told at once: who moves a playbook to Roost
 * wants to know all that is missing, not the first.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/playbook/load.h"

void load_missing_add(struct playbook_loader *loader, const struct node *node, const char *text, const char *near)
{
    struct load_missing **end = &loader->missing;
    struct load_missing *added;

    for (; *end != NULL; end = &(*end)->next)
        if (text_equal((*end)->name, node->action_text))
            return;
    added = arena_new_of(loader->arena, struct load_missing);
    *added = (struct load_missing){ .name = node->action_text, .text = text, .near = near, .at = node->action_at };
    *end = added;
}

bool load_missing_tell(struct playbook_loader *loader, bool ok, struct error *err)
{
    const struct load_missing *first = loader->missing;
    struct text more = text_new(loader->arena);

    if (first == NULL)
        return ok;
    for (const struct load_missing *one = first->next; one != NULL; one = one->next)
        text_printf(&more, "\n  '%s' (%s:%d:%d)%s%s%s", one->name, one->at.path == NULL ? "" : one->at.path,
                    one->at.line, one->at.column, one->near == NULL ? "" : ", did you mean '",
                    one->near == NULL ? "" : one->near, one->near == NULL ? "" : "'?");
    loader->missing = NULL;
    error_clear(err);
    return error_set_at(err, &first->at, "%s%s%s", first->text, more.length > 0 ? "\nMissing too:" : "", more.data);
}
