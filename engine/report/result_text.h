/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task's result as the sinks show it: which keys are left out, JSON or YAML, diffs, warnings. Internal to engine/report.
 */
#pragma once

#include "common/base/text.h"
#include "common/event/event.h"
#include "engine/report/paint.h"
#include "engine/report/sinks.h"

struct result_style {
    int verbosity;
    enum result_format format;
    int pretty;                    /* > 0, < 0: asked for, not wanted; 0: by the rules */
    int indent;                    /* 0: by the rules; < 0: each item on a line of its own, not indented */
    int diff_context;              /* lines around a difference; 0: three, < 0: none */
    const struct palette *palette; /* of diffs; NULL: no colours */
};

static inline size_t result_context(const struct result_style *style)
{
    return style->diff_context < 0 ? 0 : style->diff_context == 0 ? 3 : (size_t)style->diff_context;
}

/* The result censored and masked, nothing else; in `arena`. */
const struct value *result_shown(struct arena *arena, const struct event *event);
/* And without what the debug action hides. */
const struct value *result_clean(struct arena *arena, const struct event *event);
const struct value *result_without(struct arena *arena, const struct value *result, const char *const *keys);
/* A copy without keys that begin with _ansible_, at every depth; those of `kept` (may be NULL) stay. */
const struct value *result_public(struct arena *arena, const struct value *value, const char *const *kept);
void result_dump(struct text *out, const struct value *result, const struct result_style *style);
/* One side of a diff that is a map. */
void result_dump_diff(struct text *out, const struct value *side, const struct result_style *style);
/* Whether "=> {...}" follows: verbosity above `level` or the action asks for it. */
bool result_is_verbose(const struct value *result, int verbosity, int level);
/* One diff or a list of them; nothing is added when there is none to show. */
void result_text_diff(struct text *out, const struct value *diff, const struct result_style *style);
/* "[DEPRECATION WARNING]: ..." as one paragraph, not wrapped. */
char *result_deprecation(struct arena *arena, const char *message, const struct value *details);
bool result_is_debug(const char *action);
/* command, shell, raw, script: shown as text in ad-hoc output. */
bool result_is_plain(const char *action);
