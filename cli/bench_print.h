/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks as people post them: tables in markdown, and what two of them differ in. Rows are as the API gives them. */
#pragma once

#include <stdio.h>

#include "common/base/arena.h"
#include "common/value/value.h"

/* One table for each kind that is among those that are done. */
void bench_print_tables(struct arena *arena, FILE *out, const struct value *rows);
/* "bench 7 is 6.2 % slower ...", with what is different since; for those that are flagged. */
void bench_print_flags(FILE *out, const struct value *rows);
/* Of those that failed: the last lines that their jobs wrote. */
void bench_print_failures(FILE *out, const struct value *rows);
/* Figure by figure, then what was different on their nodes. */
void bench_print_compared(struct arena *arena, FILE *out, const struct value *before, const struct value *now);
/* "pp512 692.4, tg128 50.1": for a line of a list. "" when it has none. */
const char *bench_print_short(struct arena *arena, const struct value *row);
