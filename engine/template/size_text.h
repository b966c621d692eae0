/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that people write: "10 MB", "1Gb". */
#pragma once

#include <stdbool.h>

/* False: no size. `bits`: units are Kb, Mb ... instead of KB, MB. `default_unit` is for text without one; or NULL. */
bool size_text_read(const char *text, const char *default_unit, bool bits, double *out);
