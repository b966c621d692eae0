/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of GGUF headers: what is right is read, and every kind of wrong ends in a sentence that says what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/common/model/gguf_builder.h"

#define F16 1
#define Q4_K 12

/* Two keys, two tensors (128 bytes and 64 bytes of f16). */
static struct builder build_good(struct arena *arena, uint32_t version, bool big)
{
    static const int32_t heads[] = { 4, -1, 8 };
    struct builder b = builder_new(arena, big);

    put_head(&b, version, 2, 6);
    put_string(&b, "general.architecture", "llama");
    put_u32(&b, "llama.block_count", 3);
    put_list(&b, "llama.heads", heads, 3);
    put_key(&b, "flag", GGUF_BOOL);
    put(&b, 1, 1);
    put_key(&b, "words", GGUF_ARRAY);
    put(&b, GGUF_STRING, 4);
    put(&b, 2, 8);
    put_text(&b, "one");
    put_text(&b, "");
    put_key(&b, "large", GGUF_U64);
    put(&b, UINT64_MAX - 1, 8);
    put_tensor(&b, "a.weight", 8, 8, F16, 0);
    put_tensor(&b, "b.weight", 8, 4, F16, 128);
    put_padding(&b, 32);
    put_zeros(&b, 192);
    return b;
}

static void check_good(uint32_t version, bool big)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = build_good(arena, version, big);
    struct error err = ERROR_INIT;
    struct gguf *gguf = NULL;
    uint64_t number = 0;

    assert_true(read_built(arena, &b, &gguf, &err));
    assert_int_equal(gguf->version, version);
    assert_int_equal(gguf->is_big_endian, big);
    assert_string_equal(gguf_text(gguf, "general.architecture"), "llama");
    assert_null(gguf_text(gguf, "llama.block_count"));
    assert_null(gguf_key_find(gguf, "nothing"));
    assert_true(gguf_whole(gguf_key_find(gguf, "llama.block_count"), 0, &number));
    assert_int_equal(number, 3);
    const struct gguf_key *heads = gguf_key_find(gguf, "llama.heads");
    assert_int_equal(heads->count, 3);
    assert_true(gguf_whole(heads, 2, &number));
    assert_int_equal(number, 8);
    assert_false(gguf_whole(heads, 1, &number)); /* negative */
    assert_false(gguf_whole(heads, 3, &number)); /* behind the end */
    assert_true(gguf_whole(gguf_key_find(gguf, "flag"), 0, &number));
    assert_int_equal(number, 1);
    assert_int_equal(gguf_key_find(gguf, "words")->count, 2);
    assert_false(gguf_whole(gguf_key_find(gguf, "words"), 0, &number));
    assert_true(gguf_whole(gguf_key_find(gguf, "large"), 0, &number));
    assert_true(number == UINT64_MAX - 1);
    const struct gguf_tensor *tensor = gguf_tensor_find(gguf, "b.weight");
    assert_int_equal(tensor->bytes, 64);
    assert_int_equal(tensor->elements, 32);
    assert_int_equal(tensor->size[0], 8);
    assert_int_equal(tensor->size[3], 1);
    assert_int_equal(tensor->offset, gguf->data_offset + 128);
    assert_int_equal(gguf->tensor_bytes, 192);
    assert_int_equal(gguf->file_bytes, b.data.length);
}

static void test_reads_versions_and_byte_orders(void **state)
{
    (void)state;
    check_good(3, false);
    check_good(2, false);
    check_good(3, true);
}

/* The file must be refused with a sentence that holds `part` and begins with the file's name. */
static void check_refused(struct builder *b, const char *part)
{
    struct error err = ERROR_INIT;
    struct gguf *gguf = NULL;

    assert_false(read_built(b->data.arena, b, &gguf, &err));
    assert_null(gguf);
    if (!strstr(err.text, part))
        fail_msg("expected '%s' in: %s", part, err.text);
    assert_true(text_starts(err.text, "test.gguf: "));
}

static void test_refuses_what_is_no_gguf(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = builder_new(arena, false);

    (void)state;
    check_refused(&b, "the file is empty");
    text_add(&b.data, "GG");
    check_refused(&b, "cut off");
    text_add(&b.data, "ML and more");
    check_refused(&b, "this is no GGUF file");
    b = builder_new(arena, false);
    put_head(&b, 1, 0, 0);
    check_refused(&b, "version 1 (of 2023) is no longer read");
    b = builder_new(arena, false);
    put_head(&b, 4, 0, 0);
    check_refused(&b, "version 4 is not known");
}

static void test_every_cut_is_an_error(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = build_good(arena, 3, false);

    (void)state;
    for (size_t length = 0; length < b.data.length; length++) {
        ARENA_SCOPED inner = arena_new();
        struct error err = ERROR_INIT;
        struct gguf *gguf = NULL;
        assert_false(read_bytes(inner, b.data.data, length, &gguf, &err));
        assert_true(err.text[0] != '\0');
    }
}

/* Each byte set to several values: whatever comes of it, it must end, and what is accepted must lie in the file. */
static void test_mutations_stay_inside(void **state)
{
    static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
    ARENA_SCOPED arena = arena_new();
    struct builder b = build_good(arena, 3, false);

    (void)state;
    for (size_t i = 0; i < b.data.length * sizeof(values); i++) {
        ARENA_SCOPED inner = arena_new();
        char *data = arena_copy_n(inner, b.data.data, b.data.length);
        struct error err = ERROR_INIT;
        struct gguf *gguf = NULL;
        data[i / sizeof(values)] = (char)values[i % sizeof(values)];
        if (!read_bytes(inner, data, b.data.length, &gguf, &err))
            continue;
        for (uint64_t j = 0; j < gguf->tensors_count; j++)
            assert_true(gguf->tensors[j].offset + gguf->tensors[j].bytes <= gguf->file_bytes);
    }
}

static void test_refuses_counts_that_cannot_be(void **state)
{
    static const uint64_t counts[] = { 1, 1000, 1ULL << 32, 1ULL << 63, UINT64_MAX };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct builder b = builder_new(arena, false);
        put_head(&b, 3, 0, counts[i]);
        check_refused(&b, "keys, which cannot be");
        b = builder_new(arena, false);
        put_head(&b, 3, counts[i], 0);
        check_refused(&b, "tensors, which cannot be");
        b = builder_new(arena, false);
        put_head(&b, 3, 0, 1);
        put_key(&b, "list", GGUF_ARRAY);
        put(&b, GGUF_U64, 4);
        put(&b, counts[i], 8);
        check_refused(&b, "more than the file can hold");
        b = builder_new(arena, false);
        put_head(&b, 3, 0, 1);
        put_key(&b, "list", GGUF_ARRAY);
        put(&b, GGUF_STRING, 4);
        put(&b, counts[i], 8);
        check_refused(&b, "more than the file can hold");
        b = builder_new(arena, false);
        put_head(&b, 3, 0, 1);
        put(&b, counts[i], 8); /* length of the key's name */
        put_zeros(&b, 5);
        check_refused(&b, i == 0 ? "NUL byte" : "cut off");
    }
}

static void test_refuses_keys_that_make_no_sense(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = builder_new(arena, false);

    (void)state;
    put_head(&b, 3, 0, 2);
    put_u32(&b, "same", 1);
    put_u32(&b, "same", 1);
    check_refused(&b, "key 'same' is there twice");
    b = builder_new(arena, false);
    put_head(&b, 3, 0, 1);
    put_u32(&b, "", 1);
    put_zeros(&b, 8);
    check_refused(&b, "has no name");
    b = builder_new(arena, false);
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", 13);
    put_zeros(&b, 8);
    check_refused(&b, "value of type 13, which there is not");
    b = builder_new(arena, false);
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_ARRAY);
    put(&b, GGUF_ARRAY, 4);
    put(&b, 0, 8);
    check_refused(&b, "array of elements of type 9");
    b = builder_new(arena, false);
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_BOOL);
    put(&b, 2, 1);
    check_refused(&b, "boolean of value 2");
}

static void test_long_values_are_checked_but_not_kept(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = builder_new(arena, false);
    struct error err = ERROR_INIT;
    struct gguf *gguf = NULL;
    uint64_t number = 0;

    (void)state;
    put_head(&b, 3, 0, 3);
    put_key(&b, "long", GGUF_STRING);
    put(&b, GGUF_TEXT_KEPT + 1, 8);
    put_zeros(&b, GGUF_TEXT_KEPT + 1);
    put_key(&b, "many", GGUF_ARRAY);
    put(&b, GGUF_F32, 4);
    put(&b, GGUF_NUMBERS_KEPT + 1, 8);
    put_zeros(&b, 4 * (GGUF_NUMBERS_KEPT + 1));
    put_u32(&b, "last", 7);
    assert_true(read_built(arena, &b, &gguf, &err));
    assert_null(gguf_text(gguf, "long"));
    assert_int_equal(gguf_key_find(gguf, "many")->count, GGUF_NUMBERS_KEPT + 1);
    assert_false(gguf_whole(gguf_key_find(gguf, "many"), 0, &number));
    assert_true(gguf_whole(gguf_key_find(gguf, "last"), 0, &number));
    assert_int_equal(number, 7);
}

static void check_alignment(struct arena *arena, uint32_t value, bool is_right)
{
    struct builder b = builder_new(arena, false);
    struct error err = ERROR_INIT;
    struct gguf *gguf = NULL;

    put_head(&b, 3, 1, 1);
    put_u32(&b, "general.alignment", value);
    put_tensor(&b, "a", 8, 1, F16, 0);
    put_padding(&b, is_right ? value : 32);
    put_zeros(&b, 16);
    if (!is_right) {
        check_refused(&b, "general.alignment is no power of two");
        return;
    }
    assert_true(read_built(arena, &b, &gguf, &err));
    assert_int_equal(gguf->data_offset % value, 0);
    assert_int_equal(gguf->data_offset + 16, gguf->file_bytes);
}

static void test_alignment(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    check_alignment(arena, 64, true);
    check_alignment(arena, 1, true);
    check_alignment(arena, 4096, true);
    check_alignment(arena, 0, false);
    check_alignment(arena, 48, false);
    check_alignment(arena, 1U << 31, false);
}

/* One tensor, described by hand, in a file with 4096 bytes for it. */
static void check_tensor(uint32_t dimensions, const uint64_t *sizes, uint32_t type, uint64_t offset, const char *part)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = builder_new(arena, false);

    put_head(&b, 3, 1, 0);
    put_text(&b, "t");
    put(&b, dimensions, 4);
    for (uint32_t i = 0; i < dimensions && i < 8; i++)
        put(&b, sizes[i], 8);
    put(&b, type, 4);
    put(&b, offset, 8);
    put_padding(&b, 32);
    put_zeros(&b, 4096);
    check_refused(&b, part);
}

static void test_refuses_tensors_that_cannot_be(void **state)
{
    static const uint64_t many[] = { 1ULL << 62, 1ULL << 62, 1, 1, 1, 1, 1, 1 };
    static const uint64_t half[] = { 1ULL << 62, 4 }, odd[] = { 100, 1 }, none[] = { 8, 0 }, row[] = { 256, 32 };
    static const uint64_t negative[] = { UINT64_MAX }, small[] = { 8, 8 }, wide[] = { 1ULL << 61, 1 };

    (void)state;
    check_tensor(0, many, F16, 0, "has 0 dimensions");
    check_tensor(5, many, F16, 0, "has 5 dimensions");
    check_tensor(UINT32_MAX, many, F16, 0, "dimensions, not 1 to 4");
    check_tensor(2, many, F16, 0, "more elements than can be counted");
    check_tensor(2, half, F16, 0, "more elements than can be counted");
    check_tensor(2, wide, 28, 0, "more bytes than can be counted");
    check_tensor(2, none, F16, 0, "a size of 0");
    check_tensor(1, negative, F16, 0, "a size of 18446744073709551615");
    check_tensor(2, odd, Q4_K, 0, "rows of 100 elements, no multiple of the 256 of a block of q4_k");
    check_tensor(2, small, 99, 0, "of type 99, which this version does not know");
    check_tensor(2, small, 4, 0, "of type 4, which"); /* a type that ggml has removed */
    check_tensor(2, small, F16, 16, "no multiple of 32");
    check_tensor(2, small, F16, 8192, "ends behind the file's");
    check_tensor(2, small, F16, UINT64_MAX - 31, "ends behind the file's");
    check_tensor(2, row, F16, 0, "ends behind the file's");
}

static void test_refuses_tensors_that_overlap_or_repeat(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = builder_new(arena, false);

    (void)state;
    put_head(&b, 3, 2, 0);
    put_tensor(&b, "a", 8, 8, F16, 0);
    put_tensor(&b, "b", 8, 8, F16, 96);
    put_padding(&b, 32);
    put_zeros(&b, 512);
    check_refused(&b, "tensor 'b' lies over the one before it");
    b = builder_new(arena, false);
    put_head(&b, 3, 2, 0);
    put_tensor(&b, "a", 8, 8, F16, 0);
    put_tensor(&b, "a", 8, 8, F16, 128);
    put_padding(&b, 32);
    put_zeros(&b, 512);
    check_refused(&b, "tensor 'a' is there twice");
}

static void test_paths_that_are_no_files(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct gguf *gguf = NULL;

    (void)state;
    assert_false(gguf_read(arena, "/nonexistent/model.gguf", &gguf, &err));
    assert_string_equal(err.text, "/nonexistent/model.gguf: cannot be opened: No such file or directory");
    assert_false(gguf_read(arena, "/", &gguf, &err));
    assert_string_equal(err.text, "/: this is no file");
    assert_false(gguf_read(arena, "/dev/zero", &gguf, &err));
    assert_string_equal(err.text, "/dev/zero: this is no file");
}

/* A file as large as a real model: only its header is read. */
static void test_large_sparse_file(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct builder b = builder_new(arena, false);
    struct error err = ERROR_INIT;
    struct gguf *gguf = NULL;
    const uint64_t rows = 1ULL << 20, columns = 50000;

    (void)state;
    put_head(&b, 3, 1, 0);
    put_tensor(&b, "t", rows, columns, F16, 0);
    put_padding(&b, 32);
    int fd = memfd_create("gguf", MFD_CLOEXEC);
    assert_int_equal(write(fd, b.data.data, b.data.length), b.data.length);
    assert_int_equal(ftruncate(fd, (off_t)(b.data.length + rows * columns * 2)), 0);
    assert_true(gguf_read_fd(arena, fd, "large.gguf", &gguf, &err));
    assert_true(gguf->tensor_bytes == rows * columns * 2);
    assert_int_equal(ftruncate(fd, (off_t)(b.data.length + rows * columns * 2 - 1)), 0);
    assert_false(gguf_read_fd(arena, fd, "large.gguf", &gguf, &err));
    assert_non_null(strstr(err.text, "cut off or damaged"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_versions_and_byte_orders),
        cmocka_unit_test(test_refuses_what_is_no_gguf),
        cmocka_unit_test(test_every_cut_is_an_error),
        cmocka_unit_test(test_mutations_stay_inside),
        cmocka_unit_test(test_refuses_counts_that_cannot_be),
        cmocka_unit_test(test_refuses_keys_that_make_no_sense),
        cmocka_unit_test(test_long_values_are_checked_but_not_kept),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_refuses_tensors_that_cannot_be),
        cmocka_unit_test(test_refuses_tensors_that_overlap_or_repeat),
        cmocka_unit_test(test_paths_that_are_no_files),
        cmocka_unit_test(test_large_sparse_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
