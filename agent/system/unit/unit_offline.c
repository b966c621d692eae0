/* SPDX-License-Identifier: Apache-2.0 */
/* Unit files and init scripts through the node's own programs, for where systemd's bus cannot help. */
#include "agent/system/unit/unit_offline.h"

#include <glob.h>
#include <string.h>

#include "agent/system/process/process.h"
#include "common/base/path.h"
#include "common/base/text.h"

static struct unit_answer answer_of(struct arena *arena, const struct process_result *result)
{
    const char *output = text_trim(arena, result->output, result->output_length);
    const char *errors = text_trim(arena, result->errors, result->errors_length);
    bool use_output = output[0] != '\0' || result->status == 0;

    return (struct unit_answer){ .status = result->status, .text = use_output ? output : errors };
}

bool unit_offline_systemctl(const struct system *system, struct arena *arena, const char *const scope_verb_unit[3],
                            struct unit_answer *out, struct error *err)
{
    struct process_result result;

    if (process_require(system, arena, "systemctl", err) == NULL)
        return false;
    if (!process_run(system, arena, &PROCESS("systemctl", scope_verb_unit[0], scope_verb_unit[1], scope_verb_unit[2]),
                     &result, err))
        return false;
    *out = answer_of(arena, &result);
    return true;
}

static const char *script_path(const struct system *system, struct arena *arena, const char *name)
{
    return system_path(system, arena, name[0] == '/' ? name : arena_printf(arena, "/etc/init.d/%s", name));
}

const char *init_script_of(const struct system *system, struct arena *arena, const char *unit)
{
    size_t length = strlen(unit), suffix = strlen(".service");

    if (length <= suffix || strcmp(unit + length - suffix, ".service") != 0)
        return NULL;
    const char *name = arena_copy_n(arena, unit, length - suffix);
    return init_script_exists(system, arena, name) ? name : NULL;
}

bool init_script_exists(const struct system *system, struct arena *arena, const char *name)
{
    return path_exists(script_path(system, arena, name));
}

bool init_script_is_enabled(const struct system *system, struct arena *arena, const char *name)
{
    glob_t found;
    const char *pattern = system_path(system, arena, arena_printf(arena, "/etc/rc[2-5].d/S[0-9][0-9]%s", name));
    bool any = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;

    globfree(&found);
    return any;
}

/* systemd's own helper where there is one (it knows the distribution's way), else Debian's update-rc.d. */
bool init_script_enable(const struct system *system, struct arena *arena, const char *name, bool enable,
                        struct error *err)
{
    static const char *const helpers[] = { "/lib/systemd/systemd-sysv-install",
                                           "/usr/lib/systemd/systemd-sysv-install" };
    const char *verb = enable ? "enable" : "disable";
    struct process_result result;

    for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
        if (path_exists(helpers[i]))
            return process_run_ok(system, arena, &PROCESS(helpers[i], verb, name), &result, err);
    }
    if (process_find(system, arena, "update-rc.d") == NULL)
        return error_set(err, "there is no program to %s init scripts (systemd-sysv-install, update-rc.d)", verb);
    return process_run_ok(system, arena, &PROCESS("update-rc.d", name, "defaults"), &result, err) &&
           process_run_ok(system, arena, &PROCESS("update-rc.d", name, verb), &result, err);
}

bool init_script_run(const struct system *system, struct arena *arena, const char *name, const char *verb,
                     struct unit_answer *out, struct error *err)
{
    const char *script = script_path(system, arena, name);
    bool has_service = process_find(system, arena, "service") != NULL && name[0] != '/';
    struct process_request request = has_service ? PROCESS("service", name, verb) : PROCESS(script, verb);
    struct process_result result;

    if (!process_run(system, arena, &request, &result, err))
        return false;
    *out = answer_of(arena, &result);
    return true;
}
