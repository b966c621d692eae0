/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle was packed from, kept beside it, so that a run need not hash sixty megabytes of libraries again: a text file with
 * the archive's name, size and sha256, then "size mtime path" of every file that went in. If one of them changed, the manifest is
 * void and the bundle is packed anew.
 */
#pragma once

#include "controller/transport/bundle.h"

/* True if there is a manifest for this agent and nothing has changed since. */
bool bundle_manifest_read(struct arena *arena, const char *folder, const char *agent_path, struct bundle *out);
/* `files`: NULL-terminated, empty strings are passed over. */
bool bundle_manifest_write(struct arena *arena, const char *folder, const struct bundle *bundle, char *const *files,
                           struct error *err);
