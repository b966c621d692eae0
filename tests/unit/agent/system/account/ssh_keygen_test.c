/* SPDX-License-Identifier: Apache-2.0 */
/* ssh-keygen's command lines, by a stand-in that notes them: what is on them, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/system/account/ssh_keygen.h"
#include "agent/system/file/file_tree.h"
#include "common/base/fd.h"
#include "common/base/path.h"

static const char stand_in[] = "#!/bin/sh\n"
                               "f=${0%/*}; echo \"$@\" >> $f/words; cat >> $f/input; env >> $f/env\n"
                               "case $* in\n"
                               "*-l*) echo '256 SHA256:abc two words (ED25519)' ;;\n"
                               "*-P*-y*) exit 255 ;;\n"
                               "*-y*) echo 'ssh-ed25519 AAAA of a test' ;;\n"
                               "*broken*) echo 'it is broken' >&2; exit 1 ;;\n"
                               "esac\n";

struct stage {
    struct arena *arena;
    struct system system;
    struct ssh_keygen keygen;
    char folder[64];
};

static void stage_begin(struct stage *stage)
{
    *stage = (struct stage){ .arena = arena_new(), .folder = "/tmp/ssh-keygen-XXXXXX" };
    struct value *environment = value_map(stage->arena);

    assert_non_null(mkdtemp(stage->folder));
    const char *path = path_join(stage->arena, stage->folder, "ssh-keygen");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(stand_in, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
    value_map_put_string(stage->arena, environment, "PATH",
                         arena_printf(stage->arena, "%s:/usr/bin:/bin", stage->folder));
    value_map_put_string(stage->arena, environment, "DISPLAY", ":7");
    stage->system = (struct system){ .root = "", .environment = environment };
    assert_true(ssh_keygen_find(&stage->system, stage->arena, &stage->keygen));
}

static const char *noted(const struct stage *stage, const char *name)
{
    char *data = NULL;
    size_t length = 0;
    struct error err = ERROR_INIT;

    assert_true(file_read(stage->arena, path_join(stage->arena, stage->folder, name), 65536, &data, &length, &err));
    return data;
}

static void stage_end(struct stage *stage)
{
    struct error err = ERROR_INIT;

    assert_true(file_tree_remove(stage->folder, &err));
    arena_free(stage->arena);
}

static void makes(void **state)
{
    const struct ssh_key_wish wish = { .type = "rsa", .size = 2048, .format = "pkcs8", .comment = "c d" };
    struct error err = ERROR_INIT;
    struct stage stage;

    (void)state;
    stage_begin(&stage);
    assert_true(ssh_keygen_make(&stage.keygen, "/x/key", &wish, &err));
    assert_string_equal(noted(&stage, "words"), "-q -N  -m PKCS8 -b 2048 -t rsa -C c d -f /x/key\n");
    assert_false(ssh_keygen_make(&stage.keygen, "/x/broken", &wish, &err));
    assert_string_equal(err.text, "it is broken");
    stage_end(&stage);
}

static void keeps_passphrases_to_itself(void **state)
{
    const struct ssh_key_wish wish = { .type = "ed25519" };
    struct error err = ERROR_INIT;
    struct stage stage;

    (void)state;
    stage_begin(&stage);
    stage.keygen.passphrase = "hidden";
    assert_true(ssh_keygen_make(&stage.keygen, "/x/key", &wish, &err));
    assert_non_null(ssh_keygen_public(&stage.keygen, "/x/key"));
    assert_string_equal(noted(&stage, "words"), "-q -t ed25519 -C  -f /x/key\n-P  -y -f /x/key\n-y -f /x/key\n");
    assert_string_equal(noted(&stage, "input"), "hidden\nhidden\nhidden\n");
    assert_null(strstr(noted(&stage, "env"), "hidden"));
    assert_null(strstr(noted(&stage, "env"), "DISPLAY")); /* or it would ask there */
    stage_end(&stage);
}

static void looks(void **state)
{
    struct ssh_private_key key = { 0 };
    struct stage stage;

    (void)state;
    stage_begin(&stage);
    assert_true(ssh_keygen_look(&stage.keygen, "/x/key", &key));
    assert_int_equal(key.size, 256);
    assert_string_equal(key.type, "ed25519");
    assert_string_equal(key.fingerprint, "SHA256:abc");
    assert_string_equal(key.format, "");
    stage_end(&stage);
}

static void reads_public_keys(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct ssh_public_key *key;

    (void)state;
    key = ssh_public_key_read(arena, "ssh-rsa AAAA two words\n", 23);
    assert_string_equal(key->type, "ssh-rsa");
    assert_string_equal(key->data, "AAAA");
    assert_string_equal(key->comment, "two words");
    assert_string_equal(ssh_public_key_read(arena, "ssh-rsa AAAA", 12)->comment, "");
    assert_null(ssh_public_key_read(arena, "bad\n", 4));
    assert_null(ssh_public_key_read(arena, "", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes),
        cmocka_unit_test(keeps_passphrases_to_itself),
        cmocka_unit_test(looks),
        cmocka_unit_test(reads_public_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
