/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of apt sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/apt_sources.h"

static void names_files(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(apt_source_file_name(arena, "deb http://archive.canonical.com/ubuntu hardy partner"),
                        "archive_canonical_com_ubuntu");
    assert_string_equal(apt_source_file_name(arena, "deb [arch=amd64 signed-by=/k] https://u:p@h.example/a-b/ s m"),
                        "h_example_a_b");
    assert_string_equal(apt_source_file_name(arena, "deb-src file:///srv/x ./"), "srv_x");
}

static void takes_lines_apart(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *text = "#  deb  http://a b  c # why ";
    struct apt_source source = apt_source_parse(arena, text, strlen(text));

    (void)state;
    assert_true(source.is_valid);
    assert_false(source.is_enabled);
    assert_string_equal(source.text, "deb http://a b c");
    assert_string_equal(source.remark, "why");
    assert_false(apt_source_parse(arena, "http://a b", 10).is_valid);
}

static void edits_files(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct apt_sources sources;

    (void)state;
    apt_sources_init(arena, "/m", "/p", &sources);
    apt_sources_add_file(&sources, "/m", "# x\n#deb a b\ndeb   c d\n");
    assert_true(apt_sources_has(&sources, "deb c d"));
    assert_false(apt_sources_has(&sources, "deb a b"));
    apt_sources_enable(&sources, "deb c d", "new.list");
    assert_false(apt_sources_changed(&sources));
    apt_sources_enable(&sources, "deb a b", "new.list");
    assert_string_equal(apt_source_file_text(arena, &sources.files[0]), "# x\ndeb a b\ndeb   c d\n");
    apt_sources_enable(&sources, "deb e f", "new.list");
    assert_string_equal(sources.files[1].path, "/p/new.list");
    assert_true(sources.files[1].has_new);
    apt_sources_remove(&sources, "deb e f");
    assert_null(apt_source_file_text(arena, &sources.files[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_files),
        cmocka_unit_test(takes_lines_apart),
        cmocka_unit_test(edits_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
