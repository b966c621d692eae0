/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for roost_agent where a play would. */
#include "cli/enroll_role.h"

#include "common/base/path.h"

#define ROLE "roost_agent"

bool enroll_role_check(struct command *command, struct error *err)
{
    static const char *const here[] = { "roles", ".", NULL };
    const char *const *const places[] = { command->playbook_config.role_folders, here };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (const char *const *folder = places[i]; *folder != NULL; folder++) {
            if (path_is_folder(path_join(command->arena, path_expand_user(command->arena, *folder), ROLE)))
                return true;
        }
    }
    return error_set(err,
                     "the role '" ROLE "' is nowhere: it is Roost's own and comes with the program. Install it "
                     "(cmake --install, or a package), or name the folder roles of Roost's sources by --roles-path");
}
