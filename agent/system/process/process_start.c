/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a program: who finds it, what it inherits. posix_spawn shares this process's memory until exec (as
 * vfork does), so a start costs the same however large the agent is. Never waits and never reads.
 */
#include "agent/system/process/process_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

#define PROGRAM_INPUT 3 /* with a terminal */
#define PROGRAM_OUTPUT 4
#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *const sbin_folders[] = { "/sbin", "/usr/sbin", "/usr/local/sbin", NULL }; /* in Ansible's order */

/* --- environment --- */

struct environment {
    char **entries;
    size_t count, capacity;
};

static void environment_put(struct arena *arena, struct environment *environment, const char *name, size_t name_length,
                            const char *entry)
{
    for (size_t i = 0; i < environment->count; i++) {
        const char *old = environment->entries[i];
        if (strncmp(old, name, name_length) == 0 && old[name_length] == '=') {
            environment->entries[i] = arena_copy(arena, entry);
            return;
        }
    }
    if (environment->count + 1 >= environment->capacity) {
        size_t bigger = environment->capacity * 2 + 16;
        environment->entries =
            arena_grow(arena, environment->entries, environment->capacity * sizeof(char *), bigger * sizeof(char *));
        environment->capacity = bigger;
    }
    environment->entries[environment->count++] = arena_copy(arena, entry);
}

static void environment_put_map(struct arena *arena, struct environment *environment, const struct value *map)
{
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const char *name = value_text(pair->key);
        if (!name || name[0] == '\0' || strchr(name, '='))
            continue;
        const char *text = value_to_text(arena, pair->item);
        environment_put(arena, environment, name, strlen(name), arena_printf(arena, "%s=%s", name, text));
    }
}

char **process_environment(const struct system *system, struct arena *arena, const struct process_request *request)
{
    struct environment result = { 0 };
    size_t inherited = 0;

    while (environ && environ[inherited])
        inherited++;
    result.capacity = inherited + 16;
    result.entries = arena_new_array(arena, char *, result.capacity);
    for (size_t i = 0; i < inherited; i++)
        result.entries[result.count++] = environ[i];
    environment_put_map(arena, &result, system->environment);
    environment_put_map(arena, &result, request->environment);
    if (request->c_locale) {
        environment_put(arena, &result, "LC_ALL", 6, "LC_ALL=C");
        environment_put(arena, &result, "LANGUAGE", 8, "LANGUAGE=C");
    }
    return result.entries;
}

static const char *environment_get(char *const *entries, const char *name)
{
    size_t length = strlen(name);

    for (; entries && *entries; entries++)
        if (strncmp(*entries, name, length) == 0 && (*entries)[length] == '=')
            return *entries + length + 1;
    return NULL;
}

/* --- finding the program --- */

/* Is `folder` in a list of folders with colons? */
static bool is_listed(const char *list, const char *folder)
{
    size_t length = strlen(folder);

    for (const char *at = list; (at = strstr(at, folder)) != NULL; at++) {
        if ((at == list || at[-1] == ':') && (at[length] == '\0' || at[length] == ':'))
            return true;
    }
    return false;
}

static const char *program_in(struct arena *arena, const char *folder, size_t length, const char *name)
{
    char *path = arena_printf(arena, "%.*s/%s", (int)length, folder, name);

    return access(path, X_OK) == 0 && path_is_file(path) ? path : NULL;
}

static const char *program_find(struct arena *arena, const char *search, const char *name)
{
    const char *found = NULL;

    if (strchr(name, '/'))
        return access(name, X_OK) == 0 && path_is_file(name) ? name : NULL;
    for (const char *at = search ? search : PATH_DEFAULT; *at && !found;) {
        size_t length = strcspn(at, ":");
        if (length > 0)
            found = program_in(arena, at, length, name);
        at += length + (at[length] == ':');
    }
    for (const char *const *folder = sbin_folders; *folder && !found; folder++)
        found = program_in(arena, *folder, strlen(*folder), name);
    return found;
}

const char *process_find(const struct system *system, struct arena *arena, const char *name)
{
    struct process_request request = { .umask_bits = -1 };
    char **environment = process_environment(system, arena, &request);

    return name[0] != '\0' ? program_find(arena, environment_get(environment, "PATH"), name) : NULL;
}

const char *process_require(const struct system *system, struct arena *arena, const char *name, struct error *err)
{
    struct process_request request = { .umask_bits = -1 };
    const char *found = process_find(system, arena, name), *search;
    struct text paths = text_new(arena);

    if (found != NULL)
        return found;
    search = environment_get(process_environment(system, arena, &request), "PATH");
    text_add(&paths, search != NULL ? search : PATH_DEFAULT);
    for (const char *const *folder = sbin_folders; *folder; folder++) {
        if (!is_listed(paths.data, *folder) && path_exists(*folder))
            text_printf(&paths, ":%s", *folder);
    }
    (void)error_set(err, "Failed to find required executable \"%s\" in paths: %s", name, paths.data);
    return NULL;
}

/* --- starting: pipes whose far end (the program's) blocks and whose near end does not --- */

struct spawn_pipes {
    int input[2], output[2], errors[2];
};

static void spawn_pipes_close(struct spawn_pipes *pipes)
{
    int saved = errno;

    for (int i = 0; i < 2; i++) {
        fd_close(pipes->input[i]);
        fd_close(pipes->output[i]);
        fd_close(pipes->errors[i]);
    }
    errno = saved;
}

/* Out of the way of the numbers that the program gets. */
static bool move_up(int *fd)
{
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, PROGRAM_OUTPUT + 1);

    if (higher < 0)
        return false;
    fd_close(*fd);
    *fd = higher;
    return true;
}

static bool spawn_pipes_open(struct spawn_pipes *pipes, const struct process_request *request)
{
    bool wants_input = request->input != NULL, wants_errors = request->terminal == NULL;

    *pipes = (struct spawn_pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
    bool is_open = pipe2(pipes->output, O_CLOEXEC) == 0 && (!wants_errors || pipe2(pipes->errors, O_CLOEXEC) == 0) &&
                   (!wants_input || pipe2(pipes->input, O_CLOEXEC) == 0);

    is_open = is_open && fcntl(pipes->output[0], F_SETFL, O_NONBLOCK) == 0 &&
              (!wants_errors || fcntl(pipes->errors[0], F_SETFL, O_NONBLOCK) == 0) &&
              (!wants_input || fcntl(pipes->input[1], F_SETFL, O_NONBLOCK) == 0) &&
              (wants_errors || (move_up(&pipes->output[1]) && (!wants_input || move_up(&pipes->input[0]))));
    if (!is_open)
        spawn_pipes_close(pipes);
    return is_open;
}

/* The program leads a session that has no terminal yet: the first that it opens is its own. */
static int terminal_actions(posix_spawn_file_actions_t *actions, const struct spawn_pipes *pipes, const char *terminal)
{
    int code = posix_spawn_file_actions_addopen(actions, 0, terminal, O_RDWR, 0);

    for (int fd = 1; code == 0 && fd <= 2; fd++)
        code = posix_spawn_file_actions_adddup2(actions, 0, fd);
    if (code == 0 && pipes->input[0] >= 0)
        code = posix_spawn_file_actions_adddup2(actions, pipes->input[0], PROGRAM_INPUT);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(actions, pipes->output[1], PROGRAM_OUTPUT);
    return code;
}

static int pipe_actions(posix_spawn_file_actions_t *actions, const struct spawn_pipes *pipes)
{
    int code;

    if (pipes->input[0] >= 0)
        code = posix_spawn_file_actions_adddup2(actions, pipes->input[0], 0);
    else
        code = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(actions, pipes->output[1], 1);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(actions, pipes->errors[1], 2);
    return code;
}

static int spawn_actions(posix_spawn_file_actions_t *actions, const struct spawn_pipes *pipes,
                         const struct process_request *request)
{
    int code = request->terminal ? terminal_actions(actions, pipes, request->terminal) : pipe_actions(actions, pipes);

    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(actions, request->terminal ? PROGRAM_OUTPUT + 1 : 3);
    if (code == 0 && request->folder)
        code = posix_spawn_file_actions_addchdir_np(actions, request->folder);
    return code;
}

/* Default actions for signals the agent ignores, nothing blocked, a session of its own. */
static int spawn_attributes(posix_spawnattr_t *attributes)
{
    sigset_t set;
    int code;

    sigemptyset(&set);
    code = posix_spawnattr_setsigmask(attributes, &set);
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(attributes, &set);
    if (code == 0)
        code = posix_spawnattr_setflags(attributes,
                                        POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (short)POSIX_SPAWN_SETSID);
    return code;
}

static int spawn(const char *path, const struct process_request *request, char *const *environment,
                 const struct spawn_pipes *pipes, pid_t *pid_out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        code = spawn_actions(&actions, pipes, request);
        if (code == 0)
            code = spawn_attributes(&attributes);
        if (code == 0) {
            mode_t old = request->umask_bits >= 0 ? umask((mode_t)request->umask_bits) : 0;
            union {
                const char *const *given;
                char *const *wanted;
            } argv = { .given = request->argv };
            code = posix_spawn(pid_out, path, &actions, &attributes, argv.wanted, environment);
            if (request->umask_bits >= 0)
                (void)umask(old);
        }
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static bool process_check(const struct process_request *request, struct error *err)
{
    size_t count = 0;

    while (request->argv[count])
        count++;
    if (count == 0 || request->argv[0][0] == '\0') {
        errno = EINVAL;
        return error_set(err, "no command given");
    }
    if (count > LIMIT_PROCESS_ARGS) {
        errno = E2BIG;
        return error_set(err, "%s: more than %d arguments", request->argv[0], LIMIT_PROCESS_ARGS);
    }
    if (request->folder && !path_is_folder(request->folder)) {
        errno = path_exists(request->folder) ? ENOTDIR : ENOENT;
        return error_set_errno(err, "cannot run '%s' in folder '%s'", request->argv[0], request->folder);
    }
    return true;
}

bool process_start(const struct system *system, struct arena *arena, const struct process_request *request,
                   struct process_pipes *out, struct error *err)
{
    struct spawn_pipes pipes;

    if (!process_check(request, err))
        return false;
    const char *name = request->argv[0];
    char **environment = process_environment(system, arena, request);
    const char *path = strchr(name, '/') ? name : program_find(arena, environment_get(environment, "PATH"), name);
    if (!path) {
        errno = ENOENT;
        return error_set_errno(err, "cannot run '%s'", name);
    }
    if (!spawn_pipes_open(&pipes, request))
        return error_set_errno(err, "cannot make a pipe for '%s'", name);
    int code = spawn(path, request, environment, &pipes, &out->pid);
    if (code != 0) {
        spawn_pipes_close(&pipes);
        errno = code;
        return error_set_errno(err, "cannot run '%s'", name);
    }
    fd_close(pipes.input[0]);
    fd_close(pipes.output[1]);
    fd_close(pipes.errors[1]);
    out->watch = pidfd_open(out->pid, 0);
    out->input = pipes.input[1];
    out->output = pipes.output[0];
    out->errors = pipes.errors[0];
    return true;
}
