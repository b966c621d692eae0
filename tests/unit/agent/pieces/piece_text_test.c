/* SPDX-License-Identifier: Apache-2.0 */
/* Unit files as text: quoting, hardening, what depends on the piece and on the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/pieces/piece_text.h"
#include "common/json/json.h"

static const struct piece_host plain = { .systemd_version = 252, .gpu_groups = "" };

static struct piece piece_of(struct arena *arena, const char *members)
{
    const char *text =
        arena_printf(arena, "{\"name\":\"a.0\",\"program\":\"/bin/x\"%s%s}", members[0] == '\0' ? "" : ",", members);
    const struct value *map = NULL;
    struct piece piece = { .name = NULL };
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &map, &err) || !piece_bind(arena, map, &piece, &err))
        fail_msg("%s", err.text);
    return piece;
}

static const char *unit_of(struct arena *arena, const char *members, const struct piece_host *host)
{
    struct piece piece = piece_of(arena, members);

    return piece_unit_text(arena, &(struct piece_unit_parts){ .piece = &piece, .program = "/bin/x y", .host = host });
}

static void has(const char *unit, const char *line)
{
    const char *at = strstr(unit, line);

    if (at == NULL || (at != unit && at[-1] != '\n') || at[strlen(line)] != '\n')
        fail_msg("'%s' is not a line of:\n%s", line, unit);
}

static void has_not(const char *unit, const char *words)
{
    if (strstr(unit, words) != NULL)
        fail_msg("'%s' is in:\n%s", words, unit);
}

static void test_quoting(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *unit = unit_of(
        arena,
        "\"arguments\":[\"-a\",\"\",\"b c\",\"100%\",\"$HOME\",\"x\\\"y\\\\z\"],\"environment\":{\"A\":\"1% $X \\\"q\\\" \\\\\"}",
        &plain);

    (void)state;
    has(unit, "ExecStart=\"/bin/x y\" \"-a\" \"\" \"b c\" \"100%%\" \"$$HOME\" \"x\\\"y\\\\z\"");
    has(unit, "Environment=\"A=1%% $X \\\"q\\\" \\\\\"");
}

static void test_service(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *unit = unit_of(arena, "", &plain);

    (void)state;
    has(unit, "Type=exec");
    has(unit, "RemainAfterExit=yes");
    has(unit, "DynamicUser=yes");
    has(unit, "ProtectSystem=strict");
    has(unit, "ProtectHome=tmpfs");
    has(unit, "TemporaryFileSystem=/var/lib/roost:ro,mode=755");
    has(unit, "NoNewPrivileges=yes");
    has(unit, "CapabilityBoundingSet=");
    has(unit, "DevicePolicy=closed");
    has(unit, "StandardOutput=journal");
    has(unit, "Environment=HOME=/tmp");
    has(unit, "TimeoutStopSec=10");
    has_not(unit, "DeviceAllow");
    has_not(unit, "Restart=");
    has_not(unit, "MemoryMax");
    has_not(unit, "Conflicts");
    has_not(unit, "EnvironmentFile");
}

static void test_job(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    has(unit_of(arena, "\"kind\":\"job\"", &plain), "TimeoutStartSec=infinity");
    const char *unit = unit_of(arena, "\"kind\":\"job\",\"timeout_s\":60,\"user\":\"mpi\",\"state\":\"hpl\"", &plain);
    has(unit, "Type=oneshot");
    has(unit, "TimeoutStartSec=60");
    has(unit, "StandardOutput=append:/var/lib/roost/pieces/a.0.output");
    has(unit, "User=mpi");
    has(unit, "StateDirectory=roost-pieces/hpl");
    has(unit, "WorkingDirectory=/var/lib/roost-pieces/hpl");
    has_not(unit, "DynamicUser");
    has_not(unit, "HOME=");
}

static void test_what_is_asked_for(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct piece_host newer = { .systemd_version = 257,
                                      .gpu_groups = "render video",
                                      .models_store = "/var/lib/roost/models" };
    const char *unit = unit_of(arena,
                               "\"devices\":[\"gpu\"],\"memory_max\":1000,\"restart\":\"on-failure\",\"lease\":true,"
                               "\"stop_s\":30,\"state\":\"rpc\",\"secrets\":{\"K\":\"hunter2\"}",
                               &newer);

    (void)state;
    has(unit, "DeviceAllow=char-drm rw");
    has(unit, "SupplementaryGroups=render video");
    has(unit, "MemoryMax=1000");
    has(unit, "Restart=on-failure");
    has(unit, "RestartMaxDelaySec=60");
    has(unit, "Conflicts=" PIECES_LEASE_TARGET);
    has(unit, "TimeoutStopSec=4");
    has(unit, "EnvironmentFile=/run/roost-pieces/a.0/secrets");
    has(unit, "BindReadOnlyPaths=\"-/var/lib/roost/models\":\"/var/lib/roost/models\"");
    has(unit, "Environment=HOME=/var/lib/roost-pieces/rpc");
    has_not(unit, "hunter2");
    has_not(unit_of(arena, "\"restart\":\"on-failure\"", &plain), "RestartSteps"); /* systemd 252 does not know it */
}

/* Pieces with the same folder of state have the same account, others another one. */
static void test_accounts(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *one = strstr(unit_of(arena, "\"state\":\"rpc\"", &plain), "\nUser=roost-p-");
    const char *other = strstr(unit_of(arena, "\"state\":\"rpc\",\"kind\":\"job\"", &plain), "\nUser=roost-p-");
    const char *third = strstr(unit_of(arena, "\"state\":\"rpc2\"", &plain), "\nUser=roost-p-");

    (void)state;
    assert_non_null(one);
    assert_memory_equal(one, other, strlen("\nUser=roost-p-0123456789abcdef"));
    assert_memory_not_equal(one, third, strlen("\nUser=roost-p-0123456789abcdef"));
    assert_int_equal(strcspn(one + 1, "\n"), strlen("User=") + 24); /* accounts have 31 characters at most */
}

static void test_hidden(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct piece piece = piece_of(arena, "");
    const char *const pairs[] = { "/home/a b/x:y%z", "/home/l", NULL };

    (void)state;
    has(piece_unit_text(
            arena,
            &(struct piece_unit_parts){ .piece = &piece, .program = "/x", .hidden_read = pairs, .host = &plain }),
        "BindReadOnlyPaths=\"/home/a b/x:y%%z\":\"/home/l\"");
}

static void test_secrets(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct piece piece = piece_of(arena, "\"secrets\":{\"K\":\"a b$c`d\\\"e\\\\f\",\"L\":\"\"}"),
                 none = piece_of(arena, "");

    (void)state;
    assert_string_equal(piece_secrets_text(arena, &piece), "K=\"a b\\$c\\`d\\\"e\\\\f\"\nL=\"\"\n");
    assert_string_equal(piece_secrets_text(arena, &none), "");
}

static void test_lease(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *timer = piece_lease_timer_text(arena, 28);

    (void)state;
    has(timer, "OnActiveSec=28s");
    has(timer, "Unit=" PIECES_LEASE_TARGET);
    has(timer, "StartLimitIntervalSec=0"); /* it is begun anew all the time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quoting),           cmocka_unit_test(test_service),  cmocka_unit_test(test_job),
        cmocka_unit_test(test_what_is_asked_for), cmocka_unit_test(test_accounts), cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_secrets),           cmocka_unit_test(test_lease),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
