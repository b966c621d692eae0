/* SPDX-License-Identifier: Apache-2.0 */
/* Which tasks are about which things, over the disk and back. */
#include "agent/daemon/managed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/json/json.h"

static void add(struct managed *managed, const char *action, int line, const char *args)
{
    const struct value *event = NULL;
    struct error err = ERROR_INIT;
    const char *text = arena_printf(
        managed->arena,
        "{\"action\":\"%s\",\"path\":\"/p.yml\",\"line\":%d,\"result\":{\"invocation\":{\"module_args\":%s}}}", action,
        line, args);

    assert_true(json_read(managed->arena, text, strlen(text), NULL, &event, &err));
    managed_add(managed, event);
}

static void expect(const struct managed *managed, enum managed_kind kind, const char *name, const char *places)
{
    ARENA_SCOPED arena = arena_new();
    struct value *found = value_map(arena);
    struct text text = text_new(arena);

    managed_places(managed, kind, name, arena, found);
    for (size_t i = 0; i < value_count(found); i++)
        text_printf(&text, "%s%s", i == 0 ? "" : " ", value_text(value_pair_at(found, i)->key));
    assert_string_equal(text.data, places);
}

static void expect_all(const struct managed *managed)
{
    expect(managed, MANAGED_FILES, "/etc/motd", "/p.yml:1 /p.yml:2");
    expect(managed, MANAGED_FILES, "/etc/source", "");
    expect(managed, MANAGED_UNITS, "nginx.service", "/p.yml:3 /p.yml:4");
    expect(managed, MANAGED_UNITS, "quiet.service", "");
    expect(managed, MANAGED_FILES, "/var/lib/dpkg/status", "/p.yml:5 /p.yml:6");
    expect(managed, MANAGED_FILES, "/etc/passwd", "/p.yml:7");
    expect(managed, MANAGED_FILES, "/etc/cron.d/backup", "/p.yml:8");
    expect(managed, MANAGED_FILES, "/etc/sysctl.d/90-x.conf", "/p.yml:9");
    expect(managed, MANAGED_MOUNTS, "/srv", "/p.yml:10");
    expect(managed, MANAGED_FILES, "/etc/fstab", "/p.yml:10");
    expect(managed, MANAGED_UNITS, NULL, "/p.yml:3 /p.yml:4");
}

static void test_things(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct managed *managed = managed_new(), *again;
    struct error err = ERROR_INIT;
    char path[] = "/tmp/roost-managed-XXXXXX";
    size_t count = 0;

    (void)state;
    add(managed, "copy", 1, "{\"dest\":\"/etc/motd\",\"src\":\"/etc/source\"}");
    add(managed, "file", 2, "{\"path\":\"/etc/motd\"}");
    add(managed, "file", 2, "{\"path\":\"/etc/motd\"}");
    add(managed, "systemd", 3, "{\"name\":\"nginx\"}");
    add(managed, "service", 4, "{\"name\":\"nginx.service\"}");
    add(managed, "systemd", 4, "{\"name\":\"quiet\",\"scope\":\"user\"}");
    add(managed, "apt", 5, "{\"name\":\"tree\"}");
    add(managed, "package", 6, "{\"name\":[\"a\",\"b\"]}");
    add(managed, "user", 7, "{\"name\":\"ops\"}");
    add(managed, "cron", 8, "{\"name\":\"x\",\"cron_file\":\"backup\"}");
    add(managed, "sysctl", 9, "{\"name\":\"a.b\",\"sysctl_file\":\"/etc/sysctl.d/90-x.conf\"}");
    add(managed, "mount", 10, "{\"path\":\"/srv\",\"src\":\"tmpfs\"}");
    add(managed, "command", 11, "{\"_raw_params\":\"true\"}");
    add(managed, "copy", 12, "{\"dest\":\"relative\"}");
    add(managed, "copy", 13, "null");
    expect_all(managed);
    (void)managed_names(managed, arena, MANAGED_MOUNTS, &count);
    assert_int_equal(count, 1);
    close(mkstemp(path));
    assert_true(managed_write(managed, path, &err));
    again = managed_read(path);
    expect_all(again);
    unlink(path);
    managed_free(again);
    again = managed_read(path);
    expect(again, MANAGED_FILES, NULL, "");
    managed_free(again);
    managed_free(managed);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_things) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
