/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of sentences, the oldest forgotten first. */
#include "agent/daemon/told.h"

#include "common/base/hash.h"

static uint64_t sentence_sum(const char *sentence)
{
    char plain[512];
    size_t length = 0;

    for (; *sentence != '\0' && length < sizeof(plain); sentence++) {
        if (*sentence < '0' || *sentence > '9')
            plain[length++] = *sentence;
    }
    return hash_quick(plain, length) | 1; /* 0 is an empty place */
}

bool told_is_news(struct told *told, const char *sentence, int64_t now_ms)
{
    uint64_t sum = sentence_sum(sentence);

    for (size_t i = 0; i < TOLD_MAX; i++) {
        bool is_fresh = now_ms - told->lines[i].at_ms < TOLD_AGE_MS;

        if (told->lines[i].sum != sum)
            continue;
        if (!is_fresh)
            told->lines[i].at_ms = now_ms;
        return !is_fresh;
    }
    told->lines[told->next].sum = sum;
    told->lines[told->next].at_ms = now_ms;
    told->next = (told->next + 1) % TOLD_MAX;
    return true;
}

void told_forget(struct told *told)
{
    *told = (struct told){ .next = 0 };
}
