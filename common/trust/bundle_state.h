/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file in which a node remembers the highest manifest it has taken: one line, "roost-bundle-state1 <version> <sha256>".
 * A node that joins anew removes it; one that cannot be read is an error, never a beginning.
 */
#pragma once

#include "common/trust/bundle_manifest.h"

/* No file: version 0. */
bool bundle_state_load(const char *path, struct bundle_highest *out, struct error *err);
/* On the disk when it returns. What is there must not be higher, or the same version with another hash. */
bool bundle_state_save(const char *path, const struct bundle_highest *highest, struct error *err);
