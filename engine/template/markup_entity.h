/* SPDX-License-Identifier: Apache-2.0 */
/* Character references of HTML. */
#pragma once

#include "common/base/text.h"

/* The reference behind an "&" (a NUL-terminated text): how long it is, its ";" included; 0: none. */
size_t markup_entity(const char *at, uint32_t *out);
