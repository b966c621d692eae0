/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown of texts with URLs in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/system/network/url_secrets.h"

static void check(const char *text, const char *shown)
{
    struct arena *arena = arena_new();

    assert_string_equal(url_secrets_hide(arena, text), shown);
    arena_free(arena);
}

static void passwords_are_hidden(void **state)
{
    (void)state;
    check("-i https://ada:s3cret@host/simple -v", "-i https://ada:********@host/simple -v");
    check("https://ada:p@ss:w@host:8080/", "https://ada:********@host:8080/");
    check("git+ssh://git:pw@host/x http://a:b@c", "git+ssh://git:********@host/x http://a:********@c");
    check("'https://:pw@host'", "'https://:********@host'");
    check("https://:token@host", "https://:********@host");
    check("https://u:p@ss@host/r", "https://u:********@host/r");
    check("fatal: 'http://a:b@c/' and http://d:e@f/: no", "fatal: 'http://a:********@c/' and http://d:********@f/: no");
}

static void lone_tokens_are_hidden_on_the_web(void **state)
{
    (void)state;
    check("https://ghp_token@host/x", "https://********@host/x");
    check("fatal: 'https://ghp_token@host/r.git': no", "fatal: 'https://********@host/r.git': no");
    check("git+ssh://git@host/x", "git+ssh://git@host/x");
}

static void other_texts_stay(void **state)
{
    (void)state;
    check("", "");
    check("nothing here", "nothing here");
    check("git@host:r.git", "git@host:r.git");
    check("https://host:8080/a@b", "https://host:8080/a@b");
    check("a://", "a://");
    check("https://host/a@b?c:d@e", "https://host/a@b?c:d@e");
    check("see https://host and ada@host:x", "see https://host and ada@host:x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_hidden),
        cmocka_unit_test(lone_tokens_are_hidden_on_the_web),
        cmocka_unit_test(other_texts_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
