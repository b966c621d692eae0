/* SPDX-License-Identifier: Apache-2.0 */
/* Merge sort: stable, and it can stop in the middle when two keys cannot be compared. */
#include "engine/template/sorting.h"

#include <string.h>

#include "engine/template/eval_expression.h"

/* -1: error; else whether b must come before a. */
static int goes_first(struct eval *eval, const struct sort_item *b, const struct sort_item *a, bool reverse)
{
    bool less = false;

    if (!eval_compare(eval, COMPARE_LT, reverse ? a->key : b->key, reverse ? b->key : a->key, &less))
        return -1;
    return less;
}

static bool merge(struct eval *eval, struct sort_item *items, struct sort_item *left, size_t middle, size_t count,
                  bool reverse)
{
    size_t a = 0, b = middle, out = 0;

    memcpy(left, items, middle * sizeof(*left));
    while (a < middle && b < count) {
        int first = goes_first(eval, &items[b], &left[a], reverse);

        if (first < 0)
            return false;
        items[out++] = first ? items[b++] : left[a++];
    }
    while (a < middle)
        items[out++] = left[a++];
    return true;
}

static bool sort_part(struct eval *eval, struct sort_item *items, struct sort_item *spare, size_t count, bool reverse)
{
    size_t middle = count / 2;

    if (count < 2)
        return true;
    return sort_part(eval, items, spare, middle, reverse) &&
           sort_part(eval, items + middle, spare, count - middle, reverse) &&
           merge(eval, items, spare, middle, count, reverse);
}

bool sorting_run(struct eval *eval, struct sort_item *items, size_t count, bool reverse)
{
    return sort_part(eval, items, arena_new_array(eval->arena, struct sort_item, count / 2 + 1), count, reverse);
}
