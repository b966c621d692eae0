/* SPDX-License-Identifier: Apache-2.0 */
/* Python's regular expressions (common/regex) for templates: text patterns, compiled once and kept. */
#pragma once

#include "common/regex/regex.h"
#include "engine/template/eval.h"

#define PATTERN_GROUPS 100

enum pattern_flag { PATTERN_IGNORECASE = 1, PATTERN_MULTILINE = 2 };
enum pattern_status { PATTERN_NONE, PATTERN_FOUND, PATTERN_FAILED };

struct pattern_match {
    size_t start[PATTERN_GROUPS], end[PATTERN_GROUPS]; /* group 0 is the whole; unset: SIZE_MAX */
    size_t groups;                                     /* of the pattern, without group 0 */
};

struct pattern_cache *pattern_cache_new(struct arena *arena);
/* NULL: the pattern is wrong. */
struct regex *pattern_compile(struct template_env *env, const char *pattern, size_t length, unsigned flags,
                              struct error *err);
enum pattern_status pattern_search(struct regex *regex, const char *text, size_t length, size_t from,
                                   struct pattern_match *match, struct error *err);
/* At `from` only, as Python's match(). */
enum pattern_status pattern_match_at(struct regex *regex, const char *text, size_t length, size_t from,
                                     struct pattern_match *match, struct error *err);
