/* SPDX-License-Identifier: Apache-2.0 */
/* Python's regular expressions through PCRE2: patterns are translated, compiled once and kept. */
#pragma once

#include "common/base/text.h"
#include "engine/template/eval.h"

#define PATTERN_GROUPS 100

enum pattern_flag { PATTERN_IGNORECASE = 1, PATTERN_MULTILINE = 2 };
enum pattern_status { PATTERN_NONE, PATTERN_FOUND, PATTERN_FAILED };

struct pattern;

struct pattern_match {
    size_t start[PATTERN_GROUPS], end[PATTERN_GROUPS]; /* group 0 is the whole; unset: SIZE_MAX */
    size_t groups;                                 /* of the pattern, without group 0 */
};

struct pattern_cache *pattern_cache_new(struct arena *arena);
/* NULL: the pattern is wrong, or err set by a limit. */
struct pattern *pattern_compile(struct template_env *env, const char *pattern, size_t length, unsigned flags,
                            struct error *err);
size_t pattern_groups(const struct pattern *regex);
/* The number of a named group, or 0. */
size_t pattern_group_number(const struct pattern *regex, const char *name);
enum pattern_status pattern_search(struct pattern *regex, const char *text, size_t length, size_t from,
                               struct pattern_match *match, struct error *err);
/* At `from` only, as Python's match(). */
enum pattern_status pattern_match_at(struct pattern *regex, const char *text, size_t length, size_t from,
                                 struct pattern_match *match, struct error *err);
