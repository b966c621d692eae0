/* SPDX-License-Identifier: Apache-2.0 */
/* reboot, wait_for_connection, script, fetch, pause: actions that take several steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/engine/run/run_fixture.h"

#define PLAY "- name: p\n  hosts: a\n  gather_facts: false\n  tasks:\n"

static int boots, pings;

/* A node that goes away when it is told to, does not answer once, and comes back with another boot id. */
static const struct value *rebooting(struct fixture *fixture, struct arena *arena, const char *host,
                                     const struct module_call *call, int64_t *delay_ms)
{
    const char *line = value_map_text(call->args, "_raw_params");
    struct value *result = value_map(arena);

    (void)fixture;
    (void)host;
    (void)delay_ms;
    value_map_put_int(arena, result, "rc", 0);
    value_map_put_string(arena, result, "stdout", "");
    if (strcmp(call->module, "ping") == 0) {
        value_map_put_string(arena, result, "ping", "pong");
        return ++pings == 1 ? value_string(arena, "a: no route to host") : result;
    }
    if (strstr(line, "shutdown") != NULL) {
        boots++;
        return value_string(arena, "a: connection closed by the node");
    }
    if (strstr(line, "boot_id") != NULL)
        value_map_put_string(arena, result, "stdout", boots == 0 ? "one\n" : "two\n");
    return result;
}

static void test_reboot(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    boots = pings = 0;
    fixture->answer = rebooting;
    fixture->log_results = true;
    assert_true(fixture_run(fixture, PLAY "    - reboot: {msg: \"it's time\"}\n"));
    assert_int_equal(boots, 1);
    assert_int_equal(pings, 2);
    assert_non_null(strstr(fixture->log.data, "a changed {\"changed\":true,\"elapsed\":"));
    assert_non_null(strstr(fixture->log.data, "\"rebooted\":true"));
    assert_non_null(strstr(fixture->calls.data, "exec shutdown -r 0 'it'\\\\''s time'"));
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

static void test_reboot_of_the_centre_is_refused(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.connection_kind = "local";
    fixture->log_results = true;
    assert_true(fixture_run(fixture, PLAY "    - reboot:\n"));
    assert_non_null(strstr(fixture->log.data, "Running reboot with local connection would reboot the control node."));
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void test_reboot_check_mode(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->options.check_mode = true;
    assert_true(fixture_run(fixture, PLAY "    - reboot:\n"));
    assert_non_null(strstr(fixture->log.data, "a changed"));
    assert_string_equal(fixture->calls.data, "");
    fixture_free(fixture);
}

static void test_wait_for_connection(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    pings = 0;
    fixture->answer = rebooting;
    assert_true(fixture_run(fixture, PLAY "    - wait_for_connection: {sleep: 0}\n"));
    assert_int_equal(pings, 2);
    assert_non_null(strstr(fixture->log.data, "  a ok\n"));
    fixture_free(fixture);
}

static void test_wait_for_connection_gives_up(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    pings = 0;
    fixture->answer = rebooting;
    fixture->log_results = true;
    assert_true(fixture_run(fixture, PLAY "    - wait_for_connection: {timeout: 0, sleep: 0}\n"));
    assert_non_null(strstr(fixture->log.data, "timed out waiting for ping module test: a: no route to host"));
    fixture_free(fixture);
}

static const struct value *scripted(struct fixture *fixture, struct arena *arena, const char *host,
                                    const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena);

    (void)fixture;
    (void)host;
    (void)delay_ms;
    if (strcmp(call->module, "shell") != 0)
        return NULL;
    value_map_put_int(arena, result, "rc", 3);
    value_map_put_bool(arena, result, "failed", true);
    value_map_put_string(arena, result, "stdout", "out\n");
    value_map_put_string(arena, result, "stderr", "");
    return result;
}

/* The script is taken away although it failed. */
static void test_script(void **state)
{
    struct fixture *fixture = fixture_new("a,");
    const char *copied, *ran, *removed;

    (void)state;
    fixture->answer = scripted;
    fixture->log_results = true;
    fixture_write(fixture, "files/s.sh", "#!/bin/sh\n");
    assert_true(fixture_run(fixture, PLAY "    - script: s.sh one 'two three'\n      args: {chdir: /srv}\n"));
    copied = strstr(fixture->calls.data, "a copy {\"dest\":\"/tmp/.roost-");
    ran = strstr(fixture->calls.data, " one 'two three'\",\"strip_empty_ends\":false,\"chdir\":\"/srv\"}");
    removed = strstr(fixture->calls.data, "\"state\":\"absent\"}");
    assert_true(copied != NULL && ran > copied && removed > ran);
    assert_non_null(strstr(fixture->log.data,
                           "a failed {\"changed\":true,\"msg\":\"non-zero return code\",\"rc\":3,\"stderr\":\"\","
                           "\"stderr_lines\":[],\"stdout\":\"out\\n\",\"stdout_lines\":[\"out\"]}"));
    fixture_free(fixture);
}

static const struct value *sending(struct fixture *fixture, struct arena *arena, const char *host,
                                   const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena);
    const char *known = value_map_text(call->args, "_known_sha1");
    bool is_known = known != NULL && strcmp(known, "f572d396fae9206628714fb2ce00f72e94f2258f") == 0;

    (void)fixture;
    (void)host;
    (void)delay_ms;
    value_map_put_string(arena, result, "checksum", "f572d396fae9206628714fb2ce00f72e94f2258f");
    value_map_put_bool(arena, result, "is_sent", !is_known);
    if (!is_known)
        assert_true(write(call->receive_fd, "hello\n", 6) == 6);
    return result;
}

static void test_fetch(void **state)
{
    struct fixture *fixture = fixture_new("a,");
    char *data = NULL;
    size_t length = 0;

    (void)state;
    fixture->answer = sending;
    assert_true(fixture_run(fixture, PLAY
                            "    - fetch: {src: /etc/motd, dest: got}\n    - fetch: {src: /etc/motd, dest: got}\n"));
    assert_true(file_read(fixture->arena, path_join(fixture->arena, fixture->folder, "got/a/etc/motd"), 100, &data,
                          &length, &fixture->error));
    assert_string_equal(data, "hello\n");
    assert_non_null(strstr(fixture->log.data, "task fetch\n  a changed\ntask fetch\n  a ok\n"));
    fixture_free(fixture);
}

static const struct value *without_file(struct fixture *fixture, struct arena *arena, const char *host,
                                        const struct module_call *call, int64_t *delay_ms)
{
    struct value *result = value_map(arena);

    (void)fixture;
    (void)host;
    (void)call;
    (void)delay_ms;
    value_map_put_bool(arena, result, "failed", true);
    value_map_put_bool(arena, result, "is_missing", true);
    return result;
}

/* Not even the folders, but those that were there. */
static void test_fetch_of_nothing_leaves_nothing(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    fixture->answer = without_file;
    fixture->log_results = true;
    fixture_write(fixture, "got/there", "");
    assert_true(fixture_run(fixture, PLAY "    - fetch: {src: /etc/none, dest: got, fail_on_missing: false}\n"
                                          "    - fetch: {src: /etc/none, dest: got}\n"));
    assert_non_null(strstr(fixture->log.data, "  a ok {\"changed\":false,\"file\":\"/etc/none\",\"msg\":"));
    assert_non_null(strstr(fixture->log.data, "  a failed {\"changed\":false,\"msg\":"));
    assert_true(path_is_folder(path_join(fixture->arena, fixture->folder, "got")));
    assert_false(path_is_folder(path_join(fixture->arena, fixture->folder, "got/a")));
    fixture_free(fixture);
}

static bool type_text(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    (void)context;
    (void)secret;
    (void)arena;
    assert_string_equal(prompt, "[pause]\nwhich one:");
    *out = "this";
    return true;
}

static void test_pause(void **state)
{
    struct fixture *fixture = fixture_new("a,b,");

    (void)state;
    fixture->options.ask = type_text;
    fixture->log_results = true;
    assert_true(fixture_run(
        fixture, "- name: p\n  hosts: all\n  gather_facts: false\n  tasks:\n    - pause: {prompt: which one}\n"));
    assert_non_null(strstr(fixture->log.data, "\"user_input\":\"this\""));
    assert_non_null(strstr(fixture->log.data, "\"stdout\":\"Paused for 0.0 minutes\""));
    assert_null(strstr(fixture->log.data, "stdout_lines"));
    assert_null(strstr(fixture->log.data, "  b ok"));
    fixture_free(fixture);
}

static void test_pause_without_terminal(void **state)
{
    struct fixture *fixture = fixture_new("a,");

    (void)state;
    assert_true(fixture_run(fixture, PLAY "    - pause:\n"));
    assert_non_null(
        strstr(fixture->log.data, "warning Not waiting for response to prompt as stdin is not interactive\n"));
    assert_int_equal(fixture->exit_code, RUN_OK);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reboot),
        cmocka_unit_test(test_reboot_of_the_centre_is_refused),
        cmocka_unit_test(test_reboot_check_mode),
        cmocka_unit_test(test_wait_for_connection),
        cmocka_unit_test(test_wait_for_connection_gives_up),
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_fetch_of_nothing_leaves_nothing),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_pause_without_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
