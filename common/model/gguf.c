/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a GGUF file and the way from its first byte to its weights. The tensor table is gguf_tensor.c.
 */
#include "common/model/gguf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fd.h"
#include "common/model/gguf_index.h"
#include "common/model/gguf_stream.h"
#include "common/model/gguf_tensor.h"

#define KEY_BYTES_MIN 13 /* length of the name, type, one byte of value */
#define ALIGNMENT_DEFAULT 32
#define ALIGNMENT_MAX (1024 * 1024)

static bool header_is_long(const struct gguf_stream *stream, struct error *err)
{
    if (stream->at <= GGUF_HEADER_MAX)
        return false;
    error_set(err, "its header is longer than %" PRIu64 " bytes", (uint64_t)GGUF_HEADER_MAX);
    return true;
}

/* --- values --- */

static bool read_strings(struct gguf_stream *stream, const struct gguf_key *key, struct error *err)
{
    if (key->count > gguf_stream_left(stream) / 8)
        return error_set(err, "key '%s' claims %" PRIu64 " strings, more than the file can hold", key->name,
                         key->count);
    for (uint64_t i = 0; i < key->count; i++) {
        uint64_t length = 0;
        if (!gguf_stream_u64(stream, &length, "a string of an array", err) ||
            !gguf_stream_skip(stream, length, "a string of an array", err))
            return error_prefix(err, "key '%s'", key->name);
        if (header_is_long(stream, err))
            return false;
    }
    return true;
}

/* One number, or the many of an array: kept if they are few. */
static bool read_numbers(struct gguf_stream *stream, struct arena *arena, struct gguf_key *key, uint32_t type,
                         struct error *err)
{
    uint64_t size = gguf_value_size(type);
    unsigned char data[8];

    if (key->count > gguf_stream_left(stream) / size)
        return error_set(err, "key '%s' claims %" PRIu64 " values, more than the file can hold", key->name, key->count);
    if (key->count > GGUF_NUMBERS_KEPT)
        return gguf_stream_skip(stream, key->count * size, key->name, err);
    key->raw = arena_new_array(arena, uint64_t, key->count + 1);
    for (uint64_t i = 0; i < key->count; i++) {
        if (!gguf_stream_bytes(stream, data, size, key->name, err))
            return false;
        key->raw[i] = gguf_number(data, size, stream->swap);
        if (type == GGUF_BOOL && key->raw[i] > 1)
            return error_set(err, "key '%s' is a boolean of value %" PRIu64, key->name, key->raw[i]);
    }
    return true;
}

static bool read_array(struct gguf_stream *stream, struct arena *arena, struct gguf_key *key, struct error *err)
{
    if (!gguf_stream_u32(stream, &key->element, key->name, err) ||
        !gguf_stream_u64(stream, &key->count, key->name, err))
        return false;
    if (key->element == GGUF_STRING)
        return read_strings(stream, key, err);
    if (gguf_value_size(key->element) == 0)
        return error_set(err, "key '%s' is an array of elements of type %" PRIu32 ", which there is not", key->name,
                         key->element);
    return read_numbers(stream, arena, key, key->element, err);
}

static bool read_text(struct gguf_stream *stream, struct arena *arena, struct gguf_key *key, struct error *err)
{
    uint64_t length = 0;
    struct gguf_stream start = *stream;

    if (!gguf_stream_u64(stream, &length, key->name, err))
        return false;
    if (length > GGUF_TEXT_KEPT)
        return gguf_stream_skip(stream, length, key->name, err);
    stream->at = start.at;
    return gguf_stream_string(stream, arena, GGUF_TEXT_KEPT, &key->text, key->name, err);
}

static bool read_key(struct gguf_stream *stream, struct arena *arena, struct gguf_key *key, struct error *err)
{
    if (!gguf_stream_string(stream, arena, GGUF_NAME_MAX, &key->name, "the name of a key", err))
        return false;
    if (key->name[0] == '\0')
        return error_set(err, "a key at byte %" PRIu64 " has no name", stream->at);
    if (!gguf_stream_u32(stream, &key->type, key->name, err))
        return false;
    uint64_t start = stream->at;
    bool done = false;
    key->count = 1;
    if (key->type == GGUF_STRING)
        done = read_text(stream, arena, key, err);
    else if (key->type == GGUF_ARRAY)
        done = read_array(stream, arena, key, err);
    else if (gguf_value_size(key->type) > 0)
        done = read_numbers(stream, arena, key, key->type, err);
    else
        error_set(err, "key '%s' has a value of type %" PRIu32 ", which there is not", key->name, key->type);
    key->bytes = stream->at - start;
    return done && !header_is_long(stream, err);
}

static bool read_keys(struct gguf_stream *stream, struct arena *arena, struct gguf *gguf, struct error *err)
{
    if (gguf->keys_count > gguf_stream_left(stream) / KEY_BYTES_MIN || gguf->keys_count > GGUF_KEYS_MAX)
        return error_set(err, "it claims %" PRIu64 " keys, which cannot be", gguf->keys_count);
    gguf->keys = arena_new_array(arena, struct gguf_key, gguf->keys_count + 1);
    gguf->key_index = gguf_index_new(arena, gguf->keys_count);
    for (uint64_t i = 0; i < gguf->keys_count; i++) {
        if (!read_key(stream, arena, &gguf->keys[i], err))
            return false;
        gguf_index_add(gguf->key_index, gguf->keys[i].name, i);
    }
    const char *twice = gguf_index_seal(gguf->key_index);
    return !twice || error_set(err, "key '%s' is there twice", twice);
}

/* --- the file --- */

static bool read_magic(struct gguf_stream *stream, struct gguf *gguf, struct error *err)
{
    char magic[4];

    if (stream->size == 0)
        return error_set(err, "the file is empty");
    if (!gguf_stream_bytes(stream, magic, sizeof(magic), "the mark of the format", err))
        return false;
    if (memcmp(magic, "GGUF", 4) != 0)
        return error_set(err, "this is no GGUF file");
    if (!gguf_stream_u32(stream, &gguf->version, "the version", err))
        return false;
    if ((gguf->version & 0xffff) == 0) { /* as llama.cpp tells the byte orders apart */
        gguf->version = __builtin_bswap32(gguf->version);
        gguf->is_big_endian = stream->swap = true;
    }
    if (gguf->version == 1)
        return error_set(err,
                         "GGUF version 1 (of 2023) is no longer read, by llama.cpp neither: convert the model anew");
    if (gguf->version != 2 && gguf->version != 3)
        return error_set(err, "GGUF version %" PRIu32 " is not known (2 and 3 are)", gguf->version);
    return gguf_stream_u64(stream, &gguf->tensors_count, "the number of tensors", err) &&
           gguf_stream_u64(stream, &gguf->keys_count, "the number of keys", err);
}

static bool read_alignment(struct gguf *gguf, struct error *err)
{
    const struct gguf_key *key = gguf_key_find(gguf, "general.alignment");

    gguf->alignment = ALIGNMENT_DEFAULT;
    if (!key)
        return true;
    if (key->type != GGUF_U32 || !gguf_whole(key, 0, &gguf->alignment) || gguf->alignment == 0 ||
        gguf->alignment > ALIGNMENT_MAX || (gguf->alignment & (gguf->alignment - 1)) != 0)
        return error_set(err, "general.alignment is no power of two up to %d", ALIGNMENT_MAX);
    return true;
}

static bool read_file(struct arena *arena, int fd, struct gguf *gguf, struct error *err)
{
    struct stat status;
    struct gguf_stream stream;

    if (fstat(fd, &status) != 0)
        return error_set_errno(err, "cannot be looked at");
    if (!S_ISREG(status.st_mode))
        return error_set(err, "this is no file");
    gguf->file_bytes = (uint64_t)status.st_size;
    gguf_stream_open(&stream, arena, fd, gguf->path, gguf->file_bytes);
    return read_magic(&stream, gguf, err) && read_keys(&stream, arena, gguf, err) && read_alignment(gguf, err) &&
           gguf_tensors_read(&stream, arena, gguf, err);
}

bool gguf_read_fd(struct arena *arena, int fd, const char *path, struct gguf **out, struct error *err)
{
    struct gguf *gguf = arena_new_of(arena, struct gguf);

    gguf->path = arena_copy(arena, path);
    if (!read_file(arena, fd, gguf, err))
        return error_prefix(err, "%s", path);
    *out = gguf;
    return true;
}

bool gguf_read(struct arena *arena, const char *path, struct gguf **out, struct error *err)
{
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return error_set(err, "%s: cannot be opened: %s", path, strerror(errno));
    return gguf_read_fd(arena, fd, path, out, err);
}

/* --- looking things up --- */

const struct gguf_key *gguf_key_find(const struct gguf *gguf, const char *name)
{
    uint64_t at = 0;

    return gguf_index_find(gguf->key_index, name, &at) ? &gguf->keys[at] : NULL;
}

const struct gguf_tensor *gguf_tensor_find(const struct gguf *gguf, const char *name)
{
    uint64_t at = 0;

    return gguf_index_find(gguf->tensor_index, name, &at) ? &gguf->tensors[at] : NULL;
}

const char *gguf_text(const struct gguf *gguf, const char *name)
{
    const struct gguf_key *key = gguf_key_find(gguf, name);

    return key ? key->text : NULL;
}

bool gguf_whole(const struct gguf_key *key, uint64_t index, uint64_t *out)
{
    uint32_t type = key->type == GGUF_ARRAY ? key->element : key->type;

    if (!key->raw || index >= key->count || type == GGUF_F32 || type == GGUF_F64)
        return false;
    bool is_signed = type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32 || type == GGUF_I64;
    if (is_signed && key->raw[index] >> (8 * gguf_value_size(type) - 1) != 0)
        return false;
    *out = key->raw[index];
    return true;
}
