/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions with Python's `re` dialect, carried out by PCRE2 under LIMIT_REGEX_MATCH. What Python
 * does not know (\h, \K, (?R), (*VERB) ...) is refused as Python refuses it; what both spell differently (\Z,
 * \v, {,n}, [[) is translated. Memory belongs to the arena: nothing to free. The only user of PCRE2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/value/value.h"

enum regex_option {
    REGEX_MULTILINE = 1 << 0,
    /* The subject is UTF-8 text (Python's str patterns); otherwise bytes, as modules that read files use. */
    REGEX_TEXT = 1 << 1,
    REGEX_IGNORECASE = 1 << 2,
};

struct regex;

/* Where a search matched; offsets in bytes. Group numbers start at 1; an unset group has SIZE_MAX. */
struct regex_match {
    const char *subject;
    size_t group_count;    /* groups of the pattern */
    const size_t *offsets; /* pairs for group 0..group_count; valid until the next search of this regex */
};

struct regex_range {
    const char *subject;
    size_t length;
    size_t from;     /* the search starts here; what lies before is still seen by ^, \b and lookbehind */
    bool only_there; /* as Python's match(): nowhere behind `from` */
};

bool regex_compile(struct arena *arena, const char *pattern, size_t length, unsigned options, struct regex **out,
                   struct error *err);
size_t regex_group_count(const struct regex *regex);
/* The number of a named group, or 0. */
size_t regex_group_number(const struct regex *regex, const char *name);
/* First match: *found_out, and where in *match_out (may be NULL). False only when a limit was passed. */
bool regex_search(struct regex *regex, const char *subject, size_t length, struct regex_match *match_out,
                  bool *found_out, struct error *err);
bool regex_search_range(struct regex *regex, const struct regex_range *range, struct regex_match *match_out,
                        bool *found_out, struct error *err);
/* Python's match.expand(template): \1 \g<1> \g<name> \n \t ...; unknown letters and groups are errors. */
bool regex_expand(const struct regex *regex, const struct regex_match *match, const char *template, struct text *out,
                  struct error *err);
/* Python's match.groups() and match.groupdict(). */
struct value *regex_groups(struct arena *arena, const struct regex_match *match);
struct value *regex_named_groups(struct arena *arena, const struct regex *regex, const struct regex_match *match);
/* Python's re.escape(). */
void regex_escape(struct text *out, const char *data, size_t length);
