/* SPDX-License-Identifier: Apache-2.0 */
/* Implicit types of plain scalars; the expected values are those of Ansible's loader on PyYAML 6.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_python.h"
#include "common/yaml/yaml_reader.h"
#include "common/yaml/yaml_scalar.h"

static const char *const scalars[][2] = {
    { "yes", "True" },
    { "no", "False" },
    { "On", "True" },
    { "OFF", "False" },
    { "true", "True" },
    { "FALSE", "False" },
    { "y", "'y'" },
    { "n", "'n'" },
    { "Yes", "True" },
    { "yEs", "'yEs'" },
    { "~", "None" },
    { "null", "None" },
    { "Null", "None" },
    { "NULL", "None" },
    { "nULL", "'nULL'" },
    { "0", "0" },
    { "-0", "0" },
    { "+1", "1" },
    { "12", "12" },
    { "0644", "420" },
    { "0o644", "'0o644'" },
    { "08", "'08'" },
    { "0_7", "7" },
    { "1_000", "1000" },
    { "0b101", "5" },
    { "0b2", "'0b2'" },
    { "0x1F", "31" },
    { "0xg", "'0xg'" },
    { "12:30", "750" },
    { "12:30:45", "45045" },
    { "-1:00", "-60" },
    { "1:60", "'1:60'" },
    { "00:11", "'00:11'" },
    { "190:20:30.15", "685230.15" },
    { "1.5", "1.5" },
    { "1.", "1.0" },
    { ".5", "0.5" },
    { "-.5", "'-.5'" },
    { "+.5", "'+.5'" },
    { "1e3", "'1e3'" },
    { "1.0e3", "'1.0e3'" },
    { "1.0e+3", "1000.0" },
    { "1.5E-3", "0.0015" },
    { ".inf", "inf" },
    { "-.INF", "-inf" },
    { "+.Inf", "inf" },
    { ".nan", "nan" },
    { ".NaN", "nan" },
    { "1.2.3", "'1.2.3'" },
    { "1_0.5", "10.5" },
    { "-", "[None]" },
    { ".", "'.'" },
    { "+", "'+'" },
    { "..", "'..'" },
    { "2001-12-14", "'2001-12-14'" },
    { "2001-1-1", "'2001-1-1'" },
    { "2001-12-14T21:59:43.10-05:00", "'2001-12-14T21:59:43.100000-05:00'" },
    { "2001-12-14t21:59:43Z", "'2001-12-14T21:59:43+00:00'" },
    { "2001-13-45x", "'2001-13-45x'" },
    { "9223372036854775807", "9223372036854775807" },
    { "9223372036854775808", "9223372036854775808" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "-9223372036854775809", "-9223372036854775809" },
    { "0777777777777777777777777", "4722366482869645213695" },
    { "0xff_ff_ff_ff_ff_ff_ff_ff_ff", "4722366482869645213695" },
    { "+1_000_000_000_000_000_000_000", "1000000000000000000000" },
    { "12345678901234567:59", "740740734074074079" },
    { "!!int '99999999999999999999'", "99999999999999999999" },
    { "1,000", "'1,000'" },
    { "1__0", "10" },
    { "_1", "'_1'" },
    { "0x", "'0x'" },
    { "0b", "'0b'" },
    { "4:4:4:4", "878644" },
    { "1.e+1", "10.0" },
    { "1.5e+400", "inf" },
    { "2001-12-14 21:59:43.10 -5", "'2001-12-14T21:59:43.100000-05:00'" },
    { "2001-12-14  1:59:43", "'2001-12-14T01:59:43'" },
};

static void test_plain_scalars(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct yaml_source source = { .data = scalars[i][0], .length = strlen(scalars[i][0]) };
        struct error err = ERROR_INIT;
        const struct value *value = NULL;
        struct text out = text_new(arena);

        if (!yaml_read(arena, &source, &value, &err))
            fail_msg("%s: %s", scalars[i][0], err.text);
        value_repr(&out, value);
        if (strcmp(out.data, scalars[i][1]) != 0)
            fail_msg("%s gives %s, not %s", scalars[i][0], out.data, scalars[i][1]);
    }
}

static void refuse(const char *text, const char *why)
{
    ARENA_SCOPED arena = arena_new();
    struct yaml_source source = { .data = text, .length = strlen(text) };
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    assert_false(yaml_read(arena, &source, &value, &err));
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s' instead of '%s'", err.text, why);
    assert_int_equal(err.line, 1);
}

static void test_too_many_digits(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    refuse(arena_printf(arena, "a: 1%04300d", 0),
           "Exceeds the limit (4300 digits) for integer string conversion: value "
           "has 4301 digits; use sys.set_int_max_str_digits()");
    refuse(arena_printf(arena, "a: 0x1%016384d", 0), "an integer of more than 65536 bits");
    refuse("a: 99999999999999999999:59", "'99999999999999999999:59' is a number in base 60 beyond 64 bits");
}

static void test_resolve(void **state)
{
    (void)state;
    assert_int_equal(yaml_resolve("", 0), YAML_TYPE_NULL);
    assert_int_equal(yaml_resolve("<<", 2), YAML_TYPE_MERGE);
    assert_int_equal(yaml_resolve("=", 1), YAML_TYPE_VALUE);
    assert_int_equal(yaml_resolve("\0", 1), YAML_TYPE_STRING);
    assert_int_equal(yaml_resolve("0644x", 4), YAML_TYPE_INT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_scalars),
        cmocka_unit_test(test_too_many_digits),
        cmocka_unit_test(test_resolve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
