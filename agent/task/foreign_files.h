/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a module in another language gets its arguments by: text of the form key='value', JSON, JSON put into the
 * module's own text, or JSON for a module in Python that runs from an archive.
 */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

/* "key='value' key='value' ": what modules of the old style read. */
struct text foreign_words(struct arena *arena, const struct value *arguments);
/* The module's text with the places that are meant for it filled in. */
struct text foreign_filled(struct arena *arena, const char *data, size_t length, const struct value *arguments);
/* What Python runs: python3 RUNNER ARCHIVE ARGUMENTS NAME, NAME the module's dotted name inside the archive. */
extern const char foreign_python_runner[];
