/* SPDX-License-Identifier: Apache-2.0 */
/* service_facts: services and what they are doing, as the fact `services`. Follows ansible.builtin.service_facts for systemd
 * and for init scripts. */
#include "agent/system/unit/service_list.h"
#include "agent/task/module.h"

struct service_facts_args {
    bool unused; /* there are no arguments */
};

static const struct arg_spec service_facts_args[] = { ARG_END };

static bool service_facts_run(struct task_context *task, const void *raw, struct error *err)
{
    struct value *services = value_map(task->scratch), *facts = value_map(task->scratch);
    const char *complaint = NULL;

    (void)raw;
    if (!service_list_scripts(task->system, task->scratch, services, &complaint, err))
        return false;
    if (complaint != NULL)
        result_warn(task, "%s", complaint);
    if (!service_list_systemd(task->system, task->scratch, services, err))
        return false;
    if (value_count(services) == 0)
        return result_skip(task, "Failed to find any services. This can be due to privileges or some other "
                                 "configuration issue.");
    value_map_put(task->scratch, facts, "services", services);
    result_set(task, "ansible_facts", facts);
    return true;
}

MODULE_DEFINE(service_facts) = {
    .spec = {
        .name = "service_facts",
        .summary = "Services and their states as facts",
        .args = service_facts_args,
        .args_size = sizeof(struct service_facts_args),
    },
    .is_info = true,
    .order = "ansible_facts",
    .run = service_facts_run,
};
