/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.1 as Ansible's loader reads it (PyYAML SafeLoader plus !vault, !unsafe, !vault-encrypted):
 * yes/no/on/off booleans, octal 0644, sexagesimal, merge keys, anchors, timestamps as strings in
 * ISO form, duplicate keys (last wins, reported through `warnings`). Every node keeps file:line:column.
 */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

struct yaml_source {
    const char *data;
    size_t length;
    const char *path;       /* for positions; lives as long as the values */
    bool trusted;           /* marks strings TRUSTED (playbooks, roles, inventories) */
    int line_offset;        /* added to line numbers: YAML embedded in another file */
    struct value *warnings; /* list that receives strings, or NULL */
};

/* One document; *out is null for an empty one. More than one document is an error. */
bool yaml_read(struct arena *arena, const struct yaml_source *source, const struct value **out, struct error *err);
/* *out is a list of documents. */
bool yaml_read_all(struct arena *arena, const struct yaml_source *source, const struct value **out, struct error *err);
/* Reads a file (size limit LIMIT_YAML_FILE), as yaml_read. JSON files are YAML too. */
bool yaml_read_file(struct arena *arena, const char *path, bool trusted, const struct value **out, struct error *err);
