/* SPDX-License-Identifier: Apache-2.0 */
/* The digest's saved state, and what a digest looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/hash.h"
#include "common/model/digest.h"

static void test_resume(void **state)
{
    char data[1000], whole[HASH_HEX_MAX], parts[DIGEST_HEX];
    struct digest digest;
    struct digest_state saved;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7);
    hash_hex_of(HASH_SHA256, data, sizeof(data), whole);
    for (size_t cut = 0; cut < sizeof(data); cut++) {
        digest_start(&digest);
        digest_add(&digest, data, cut);
        assert_int_equal(digest_save(&digest, &saved), cut % DIGEST_BLOCK == 0);
        if (cut % DIGEST_BLOCK != 0)
            continue;
        memset(&digest, 0xaa, sizeof(digest));
        digest_resume(&digest, &saved);
        assert_int_equal(digest.length, cut);
        digest_add(&digest, data + cut, sizeof(data) - cut);
        digest_hex(&digest, parts);
        assert_string_equal(parts, whole);
    }
}

/* Against the other implementation, for every way of feeding it. */
static void test_sizes(void **state)
{
    static char data[70000];
    char wanted[HASH_HEX_MAX], got[DIGEST_HEX];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 31 + i / 256);
    for (size_t length = 0; length < sizeof(data); length = length < 300 ? length + 1 : length * 3 + 1) {
        struct digest digest;

        hash_hex_of(HASH_SHA256, data, length, wanted);
        digest_start(&digest);
        for (size_t at = 0, piece = 1; at < length; at += piece, piece = piece * 2 + 1) {
            if (piece > length - at)
                piece = length - at;
            digest_add(&digest, data + at, piece);
        }
        digest_hex(&digest, got);
        assert_string_equal(got, wanted);
    }
}

static void test_form(void **state)
{
    (void)state;
    assert_true(digest_is_sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_false(digest_is_sha256("E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_false(digest_is_sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"));
    assert_false(digest_is_sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"));
    assert_false(digest_is_sha256("../../../../../../../../../../../../../../../../../../etc/passwd"));
    assert_false(digest_is_sha256(NULL));
    assert_true(digest_is_git("ce013625030ba8dba906f756967f9e9ca394464a"));
    assert_false(digest_is_git("main"));
}

static void test_git(void **state)
{
    FILE *file = tmpfile();
    struct error err = ERROR_INIT;
    char hex[DIGEST_HEX] = "";

    (void)state;
    fputs("hello\n", file);
    fflush(file);
    assert_true(digest_git_of_fd(fileno(file), 6, hex, &err));
    assert_string_equal(hex, "ce013625030ba8dba906f756967f9e9ca394464a"); /* git hash-object */
    assert_false(digest_git_of_fd(fileno(file), 7, hex, &err));
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_resume), cmocka_unit_test(test_sizes),
                                        cmocka_unit_test(test_form), cmocka_unit_test(test_git) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
