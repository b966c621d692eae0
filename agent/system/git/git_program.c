/* SPDX-License-Identifier: Apache-2.0 */
/* Running git: its place, its environment, and its output without passwords. */
#include "agent/system/git/git_program.h"

#include <stdlib.h>
#include <string.h>

#include "agent/system/file/word_list.h"
#include "common/base/path.h"
#include "common/base/text.h"

bool git_program_open(const struct system *system, struct arena *arena, const char *executable, struct git_program *out,
                      struct error *err)
{
    const char *path = executable ? executable : process_require(system, arena, "git", err);

    if (!path)
        return false;
    *out = (struct git_program){
        .system = system, .arena = arena, .path = path, .environment = value_map(arena), .umask_bits = -1
    };
    value_map_put_string(arena, out->environment, "GIT_TERMINAL_PROMPT", "0");
    value_map_put_string(arena, out->environment, "GIT_OPTIONAL_LOCKS", "0"); /* looking writes nothing */
    return true;
}

/* --- ssh --- */

static const char *variable(const struct git_program *git, const char *name)
{
    const char *value = value_map_text(git->system->environment, name);

    return value ? value : getenv(name);
}

static void add_option(struct text *out, const char *option)
{
    if (!strstr(out->data, option))
        text_printf(out, " -o %s", option);
}

void git_program_set_ssh(struct git_program *git, const struct git_ssh *ssh)
{
    const char *program = variable(git, "GIT_SSH"), *common = variable(git, "GIT_SSH_OPTS");
    struct text command = text_new(git->arena);

    if (!program)
        program = variable(git, "GIT_SSH_COMMAND");
    text_add(&command, program ? program : "ssh");
    if (common && *common)
        text_printf(&command, " %s", common);
    if (ssh->options && *ssh->options)
        text_printf(&command, " %s", ssh->options);
    add_option(&command, "BatchMode=yes");
    if (ssh->key_file) {
        text_printf(&command, " -i %s", ssh->key_file);
        add_option(&command, "IdentitiesOnly=yes");
    }
    value_map_put_string(git->arena, git->environment, "GIT_SSH_COMMAND", command.data);
}

/* --- running --- */

bool git_run(const struct git_program *git, const char *folder, const char *const *words, struct process_result *out,
             struct error *err)
{
    struct word_list argv = word_list_new(git->arena);

    word_list_add(&argv, git->path);
    for (; *words; words++)
        word_list_add(&argv, *words);
    const struct process_request request = { .argv = argv.items,
                                             .folder = folder && path_is_folder(folder) ? folder : NULL,
                                             .environment = git->environment,
                                             .c_locale = true,
                                             .umask_bits = git->umask_bits };
    return process_run(git->system, git->arena, &request, out, err);
}

const char *git_ask(const struct git_program *git, const char *folder, const char *const *words)
{
    struct process_result got = { 0 };
    struct error ignored = ERROR_INIT;

    if (!git_run(git, folder, words, &got, &ignored) || got.status != 0)
        return NULL;
    size_t length = got.output_length;
    while (length > 0 && got.output[length - 1] == '\n')
        length--;
    return arena_copy_n(git->arena, got.output, length);
}

bool git_is_at_least(const struct git_program *git, int64_t major, int64_t minor)
{
    const char *text = git_ask(git, NULL, GIT_WORDS("--version")); /* "git version 2.39.5" */
    int64_t has_major = 0, has_minor = 0;
    size_t count = 0;

    if (!text || !text_starts(text, "git version "))
        return false;
    char **parts = text_split(git->arena, text + strlen("git version "), '.', &count);
    if (count < 2 || !text_to_int(parts[0], &has_major) || !text_to_int(parts[1], &has_minor))
        return false;
    return has_major > major || (has_major == major && has_minor >= minor);
}
