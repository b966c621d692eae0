/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model as the files it consists of: one GGUF file, or the shards NAME-00001-of-00005.gguf and so on in one folder. The
 * first one has the keys; all are read and checked to belong together. Any shard's path finds the whole set.
 */
#pragma once

#include "common/model/gguf.h"

#define GGUF_SHARDS_MAX 1024

struct gguf_set {
    struct gguf **shards;
    uint32_t count;
    uint64_t tensors_count, tensor_bytes, file_bytes;
};

bool gguf_set_read(struct arena *arena, const char *path, struct gguf_set *out, struct error *err);
