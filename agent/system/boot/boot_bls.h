/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the Boot Loader Specification (type 1): one NAME.conf for each kernel below loader/entries, whose lines
 * `options` are the command line (uapi-group.org/specifications/specs/boot_loader_specification, read in 2026-11).
 */
#pragma once

#include "agent/system/boot/boot_loader.h"

#define BLS_ENTRIES_MAX 256

struct bls_entry {
    const char *path; /* seen from the system's root */
    const char *text;
    const char *version; /* "" when it names none */
    struct kernel_words options;
    bool is_linux; /* starts a kernel, not another program */
};

struct bls_entries {
    struct bls_entry items[BLS_ENTRIES_MAX];
    size_t count;
};

bool bls_has_entries(const struct system *system, struct arena *arena, const char *folder);
/* Sorted by name. */
bool bls_read(const struct system *system, struct arena *arena, const char *folder, struct bls_entries *out,
              struct error *err);
/* Its text with other options, all on one line, where the first were. */
char *bls_entry_with(struct arena *arena, const struct bls_entry *entry, const struct kernel_words *options);
