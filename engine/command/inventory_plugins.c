/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory plugins in Python, asked of the ansible-core beside us. */
#include "common/base/path.h"
#include "engine/command/command.h"
#include "engine/command/inventory_setup.h"
#include "engine/foreign/foreign.h"

/* Folders of the playbooks: inventory_plugins/ and collections/ lie there. */
static const struct value *folders(struct command *command, struct arena *arena)
{
    struct value *list = value_list(arena);
    const char *const *playbooks = command_playbooks(command);
    const char *folder = command->options.playbook_folder;

    for (; *playbooks != NULL; playbooks++)
        value_list_add(arena, list, value_string(arena, path_dirname(arena, path_absolute(arena, *playbooks))));
    if (folder == NULL)
        folder = settings_text(&command->settings, "playbook_dir");
    if (folder != NULL)
        value_list_add(arena, list, value_string(arena, path_absolute(arena, folder)));
    return list;
}

static bool python_ask(void *context, struct arena *arena, const char *verb, struct value *question,
                       const struct value **out, struct error *err)
{
    struct command *command = context;
    struct foreign_python *python = command->playbook_config.python;
    const struct foreign_question asked = { arena_printf(arena, "inventory.%s", verb), question, NULL };

    value_map_put(arena, question, "folders", folders(command, arena));
    value_map_put(arena, question, "playbooks", folders(command, arena));
    return python->ask(python, arena, &asked, out, err);
}

const struct inventory_python *inventory_python_make(struct command *command)
{
    struct inventory_python *made = arena_new_of(command->arena, struct inventory_python);

    *made = (struct inventory_python){ command, python_ask };
    return made;
}
