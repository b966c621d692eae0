/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors: names, shapes, types, places. Sizes are multiplied with overflow checks; data must be aligned, must not overlap
 * and must end inside the file.
 */
#include "common/model/gguf_tensor.h"

#include <inttypes.h>

#include "common/model/gguf_index.h"

#define TENSOR_BYTES_MIN 32 /* length of the name, dimensions, one size, type, offset */

static bool read_sizes(struct gguf_stream *stream, struct gguf_tensor *tensor, struct error *err)
{
    if (!gguf_stream_u32(stream, &tensor->dimensions, tensor->name, err))
        return false;
    if (tensor->dimensions == 0 || tensor->dimensions > GGUF_DIMENSIONS_MAX)
        return error_set(err, "tensor '%s' has %" PRIu32 " dimensions, not 1 to %d", tensor->name, tensor->dimensions,
                         GGUF_DIMENSIONS_MAX);
    tensor->elements = 1;
    for (uint32_t i = 0; i < GGUF_DIMENSIONS_MAX; i++) {
        tensor->size[i] = 1;
        if (i < tensor->dimensions && !gguf_stream_u64(stream, &tensor->size[i], tensor->name, err))
            return false;
        if (tensor->size[i] == 0 || tensor->size[i] > INT64_MAX)
            return error_set(err, "tensor '%s' has a size of %" PRIu64, tensor->name, tensor->size[i]);
        if (__builtin_mul_overflow(tensor->elements, tensor->size[i], &tensor->elements) ||
            tensor->elements > INT64_MAX)
            return error_set(err, "tensor '%s' has more elements than can be counted", tensor->name);
    }
    return true;
}

static bool read_type(struct gguf_stream *stream, struct gguf_tensor *tensor, struct error *err)
{
    uint32_t id = 0;

    if (!gguf_stream_u32(stream, &id, tensor->name, err))
        return false;
    tensor->type = tensor_type_find(id);
    if (!tensor->type)
        return error_set(err, "tensor '%s' is of type %" PRIu32 ", which this version does not know", tensor->name, id);
    if (tensor->size[0] % tensor->type->block != 0)
        return error_set(
            err, "tensor '%s' has rows of %" PRIu64 " elements, no multiple of the %" PRIu32 " of a block of %s",
            tensor->name, tensor->size[0], tensor->type->block, tensor->type->name);
    if (__builtin_mul_overflow(tensor->elements / tensor->type->block, (uint64_t)tensor->type->bytes, &tensor->bytes))
        return error_set(err, "tensor '%s' has more bytes than can be counted", tensor->name);
    return true;
}

static bool read_tensor(struct gguf_stream *stream, struct arena *arena, const struct gguf *gguf,
                        struct gguf_tensor *tensor, struct error *err)
{
    if (!gguf_stream_string(stream, arena, GGUF_TENSOR_NAME_MAX, &tensor->name, "the name of a tensor", err))
        return false;
    if (tensor->name[0] == '\0')
        return error_set(err, "a tensor at byte %" PRIu64 " has no name", stream->at);
    if (!read_sizes(stream, tensor, err) || !read_type(stream, tensor, err) ||
        !gguf_stream_u64(stream, &tensor->offset, tensor->name, err))
        return false;
    if (tensor->offset % gguf->alignment != 0)
        return error_set(err, "tensor '%s' lies at %" PRIu64 ", no multiple of %" PRIu64, tensor->name, tensor->offset,
                         gguf->alignment);
    if (stream->at > GGUF_HEADER_MAX)
        return error_set(err, "its header is longer than %" PRIu64 " bytes", (uint64_t)GGUF_HEADER_MAX);
    return true;
}

/* Offsets count from the end of the header, rounded up. */
static bool place(struct gguf *gguf, uint64_t header_end, struct error *err)
{
    uint64_t end = 0;

    gguf->data_offset = (header_end + gguf->alignment - 1) / gguf->alignment * gguf->alignment;
    for (uint64_t i = 0; i < gguf->tensors_count; i++) {
        struct gguf_tensor *tensor = &gguf->tensors[i];
        if (tensor->offset < end)
            return error_set(err, "tensor '%s' lies over the one before it", tensor->name);
        if (__builtin_add_overflow(tensor->offset, tensor->bytes, &end) ||
            __builtin_add_overflow(tensor->offset, gguf->data_offset, &tensor->offset) ||
            tensor->offset > gguf->file_bytes || tensor->bytes > gguf->file_bytes - tensor->offset)
            return error_set(err,
                             "the file is cut off or damaged: tensor '%s' (%" PRIu64 " bytes at %" PRIu64
                             ") ends behind the file's %" PRIu64 " bytes",
                             tensor->name, tensor->bytes, tensor->offset, gguf->file_bytes);
        gguf->tensor_bytes += tensor->bytes; /* they do not overlap: no more than the file */
    }
    return true;
}

bool gguf_tensors_read(struct gguf_stream *stream, struct arena *arena, struct gguf *gguf, struct error *err)
{
    if (gguf->tensors_count > gguf_stream_left(stream) / TENSOR_BYTES_MIN || gguf->tensors_count > GGUF_TENSORS_MAX)
        return error_set(err, "it claims %" PRIu64 " tensors, which cannot be", gguf->tensors_count);
    gguf->tensors = arena_new_array(arena, struct gguf_tensor, gguf->tensors_count + 1);
    gguf->tensor_index = gguf_index_new(arena, gguf->tensors_count);
    for (uint64_t i = 0; i < gguf->tensors_count; i++) {
        if (!read_tensor(stream, arena, gguf, &gguf->tensors[i], err))
            return false;
        gguf_index_add(gguf->tensor_index, gguf->tensors[i].name, i);
    }
    const char *twice = gguf_index_seal(gguf->tensor_index);
    if (twice)
        return error_set(err, "tensor '%s' is there twice", twice);
    return place(gguf, stream->at, err);
}
