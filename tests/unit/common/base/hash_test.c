/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against published test vectors ("abc", FIPS 180 and RFC 1321). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/hash.h"

struct digest_case {
    const char *name, *hex;
};

static const struct digest_case abc[] = {
    { "md5", "900150983cd24fb0d6963f7d28e17f72" },
    { "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { "sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
    { "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
    { "sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
                "454d4423643ce80e2a9ac94fa54ca49f" },
    { "sha3_256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
};

static void test_vectors(void **state)
{
    char out[HASH_HEX_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(abc) / sizeof(abc[0]); i++) {
        enum hash_kind kind;

        assert_true(hash_kind_from_name(abc[i].name, &kind));
        assert_string_equal(hash_hex_of(kind, "abc", 3, out), abc[i].hex);
    }
}

static void test_streaming_and_unknown_names(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct hash *hash = hash_new(arena, HASH_SHA256);
    enum hash_kind kind = HASH_MD5;
    char out[HASH_HEX_MAX];

    (void)state;
    hash_add(hash, "a", 1);
    hash_add(hash, "", 0);
    hash_add(hash, "bc", 2);
    assert_string_equal(hash_hex(hash, out), abc[3].hex);
    assert_false(hash_kind_from_name("sha3", &kind));
    assert_int_equal(kind, HASH_MD5);
}

static void test_files(void **state)
{
    struct error err = ERROR_INIT;
    char path[] = "/tmp/roost-hash-XXXXXX", out[HASH_HEX_MAX], whole[HASH_HEX_MAX];
    int fd = mkstemp(path);
    static char data[200 * 1000];

    (void)state;
    memset(data, 'z', sizeof(data));
    assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
    assert_true(hash_hex_of_file(HASH_SHA1, path, out, &err));
    assert_string_equal(out, hash_hex_of(HASH_SHA1, data, sizeof(data), whole));
    assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
    assert_true(hash_hex_of_fd(HASH_SHA1, fd, out, &err));
    assert_string_equal(out, hash_hex_of(HASH_SHA1, data + 100, sizeof(data) - 100, whole));
    close(fd);
    unlink(path);
    assert_false(hash_hex_of_file(HASH_SHA1, path, out, &err));
    assert_non_null(strstr(err.text, "No such file"));
}

static void test_quick(void **state)
{
    (void)state;
    assert_true(hash_quick("", 0) == UINT64_C(14695981039346656037));
    assert_true(hash_quick("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
}

/* RFC 4231, cases 2 and 6 (a key that is longer than a block). */
static void test_hmac(void **state)
{
    char key[132], out[HASH_HEX_MAX];
    static const char data[] = "Test Using Larger Than Block-Size Key - Hash Key First";

    (void)state;
    assert_string_equal(hash_hmac_sha256_hex("Jefe", "what do ya want for nothing?", 28, out),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    assert_string_equal(hash_hmac_sha256_hex(key, data, sizeof(data) - 1, out),
                        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_streaming_and_unknown_names),
        cmocka_unit_test(test_files),   cmocka_unit_test(test_quick),
        cmocka_unit_test(test_hmac),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
