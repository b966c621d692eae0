/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where run events are shown. The callbacks of Ansible that Roost has: console (default, community.general.yaml,
 * ansible.posix.debug), minimal, oneline, json and jsonl of ansible.posix on the output; junit, tree, timer, profile_tasks,
 * profile_roles beside it. json_lines: Roost's own records, one a line; tee: several sinks. All in arena; close() flushes.
 * Sinks only ever see masked values.
 */
#pragma once

#include <stdio.h>

#include "common/event/event.h"

struct log_file;
struct palette;

enum result_format { RESULT_JSON, RESULT_YAML, RESULT_GENERAL_YAML, RESULT_POSIX_DEBUG };

struct console_options {
    FILE *out, *errors; /* warnings and deprecations go to errors */
    bool color;
    const struct palette *palette; /* of the COLOR_* settings; NULL: the usual one */
    int columns;                   /* terminal width; 0: not a terminal (79) */
    int (*columns_now)(FILE *out); /* asked for each live line: windows change; NULL: they do not */
    int verbosity;
    enum result_format format;
    int pretty;                 /* pretty_results: > 0, < 0: yes, no; 0: not set */
    int diff_context;           /* 0: three; < 0: none */
    bool show_skipped, show_ok; /* display_skipped_hosts, display_ok_hosts */
    bool failed_to_errors;      /* display_failed_stderr */
    bool show_task_path;        /* show_task_path_on_failure */
    bool show_host_start;       /* show_per_host_start */
    bool show_args;             /* display_args_to_stdout */
    bool show_custom_stats;
    bool hide_warnings;     /* action_warnings=False: those of results */
    bool hide_deprecations; /* deprecation_warnings=False */
    bool verbose_to_errors; /* verbose_to_stderr */
    bool live;              /* a progress line on a terminal */
    bool check_markers;
    struct log_file *log; /* of log_path, or NULL */
    const struct value
        *given; /* texts of -vvvv: the command line, by name; "args": what is no option. NULL: not shown */
};

struct event_sink *sink_console(struct arena *arena, const struct console_options *options);
struct event_sink *sink_minimal(struct arena *arena, const struct console_options *options, bool one_line);
struct event_sink *sink_json_lines(struct arena *arena, FILE *out);
struct event_sink *sink_tee(struct arena *arena, struct event_sink *const *sinks, size_t count);

/* ansible.posix.json: one document at the end, or (is_lines) ansible.posix.jsonl: a record for each event. */
struct posix_json_options {
    struct console_options console;
    int indent; /* json_indent; <= 0: one line */
    bool is_lines;
};
struct event_sink *sink_posix_json(struct arena *arena, const struct posix_json_options *options);

/* The environment of the callback junit. */
struct junit_options {
    FILE *errors;
    const char *folder, *relative_path, *test_case_prefix, *replace_out_of_tree_path; /* the last three may be NULL */
    bool task_class, fail_on_change, fail_on_ignore, hides_setup, hides_args;
    int verbosity;
};
struct event_sink *sink_junit(struct arena *arena, const struct junit_options *options);

/* A file of its last result for each host. */
struct event_sink *sink_tree(struct arena *arena, const char *folder, int verbosity, FILE *errors);

struct profile_options {
    FILE *out;
    struct log_file *log;
    int columns, verbosity;
    int limit;  /* so many tasks; <= 0: all */
    char order; /* 'd'escending, 'a'scending, 'n'one */
};
struct event_sink *sink_timer(struct arena *arena, FILE *out, struct log_file *log);
struct event_sink *sink_profile_tasks(struct arena *arena, const struct profile_options *options);
struct event_sink *sink_profile_roles(struct arena *arena, const struct profile_options *options);

/* The palette of names of colours by setting ("ok", "diff_add" ...); `color_of` gives NULL for those that are not set.
 * False: a colour is unknown. */
bool report_palette(struct arena *arena, const char *(*color_of)(void *context, const char *setting), void *context,
                    const struct palette **out, struct error *err);

/* Prints an error with "file:line:column", the source line and a caret, as the programs do before they exit. */
void report_error(FILE *out, const struct error *err, bool color);
/* What the log gets of it: the sentence and the place. */
void report_error_log(struct log_file *log, const struct error *err);
/* "[WARNING]: ..." wrapped to the width that `options` give, each text once. */
void report_warnings(const struct console_options *options, const struct value *warnings);
