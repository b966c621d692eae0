/* SPDX-License-Identifier: Apache-2.0 */
/* The authority over restarts, and what it refuses. */
#include "controller/authority/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_US ((int64_t)1800000000 * 1000000)
#define DAY_US ((int64_t)86400 * 1000000)

struct fixture {
    struct arena *arena;
    char parent[64];
    const char *folder;
    struct authority *authority;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    snprintf(fixture->parent, sizeof(fixture->parent), "/tmp/roost-authority-XXXXXX");
    assert_non_null(mkdtemp(fixture->parent));
    fixture->folder = arena_printf(fixture->arena, "%s/trust", fixture->parent);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    static const char *const files[] = { "ca.key", "ca.pem", "signing.key", "server.key", "server.pem" };

    authority_close(fixture->authority);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(arena_printf(fixture->arena, "%s/%s", fixture->folder, files[i]));
    rmdir(fixture->folder);
    assert_int_equal(rmdir(fixture->parent), 0);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static bool open_at(struct fixture *fixture, int64_t now_us, const char *name, struct error *err)
{
    const char *names[] = { "10.0.0.1", name, NULL };

    authority_close(fixture->authority);
    fixture->authority = NULL;
    return authority_open(fixture->folder, names, now_us, &fixture->authority, err);
}

static void must_open(struct fixture *fixture, int64_t now_us, const char *name)
{
    struct error err = ERROR_INIT;

    if (!open_at(fixture, now_us, name, &err))
        fail_msg("%s", err.text);
}

static void stays_the_same_over_restarts(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;

    must_open(fixture, NOW_US, NULL);
    assert_true(fixture->authority->is_new);
    const char *ca = arena_copy(fixture->arena, fixture->authority->ca_pem);
    const char *server = arena_copy(fixture->arena, fixture->authority->server_chain_pem);
    const char *signing = arena_copy(fixture->arena, fixture->authority->signing_key_pem);

    must_open(fixture, NOW_US + DAY_US, NULL);
    assert_false(fixture->authority->is_new);
    assert_string_equal(fixture->authority->ca_pem, ca);
    assert_string_equal(fixture->authority->server_chain_pem, server);
    assert_string_equal(fixture->authority->signing_key_pem, signing);
    assert_int_equal(stat(arena_printf(fixture->arena, "%s/ca.key", fixture->folder), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void the_servers_certificate_follows_names_and_time(void **state)
{
    struct fixture *fixture = *state;

    must_open(fixture, NOW_US, NULL);
    const char *first = arena_copy(fixture->arena, fixture->authority->server_chain_pem);
    const char *ca = arena_copy(fixture->arena, fixture->authority->ca_pem);

    must_open(fixture, NOW_US, "box.lan");
    const char *named = arena_copy(fixture->arena, fixture->authority->server_chain_pem);
    assert_string_not_equal(named, first);
    must_open(fixture, NOW_US + 19 * DAY_US, "box.lan");
    assert_string_equal(fixture->authority->server_chain_pem, named);
    must_open(fixture, NOW_US + 21 * DAY_US, "box.lan"); /* less than a third is left */
    assert_string_not_equal(fixture->authority->server_chain_pem, named);
    assert_string_equal(fixture->authority->ca_pem, ca);
}

static void certifies_nodes(void **state)
{
    struct fixture *fixture = *state;
    PRIVATE_KEY_SCOPED key = NULL;
    struct authority_wish wish = { .node = { "ai-1", 3 }, .now_us = NOW_US };
    const struct certificate *certificate = NULL;
    struct certificate_check check = { .purpose = CERTIFICATE_CLIENT };
    struct error err = ERROR_INIT;
    char *pem = NULL;

    must_open(fixture, NOW_US, NULL);
    assert_true(private_key_generate(KEY_ECDSA_P256, &key, &err));
    wish.key = private_key_public(key);
    assert_true(authority_certify(fixture->authority, fixture->arena, &wish, &pem, &err));
    assert_true(certificate_read_pem(fixture->arena, pem, strlen(pem), &certificate, &err));
    assert_string_equal(certificate->node.name, "ai-1");
    assert_int_equal(certificate->node.generation, 3);
    check.now_us = NOW_US + 7 * DAY_US - 1000000;
    assert_true(certificate_verify(certificate, fixture->authority->ca, &check, &err));
    check.now_us = NOW_US + 7 * DAY_US + 1000000;
    assert_false(certificate_verify(certificate, fixture->authority->ca, &check, &err));
}

static void refuses_what_is_not_whole(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    const char *ca_key = arena_printf(fixture->arena, "%s/ca.key", fixture->folder);
    PRIVATE_KEY_SCOPED other = NULL;

    must_open(fixture, NOW_US, NULL);
    assert_int_equal(chmod(fixture->folder, 0755), 0);
    assert_false(open_at(fixture, NOW_US, NULL, &err));
    assert_non_null(strstr(err.text, "chmod 700"));
    assert_int_equal(chmod(fixture->folder, 0700), 0);

    assert_int_equal(chmod(ca_key, 0644), 0);
    assert_false(open_at(fixture, NOW_US, NULL, &err));
    assert_int_equal(chmod(ca_key, 0600), 0);

    assert_true(private_key_generate(KEY_ECDSA_P256, &other, &err));
    assert_true(private_key_save(other, ca_key, &err));
    assert_false(open_at(fixture, NOW_US, NULL, &err));
    assert_non_null(strstr(err.text, "ca.pem is not the certificate of ca.key"));
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(stays_the_same_over_restarts),
        WITH_FOLDER(the_servers_certificate_follows_names_and_time),
        WITH_FOLDER(certifies_nodes),
        WITH_FOLDER(refuses_what_is_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
