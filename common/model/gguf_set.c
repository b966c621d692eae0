/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the shards of a model by name and checks that none is missing, foreign or of another model. */
#include "common/model/gguf_set.h"

#include <inttypes.h>
#include <unistd.h>

#include "common/model/gguf_index.h"
#include "common/model/model_source.h"

static bool split_key(const struct gguf *gguf, const char *name, uint64_t *out)
{
    const struct gguf_key *key = gguf_key_find(gguf, name);

    return key && gguf_whole(key, 0, out);
}

static bool check_shard(const struct gguf *gguf, uint32_t number, uint32_t count, struct error *err)
{
    uint64_t said_number = 0, said_count = 0;

    if (!split_key(gguf, "split.no", &said_number) || !split_key(gguf, "split.count", &said_count))
        return error_set(err, "%s: is no shard of a model: it lacks split.no or split.count", gguf->path);
    if (said_number != number || said_count != count)
        return error_set(err, "%s: says it is shard %" PRIu64 " of %" PRIu64 ", its name says %" PRIu32 " of %" PRIu32,
                         gguf->path, said_number + 1, said_count, number + 1, count);
    return true;
}

static void add_shard(struct gguf_set *set, struct gguf *gguf)
{
    set->shards[set->count++] = gguf;
    set->tensors_count += gguf->tensors_count;
    set->tensor_bytes += gguf->tensor_bytes;
    set->file_bytes += gguf->file_bytes;
}

static bool read_shards(struct arena *arena, const struct model_shard *named, uint32_t count, struct gguf_set *set,
                        struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        struct gguf *gguf = NULL;
        const char *path = model_shard_path(arena, named, (int)i + 1);
        if (access(path, F_OK) != 0)
            return error_set(err, "%s: shard %" PRIu32 " of %" PRIu32 " is missing", path, i + 1, count);
        if (!gguf_read(arena, path, &gguf, err) || !check_shard(gguf, i, count, err))
            return false;
        add_shard(set, gguf);
    }
    return true;
}

/* The tensors of all shards: as many as the first one says, none twice. */
static bool check_tensors(struct arena *arena, const struct gguf_set *set, struct error *err)
{
    uint64_t said = 0;
    struct gguf_index *index = gguf_index_new(arena, set->tensors_count);

    if (split_key(set->shards[0], "split.tensors.count", &said) && said != set->tensors_count)
        return error_set(err, "%s: the model has %" PRIu64 " tensors, its %" PRIu32 " shards hold %" PRIu64,
                         set->shards[0]->path, said, set->count, set->tensors_count);
    for (uint32_t i = 0; i < set->count; i++) {
        for (uint64_t j = 0; j < set->shards[i]->tensors_count; j++)
            gguf_index_add(index, set->shards[i]->tensors[j].name, i);
    }
    const char *twice = gguf_index_seal(index);
    return !twice || error_set(err, "%s: tensor '%s' is in two shards", set->shards[0]->path, twice);
}

static bool read_all(struct arena *arena, const char *path, uint64_t count, struct gguf_set *set, struct error *err)
{
    struct model_shard named;

    if (count > GGUF_SHARDS_MAX)
        return error_set(err, "%s: claims to be one of %" PRIu64 " shards", path, count);
    if (!model_shard_parse(arena, path, &named) || (uint64_t)named.count != count)
        return error_set(err,
                         "%s: is one of %" PRIu64 " shards, so its name must end in -00001-of-%05" PRIu64
                         ".gguf, with the others beside it",
                         path, count, count);
    set->shards = arena_new_array(arena, struct gguf *, count);
    return read_shards(arena, &named, (uint32_t)count, set, err) && check_tensors(arena, set, err);
}

bool gguf_set_read(struct arena *arena, const char *path, struct gguf_set *out, struct error *err)
{
    struct gguf_set set = { 0 };
    struct gguf *first = NULL;
    uint64_t count = 0;

    if (!gguf_read(arena, path, &first, err))
        return false;
    if (split_key(first, "split.count", &count) && count > 1) {
        if (!read_all(arena, path, count, &set, err))
            return false;
    } else {
        set.shards = arena_new_array(arena, struct gguf *, 1);
        add_shard(&set, first);
    }
    *out = set;
    return true;
}
