/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where run events are shown. console: ansible-playbook's default callback to the byte; minimal: ad-hoc's; json_lines: one record
 * a line; tee: several sinks. All in arena; close() flushes. Sinks only ever see masked values.
 */
#pragma once

#include <stdio.h>

#include "common/event/event.h"

struct console_options {
    FILE *out, *errors; /* warnings and deprecations go to errors */
    bool color;
    int columns; /* terminal width; 0: not a terminal (79) */
    int verbosity;
    bool result_yaml;           /* result_format=yaml */
    bool show_skipped, show_ok; /* display_skipped_hosts, display_ok_hosts */
    bool live;                  /* a progress line on a terminal */
    bool check_markers;
};

struct event_sink *sink_console(struct arena *arena, const struct console_options *options);
struct event_sink *sink_minimal(struct arena *arena, const struct console_options *options, bool one_line);
struct event_sink *sink_json_lines(struct arena *arena, FILE *out);
struct event_sink *sink_tee(struct arena *arena, struct event_sink *const *sinks, size_t count);

/* Prints an error with "file:line:column", the source line and a caret, as the programs do before they exit. */
void report_error(FILE *out, const struct error *err, bool color);
