/* SPDX-License-Identifier: Apache-2.0 */
/* Settings from the environment; sizes as text. */
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

#include "common/model/model_settings.h"

static const char *lookup(void *data, const char *name)
{
    const char *const *pairs = data;

    for (; *pairs != NULL; pairs += 2) {
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    }
    return "";
}

static bool complete(struct arena *arena, const char *const *pairs, struct model_settings *out, struct error *err)
{
    union {
        const char *const *from;
        void *to;
    } plain = { .from = pairs };
    const struct model_environment environment = { lookup, plain.to };

    *out = (struct model_settings){ 0 };
    return model_settings_complete(arena, out, &environment, err);
}

static void test_environment(void **state)
{
    static const char *const pairs[] = {
        "HF_ENDPOINT", "http://hub:1//", "HF_TOKEN", "t", "HF_HUB_OFFLINE", "1", NULL
    };
    static const char *const none[] = { NULL };
    ARENA_SCOPED arena = arena_new();
    struct model_settings settings;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(complete(arena, pairs, &settings, &err));
    assert_string_equal(settings.endpoint, "http://hub:1");
    assert_string_equal(settings.token, "t");
    assert_true(settings.offline);
    assert_true(complete(arena, none, &settings, &err));
    assert_string_equal(settings.endpoint, "https://huggingface.co");
    assert_null(settings.token);
    assert_false(settings.offline);
    assert_int_equal(settings.connections, 4);
}

static void test_token_files(void **state)
{
    char folder[] = "/tmp/roost-token-XXXXXX";
    ARENA_SCOPED arena = arena_new();
    struct model_settings settings;
    struct error err = ERROR_INIT;
    const char *path;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    path = arena_printf(arena, "%s/token", folder);
    file = fopen(path, "w");
    fputs("  hf_file \nmore", file);
    fclose(file);
    const char *const home[] = { "HF_HOME", folder, NULL }, *const by_path[] = { "HF_TOKEN_PATH", path, NULL };
    assert_true(complete(arena, home, &settings, &err));
    assert_string_equal(settings.token, "hf_file");
    assert_true(complete(arena, by_path, &settings, &err));
    assert_string_equal(settings.token, "hf_file");
    unlink(path);
    rmdir(folder);
}

/* The token would go into a header: nothing in it may end one. And it is not repeated in the message. */
static void test_refused(void **state)
{
    static const char *const broken[] = { "HF_TOKEN", "hf_a\r\nX: y", NULL },
                             *const url[] = { "HF_ENDPOINT", "ftp://x", NULL },
                             *const user[] = { "HF_ENDPOINT", "https://a:b@x", NULL };
    ARENA_SCOPED arena = arena_new();
    struct model_settings settings;
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(complete(arena, broken, &settings, &err));
    assert_null(strstr(err.text, "hf_a"));
    assert_false(complete(arena, url, &settings, &err));
    assert_false(complete(arena, user, &settings, &err));
}

static void test_sizes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    int64_t size = 0;

    (void)state;
    assert_true(model_size_read("20M", &size) && size == 20 * 1024 * 1024);
    assert_true(model_size_read("1.5GiB", &size) && size == 1536LL * 1024 * 1024);
    assert_true(model_size_read("100", &size) && size == 100);
    assert_true(model_size_read("2kb", &size) && size == 2048);
    assert_false(model_size_read("", &size) || model_size_read("fast", &size) || model_size_read("-1M", &size) ||
                 model_size_read("1X", &size) || model_size_read("nan", &size) || model_size_read("1e30", &size));
    assert_string_equal(model_size_text(arena, 1536), "1.5 KiB");
    assert_string_equal(model_size_text(arena, 12), "12 B");
    assert_string_equal(model_time_text(arena, 200), "3 min 20 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_environment), cmocka_unit_test(test_token_files),
                                        cmocka_unit_test(test_refused), cmocka_unit_test(test_sizes) };

    unsetenv("HF_ENDPOINT");
    unsetenv("HF_TOKEN");
    unsetenv("HF_TOKEN_PATH");
    unsetenv("HF_HOME");
    unsetenv("HF_HUB_OFFLINE");
    setenv("HOME", "/nonexistent", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
