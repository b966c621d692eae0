/* SPDX-License-Identifier: Apache-2.0 */
/* Which members of an archive are meant: include and exclude lists with tar's or unzip's wildcards. Pure. */
#pragma once

#include <stdbool.h>

#include "common/value/value.h"

struct archive_selection {
    const struct value *include; /* list of strings; empty or NULL: all */
    const struct value *exclude;
    bool is_zip;
};

/* `name` as in a listing. */
bool archive_selected(const struct archive_selection *selection, const char *name);
/* Is it `include`'s item number `index` that lets `name` in? To find items that name nothing. */
bool archive_include_matches(const struct archive_selection *selection, size_t index, const char *name);
