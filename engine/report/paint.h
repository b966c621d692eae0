/* SPDX-License-Identifier: Apache-2.0 */
/* Colours, widths and line breaking as Ansible's display does them. Internal to engine/report. */
#pragma once

#include "common/base/text.h"

enum paint {
    PAINT_NONE,
    PAINT_OK,
    PAINT_CHANGED,
    PAINT_SKIP,
    PAINT_ERROR,
    PAINT_UNREACHABLE,
    PAINT_DEBUG,
    PAINT_VERBOSE,
    PAINT_WARN,
    PAINT_DEPRECATE,
    PAINT_DIFF_ADD,
    PAINT_DIFF_REMOVE,
    PAINT_DIFF_LINES,
};

/* Adds text in a colour, each line by itself; PAINT_NONE or !color: as it is. */
void paint_add(struct text *out, const char *data, size_t length, enum paint paint, bool color);
/* Columns on a terminal. */
size_t paint_width(const char *text, size_t length);
/* Python's textwrap.wrap: lines joined by newlines. `keep_blanks`: drop_whitespace=False. */
void paint_wrap(struct text *out, const char *text, size_t width, bool keep_blanks);
