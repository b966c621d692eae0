/* SPDX-License-Identifier: Apache-2.0 */
/* What update-alternatives knows of one name: its display on Debian and on Fedora, taken apart. Pure text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/value/value.h"

struct alternative {
    const char *path;
    int64_t priority;
    struct value *subcommands; /* list of maps name, path, link */
};

struct alternatives {
    const char *mode;    /* "auto", "manual"; NULL: there is no such name */
    const char *current; /* path that is in use; NULL: none */
    const char *link;    /* NULL: not told */
    struct alternative *items;
    size_t count;
};

void alternatives_parse(struct arena *arena, const char *name, const char *display, struct alternatives *out);
const struct alternative *alternatives_find(const struct alternatives *all, const char *path); /* or NULL */
