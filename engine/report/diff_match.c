/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matcher of diffs. Lines become numbers first; then the longest common run is looked for, left and right of it
 * again, until nothing is left.
 */
#include "engine/report/diff_match.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"

#define POPULAR_FROM 200 /* difflib: with at least so many lines ... */
#define POPULAR_PART 100 /* ... those that are more than 1% of them start no match */

struct matcher {
    struct arena *arena;
    const struct diff_lines *a, *b;
    uint32_t *a_ids, *b_ids;
    uint32_t id_count;
    size_t *first, *next; /* positions of each id in b, ascending; SIZE_MAX ends */
    size_t *lengths, *new_lengths, *touched, *new_touched;
    struct diff_block *blocks;
    size_t block_count, block_capacity;
};

/* --- lines as numbers --- */

struct line_slot {
    const char *data;
    size_t length;
    uint32_t id; /* plus one */
};

static uint32_t line_id(struct matcher *m, struct line_slot *slots, size_t mask, const char *data, size_t length)
{
    size_t at = (size_t)hash_quick(data, length) & mask;

    while (slots[at].id != 0) {
        if (slots[at].length == length && memcmp(slots[at].data, data, length) == 0)
            return slots[at].id - 1;
        at = (at + 1) & mask;
    }
    slots[at] = (struct line_slot){ data, length, ++m->id_count };
    return m->id_count - 1;
}

static void ids_make(struct matcher *m)
{
    size_t size = 64, total = m->a->count + m->b->count;
    struct line_slot *slots;

    while (size < total * 2)
        size *= 2;
    slots = arena_new_array(m->arena, struct line_slot, size);
    m->a_ids = arena_new_array(m->arena, uint32_t, m->a->count + 1);
    m->b_ids = arena_new_array(m->arena, uint32_t, m->b->count + 1);
    for (size_t i = 0; i < m->a->count; i++)
        m->a_ids[i] = line_id(m, slots, size - 1, m->a->lines[i], m->a->lengths[i]);
    for (size_t i = 0; i < m->b->count; i++)
        m->b_ids[i] = line_id(m, slots, size - 1, m->b->lines[i], m->b->lengths[i]);
}

/* Where each line stands in b; lines that are too frequent stand nowhere. */
static void positions_make(struct matcher *m)
{
    size_t *counts = arena_new_array(m->arena, size_t, m->id_count + 1);

    m->first = arena_new_array(m->arena, size_t, m->id_count + 1);
    m->next = arena_new_array(m->arena, size_t, m->b->count + 1);
    for (uint32_t id = 0; id < m->id_count; id++)
        m->first[id] = SIZE_MAX;
    for (size_t j = m->b->count; j > 0; j--) {
        uint32_t id = m->b_ids[j - 1];

        m->next[j - 1] = m->first[id];
        m->first[id] = j - 1;
        counts[id]++;
    }
    for (uint32_t id = 0; m->b->count >= POPULAR_FROM && id < m->id_count; id++) {
        if (counts[id] > m->b->count / POPULAR_PART + 1)
            m->first[id] = SIZE_MAX;
    }
}

/* --- matching --- */

struct range {
    size_t a_low, a_high, b_low, b_high;
};

/* One row: lengths of runs that end at line i of a and line j of b; keeps the best. */
static size_t row_run(struct matcher *m, const struct range *range, size_t i, struct diff_block *best)
{
    size_t touched = 0;

    for (size_t j = m->first[m->a_ids[i]]; j < range->b_high; j = m->next[j]) {
        size_t length;

        if (j < range->b_low)
            continue;
        length = m->lengths[j] + 1; /* lengths are kept one to the right: [j] is of j - 1 */
        m->new_lengths[j + 1] = length;
        m->new_touched[touched++] = j + 1;
        if (length > best->length)
            *best = (struct diff_block){ i + 1 - length, j + 1 - length, length };
    }
    return touched;
}

static struct diff_block longest_match(struct matcher *m, const struct range *range)
{
    struct diff_block best = { range->a_low, range->b_low, 0 };
    size_t touched = 0;

    for (size_t i = range->a_low; i < range->a_high; i++) {
        size_t added = row_run(m, range, i, &best);
        size_t *swap = m->lengths;

        for (size_t t = 0; t < touched; t++)
            m->lengths[m->touched[t]] = 0;
        m->lengths = m->new_lengths;
        m->new_lengths = swap;
        swap = m->touched;
        m->touched = m->new_touched;
        m->new_touched = swap;
        touched = added;
    }
    for (size_t t = 0; t < touched; t++)
        m->lengths[m->touched[t]] = 0;
    while (best.a > range->a_low && best.b > range->b_low && m->a_ids[best.a - 1] == m->b_ids[best.b - 1]) {
        best.a--;
        best.b--;
        best.length++;
    }
    while (best.a + best.length < range->a_high && best.b + best.length < range->b_high &&
           m->a_ids[best.a + best.length] == m->b_ids[best.b + best.length])
        best.length++;
    return best;
}

static void block_add(struct matcher *m, struct diff_block block)
{
    if (m->block_count == m->block_capacity) {
        size_t grown = m->block_capacity == 0 ? 16 : m->block_capacity * 2;

        m->blocks = arena_grow(m->arena, m->blocks, m->block_capacity * sizeof(block), grown * sizeof(block));
        m->block_capacity = grown;
    }
    m->blocks[m->block_count++] = block;
}

/* Ranges still to be searched: a stack, as deep as there are lines at most. */
static void blocks_find(struct matcher *m)
{
    size_t room = m->a->count + m->b->count + 2, depth = 0;
    struct range *stack = arena_new_array(m->arena, struct range, room);

    stack[depth++] = (struct range){ 0, m->a->count, 0, m->b->count };
    while (depth > 0) {
        struct range range = stack[--depth];
        struct diff_block best = longest_match(m, &range);

        if (best.length == 0)
            continue;
        block_add(m, best);
        if (range.a_low < best.a && range.b_low < best.b)
            stack[depth++] = (struct range){ range.a_low, best.a, range.b_low, best.b };
        if (best.a + best.length < range.a_high && best.b + best.length < range.b_high)
            stack[depth++] = (struct range){ best.a + best.length, range.a_high, best.b + best.length, range.b_high };
    }
}

static int block_compare(const void *x, const void *y)
{
    const struct diff_block *p = x, *q = y;

    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

struct diff_block *diff_match(struct arena *arena, const struct diff_lines *a, const struct diff_lines *b,
                              size_t *count_out)
{
    struct matcher m = { .arena = arena, .a = a, .b = b };
    size_t kept = 0;

    ids_make(&m);
    positions_make(&m);
    m.lengths = arena_new_array(arena, size_t, b->count + 2);
    m.new_lengths = arena_new_array(arena, size_t, b->count + 2);
    m.touched = arena_new_array(arena, size_t, b->count + 2);
    m.new_touched = arena_new_array(arena, size_t, b->count + 2);
    blocks_find(&m);
    block_add(&m, (struct diff_block){ a->count, b->count, 0 });
    qsort(m.blocks, m.block_count, sizeof(struct diff_block), block_compare);
    for (size_t i = 1; i < m.block_count; i++) {
        struct diff_block *last = &m.blocks[kept], *block = &m.blocks[i];

        if (block->length > 0 && last->a + last->length == block->a && last->b + last->length == block->b)
            last->length += block->length;
        else
            m.blocks[++kept] = *block;
    }
    *count_out = kept + 1;
    return m.blocks;
}
