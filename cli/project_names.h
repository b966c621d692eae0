/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a playbook names: import_playbook, include_tasks, vars_files, src, lookup('file', ...) and whatever else is a text
 * of its own. Names are looked for, not understood: each is a file only if there is one. A name that is a template names nothing,
 * but for {{ playbook_dir }}/... and what stands in quotes in it.
 */
#pragma once

#include "common/value/value.h"

struct project_names {
    struct arena *arena;
    struct value *words; /* map; true: it may be a folder (src, dir) */
};

/* What a document says of names; it is one value with all that is in it. */
void project_names_read(struct project_names *names, const struct value *document);
/* Whether `path` ends with one of the names, as "files/tls/ca.pem" with "tls/ca.pem". */
bool project_names_end(const struct project_names *names, const char *path);
