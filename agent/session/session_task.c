/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a TASK payload to task_run. The task's environment is put into this process's own for its time, because
 * modules, libraries (proxies of libcurl) and commands alike are to see it, as they would in Ansible.
 */
#include "agent/session/session_task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/session/session_note.h"
#include "agent/task/task_run.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

bool session_task_become(const struct value *payload, struct become_request *out)
{
    const struct value *become = value_map_get(payload, "become");

    if (!value_is(become, VALUE_MAP))
        return false;
    *out = (struct become_request){
        .method = value_map_text(become, "method"),
        .user = value_map_text(become, "user"),
        .flags = value_map_text(become, "flags"),
        .exe = value_map_text(become, "exe"),
        .password = value_map_text(become, "password"),
        .prompts = value_map_get(become, "prompts"),
        .same_user = value_map_true(become, "same_user"),
    };
    return true;
}

const struct value *session_task_failed(struct arena *arena, const char *message)
{
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "changed", false);
    value_map_put_bool(arena, map, "failed", true);
    value_map_put_string(arena, map, "msg", message);
    return map;
}

/* --- environment and umask, for the task's time --- */

struct task_surroundings {
    const struct value *environment;
    const char **saved; /* values that names of `environment` had, or NULL */
    mode_t umask;
    bool has_umask;
};

static const char *environment_name(const struct value *environment, size_t index)
{
    const char *name = value_text(value_pair_at(environment, index)->key);

    return name && name[0] != '\0' && !strchr(name, '=') ? name : NULL;
}

static bool umask_read(struct arena *arena, const struct value *payload, mode_t *out)
{
    const struct value *given = value_map_get(payload, "umask");
    const char *text = given && given->kind != VALUE_NULL ? value_to_text(arena, given) : NULL;
    char *end = NULL;

    if (!text)
        return false;
    errno = 0;
    unsigned long bits = strtoul(text, &end, value_is(given, VALUE_INT) ? 10 : 8);
    if (errno != 0 || end == text || *end != '\0' || bits > 0777)
        return false;
    *out = (mode_t)bits;
    return true;
}

static void surroundings_enter(struct arena *arena, const struct value *payload, struct task_surroundings *around)
{
    const struct value *environment = value_map_get(payload, "environment");
    mode_t wanted = 0;

    around->environment = value_is(environment, VALUE_MAP) ? environment : NULL;
    size_t count = value_count(around->environment);
    around->saved = arena_new_array(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *name = environment_name(environment, i);
        if (!name)
            continue;
        around->saved[i] = arena_copy(arena, getenv(name));
        (void)setenv(name, value_to_text(arena, value_pair_at(environment, i)->item), 1);
    }
    around->has_umask = umask_read(arena, payload, &wanted);
    if (around->has_umask)
        around->umask = umask(wanted);
}

static void surroundings_leave(const struct task_surroundings *around)
{
    for (size_t i = value_count(around->environment); i-- > 0;) {
        const char *name = environment_name(around->environment, i);
        if (name && around->saved[i])
            (void)setenv(name, around->saved[i], 1);
        else if (name)
            (void)unsetenv(name);
    }
    if (around->has_umask)
        (void)umask(around->umask);
}

/* --- running --- */

static int64_t payload_int(const struct value *payload, const char *key)
{
    const struct value *value = value_map_get(payload, key);

    return value_is(value, VALUE_INT) ? value->as.integer : 0;
}

const struct value *session_task_run(struct arena *arena, const struct value *payload, struct session_content *content)
{
    struct task_surroundings around = { 0 };
    const struct value *args = value_map_get(payload, "args");
    int64_t timeout_ms = payload_int(payload, "timeout_ms");
    struct system system = {
        .root = "",
        .deadline_ms = timeout_ms > 0 ? clock_monotonic_ms() + timeout_ms : 0,
    };
    struct content_channel channel;
    struct task_request request = {
        .module = value_map_text(payload, "module"),
        .args = value_is(args, VALUE_MAP) ? args : NULL,
        .check_mode = value_map_true(payload, "check"),
        .diff_mode = value_map_true(payload, "diff"),
        .no_log = value_map_true(payload, "no_log"),
        .wants_changes = value_map_true(payload, "changes"),
        .verbosity = (int)payload_int(payload, "verbosity"),
    };

    if (!request.module)
        return session_task_failed(arena, "the task names no module");
    if (args && !request.args && args->kind != VALUE_NULL)
        return session_task_failed(arena, "the task's args are no mapping");
    if (!request.check_mode)
        session_note(request.module);
    if (content != NULL) {
        channel = session_content_channel(content);
        system.cancelled = &content->inbox->is_cancelled;
        system.watch = &content->inbox->watch;
        system.memory = content->memory;
    }
    surroundings_enter(arena, payload, &around);
    system.environment = around.environment;
    const struct value *result = task_run(arena, &system, &request, content == NULL ? NULL : &channel);
    surroundings_leave(&around);
    return result;
}
