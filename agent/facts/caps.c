/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities of this process, as `capsh --print` would tell them where it is installed. All or none is known
 * from /proc; only the cases between need the program itself, whose notation for them is its own.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/facts/fact_support.h"
#include "agent/system/process/process.h"

static unsigned long long status_number(const char *status, const char *key)
{
    const char *at = status ? strstr(status, key) : NULL;

    return at ? strtoull(at + strlen(key), NULL, 16) : 0;
}

/* 1: all, 0: none, -1: some. */
static int caps_held(const struct system *system, struct arena *arena)
{
    const char *status = fact_file(system, arena, "/proc/self/status");
    const char *last = fact_file(system, arena, "/proc/sys/kernel/cap_last_cap");
    int64_t highest = 40;

    (void)(last && text_to_int(last, &highest));
    unsigned long long full = highest >= 63 ? ~0ULL : (1ULL << (highest + 1)) - 1;
    unsigned long long permitted = status_number(status, "\nCapPrm:"), effective = status_number(status, "\nCapEff:");
    if (permitted == 0 && effective == 0 && status)
        return 0;
    return permitted == full && effective == full && status_number(status, "\nCapInh:") == 0 ? 1 : -1;
}

static const struct value *caps_of_program(const struct system *system, struct arena *arena)
{
    struct process_request request = PROCESS("capsh", "--print");
    struct process_result result;
    struct error ignored = ERROR_INIT;
    struct value *list = value_list(arena);

    request.timeout_ms = 2000;
    if (!fact_is_live(system) || !process_run(system, arena, &request, &result, &ignored) || result.status != 0)
        return NULL;
    const char *line = strstr(result.output, "Current:");
    const char *equals = line ? strchr(line, '=') : NULL;
    if (!equals)
        return NULL;
    const char *end = equals + 1 + strcspn(equals + 1, "=\n");
    for (const char *at = equals + 1; at <= end;) {
        size_t length = strcspn(at, ",\n=");
        if (at + length > end)
            length = (size_t)(end - at);
        value_list_add(arena, list, value_string(arena, text_trim(arena, at, length)));
        at += length + 1;
    }
    return list;
}

static bool caps_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    bool has_program = fact_has_program(system, arena, "capsh");
    int held = has_program ? caps_held(system, arena) : 0;
    struct value *list = value_list(arena);

    (void)err;
    if (held == 0)
        value_list_add(arena, list, value_string(arena, ""));
    const struct value *named = held < 0 ? caps_of_program(system, arena) : list;
    if (!has_program || !named) {
        value_map_put_string(arena, facts, "system_capabilities_enforced", "N/A");
        value_map_put_string(arena, facts, "system_capabilities", "N/A");
        return true;
    }
    value_map_put_string(arena, facts, "system_capabilities_enforced", held > 0 ? "False" : "True");
    value_map_put(arena, facts, "system_capabilities", named);
    return true;
}

FACT_GROUP_DEFINE(caps) = { .name = "caps",
                            .names = FACT_NAMES("min", "system_capabilities", "system_capabilities_enforced"),
                            .collect = caps_collect };
