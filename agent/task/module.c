/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a module by any name a playbook may use for it. The table itself is generated from agent/modules; whoever
 * links this file links that table too.
 */
#include "agent/task/module.h"

#include <string.h>

#include "common/base/text.h"

static const char *const collections[] = { "ansible.builtin.",   "ansible.legacy.",   "ansible.posix.",
                                           "community.general.", "community.crypto.", NULL };

static const char *module_short_name(const char *name)
{
    for (const char *const *prefix = collections; *prefix; prefix++)
        if (text_starts(name, *prefix))
            return name + strlen(*prefix);
    return name;
}

const struct module *module_named(const char *name)
{
    const char *wanted = name ? module_short_name(name) : "";

    for (size_t i = 0; i < module_table_count; i++) {
        const struct task_spec *spec = &module_table[i]->spec;
        if (strcmp(spec->name, wanted) == 0 || (spec->aliases && text_in(wanted, spec->aliases)))
            return module_table[i];
    }
    return NULL;
}
