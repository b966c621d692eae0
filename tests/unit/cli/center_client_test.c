/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's account: what is wrong with it is said without its token; one for somebody else is whole and private. */
#include "cli/center_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/trust/private_file.h"

struct fixture {
    struct arena *arena;
    const char *folder, *account, *ca, *other;
};

static int set_up(void **state)
{
    struct arena *arena = arena_new();
    struct fixture *fixture = arena_new_of(arena, struct fixture);

    fixture->arena = arena;
    fixture->folder = mkdtemp(arena_copy(arena, "/tmp/roost-account-XXXXXX"));
    assert_non_null(fixture->folder);
    fixture->account = path_join(arena, fixture->folder, "account");
    fixture->ca = path_join(arena, fixture->folder, "account.ca.pem");
    fixture->other = path_join(arena, fixture->folder, "other");
    setenv("ROOST_CONTROLLER", fixture->account, 1);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    unlink(fixture->account);
    unlink(fixture->ca);
    unlink(fixture->other);
    unlink(arena_printf(fixture->arena, "%s.ca.pem", fixture->other));
    rmdir(fixture->folder);
    unsetenv("ROOST_CONTROLLER");
    arena_free(fixture->arena);
    return 0;
}

static void file_is(const char *path, const char *text)
{
    struct error err = ERROR_INIT;

    if (!private_file_write(path, text, strlen(text), &err))
        fail_msg("%s", err.text);
}

static void a_bare_token_is_not_shown(void **state)
{
    struct fixture *fixture = *state;
    struct center_client *client = NULL;
    struct error err = ERROR_INIT;

    file_is(fixture->account, "roost_TOPSECRET\n");
    assert_false(center_client_open(fixture->arena, &client, &err));
    assert_null(strstr(err.text, "TOPSECRET"));
    assert_non_null(strstr(err.text, fixture->account));
    assert_non_null(strstr(err.text, "no JSON"));
}

static void a_missing_ca_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct center_client *client = NULL;
    struct error err = ERROR_INIT;

    file_is(fixture->account, "{\"url\": \"https://box:8443\", \"token\": \"t\"}");
    assert_false(center_client_open(fixture->arena, &client, &err));
    assert_non_null(strstr(err.text, fixture->ca));
}

static void an_account_is_given_whole(void **state)
{
    struct fixture *fixture = *state;
    struct center_client *client = NULL;
    struct error err = ERROR_INIT;
    struct stat found;
    char *text = NULL;
    size_t length = 0;

    file_is(fixture->account, "{\"url\": \"https://box:8443\", \"token\": \"mine\"}");
    file_is(fixture->ca, "CA\n");
    assert_true(center_client_open(fixture->arena, &client, &err));
    assert_true(center_account_may_be_given(client, fixture->other, &err));
    assert_true(center_account_give(client, fixture->other, "theirs", &err));
    assert_false(center_account_may_be_given(client, fixture->other, &err));
    assert_int_equal(stat(fixture->other, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    setenv("ROOST_CONTROLLER", fixture->other, 1);
    err = (struct error)ERROR_INIT;
    assert_true(center_client_open(fixture->arena, &client, &err));
    assert_true(file_read(fixture->arena, fixture->other, 4096, &text, &length, &err));
    assert_non_null(strstr(text, "theirs"));
    assert_null(strstr(text, "mine"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bare_token_is_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_ca_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_account_is_given_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
