/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apt's one-line sources (sources.list(5)): sources.list and the *.list files beside it, held as lines. Lines that are not
 * meant are kept byte for byte. Writing is the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/system/host/system.h"

struct apt_source {
    bool is_valid;      /* names a source */
    bool is_enabled;    /* not commented out */
    const char *text;   /* the source with one blank between words, or whatever the line holds */
    const char *remark; /* what follows a later #; "" */
    const char *raw;    /* the line as it is, without line end; NULL: changed since */
};

struct apt_source_file {
    const char *path;
    const char *before; /* NULL: there is no such file */
    struct apt_source *items;
    size_t count, capacity;
    bool is_changed;
    bool has_new; /* a line was added */
};

struct apt_sources {
    struct arena *arena;
    const char *main_file, *parts_folder; /* as apt is configured */
    struct apt_source_file *files;
    size_t count, capacity;
};

/* False where there is no apt. */
bool apt_sources_read(const struct system *system, struct arena *arena, struct apt_sources *out, struct error *err);
/* For tests: no files yet. */
void apt_sources_init(struct arena *arena, const char *main_file, const char *parts_folder, struct apt_sources *out);
void apt_sources_add_file(struct apt_sources *sources, const char *path, const char *text);

struct apt_source apt_source_parse(struct arena *arena, const char *line, size_t length);
/* "deb [..] http://user@host/path suite" -> "host_path" (Ansible's naming), without ".list". */
char *apt_source_file_name(struct arena *arena, const char *source);

/* Is there an enabled line for it? */
bool apt_sources_has(const struct apt_sources *sources, const char *source);
/* Enables the lines that are there but commented out; else adds one to `file` (a path, or a name below the parts
 * folder). */
void apt_sources_enable(struct apt_sources *sources, const char *source, const char *file);
void apt_sources_remove(struct apt_sources *sources, const char *source); /* enabled lines only */
bool apt_sources_changed(const struct apt_sources *sources);
/* The new text; NULL: nothing is left, the file goes. */
char *apt_source_file_text(struct arena *arena, const struct apt_source_file *file);
