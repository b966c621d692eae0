/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the composed account commands and makes home folders. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/account/account_user.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/process/process.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define LOGIN_DEFS_LIMIT (1024 * 1024)

bool account_commands_run(const struct system *system, struct arena *arena, const struct account_commands *commands,
                          struct account_outcome *out, struct error *err)
{
    struct text output = text_new(arena), errors = text_new(arena);
    int status = 0;

    for (size_t i = 0; i < commands->count && status == 0; i++) {
        const struct account_command *command = &commands->items[i];
        struct process_request request = PROCESS("");
        struct process_result result;

        if (process_require(system, arena, command->argv[0], err) == NULL)
            return false;
        request.argv = command->argv;
        request.input = command->input;
        request.input_length = command->input != NULL ? strlen(command->input) : 0;
        if (!process_run(system, arena, &request, &result, err))
            return false;
        status = result.status;
        text_add(&output, result.output);
        text_add(&errors, result.errors);
    }
    *out = (struct account_outcome){ .status = status, .output = output.data, .errors = errors.data };
    return true;
}

/* UMASK of login.defs: octal digits behind blanks on a line of their own. */
static bool login_umask(const struct system *system, struct arena *arena, mode_t *out)
{
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t length = 0, found = 0;
    const char *line;

    if (!file_read(arena, system_path(system, arena, "/etc/login.defs"), LOGIN_DEFS_LIMIT, &data, &length, &ignored))
        return false;
    const char *cursor = data, *end = data + length;
    while (text_line(&cursor, end, &line, &length)) {
        if (length < 7 || strncmp(line, "UMASK", 5) != 0 || (line[5] != ' ' && line[5] != '\t'))
            continue;
        const char *digits = text_trim(arena, line + 5, length - 5);
        if (digits[0] == '\0' || strspn(digits, "01234567") != strlen(digits) || strlen(digits) > 4)
            continue;
        mode_t mask = 0;
        for (; *digits != '\0'; digits++)
            mask = mask * 8 + (mode_t)(*digits - '0');
        *out = mask;
        found++;
    }
    return found > 0;
}

bool account_home_create(const struct system *system, struct arena *arena, const char *home, const char *skeleton,
                         struct error *err)
{
    const char *from = skeleton != NULL ? skeleton : "/etc/skel";
    mode_t mask = 0;

    if (path_exists(home))
        return true;
    if (path_exists(from)) {
        if (!file_tree_make(arena, path_dirname(arena, home), err) || !file_tree_copy(arena, from, home, true, err))
            return error_prefix(err, "creating the home folder '%s'", home);
    } else if (!file_tree_make(arena, home, err)) {
        return error_prefix(err, "creating the home folder '%s'", home);
    }
    if (login_umask(system, arena, &mask) && chmod(home, 0777 & ~mask) != 0)
        return error_set_errno(err, "setting the mode of '%s'", home);
    return true;
}

struct new_owner {
    uid_t uid;
    gid_t gid;
};

static bool give_one(void *context, const char *path, const struct stat *info, struct error *err)
{
    const struct new_owner *owner = context;

    (void)info;
    return lchown(path, owner->uid, owner->gid) == 0 || error_set_errno(err, "giving '%s' to its owner", path);
}

bool account_home_give(struct arena *arena, const char *home, int64_t uid, int64_t gid, struct error *err)
{
    struct new_owner owner = { (uid_t)uid, (gid_t)gid };
    struct file_tree_visitor visitor = { .visit = give_one, .context = &owner };

    return give_one(&owner, home, NULL, err) && file_tree_walk(arena, home, &visitor, err);
}
