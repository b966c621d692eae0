/* SPDX-License-Identifier: Apache-2.0 */
/* Inode flags as letters, names and on a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/file/file_flags.h"

static void letters_and_bits(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char letters[FILE_FLAGS_LETTERS];
    unsigned bits = 0;

    (void)state;
    assert_true(file_flags_parse("ai", 0, &bits, &err));
    file_flags_letters(bits, letters);
    assert_string_equal(letters, "ia");
    assert_true(file_flags_parse("+d", bits, &bits, &err));
    assert_true(file_flags_parse("-i", bits, &bits, &err));
    file_flags_letters(bits, letters);
    assert_string_equal(letters, "ad");
    assert_true(file_flags_parse("=", bits, &bits, &err));
    assert_int_equal(bits, 0);
    assert_false(file_flags_parse("+iQ", 0, &bits, &err));
    assert_string_equal(err.text, "'Q' is not an attribute that can be set");
    assert_false(file_flags_parse("E", 0, &bits, &err));

    struct value *names = file_flags_names(arena, "iae");
    assert_int_equal(value_count(names), 3);
    assert_string_equal(value_text(value_item(names, 0)), "immutable");
    assert_string_equal(value_text(value_item(names, 2)), "extents");
    file_flags_letters(0xffffffff, letters);
    assert_true(strlen(letters) < FILE_FLAGS_LETTERS);
}

static void sets_them_on_a_file(void **state)
{
    char path[] = "/tmp/roost-flags-XXXXXX";
    struct error err = ERROR_INIT;
    struct file_flags flags = { 0 }, after = { 0 };
    unsigned bits = 0;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    bool possible = file_flags_get(path, &flags) && file_flags_parse("+d", flags.bits, &bits, &err) &&
                    file_flags_set(path, bits, &err);
    if (possible)
        assert_true(file_flags_get(path, &after));
    unlink(path);
    assert_false(file_flags_get("/dev/null", &after));
    assert_false(file_flags_set("/dev/null", 0, &err));
    if (!possible)
        skip();
    assert_int_equal(after.bits, bits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_and_bits),
        cmocka_unit_test(sets_them_on_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
