/* SPDX-License-Identifier: Apache-2.0 */
/* What jobs wrote: found in it are JSON and lines, for the engines that read results. */
#pragma once

#include "common/base/arena.h"
#include "common/value/value.h"

/* What the job at `index` wrote, "" where there is none; `outputs` as engine.result gets it. */
const char *batch_output(const struct value *outputs, size_t index);
/* The JSON document in a text that holds other lines too: from the first line that begins with `open` ('[' or '{'); NULL: none. */
const struct value *batch_json(struct arena *arena, const char *text, char open);
/* Has the line a letter or a digit? Open MPI draws lines around what it says. */
bool batch_tells(const char *line);
/* The last line of an output that tells something, for a sentence. */
const char *batch_last_words(struct arena *arena, const char *text);
