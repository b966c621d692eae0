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

/* How many items from the start on are in order already; 0: two of them cannot be compared. */
static size_t sorted_run(struct eval *eval, const struct sort_item *items, size_t count, bool reverse)
{
    size_t run = 1;

    while (run < count) {
        int first = goes_first(eval, &items[run], &items[run - 1], reverse);

        if (first < 0)
            return 0;
        if (first)
            break;
        run++;
    }
    return run;
}

bool sorting_run(struct eval *eval, struct sort_item *items, size_t count, bool reverse)
{
    size_t run = count == 0 ? 0 : sorted_run(eval, items, count, reverse);

    if (run == count || run == 0)
        return run == count;
    return sort_part(eval, items, arena_new_array(eval->arena, struct sort_item, count / 2 + 1), count, reverse);
}
