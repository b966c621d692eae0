/* SPDX-License-Identifier: Apache-2.0 */
/* One case of tests/modules/NAME.yml, as read from the file. Values are the file's own; NULL where nothing was
 * written. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct module_case {
    const char *file; /* base name without extension: the module */
    const char *name;
    const struct value *needs; /* list of strings */
    const char *given;
    const char *module;
    const struct value *args; /* map; @T@ not yet replaced */
    const struct value *environment;
    const char *content; /* bytes of content id 1 */
    bool diff;
    const struct value *expect; /* maps or NULL */
    const struct value *check;
    const struct value *again;
    const char *verify;
    int line;
};

/* Reads all cases; a key this runner does not know is an error with its line. */
bool module_cases_read(struct arena *arena, const char *path, struct module_case **cases_out, size_t *count_out,
                       struct error *err);
