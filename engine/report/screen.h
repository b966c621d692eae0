/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What console and minimal share: writing a message as Ansible's display does, warnings once each, the live line. Internal to
 * engine/report.
 */
#pragma once

#include "engine/report/paint.h"
#include "engine/report/progress.h"
#include "engine/report/result_text.h"
#include "engine/report/sinks.h"

struct screen {
    struct console_options options;
    const struct palette *palette; /* NULL: no colours */
    struct arena *arena;           /* the run's: what was warned about */
    struct arena *scratch;         /* the event's */
    const char **warned;
    size_t warned_count;
    struct progress progress;
    bool live_shown;
    int64_t live_us; /* when it was drawn last */
    int columns;     /* of banners and wrapped text */
};

void screen_init(struct screen *screen, struct arena *arena, const struct console_options *options);
/* One message: a final newline is added unless it has one. */
void screen_print(struct screen *screen, const char *text, enum paint paint);
void screen_print_text(struct screen *screen, const struct text *text, enum paint paint);
/* Not into the log. */
void screen_print_only(struct screen *screen, const char *text, enum paint paint);
/* To the errors when display_failed_stderr says so. */
void screen_print_failed(struct screen *screen, const struct text *text, enum paint paint);
void screen_banner(struct screen *screen, const char *text);
void screen_verbose(struct screen *screen, const char *host, const char *message);
void screen_warning(struct screen *screen, const char *message);
void screen_error(struct screen *screen, const char *message); /* once each too */
void screen_deprecated(struct screen *screen, const char *message, const struct value *details);
/* The warnings and deprecations of a result; returns the result without them. */
const struct value *screen_warnings_of(struct screen *screen, const struct value *result);
/* "An exception occurred during task execution. ..." */
void screen_exception(struct screen *screen, const struct value *result);
/* Messages that are the same in all callbacks: warnings, deprecations, free text. False: another event. */
bool screen_message(struct screen *screen, const struct event *event);
/* Keeps the live line up to date; the next output wipes it away. */
void screen_live(struct screen *screen, const struct event *event);
void screen_tick(struct screen *screen);
void screen_flush(struct screen *screen);
struct result_style screen_style(const struct screen *screen);
