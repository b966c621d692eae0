/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted table: names chosen to collide, which a hash table would suffer from, cost nothing here. */
#include "common/model/gguf_index.h"

#include <stdlib.h>
#include <string.h>

struct gguf_index_entry {
    const char *name;
    uint64_t number;
};

struct gguf_index {
    uint64_t count;
    struct gguf_index_entry *entries;
};

struct gguf_index *gguf_index_new(struct arena *arena, uint64_t count)
{
    struct gguf_index *index = arena_new_of(arena, struct gguf_index);

    index->entries = arena_new_array(arena, struct gguf_index_entry, count + 1);
    return index;
}

void gguf_index_add(struct gguf_index *index, const char *name, uint64_t number)
{
    index->entries[index->count++] = (struct gguf_index_entry){ name, number };
}

static int compare(const void *a, const void *b)
{
    const struct gguf_index_entry *left = a, *right = b;

    return strcmp(left->name, right->name);
}

const char *gguf_index_seal(struct gguf_index *index)
{
    qsort(index->entries, (size_t)index->count, sizeof(index->entries[0]), compare);
    for (uint64_t i = 1; i < index->count; i++) {
        if (compare(&index->entries[i - 1], &index->entries[i]) == 0)
            return index->entries[i].name;
    }
    return NULL;
}

bool gguf_index_find(const struct gguf_index *index, const char *name, uint64_t *out)
{
    const struct gguf_index_entry wanted = { name, 0 };
    const struct gguf_index_entry *found =
        bsearch(&wanted, index->entries, (size_t)index->count, sizeof(index->entries[0]), compare);

    if (!found)
        return false;
    *out = found->number;
    return true;
}
