/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of systemctl and service. */
#include "agent/system/unit/service_list.h"

#include <string.h>

#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "agent/system/file/word_list.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct service {
    const char *name, *state, *status, *source; /* status NULL: left out */
};

static void put(struct arena *arena, struct value *services, const struct service *service)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "name", service->name);
    value_map_put_string(arena, map, "state", service->state);
    if (service->status != NULL)
        value_map_put_string(arena, map, "status", service->status);
    value_map_put_string(arena, map, "source", service->source);
    value_map_put(arena, services, service->name, map);
}

static bool is_bad(const char *status)
{
    static const char *const bad[] = { "not-found", "masked", "failed", NULL };

    return text_in(status, bad);
}

/* --- systemd --- */

/* A mark in the first column (a dot, a cross) names units in trouble. */
void service_list_add_units(struct arena *arena, const char *text, struct value *services)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        struct word_list words = word_list_split(arena, line, length);
        size_t at = words.count > 0 && !text_ends(words.items[0], ".service") ? 1 : 0;

        if (words.count < at + 4 || !text_ends(words.items[at], ".service"))
            continue;
        const char *load = words.items[at + 1], *active = words.items[at + 2], *sub = words.items[at + 3];
        const struct service service = { .name = words.items[at],
                                         .state = strcmp(sub, "running") == 0 ? "running" : "stopped",
                                         .status = is_bad(load) ? load : active,
                                         .source = "systemd" };
        put(arena, services, &service);
    }
}

static bool table(const struct system *system, struct arena *arena, const char *what, char **out, struct error *err)
{
    struct process_request request =
        PROCESS("systemctl", what, "--no-pager", "--no-legend", "--full", "--all", "--type", "service");
    struct process_result result;

    if (!process_run_ok(system, arena, &request, &result, err))
        return false;
    *out = result.output;
    return true;
}

/* What units that are not loaded are doing: one call for all; templates have no state. */
static bool states_of(const struct system *system, struct arena *arena, const struct word_list *names,
                      struct word_list *states, struct error *err)
{
    struct word_list argv = word_list_new(arena);
    struct process_request request = PROCESS("");
    struct process_result result;
    size_t length;

    word_list_add(&argv, "systemctl");
    word_list_add(&argv, "show");
    word_list_add(&argv, "--property=ActiveState");
    for (size_t i = 0; i < names->count; i++)
        word_list_add(&argv, names->items[i]);
    request.argv = argv.items;
    if (names->count == 0)
        return true;
    if (!process_run(system, arena, &request, &result, err))
        return false;
    const char *cursor = result.output, *end = cursor + strlen(cursor), *line;
    while (text_line(&cursor, end, &line, &length)) {
        if (length > 12 && text_starts(line, "ActiveState="))
            word_list_add(states, arena_copy_n(arena, line + 12, length - 12));
    }
    return true;
}

static bool add_unit_files(const struct system *system, struct arena *arena, const char *text, struct value *services,
                           struct error *err)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    struct word_list idle = word_list_new(arena), states = word_list_new(arena);
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        struct word_list words = word_list_split(arena, line, length);

        if (words.count < 2 || !text_ends(words.items[0], ".service"))
            continue;
        const struct value *known = value_map_get(services, words.items[0]);
        const char *status = known != NULL ? value_map_text(known, "status") : NULL;
        if (status != NULL && is_bad(status))
            continue;
        const struct service service = { .name = words.items[0],
                                         .state = known != NULL ? value_map_text(known, "state") : "unknown",
                                         .status = words.items[1],
                                         .source = "systemd" };
        put(arena, services, &service);
        if (known == NULL && strstr(words.items[0], "@.") == NULL)
            word_list_add(&idle, words.items[0]);
    }
    if (!states_of(system, arena, &idle, &states, err))
        return false;
    for (size_t i = 0; i < idle.count && states.count == idle.count; i++) {
        const char *status = value_map_text(value_map_get(services, idle.items[i]), "status");
        put(arena, services, &(struct service){ idle.items[i], states.items[i], status, "systemd" });
    }
    return true;
}

bool service_list_systemd(const struct system *system, struct arena *arena, struct value *services, struct error *err)
{
    char *init = NULL, *units = NULL, *files = NULL;
    struct error ignored = ERROR_INIT;
    bool is_init = text_file_read(system, arena, "/proc/1/comm", &init, &ignored) && init != NULL &&
                   strstr(init, "systemd") != NULL;

    if (!is_init || process_find(system, arena, "systemctl") == NULL)
        return true;
    if (!table(system, arena, "list-units", &units, err) || !table(system, arena, "list-unit-files", &files, err))
        return false;
    service_list_add_units(arena, units, services);
    return add_unit_files(system, arena, files, services, err);
}

/* --- init scripts --- */

void service_list_add_scripts(struct arena *arena, const char *text, struct value *services)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        struct word_list words = word_list_split(arena, line, length);
        bool is_row = words.count >= 4 && strcmp(words.items[0], "[") == 0 && strcmp(words.items[2], "]") == 0;
        bool is_known = is_row && (words.items[1][0] == '+' || words.items[1][0] == '-');

        if (is_known)
            put(arena, services,
                &(struct service){ words.items[3], words.items[1][0] == '+' ? "running" : "stopped", NULL, "sysv" });
    }
}

bool service_list_scripts(const struct system *system, struct arena *arena, struct value *services,
                          const char **complaint_out, struct error *err)
{
    struct process_result result;

    *complaint_out = NULL;
    if (process_find(system, arena, "service") == NULL || process_find(system, arena, "chkconfig") != NULL ||
        process_find(system, arena, "rc-status") != NULL)
        return true;
    if (!process_run(system, arena, &PROCESS("service", "--status-all"), &result, err))
        return false;
    if (result.status == 4 && !path_exists(system_path(system, arena, "/etc/init.d")))
        return true;
    if (result.status != 0)
        *complaint_out = arena_printf(arena, "Unable to query 'service' tool (%d): %s", result.status, result.errors);
    service_list_add_scripts(arena, result.output, services);
    return true;
}
