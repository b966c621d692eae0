/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for roost_agent where a play would. */
#include "cli/enroll_role.h"

#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define ROLE "roost_agent"

/* "SOURCES/roles" for SOURCES/build/NAME/roost; NULL: the program lies elsewhere. */
static const char *sources_roles(struct arena *arena)
{
    char program[LIMIT_PATH];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    const char *build = NULL, *sources = NULL, *roles = NULL;

    if (length <= 0)
        return NULL;
    program[length] = '\0';
    build = path_dirname(arena, path_dirname(arena, program));
    sources = path_dirname(arena, build);
    roles = path_join(arena, sources, "roles");
    return text_equal(path_basename(build), "build") && path_is_file(path_join(arena, sources, "cli/enroll.yml")) &&
                   path_is_folder(path_join(arena, roles, ROLE))
               ? roles
               : NULL;
}

void enroll_role_add(struct command *command)
{
    struct options_list *folders = &command->options.role_folders;
    const char *roles = sources_roles(command->arena);

    if (roles == NULL || folders->count >= OPTIONS_LIST_MAX)
        return;
    folders->items[folders->count++] = roles;
    folders->items[folders->count] = NULL;
}

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
