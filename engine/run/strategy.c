/* SPDX-License-Identifier: Apache-2.0 */
/* Which strategy a play has: its keyword, else the configuration's, else linear. */
#include "engine/run/strategy.h"

#include <string.h>

#include "common/base/text.h"

static const struct strategy strategies[] = {
    { "linear", linear_run, false, false, false },
    { "free", free_run, true, false, false },
    { "host_pinned", free_run, true, true, false },
    { "debug", linear_run, false, false, true },
};

static const char *short_name(const char *name)
{
    static const char *const families[] = { "ansible.builtin.", "ansible.legacy." };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (text_starts(name, families[i]))
            return name + strlen(families[i]);
    return name;
}

const struct strategy *strategy_find(const char *name)
{
    for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++)
        if (strcmp(strategies[i].name, short_name(name)) == 0)
            return &strategies[i];
    return NULL;
}

bool strategy_choose(const struct run *run, const struct value *written, const struct source_position *at,
                     const struct strategy **out, struct error *err)
{
    const char *name = value_text(written) != NULL ? value_text(written) : setting_text(run, "strategy");

    *out = strategy_find(name == NULL ? "linear" : name);
    if (*out != NULL)
        return true;
    error_set(err, "Invalid play strategy specified: %s; there are linear, free, host_pinned and debug", name);
    return error_locate(err, at);
}
