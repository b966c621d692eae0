/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "did you mean": the nearest of a few known words by edit distance (optimal string alignment, so that
 * two swapped letters count as one mistake). Words longer than WORD_MAX are never near.
 */
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"

#define WORD_MAX 64

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t word_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = smaller(above[j] + 1, row[j - 1] + 1);
            row[j] = smaller(row[j], above[j - 1] + !is_same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    size_t best = length / 3 < 2 ? 2 : length / 3;
    const char *found = NULL;

    if (length == 0 || length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t candidate_length = strlen(candidates[i]);
        size_t distance;

        if (candidate_length > WORD_MAX || candidate_length == 0)
            continue;
        distance = word_distance(word, length, candidates[i], candidate_length);
        /* a word that shares no letter is not near, however short it is */
        if (distance >= length || distance > best || (distance == best && found != NULL))
            continue;
        best = distance;
        found = candidates[i];
    }
    return found;
}
