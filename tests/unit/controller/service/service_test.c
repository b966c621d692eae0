/* SPDX-License-Identifier: Apache-2.0 */
/* The controller put together: its first token, where it may listen, what survives a restart. */
#include "controller/service/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct arena *arena;
    char parent[64];
    const char *folder;
    struct service *service;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    snprintf(fixture->parent, sizeof(fixture->parent), "/tmp/roost-service-XXXXXX");
    assert_non_null(mkdtemp(fixture->parent));
    fixture->folder = arena_printf(fixture->arena, "%s/controller", fixture->parent);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = -1;

    service_close(fixture->service);
    child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-r", fixture->parent, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static bool open_on(struct fixture *fixture, const char *listen, const char *address, struct error *err)
{
    const struct service_options options = { .folder = fixture->folder, .listen = listen, .address = address };

    service_close(fixture->service);
    fixture->service = NULL;
    return service_open(&options, &fixture->service, err);
}

static void must_open(struct fixture *fixture, const char *listen, const char *address)
{
    struct error err = ERROR_INIT;

    if (!open_on(fixture, listen, address, &err))
        fail_msg("%s", err.text);
}

static void the_first_token_is_made_once(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct secret token = { NULL };
    bool made = false;

    must_open(fixture, "127.0.0.1:0", NULL);
    assert_true(service_begin(fixture->service, fixture->arena, false, &token, &made, &err) && made);
    assert_int_equal(strncmp(secret_reveal(token), "roost_", 6), 0);
    assert_true(service_begin(fixture->service, fixture->arena, false, &token, &made, &err));
    assert_false(made);
    assert_true(service_begin(fixture->service, fixture->arena, true, &token, &made, &err) && made); /* it was lost */
    const char *authority = arena_copy(fixture->arena, service_fingerprint(fixture->service));
    must_open(fixture, "127.0.0.1:0", NULL);
    assert_true(service_begin(fixture->service, fixture->arena, false, &token, &made, &err));
    assert_false(made);
    assert_string_equal(service_fingerprint(fixture->service), authority);
}

static void strangers_are_served_only_when_there_is_an_administrator(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct secret token = { NULL };
    bool made = false;

    assert_false(open_on(fixture, "0.0.0.0:0", NULL, &err));
    assert_non_null(strstr(err.text, "does not listen beyond loopback (0.0.0.0:0): run `roost controller init` first"));
    must_open(fixture, "127.0.0.1:0", NULL);
    assert_true(service_begin(fixture->service, fixture->arena, false, &token, &made, &err));
    must_open(fixture, "0.0.0.0:0", NULL);
}

static void one_controller_per_folder(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    const struct service_options options = { .folder = fixture->folder, .listen = "127.0.0.1:0" };
    struct service *other = NULL;

    must_open(fixture, "127.0.0.1:0", NULL);
    assert_false(service_open(&options, &other, &err));
    assert_null(other);
}

static void refuses_addresses_without_a_port(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    assert_false(open_on(fixture, "127.0.0.1:0", "box.lan", &err));
    assert_string_equal(err.text, "--address 'box.lan': expected HOST:PORT, an IPv6 address in brackets");
    assert_int_equal(err.kind, ERROR_OPTIONS);
}

static void folders_above_are_made(void **state)
{
    struct fixture *fixture = *state;

    fixture->folder = arena_printf(fixture->arena, "%s/deep/down/controller", fixture->parent);
    must_open(fixture, "127.0.0.1:0", NULL);
}

static void says_where_it_is(void **state)
{
    struct fixture *fixture = *state;

    must_open(fixture, "127.0.0.1:0", "box.lan:8470");
    assert_string_equal(service_url(fixture->service), "https://box.lan:8470");
    assert_non_null(strstr(service_ca_pem(fixture->service), "BEGIN CERTIFICATE"));
    assert_true(service_step(fixture->service) > 0); /* nothing to forget: again in an hour */
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(the_first_token_is_made_once),
        WITH_FOLDER(strangers_are_served_only_when_there_is_an_administrator),
        WITH_FOLDER(one_controller_per_folder),
        WITH_FOLDER(refuses_addresses_without_a_port),
        WITH_FOLDER(folders_above_are_made),
        WITH_FOLDER(says_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
