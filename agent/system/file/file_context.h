/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux contexts of files, by their extended attribute: libselinux is not needed. */
#pragma once

#include "agent/system/host/system.h"

bool file_context_enabled(const struct system *system);
/* "user:role:type:level", or NULL when the file has none. Links are not followed. */
const char *file_context_get(struct arena *arena, const char *path);
/* `current` with the parts that are not NULL replaced. "_default" needs the policy's file contexts: refused. */
bool file_context_merge(struct arena *arena, const char *current, const char *const parts[4], const char **out,
                        struct error *err);
bool file_context_set(const char *path, const char *context, struct error *err);
