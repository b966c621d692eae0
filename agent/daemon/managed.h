/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the last whole run was about: files, units, mount points, each with the places ("PATH:LINE") of the tasks that manage it.
 * Made of the run's events; kept on disk, so that a daemon that starts anew watches the same. Pure but for reading and writing.
 */
#pragma once

#include "common/value/value.h"

#define MANAGED_MAX 8000 /* of each kind; below what the kernel watches by default */

enum managed_kind {
    MANAGED_FILES,  /* absolute paths; also the files in which accounts, packages and the like are kept */
    MANAGED_UNITS,  /* "nginx.service" */
    MANAGED_MOUNTS, /* mount points */
    MANAGED_KINDS,
};

struct managed {
    struct arena *arena;                 /* its own */
    struct value *things[MANAGED_KINDS]; /* name -> map of places */
    struct value *needs_all;             /* places whose tasks were found to need others: map; not kept on disk */
};

struct managed *managed_new(void);
void managed_free(struct managed *managed); /* NULL is fine */
/* One outcome of a task, as `--output jsonl` prints it. What tells no place or thing is passed over. */
void managed_add(struct managed *managed, const struct value *event);
/* The place of an event, "PATH:LINE"; NULL: it has none. */
const char *managed_place(struct arena *arena, const struct value *event);
/* The names of a kind; the array is in `arena`, the texts live as long as `managed`. */
const char **managed_names(const struct managed *managed, struct arena *arena, enum managed_kind kind,
                           size_t *count_out);
/* Puts the places of all tasks about `name` (NULL: about any thing of that kind) into the map `places`. */
void managed_places(const struct managed *managed, enum managed_kind kind, const char *name, struct arena *arena,
                    struct value *places);
/* A file that is missing or of no use is an empty list. */
struct managed *managed_read(const char *path);
bool managed_write(const struct managed *managed, const char *path, struct error *err);
