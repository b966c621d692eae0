/* SPDX-License-Identifier: Apache-2.0 */
/* Details of a row for people: "role viewer, count 3", not a printed map. */
#pragma once

#include "common/base/arena.h"
#include "common/value/value.h"

/* Of a map; NULL members are left out, digests are cut. "" for what is no map. */
const char *center_words(struct arena *arena, const struct value *detail);
/* Puts the words of member "detail" of each row under "words"; a new list. */
const struct value *center_words_rows(struct arena *arena, const struct value *rows);
