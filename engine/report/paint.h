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
    PAINT_COUNT,
};

struct palette {
    const char *codes[PAINT_COUNT]; /* what stands between ESC [ and m */
};

extern const struct palette palette_default;

/* The code of "bright gray", "color21", "rgb123", "gray5"; NULL: there is no such colour. */
const char *palette_code(struct arena *arena, const char *name);

/* Adds text in a colour, each line by itself; PAINT_NONE or no palette: as it is. */
void paint_add(struct text *out, const char *data, size_t length, enum paint paint, const struct palette *palette);
/* Columns on a terminal. */
size_t paint_width(const char *text, size_t length);
/* Bytes of the text that fit into so many columns. */
size_t paint_fit(const char *text, size_t length, size_t columns);
/* Python's textwrap.wrap: lines joined by newlines. `keep_blanks`: drop_whitespace=False. */
void paint_wrap(struct text *out, const char *text, size_t width, bool keep_blanks);
