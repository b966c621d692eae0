/* SPDX-License-Identifier: Apache-2.0 */
/* A map as words for people, "role viewer, count 3": details of logs, not a printed map. */
#pragma once

#include "common/base/arena.h"
#include "common/value/value.h"

/* NULL members are left out, digests are cut, "_" in a key is a space. "" for what is no map. */
const char *value_words(struct arena *arena, const struct value *map);
