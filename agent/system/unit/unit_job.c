/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs: starts, stops, restarts and reloads a unit and waits for the manager's JobRemoved signal. A failed job
 * becomes one sentence with the unit's result and the last lines of its log.
 */
#include <errno.h>
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/system/unit/unit_bus.h"
#include "common/base/clock.h"
#include "common/base/text.h"

#define JOB_LOG_LINES "10"

struct job_wait {
    struct unit_manager *manager;
    const char *path;   /* NULL until the manager has named the job */
    const char *result; /* NULL until the job has ended */
};

static int job_removed(sd_bus_message *message, void *context, sd_bus_error *bus_error)
{
    struct job_wait *wait = context;
    uint32_t id = 0;
    const char *path = NULL, *unit = NULL, *result = NULL;

    (void)bus_error;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 && text_equal(path, wait->path))
        wait->result = arena_copy(wait->manager->arena, result);
    return 0;
}

static bool subscribe(struct unit_manager *manager, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    int status = 0;

    if (!manager->is_subscribed)
        status = sd_bus_call_method(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE, "Subscribe",
                                    &bus_error, NULL, "");
    if (status < 0 && !sd_bus_error_has_name(&bus_error, "org.freedesktop.systemd1.AlreadySubscribed"))
        return bus_error_to(err, &bus_error, status, "subscribing to systemd's signals");
    manager->is_subscribed = true;
    return true;
}

static bool job_enqueue(struct unit_manager *manager, const char *unit, const char *verb, const char **path_out,
                        struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    BUS_MESSAGE_SCOPED reply = NULL;
    const char *path = NULL;
    const char *method = arena_printf(manager->arena, "%sUnit", verb);
    int status = sd_bus_call_method(manager->bus, UNIT_SERVICE, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE, method,
                                    &bus_error, &reply, "ss", unit, "replace");

    if (status >= 0)
        status = sd_bus_message_read(reply, "o", &path);
    if (status < 0)
        return bus_error_to(err, &bus_error, status, NULL);
    *path_out = arena_copy(manager->arena, path);
    return true;
}

/* In slices, so that a cancelled task does not wait for a unit that takes its time. */
static bool job_await(struct job_wait *wait, struct error *err)
{
    const struct system *system = wait->manager->system;
    sd_bus *bus = wait->manager->bus;

    while (wait->result == NULL) {
        int status = sd_bus_process(bus, NULL);

        if (status == 0)
            status = sd_bus_wait(bus, 200 * 1000);
        if (status < 0 && status != -EINTR)
            return bus_error_to(err, NULL, status, "waiting for the job");
        if (system_is_cancelled(system))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled while waiting for the job");
        if (system->deadline_ms > 0 && clock_monotonic_ms() >= system->deadline_ms)
            return error_set(err, "the task's time is up while the job still runs");
    }
    return true;
}

static const char *service_result_text(const char *result)
{
    static const char *const reasons[][2] = {
        { "exit-code", "its process exited with an error code" },
        { "timeout", "a timeout was exceeded" },
        { "signal", "its process was ended by a signal" },
        { "core-dump", "its process dumped core" },
        { "watchdog", "it stopped sending watchdog pings" },
        { "start-limit-hit", "it was started too often in too short a time" },
        { "oom-kill", "the kernel ran out of memory for it" },
        { "resources", "a resource was not available" },
        { "protocol", "it did not do what its type demands" },
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (text_equal(result, reasons[i][0]))
            return reasons[i][1];
    }
    return "the job failed";
}

static const char *job_log(struct unit_manager *manager, const char *unit)
{
    struct process_result result;
    struct error ignored = ERROR_INIT;
    const char *option = manager->scope == UNIT_SCOPE_USER ? "--user-unit" : "--unit";

    if (!process_run(
            manager->system, manager->arena,
            &PROCESS("journalctl", "--quiet", "--no-pager", "--output=short", "--lines=" JOB_LOG_LINES, option, unit),
            &result, &ignored) ||
        result.status != 0)
        return "";
    return text_trim(manager->arena, result.output, result.output_length);
}

static bool job_failed(struct unit_manager *manager, const char *unit, const char *result, struct error *err)
{
    struct value *properties = NULL;
    struct error ignored = ERROR_INIT;

    if (strcmp(result, "dependency") == 0)
        return error_set(err, "A dependency of %s failed, so its job was not run", unit);
    if (strcmp(result, "failed") != 0)
        return error_set(err, "Job for %s ended as '%s'", unit, result);
    const char *why = NULL;
    if (unit_show(manager, unit, &properties, &ignored))
        why = value_map_text(properties, "Result");
    const char *log = job_log(manager, unit);
    return error_set(err, "Job for %s failed because %s (result '%s').%s%s", unit, service_result_text(why),
                     why != NULL ? why : "unknown", log[0] != '\0' ? "\n" : "", log);
}

bool unit_job_run(struct unit_manager *manager, const char *unit, const char *verb, bool wait, struct error *err)
{
    struct job_wait job = { .manager = manager };
    sd_bus_slot *slot = NULL;
    bool ok;

    if (!wait)
        return job_enqueue(manager, unit, verb, &job.path, err);
    if (!subscribe(manager, err))
        return false;
    int status = sd_bus_match_signal(manager->bus, &slot, NULL, UNIT_MANAGER_PATH, UNIT_MANAGER_INTERFACE, "JobRemoved",
                                     job_removed, &job);
    if (status < 0)
        return bus_error_to(err, NULL, status, "waiting for systemd's signals");
    ok = job_enqueue(manager, unit, verb, &job.path, err) && job_await(&job, err);
    sd_bus_slot_unref(slot);
    if (!ok || strcmp(job.result, "done") == 0 || strcmp(job.result, "skipped") == 0)
        return ok;
    return job_failed(manager, unit, job.result, err);
}
