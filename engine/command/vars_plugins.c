/* SPDX-License-Identifier: Apache-2.0 */
/* Vars plugins: ansible-core's own is Roost's (host_group_vars); one in Python that Ansible would load is refused by name. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/command/command.h"
#include "engine/command/inventory_setup.h"

#define PLUGIN_BYTES_MAX ((size_t)1024 * 1024)
#define CONFIGURED_LEVELS 2 /* as Ansible's loader of plugins looks into the folders of its configuration */
#define NOT_RUN "is a vars plugin in Python, which Roost does not run"

/* Names without a dot that nobody has are passed over, as in Ansible. */
static bool names_check(const char *const *enabled, bool *has_files_out, struct error *err)
{
    static const char *const own[] = { "host_group_vars", "ansible.builtin.host_group_vars",
                                       "ansible.legacy.host_group_vars", NULL };

    *has_files_out = enabled == NULL;
    for (; enabled != NULL && *enabled != NULL; enabled++) {
        if (text_in(*enabled, own))
            *has_files_out = true;
        else if (strchr(*enabled, '.') != NULL)
            return error_set_kind(err, ERROR_OPTIONS, "vars_plugins_enabled: '%s' " NOT_RUN, *enabled);
    }
    return true;
}

/* Some say of themselves that they run only where vars_plugins_enabled names them. */
static bool waits_for_its_name(struct arena *arena, const char *path)
{
    char *data = NULL;
    size_t length = 0;
    struct error ignored = ERROR_INIT;

    return file_read(arena, path, PLUGIN_BYTES_MAX, &data, &length, &ignored) &&
           (strstr(data, "REQUIRES_ENABLED = True") != NULL || strstr(data, "REQUIRES_WHITELIST = True") != NULL);
}

static bool file_check(struct arena *arena, const char *folder, const char *name, const char *const *enabled,
                       struct error *err)
{
    const char *path = path_join(arena, folder, name);
    const char *plugin = arena_copy_n(arena, name, strlen(name) - strlen(".py"));

    if (waits_for_its_name(arena, path) && (enabled == NULL || !text_in(plugin, enabled)))
        return true;
    return error_set_kind(err, ERROR_OPTIONS, "%s " NOT_RUN, path);
}

/* `levels`: of folders in it that are looked into too. */
static bool folder_check(struct arena *arena, const char *folder, int levels, const char *const *enabled,
                         struct error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    bool fine = true;

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (fine && name[0] != '_' && name[0] != '.' && text_ends(name, ".py"))
            fine = file_check(arena, folder, name, enabled, err);
        else if (fine && name[0] != '.' && levels > 0)
            fine = folder_check(arena, path_join(arena, folder, name), levels - 1, enabled, err);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

static bool beside_check(struct command *command, const char *folder, const char *const *enabled, struct error *err)
{
    return folder_check(command->arena, path_join(command->arena, folder, "vars_plugins"), 0, enabled, err);
}

bool vars_plugins_check(struct command *command, const char *const *enabled, bool *has_files_out, struct error *err)
{
    const char *const *folders =
        command_folders(command, "vars_plugins", "~/.ansible/plugins/vars:/usr/share/ansible/plugins/vars");
    const char *const *playbooks = command_playbooks(command);

    if (!names_check(enabled, has_files_out, err))
        return false;
    for (; *folders != NULL; folders++) {
        if (!folder_check(command->arena, *folders, CONFIGURED_LEVELS, enabled, err))
            return false;
    }
    for (; *playbooks != NULL; playbooks++) {
        if (!beside_check(command, path_dirname(command->arena, *playbooks), enabled, err))
            return false;
    }
    return command->options.playbook_folder == NULL ||
           beside_check(command, command->options.playbook_folder, enabled, err);
}
