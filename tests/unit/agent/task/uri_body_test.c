/* SPDX-License-Identifier: Apache-2.0 */
/* Forms with files that came from the control side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/uri_body.h"

static struct value *form(struct arena *arena, const char *filename)
{
    struct value *body = value_map(arena), *part = value_map(arena);

    value_map_put_string(arena, part, "filename", filename);
    value_map_put(arena, body, "one", part);
    return body;
}

static void takes_what_was_sent(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *files = value_map(arena);
    struct uri_body body = { 0 };
    struct error err = ERROR_INIT;

    (void)state;
    value_map_put(arena, files, "one", value_string_n(arena, "a\0b", 3));
    assert_true(uri_body_make(arena, "form-multipart", form(arena, "sub/x.json"), files, &body, &err));
    assert_non_null(strstr(body.data,
                           "\r\nContent-Transfer-Encoding: base64\r\nContent-Type: application/json\r\n"
                           "Content-Disposition: form-data; name=\"one\"; filename=\"x.json\"\r\n\r\nYQBi\r\n"));
    assert_true(strncmp(body.content_type, "multipart/form-data; boundary=", 30) == 0);
}

static void reads_what_was_not(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct uri_body body = { 0 };
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(uri_body_make(arena, "form-multipart", form(arena, "/nowhere/x"), NULL, &body, &err));
    assert_non_null(strstr(err.text, "/nowhere/x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_was_sent),
        cmocka_unit_test(reads_what_was_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
