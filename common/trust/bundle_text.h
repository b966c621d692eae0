/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest as canonical JSON. */
#pragma once

#include "common/trust/bundle_manifest.h"

struct der bundle_text_write(struct arena *arena, const struct bundle_manifest *manifest);
/* Only the form that bundle_text_write gives; the hash is filled in. */
bool bundle_text_read(struct arena *arena, struct der json, struct bundle_manifest *out, struct error *err);
