/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking up task types by name: short, alias, or qualified by one of the collections that Roost stands in for.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/spec/arg_spec.h"

static const char *name_short(const char *name)
{
    static const char *const collections[] = { "ansible.builtin.", "ansible.legacy.", "ansible.posix.",
                                               "community.general.", "community.crypto." };

    for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
        if (text_starts(name, collections[i]))
            return name + strlen(collections[i]);
    }
    return name;
}

const struct task_spec *task_catalogue_find(const struct task_catalogue *catalogue, const char *name)
{
    name = name_short(name);
    for (size_t i = 0; i < catalogue->count; i++) {
        if (strcmp(catalogue->specs[i]->name, name) == 0)
            return catalogue->specs[i];
    }
    for (size_t i = 0; i < catalogue->count; i++) {
        if (text_in(name, catalogue->specs[i]->aliases))
            return catalogue->specs[i];
    }
    return NULL;
}

const struct task_spec *task_catalogue_table(const struct task_catalogue *modules, const struct task_spec *spec)
{
    const struct task_spec *module =
        modules == NULL || spec->args != NULL ? NULL : task_catalogue_find(modules, spec->name);

    return module == NULL ? spec : module;
}

/* The nearest of one task type's names; two near ones are decided by the next call. */
static const char *spec_nearest(const struct task_spec *spec, const char *name)
{
    size_t aliases = 0;

    while (spec->aliases != NULL && spec->aliases[aliases] != NULL)
        aliases++;
    if (text_nearest(name, &spec->name, 1) != NULL)
        return spec->name;
    return aliases == 0 ? NULL : text_nearest(name, spec->aliases, aliases);
}

const char *task_catalogue_nearest(const struct task_catalogue *catalogue, const char *name)
{
    const char **near = calloc(catalogue->count + 1, sizeof(*near));
    const char *found = NULL;
    size_t count = 0;

    if (near == NULL)
        return NULL;
    name = name_short(name);
    for (size_t i = 0; i < catalogue->count; i++) {
        const char *candidate = spec_nearest(catalogue->specs[i], name);

        if (candidate != NULL)
            near[count++] = candidate;
    }
    found = text_nearest(name, near, count);
    free(near);
    return found;
}
