/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What console and minimal share: writing a message as Ansible's display does, warnings once each, the live line. Internal to
 * engine/report.
 */
#pragma once

#include "engine/report/paint.h"
#include "engine/report/result_text.h"
#include "engine/report/sinks.h"

struct screen {
    struct console_options options;
    struct arena *arena;   /* the run's: what was warned about */
    struct arena *scratch; /* the event's */
    const char **warned;
    size_t warned_count;
    bool live_shown;
    int columns; /* of banners and wrapped text */
};

void screen_init(struct screen *screen, struct arena *arena, const struct console_options *options);
/* One message: a final newline is added unless it has one. */
void screen_print(struct screen *screen, const char *text, enum paint paint);
void screen_print_text(struct screen *screen, const struct text *text, enum paint paint);
void screen_banner(struct screen *screen, const char *text);
void screen_warning(struct screen *screen, const char *message);
void screen_error(struct screen *screen, const char *message); /* once each too */
void screen_deprecated(struct screen *screen, const char *message, const struct value *details);
/* The warnings and deprecations of a result; returns the result without them. */
const struct value *screen_warnings_of(struct screen *screen, const struct value *result);
/* "An exception occurred during task execution. ..." */
void screen_exception(struct screen *screen, const struct value *result);
/* A line that the next output wipes away. */
void screen_live(struct screen *screen, const char *text);
void screen_flush(struct screen *screen);
struct result_style screen_style(const struct screen *screen);
