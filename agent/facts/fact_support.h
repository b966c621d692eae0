/* SPDX-License-Identifier: Apache-2.0 */
/* What most fact groups need: small files behind the root folder, as Ansible reads them. */
#pragma once

#include "agent/facts/fact_group.h"
#include "common/base/text.h"

#define FACT_NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A whole file without white space around it; NULL when it is absent, unreadable or empty. Bytes that are no UTF-8
 * become '?'. */
const char *fact_file(const struct system *system, struct arena *arena, const char *path);
/* The same with nothing taken off; *length_out may be NULL. */
const char *fact_file_raw(const struct system *system, struct arena *arena, const char *path, size_t *length_out);
bool fact_exists(const struct system *system, struct arena *arena, const char *path);
/* Names in a folder, sorted, without . and ..; NULL-terminated, empty when there is no such folder. */
const char *const *fact_folder(const struct system *system, struct arena *arena, const char *path);
/* Last part of what a symbolic link points to, or NULL. */
const char *fact_link_name(const struct system *system, struct arena *arena, const char *path);
/* The value of KEY=value in os-release syntax (quotes taken off), or NULL. */
const char *fact_shell_value(struct arena *arena, const char *data, const char *key);
/* Puts the file's text, or null. */
void fact_put_file(const struct system *system, struct arena *arena, struct value *map, const char *key,
                   const char *path);
/* Words between white space. */
struct value *fact_words(struct arena *arena, const char *text);
/* A program somewhere in the usual folders of `system`'s root. */
bool fact_has_program(const struct system *system, struct arena *arena, const char *name);
/* True when the facts describe the machine this process runs on. */
bool fact_is_live(const struct system *system);
/* Local facts from a folder of *.fact files (the group "local", with another folder). */
bool fact_local_collect(const struct system *system, struct arena *arena, const char *folder, struct value *facts,
                        struct value *warnings);
