/* SPDX-License-Identifier: Apache-2.0 */
/* Several transfers at once, of files: no server is needed. */
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

#include "common/http/http_group.h"

struct taken {
    char text[64];
    size_t length;
    bool is_begun, refuse;
};

static bool take_begin(void *data, const struct http_response *head, struct error *err)
{
    struct taken *taken = data;

    (void)head;
    assert_int_equal(taken->length, 0);
    taken->is_begun = true;
    return !taken->refuse || error_set(err, "not wanted");
}

static bool take_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct taken *taken = data;

    (void)err;
    assert_true(taken->is_begun && taken->length + length < sizeof(taken->text));
    memcpy(taken->text + taken->length, bytes, length);
    taken->length += length;
    return true;
}

static const char *file_url(struct arena *arena, const char *folder, const char *name, const char *text)
{
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return arena_printf(arena, "file://%s", path);
}

static void start(struct http_group *group, const char *url, struct taken *taken)
{
    struct http_job job = { .request = { .url = url }, .sink = { take_write, taken }, .begin = take_begin };
    struct error err = ERROR_INIT;

    assert_true(http_group_start(group, &job, &err));
}

static void test_three(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char folder[] = "/tmp/roost-group-XXXXXX";
    struct taken one = { 0 }, two = { .refuse = true }, three = { 0 };
    struct http_group *group = NULL;
    struct error err = ERROR_INIT;
    struct http_done done;
    int ended = 0;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(http_group_new(&group, &err));
    start(group, file_url(arena, folder, "one", "first"), &one);
    start(group, file_url(arena, folder, "two", "second"), &two);
    start(group, "file:///nonexistent/x", &three);
    while (ended < 3) {
        assert_true(http_group_step(group, 100, &err));
        while (http_group_next(group, &done)) {
            ended++;
            assert_int_equal(done.is_ok, done.data == &one);
            if (done.data == &two)
                assert_string_equal(done.error->text, "not wanted");
            if (done.data == &three)
                assert_string_equal(done.error->text, "file:///nonexistent/x: the file cannot be read");
        }
    }
    assert_string_equal(one.text, "first");
    assert_int_equal(two.length, 0);
    start(group, "file:///etc/hostname", &(struct taken){ 0 }); /* ended with the group */
    http_group_free(group);
    assert_int_equal(unlink(arena_printf(arena, "%s/one", folder)) + unlink(arena_printf(arena, "%s/two", folder)) +
                         rmdir(folder),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_three) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
