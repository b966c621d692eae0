/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs that pieces start by a name: where they are on this node and of which build. A program that tells its version is asked
 * once, as long as its file stays as it is; others are known by the digest of their file.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

struct piece_program {
    const char *name;    /* "llama_cpp" */
    const char *program; /* "llama-server" */
    const char *path;
    const char *build; /* "b11669-Debian ggml-0.27.0" */
    const char *said;  /* the line with its version; NULL: it tells none */
};

/* `cache`: a map that lives as long as the caller likes, in its own arena; filled. Those that are there, in the order of the table. */
struct piece_program *piece_programs(const struct sysfs *fs, struct arena *cache_arena, struct value *cache,
                                     size_t *count_out);
/* "sha256-..." of its file; "" when it cannot be read. */
const char *piece_program_digest(const struct sysfs *fs, const char *path);
/* By a name of the table, or an absolute path (build NULL when it is none of the table's). False with a sentence: there is none. */
bool piece_program_find(const struct piece_program *programs, size_t count, const struct sysfs *fs, const char *name,
                        struct piece_program *out, struct error *err);
/* The report `engines`. */
struct value *piece_programs_value(struct arena *arena, const struct piece_program *programs, size_t count);
/* "version: 0.7.0 (build 11669, commit Debian)" or "version: 6123 (abc)": "b11669-Debian", "b6123-abc"; NULL: neither. */
const char *piece_llama_build(struct arena *arena, const char *said);
