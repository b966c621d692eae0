/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task's result as the sinks show it: which keys are left out, JSON or YAML, diffs, warnings. Internal to engine/report.
 */
#pragma once

#include "common/base/text.h"
#include "common/event/event.h"

struct result_style {
    int verbosity;
    bool yaml;
    bool color; /* of diffs */
    int indent; /* 0: by the rules */
};

/* The result without what the debug action hides, and masked; in `arena`. */
const struct value *result_shown(struct arena *arena,
                                 const struct event *event); /* censored and masked, nothing else */
const struct value *result_clean(struct arena *arena, const struct event *event);
/* The same without warnings and deprecations, once they were shown. */
const struct value *result_without(struct arena *arena, const struct value *result, const char *const *keys);
void result_dump(struct text *out, const struct value *result, const struct result_style *style);
/* Whether "=> {...}" follows: verbosity above `level` or the action asks for it. */
bool result_is_verbose(const struct value *result, int verbosity, int level);
/* One diff or a list of them; nothing is added when there is none to show. */
void result_text_diff(struct text *out, const struct value *diff, const struct result_style *style);
/* "[DEPRECATION WARNING]: ..." as one paragraph, not wrapped. */
char *result_deprecation(struct arena *arena, const char *message, const struct value *details);
bool result_is_debug(const char *action);
/* command, shell, raw, script: shown as text in ad-hoc output. */
bool result_is_plain(const char *action);
