/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executable inventories: `path --list` prints JSON; when it has no _meta.hostvars, `path --host NAME` is asked for each
 * host. Runs only programs that the user named as inventory.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#include "common/base/clock.h"
#include "common/base/descriptor_limit.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/inventory/inventory_internal.h"

extern char **environ;

/* --- running --- */

struct script_output {
    struct text text[2]; /* stdout, stderr */
    int status;
    int64_t until_ms; /* monotonic */
};

static bool too_slow(struct error *err)
{
    return error_set_kind(err, ERROR_LIMIT, "an inventory script took too long and was ended");
}

static int time_left(const struct script_output *output)
{
    int64_t left = output->until_ms - clock_monotonic_ms();

    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Reads both pipes until they are closed. */
static bool pipes_read(int fds[2], struct script_output *output, struct error *err)
{
    struct pollfd polls[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };
    char chunk[16384];

    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        int ready = poll(polls, 2, time_left(output));

        if (ready < 0 && errno != EINTR)
            return error_set_errno(err, "waiting for an inventory script");
        if (ready == 0 && time_left(output) == 0)
            return too_slow(err);
        for (int i = 0; i < 2; i++) {
            ssize_t got;

            if (ready <= 0 || polls[i].fd < 0 || polls[i].revents == 0)
                continue;
            got = read(polls[i].fd, chunk, sizeof(chunk));
            if (got > 0)
                text_add_n(&output->text[i], chunk, (size_t)got);
            else if (got == 0 || errno != EINTR)
                polls[i].fd = -1;
            if (output->text[i].length > LIMIT_PROCESS_OUTPUT)
                return error_set_kind(err, ERROR_LIMIT, "an inventory script printed more than %d bytes",
                                      LIMIT_PROCESS_OUTPUT);
        }
    }
    return true;
}

static int script_spawn(const char *const *argv, const int out[2], const int errors[2], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    char *copy[4] = { NULL };
    int failed;

    for (size_t i = 0; argv[i] != NULL && i < 3; i++)
        memcpy(&copy[i], &argv[i], sizeof(char *)); /* posix_spawn wants writable pointers and writes nothing */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
    descriptor_limit_lower();
    failed = posix_spawn(pid, argv[0], &actions, NULL, copy, environ);
    descriptor_limit_restore();
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* Its end, or at the latest when its time is over. */
static bool script_wait(pid_t pid, bool read, struct script_output *output, struct error *err)
{
    pid_t ended = 0;

    if (!read)
        kill(pid, SIGKILL);
    while (read && (ended = waitpid(pid, &output->status, WNOHANG)) <= 0) {
        if (ended < 0 && errno != EINTR)
            return error_set_errno(err, "waiting for an inventory script");
        if (time_left(output) == 0) {
            kill(pid, SIGKILL);
            read = too_slow(err);
        } else if (poll(NULL, 0, 5) < 0 && errno != EINTR) {
            return error_set_errno(err, "waiting for an inventory script");
        }
    }
    while (ended <= 0 && waitpid(pid, &output->status, 0) < 0 && errno == EINTR)
        continue;
    return read;
}

static bool script_run(struct arena *arena, const char *const *argv, struct script_output *output, struct error *err)
{
    int out[2], errors[2], failed;
    pid_t pid = 0;
    bool read;

    output->text[0] = text_new(arena);
    output->text[1] = text_new(arena);
    if (pipe2(out, O_CLOEXEC) != 0)
        return error_set_errno(err, "pipe");
    if (pipe2(errors, O_CLOEXEC) != 0) {
        fd_close(out[0]);
        fd_close(out[1]);
        return error_set_errno(err, "pipe");
    }
    failed = script_spawn(argv, out, errors, &pid);
    fd_close(out[1]);
    fd_close(errors[1]);
    read = failed == 0 && pipes_read((int[2]){ out[0], errors[0] }, output, err);
    fd_close(out[0]);
    fd_close(errors[0]);
    if (failed != 0)
        return error_set(err, "problem running %s %s (%s)", argv[0], argv[1], strerror(failed));
    return script_wait(pid, read, output, err);
}

static bool script_json(struct inventory *inventory, const char *const *argv, const struct value **out,
                        struct error *err)
{
    int timeout_s = inventory->index->rules->script_timeout_s;
    struct script_output output = {
        .until_ms = clock_monotonic_ms() + 1000 * (int64_t)(timeout_s > 0 ? timeout_s : LIMIT_INVENTORY_SCRIPT_S)
    };
    struct arena *arena = inventory->arena;

    if (!script_run(arena, argv, &output, err))
        return error_prefix(err, "%s %s", argv[0], argv[1]);
    if (!WIFEXITED(output.status) || WEXITSTATUS(output.status) != 0)
        return error_set_kind(err, ERROR_PARSE, "Inventory script (%s) had an execution error: %.2000s", argv[0],
                              output.text[1].length == 0 ? "" : output.text[1].data);
    if (!text_utf8_valid(output.text[0].data, output.text[0].length))
        return error_set_kind(err, ERROR_PARSE, "Inventory %s contained characters that cannot be interpreted as UTF-8",
                              argv[0]);
    if (argv[2] == NULL && output.text[1].length > 0)
        inventory_warn(inventory, inventory->index->warnings,
                       text_trim(arena, output.text[1].data, output.text[1].length));
    if (argv[2] != NULL && output.text[0].length == 0) {
        *out = value_map(arena);
        return true;
    }
    if (!json_read(arena, output.text[0].length == 0 ? "" : output.text[0].data, output.text[0].length, argv[0], out,
                   err))
        return error_prefix(err, "failed to parse executable inventory script results from %s", argv[0]);
    if (!value_is(*out, VALUE_MAP))
        return error_set_kind(err, ERROR_PARSE,
                              "failed to parse executable inventory script results from %s: needs to be a "
                              "json dict",
                              argv[0]);
    *out = value_mark(arena, *out, VALUE_TRUSTED, 0);
    return true;
}

/* --- reading --- */

struct script_reader {
    struct inventory *inventory;
    const char *path;
    struct value *hosts; /* names as keys, in the order they were named */
    struct error *err;
};

static bool script_hosts(struct script_reader *reader, struct inventory_group *group, const struct value *hosts)
{
    if (!value_is(hosts, VALUE_LIST))
        return error_set_kind(reader->err, ERROR_PARSE,
                              "%s: You defined a group '%s' with bad data for the host list (a %s)", reader->path,
                              group->name, value_kind_text(hosts));
    for (size_t i = 0; i < value_count(hosts); i++) {
        const char *name = value_text(value_item(hosts, i));

        if (name == NULL || name[0] == '\0')
            return error_set_kind(reader->err, ERROR_PARSE,
                                  "%s: Invalid host name supplied in group '%s', expected a string", reader->path,
                                  group->name);
        value_map_put_bool(reader->inventory->arena, reader->hosts, name, true);
        inventory_add_to_group(reader->inventory, group, inventory_add_host(reader->inventory, name));
    }
    return true;
}

static bool script_children(struct script_reader *reader, struct inventory_group *group, const struct value *children)
{
    for (size_t i = 0; i < value_count(children); i++) {
        const char *name = value_text(value_item(children, i));

        if (name == NULL)
            return error_set_kind(reader->err, ERROR_PARSE, "%s: a child of group '%s' must be a string", reader->path,
                                  group->name);
        if (!inventory_try_child(reader->inventory, group, inventory_add_group(reader->inventory, name), reader->err))
            return error_prefix(reader->err, "%s", reader->path);
    }
    return true;
}

static bool script_vars(struct script_reader *reader, struct inventory_group *group, const struct value *vars)
{
    if (!value_is(vars, VALUE_MAP))
        return error_set_kind(reader->err, ERROR_PARSE,
                              "%s: You defined a group '%s' with bad data for variables (a %s)", reader->path,
                              group->name, value_kind_text(vars));
    for (size_t i = 0; i < value_count(vars); i++)
        inventory_group_set(reader->inventory, group, value_pair_at(vars, i)->key, value_pair_at(vars, i)->item);
    return true;
}

static bool script_group(struct script_reader *reader, const char *name, const struct value *data)
{
    struct inventory_group *group = inventory_add_group(reader->inventory, name);
    const struct value *hosts = value_map_get(data, "hosts"), *vars = value_map_get(data, "vars");
    const struct value *children = value_map_get(data, "children");
    struct arena *arena = reader->inventory->arena;

    if (!value_is(data, VALUE_MAP))
        return script_hosts(reader, group, data);
    if (hosts == NULL && vars == NULL && children == NULL) {
        /* the short form: the group is a host of the same name, the data its variables */
        struct value *one = value_list(arena);

        value_list_add(arena, one, value_string(arena, name));
        return script_hosts(reader, group, one) && script_vars(reader, group, data);
    }
    return (hosts == NULL || script_hosts(reader, group, hosts)) &&
           (vars == NULL || script_vars(reader, group, vars)) && script_children(reader, group, children);
}

static bool script_host_vars(struct script_reader *reader, const struct value *all)
{
    struct inventory *inventory = reader->inventory;

    for (size_t i = 0; i < value_count(reader->hosts); i++) {
        const char *name = value_text(value_pair_at(reader->hosts, i)->key);
        const char *argv[] = { reader->path, "--host", name, NULL };
        struct inventory_host *host = inventory_find_host(inventory, name);
        const struct value *vars = value_map_get(all, name);

        if (all == NULL && !script_json(inventory, argv, &vars, reader->err))
            return false;
        if (vars != NULL && !value_is(vars, VALUE_MAP))
            return error_set_kind(reader->err, ERROR_PARSE,
                                  "%s: the variables of host '%s' must be a dictionary, got a %s", reader->path, name,
                                  value_kind_text(vars));
        for (size_t v = 0; v < value_count(vars); v++)
            inventory_host_set(inventory, host, value_pair_at(vars, v)->key, value_pair_at(vars, v)->item);
    }
    return true;
}

bool inventory_read_script(struct inventory *inventory, const char *path, struct error *err)
{
    struct script_reader reader = {
        .inventory = inventory, .path = path, .hosts = value_map(inventory->arena), .err = err
    };
    const char *argv[] = { path, "--list", NULL, NULL };
    const struct value *content = NULL, *host_vars = NULL;

    if (!script_json(inventory, argv, &content, err))
        return false;
    for (size_t i = 0; i < value_count(content); i++) {
        const struct value_pair *pair = value_pair_at(content, i);

        if (text_equal(value_text(pair->key), "_meta"))
            host_vars = value_map_get(pair->item, "hostvars");
        else if (value_text(pair->key)[0] == '\0')
            return error_set_kind(err, ERROR_PARSE, "%s: a group without a name", path);
        else if (!script_group(&reader, value_text(pair->key), pair->item))
            return false;
    }
    if (host_vars != NULL && !value_is(host_vars, VALUE_MAP))
        return error_set_kind(err, ERROR_PARSE, "%s: hostvars of _meta must be a dictionary, got a %s", path,
                              value_kind_text(host_vars));
    return script_host_vars(&reader, host_vars);
}
