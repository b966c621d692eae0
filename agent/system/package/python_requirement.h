/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pip is asked for: "Name[extra]>=1,<2; marker" or "Name @ URL" (PEP 508), with PEP 440's version specifiers.
 * Anything else that pip takes (paths, archives, VCS URLs) is no requirement in this sense: is_plain is false.
 */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/value/value.h"

struct python_requirement {
    bool is_plain;
    const char *text; /* for pip: normal form of a plain one, else as it was written */
    const char *name; /* plain: as written */
    const char *key;  /* plain: PEP 503's form, by which packages are compared */
    const char *url, *marker;
    const struct value *specifiers; /* list of ">=1" */
};

/* Never fails. */
struct python_requirement python_requirement_read(struct arena *arena, const char *text);
/* Lower case, runs of -_. as one -. */
char *python_name_key(struct arena *arena, const char *name, size_t length);
/* Whether a version that is installed meets all specifiers; of prereleases too. Not plain: never. */
bool python_requirement_met(const struct python_requirement *requirement, const char *version);
