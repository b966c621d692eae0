/* SPDX-License-Identifier: Apache-2.0 */
/* No host matches. */
#include "cli/hosts_none.h"

#include "common/base/path.h"
#include "common/base/text.h"

bool hosts_none(const struct command *command, const char *pattern, struct error *err)
{
    const struct inventory *inventory = command->inventory;
    const char **names = arena_new_array(command->arena, const char *, inventory->host_count + 1);
    const char *nearest = NULL, *unread = inventory->unread;
    struct text why = text_new(command->arena);

    for (size_t i = 0; i < inventory->host_count; i++)
        names[i] = inventory->hosts[i]->name;
    nearest = text_nearest(pattern, names, inventory->host_count);
    if (unread != NULL)
        text_printf(&why, ": the inventory %s %s", unread,
                    path_exists(unread) ? "could not be read" : "does not exist");
    else if (nearest != NULL)
        text_printf(&why, ", did you mean '%s'?", nearest);
    else if (inventory->host_count == 0)
        text_add(&why, ": it has none (-i names one)");
    return error_set(err, "no host of the inventory matches '%s'%s", pattern, why.data == NULL ? "" : why.data);
}
