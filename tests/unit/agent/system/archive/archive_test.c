/* SPDX-License-Identifier: Apache-2.0 */
/* Names, selections and options of archives. Whole archives are unpacked by the cases of the module unarchive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/system/archive/archive.h"
#include "agent/system/archive/archive_options.h"
#include "agent/system/archive/archive_select.h"

static void makes_names_safe(void **state)
{
    static const struct {
        const char *name;
        unsigned strip;
        const char *path;
    } cases[] = {
        { "a/b", 0, "a/b" }, { "/a/b", 0, "a/b" },  { "./a//b/", 0, "a/b" }, { "./", 0, "" },         { "a/b", 1, "b" },
        { "a/b", 2, NULL },  { "./a/b", 1, "a/b" }, { "a..b", 0, "a..b" },   { ".../x", 0, ".../x" }, { "/", 0, NULL },
    };
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const char *path = "unset";

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(archive_path(arena, cases[i].name, cases[i].strip, &path, &err));
        if (cases[i].path)
            assert_string_equal(path, cases[i].path);
        else
            assert_null(path);
    }
    assert_false(archive_path(arena, "a/../../b", 0, &path, &err));
    assert_string_equal(err.text, "member 'a/../../b' of the archive leads out of the destination");
    assert_false(archive_path(arena, "../b", 1, &path, &err));
}

static struct value *list_of(struct arena *arena, const char *item)
{
    struct value *list = value_list(arena);
    value_list_add(arena, list, value_string(arena, item));
    return list;
}

static bool selected(const char *include, const char *exclude, bool is_zip, const char *name)
{
    ARENA_SCOPED arena = arena_new();
    struct archive_selection selection = { .include = include ? list_of(arena, include) : NULL,
                                           .exclude = exclude ? list_of(arena, exclude) : NULL,
                                           .is_zip = is_zip };
    return archive_selected(&selection, name);
}

static void selects(void **state)
{
    (void)state;
    assert_true(selected(NULL, NULL, false, "a/b"));
    assert_false(selected(NULL, "*.conf", false, "a/b.conf"));
    assert_false(selected(NULL, "a", false, "x/a/b"));
    assert_false(selected(NULL, "x/a/", false, "x/a/b"));
    assert_true(selected(NULL, "b", false, "x/ab"));
    assert_true(selected("a/b", NULL, false, "a/b/c"));
    assert_true(selected("a/b/", NULL, false, "a/b/"));
    assert_false(selected("a/b", NULL, false, "a/bc"));
    assert_true(selected("*/c", NULL, true, "a/b/c"));
    assert_false(selected("c", NULL, true, "a/b/c"));
    assert_false(selected(NULL, "a/*", true, "a/b/c"));
}

static void reads_options(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct archive_options options = { 0 };
    struct value *words = list_of(arena, "--strip-components");

    (void)state;
    value_list_add(arena, words, value_string(arena, "2"));
    value_list_add(arena, words, value_string(arena, "--no-same-owner"));
    value_list_add(arena, words, value_string(arena, "--exclude=*.o"));
    assert_true(archive_options_parse(arena, words, &options, &err));
    assert_int_equal(options.strip, 2);
    assert_true(options.no_same_owner);
    assert_int_equal(value_count(options.exclude), 1);
    assert_true(archive_options_parse(arena, list_of(arena, "--strip-components=1"), &options, &err));
    assert_int_equal(options.strip, 1);
    assert_false(options.no_same_owner);
    assert_true(archive_options_parse(arena, NULL, &options, &err));
    assert_false(archive_options_parse(arena, list_of(arena, "--strip-components=x"), &options, &err));
    assert_string_equal(err.text, "extra_opts: 'x' is no number of components");
    assert_false(archive_options_parse(arena, list_of(arena, "--transform=s/a/b/"), &options, &err));
    assert_string_equal(err.text, "extra_opts: '--transform=s/a/b/' is not supported");
    assert_false(archive_options_parse(arena, list_of(arena, "--strip-components"), &options, &err));
}

static void refuses_what_is_no_archive(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct archive_member member;
    bool more = true;
    int fd = memfd_create("text", MFD_CLOEXEC);

    (void)state;
    assert_int_equal(write(fd, "hello\n", 6), 6);
    {
        ARCHIVE_READER_SCOPED reader = NULL;
        bool fine = archive_reader_open(arena, fd, "text", &reader, &err);
        assert_false(fine && archive_reader_next(reader, 0, &member, &more, &err));
        assert_non_null(strstr(err.text, "cannot read archive 'text'"));
    }
    close(fd);
    archive_reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_names_safe),
        cmocka_unit_test(selects),
        cmocka_unit_test(reads_options),
        cmocka_unit_test(refuses_what_is_no_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
