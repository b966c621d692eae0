/* SPDX-License-Identifier: Apache-2.0 */
/* Whose host key is believed, and why. */
#include "cli/rebuild_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGH8iMAvqVZ0nMcEicJIjVN4aY79uU5QiYmxB/ByWbsp"
#define OTHER "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH84GC+w86WT/Q+o1wQ475IUtDNRnqOCjgXGH9ynNXdT"
#define PRINT "SHA256:WcduTWUnLB9O2fSvbbkWlM4QBrnGexeb/cOckjN9cfQ"

static void reads_keys(void **state)
{
    struct arena *arena = arena_new();
    struct rebuild_key_word word;

    (void)state;
    assert_string_equal(rebuild_key_read(arena, KEY " root@box"), KEY);
    assert_string_equal(rebuild_key_read(arena, "box,192.0.2.1 " KEY), KEY);
    assert_null(rebuild_key_read(arena, "ssh-ed25519"));
    assert_null(rebuild_key_read(arena, "ssh-ed25519 no!key"));
    assert_string_equal(rebuild_key_fingerprint(arena, KEY), PRINT);
    assert_string_equal(rebuild_key_known(arena, "# Host box found: line 1\n@cert-authority box " OTHER
                                                 "\n@revoked * " OTHER "\nbox " KEY),
                        KEY);
    assert_null(rebuild_key_known(arena, "# Host box found: line 1\n@cert-authority box " OTHER "\n"));
    word = rebuild_key_printed(arena, "installing\nhost-key: " OTHER "\nhost-key: " KEY " box\ndone\n");
    assert_string_equal(word.key, KEY);
    word = rebuild_key_printed(arena, " host-key: " PRINT " (ED25519)");
    assert_string_equal(word.fingerprint, PRINT);
    word = rebuild_key_printed(arena, "nothing of it");
    assert_null(word.key);
    assert_null(word.fingerprint);
    arena_free(arena);
}

static void declared_words(void **state)
{
    struct arena *arena = arena_new();
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(rebuild_key_word_check(arena, &(struct rebuild_key_word){ KEY, PRINT }, &err));
    assert_false(rebuild_key_word_check(arena, &(struct rebuild_key_word){ "AAAA", NULL }, &err));
    assert_non_null(strstr(err.text, "expected a public key"));
    assert_false(rebuild_key_word_check(arena, &(struct rebuild_key_word){ NULL, "SHA256:short" }, &err));
    assert_non_null(strstr(err.text, "43 characters"));
    arena_free(arena);
}

static void judged(void **state)
{
    static const struct {
        struct rebuild_key_words words;
        const char *offered;
        bool is_good;
        const char *says;
    } cases[] = {
        { { .declared = { KEY, NULL } }, KEY, true, "as the inventory says" },
        { { .declared = { NULL, PRINT } }, KEY, true, "as the inventory says" },
        { { .declared = { KEY, NULL } }, OTHER, false, "the inventory says " PRINT },
        { { .by_wipe = { KEY, NULL }, .declared = { OTHER, NULL } }, KEY, true, "as the wipe command says" },
        { { .by_wipe = { NULL, PRINT }, .known = OTHER }, OTHER, false, "the wipe command says " PRINT },
        { { .by_wipe = { KEY, NULL }, .was_wiped = true, .known = OTHER, .pinned = OTHER }, KEY, true, "wipe" },
        { { .known = KEY }, KEY, true, "as known before" },
        { { .known = KEY }, OTHER, false, "roost_host_key_fingerprint" },
        { { .known = KEY, .was_wiped = true }, OTHER, true, "pinned on first sight" },
        { { .known = NULL }, OTHER, true, "pinned on first sight" },
        { { .pinned = KEY }, KEY, true, "as pinned before" },
        { { .pinned = KEY, .was_wiped = true }, OTHER, false, "a moment ago" },
        { { .pinned = NULL }, "rubbish", false, "no host key" },
        { { .known_lines = "@revoked * " KEY "\n" }, KEY, false, "which known_hosts has as @revoked" },
        { { .declared = { KEY, NULL }, .known_lines = "box " OTHER "\n@revoked box " KEY }, KEY, false, "@revoked" },
        { { .known_lines = "@cert-authority * " KEY "\n@revoked * " OTHER }, KEY, true, "pinned on first sight" },
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = ERROR_INIT;
        const char *how = NULL;
        bool is_good = rebuild_key_judge(arena, &cases[i].words, cases[i].offered, &how, &err);

        if (is_good != cases[i].is_good || strstr(is_good ? how : err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %d '%s'", i, is_good, is_good ? how : err.text);
    }
    arena_free(arena);
}

static void algorithms(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(
        rebuild_key_algorithms(arena, &(struct rebuild_key_words){ .declared = { "ssh-rsa AAAA", NULL } }),
        "rsa-sha2-512,rsa-sha2-256,ssh-rsa");
    assert_string_equal(rebuild_key_algorithms(arena, &(struct rebuild_key_words){ .pinned = KEY }), "ssh-ed25519");
    assert_null(rebuild_key_algorithms(arena, &(struct rebuild_key_words){ .declared = { NULL, PRINT } }));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_keys),
        cmocka_unit_test(declared_words),
        cmocka_unit_test(judged),
        cmocka_unit_test(algorithms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
