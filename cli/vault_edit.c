/* SPDX-License-Identifier: Apache-2.0 */
/* roost vault create, edit and view: what is shown to a person, in memory only. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/vault_verb.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6
#define SHELL_NO_PROGRAM 126 /* the shell's exit codes for a command that could not be started */
#define SHELL_NOT_FOUND 127

extern char **environ;

/* --- programs --- */

/* Ctrl-C is for the program in front. `input`: its standard input, or -1 for ours. *status_out as waitpid has it. */
static bool program_run(const char *const *argv, int input, int *status_out, struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    struct sigaction ignore = { .sa_handler = SIG_IGN }, old[2];
    sigset_t defaults, none;
    char *const *words;
    int failed;
    pid_t pid = 0;

    memcpy(&words, &argv, sizeof(words)); /* posix_spawn wants writable words and writes nothing */
    sigemptyset(&defaults);
    sigemptyset(&none);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGQUIT);
    sigaction(SIGINT, &ignore, &old[0]);
    sigaction(SIGQUIT, &ignore, &old[1]);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    failed = posix_spawnp(&pid, words[0], &actions, &attributes, words, environ);
    while (failed == 0 && waitpid(pid, status_out, 0) < 0)
        continue;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGQUIT, &old[1], NULL);
    return failed == 0 || error_set(err, "Unable to execute the command \"%s\": %s", argv[0], strerror(failed));
}

/* --- a folder in memory --- */

static bool is_memory(const char *path)
{
    struct statfs info;

    return statfs(path, &info) == 0 &&
           (info.f_type == (__typeof__(info.f_type))TMPFS_MAGIC ||
            info.f_type == (__typeof__(info.f_type))RAMFS_MAGIC) &&
           access(path, W_OK | X_OK) == 0;
}

static char *folder_make(struct arena *arena, struct error *err)
{
    const char *candidates[] = { "/dev/shm", getenv("XDG_RUNTIME_DIR"), "/run/lock", "/tmp" };

    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        char *made = candidates[i] == NULL ? NULL : arena_printf(arena, "%s/roost-vault.XXXXXX", candidates[i]);

        if (made != NULL && is_memory(candidates[i]) && mkdtemp(made) != NULL)
            return made;
    }
    error_set(err, "there is no folder in memory (/dev/shm) to edit in: plaintext is not written to a disk");
    return NULL;
}

/* With what the editor left in it. */
static void folder_remove(struct arena *arena, const char *folder)
{
    DIR *stream = opendir(folder);
    const struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        const char *path = path_join(arena, folder, entry->d_name);
        FD_SCOPED fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

        if (fd >= 0)
            vault_file_shred(fd);
        fd_close(fd);
        fd = -1;
        unlink(path);
    }
    if (stream != NULL)
        closedir(stream);
    rmdir(folder);
}

static bool plain_write(const char *path, const struct text *plain, struct error *err)
{
    FD_SCOPED fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return error_set_errno(err, "cannot create '%s'", path);
    return fd_write_all(fd, plain->data, plain->length, err);
}

/* The editor's words are the shell's to split; the path is an argument of its own. */
static bool editor_run(struct arena *arena, const char *path, struct error *err)
{
    const char *editor = getenv("EDITOR");
    const char *argv[] = { "/bin/sh", "-c", NULL, "sh", path, NULL };
    int status = 0;

    editor = editor == NULL || *editor == '\0' ? "vi" : editor;
    argv[2] = arena_printf(arena, "%s \"$@\"", editor);
    if (!program_run(argv, -1, &status, err))
        return false;
    if (WIFEXITED(status) && (WEXITSTATUS(status) == SHELL_NOT_FOUND || WEXITSTATUS(status) == SHELL_NO_PROGRAM))
        return error_set(err, "Unable to execute the command \"%s\"", editor);
    return true;
}

/* --- create and edit --- */

struct editing {
    const char *path;  /* of the vault */
    struct text plain; /* before; data NULL: a new file */
    struct vault_secrets *secrets;
    struct vault_target target;
};

static bool result_save(struct vault_job *job, const struct editing *editing, const char *temporary, struct error *err)
{
    struct vault_write write = { .path = editing->path, .mode = S_IRUSR | S_IWUSR };
    struct vault_bytes edited = { 0 };
    struct text envelope = text_new(job->arena);
    struct stat old;

    if (!vault_file_read(job->arena, temporary, &edited, err))
        return false;
    if (editing->plain.data != NULL && edited.length == editing->plain.length &&
        memcmp(edited.data, editing->plain.data, edited.length) == 0)
        return true;
    if (!vault_encrypt(editing->secrets, &editing->target, edited.data, edited.length, &envelope, err))
        return false;
    if (stat(editing->path, &old) == 0) {
        write.mode = old.st_mode;
        write.owner = old.st_uid;
        write.group = old.st_gid;
        write.keeps_owner = true;
    }
    return vault_file_write(&write, envelope.data, envelope.length, err);
}

/* A terminal that goes away or a `kill` ends us when the plaintext is gone, not before. */
static bool edit_in_memory(struct vault_job *job, const struct editing *editing, struct error *err)
{
    const char *folder, *path;
    sigset_t held, before;
    bool ok;

    sigemptyset(&held);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, &before);
    folder = folder_make(job->arena, err);
    if (folder == NULL) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        return false;
    }
    path = arena_printf(job->arena, "%s/vault%s", folder, path_extension(editing->path));
    ok = plain_write(path, &editing->plain, err) && editor_run(job->arena, path, err) &&
         result_save(job, editing, path, err);
    folder_remove(job->arena, folder);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ok;
}

bool vault_create(struct vault_job *job, struct error *err)
{
    const struct vault_options *options = job->options;
    struct editing editing = { .secrets = job->new_secrets, .target = job->target };
    const char *folder;

    if (options->words.count != 1)
        return error_set_kind(err, ERROR_OPTIONS, "ansible-vault create can take only one filename argument");
    folder = path_dirname(job->arena, options->words.items[0]);
    if (*folder != '\0' && !path_exists(folder)) {
        fprintf(stderr, "[WARNING]: %s does not exist, creating...\n", folder);
        if (!folder_create(job->arena, folder, 0777, err))
            return false;
    }
    if (path_is_file(options->words.items[0]))
        return error_set(err, "%s exists, please use 'edit' instead", options->words.items[0]);
    editing.path = vault_file_real(job->arena, options->words.items[0]);
    return edit_in_memory(job, &editing, err);
}

static bool edit_one(struct vault_job *job, const char *path, struct error *err)
{
    struct editing editing = { .path = vault_file_real(job->arena, path), .secrets = job->secrets };
    struct vault_bytes envelope = { 0 };
    struct vault_head head = { 0 };

    if (!vault_file_read(job->arena, editing.path, &envelope, err) ||
        !vault_file_decrypt(job, editing.path, &envelope, &editing.plain, &editing.target.index, err) ||
        !vault_head_read(job->arena, envelope.data, envelope.length, &head, err))
        return false;
    editing.target.id = head.id;
    return edit_in_memory(job, &editing, err);
}

bool vault_edit(struct vault_job *job, struct error *err)
{
    for (size_t i = 0; i < job->options->words.count; i++)
        if (!edit_one(job, job->options->words.items[i], err))
            return false;
    return true;
}

/* --- view --- */

/* Through a pipe: a pager needs no file. */
static bool page(struct arena *arena, const char *data, size_t length, struct error *err)
{
    const char *pager = getenv("PAGER");
    const char *argv[] = { "/bin/sh", "-c", NULL, NULL };
    int ends[2] = { -1, -1 };
    int status = 0;
    pid_t writer;
    bool ok;

    argv[2] = pager != NULL && *pager != '\0' ? pager : "LESS=FRSX exec less 2>/dev/null || exec cat";
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(err, "cannot make a pipe");
    (void)arena;
    writer = fork();
    if (writer == 0) {
        struct error ignored = ERROR_INIT;

        signal(SIGINT, SIG_IGN);
        signal(SIGPIPE, SIG_DFL);
        fd_close(ends[0]);
        fd_write_all(ends[1], data, length, &ignored);
        _exit(0);
    }
    fd_close(ends[1]);
    ok = writer > 0 ? program_run(argv, ends[0], &status, err) : error_set_errno(err, "cannot fork");
    fd_close(ends[0]);
    while (writer > 0 && waitpid(writer, NULL, 0) < 0)
        continue;
    return ok;
}

static bool show(struct vault_job *job, const struct text *plain, struct error *err)
{
    if (isatty(STDOUT_FILENO) == 1)
        return page(job->arena, plain->data, plain->length, err);
    if (!fd_write_all(STDOUT_FILENO, plain->data, plain->length, err))
        return false;
    return (plain->length > 0 && plain->data[plain->length - 1] == '\n') || fd_write_all(STDOUT_FILENO, "\n", 1, err);
}

bool vault_view(struct vault_job *job, struct error *err)
{
    for (size_t i = 0; i < job->options->words.count; i++) {
        const char *path = job->options->words.items[i];
        struct vault_bytes envelope = { 0 };
        struct text plain = { 0 };
        size_t used = 0;

        if (!vault_file_read(job->arena, path, &envelope, err) ||
            !vault_file_decrypt(job, path, &envelope, &plain, &used, err) || !show(job, &plain, err))
            return false;
    }
    return true;
}
