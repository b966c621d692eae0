/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log has been told already: trouble that comes again and again is one line a day, also where two sentences take turns.
 * Sentences that differ in their numbers only are one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOLD_MAX 16
#define TOLD_AGE_MS ((int64_t)24 * 3600 * 1000)

struct told {
    struct {
        uint64_t sum;
        int64_t at_ms;
    } lines[TOLD_MAX];
    size_t next;
};

/* True: it is to be said, and counts as said from now on (`now_ms` is monotonic). */
bool told_is_news(struct told *told, const char *sentence, int64_t now_ms);
/* Whatever comes is news. */
void told_forget(struct told *told);
