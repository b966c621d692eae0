/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/command/constants.h"
#include "engine/command/settings.h"
#include "engine/command/settings_table.h"

static struct arena *arena;
static struct error err;

static const char *write_file(const char *content)
{
    char *path = arena_copy(arena, "/tmp/roost-settings-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
    return path;
}

static bool load(const char *content, struct settings *out)
{
    const char *path = write_file(content);
    err = (struct error)ERROR_INIT;
    bool ok = settings_load_file(arena, path, out, &err);
    unlink(path);
    return ok;
}

static void test_sections_are_flat(void **state)
{
    (void)state;
    struct settings settings;
    assert_true(load("# comment\n[defaults]\nforks = 25 ; many\nroles_path: ./roles:\n  /opt/roles\nnocows=1\n"
                     "[privilege_escalation]\nbecome = True\nbecome_user=ops\n[diff]\nalways = yes\n"
                     "[ssh_connection]\nssh_args = -o A=b # c ; d\n",
                     &settings));
    assert_int_equal(settings_int(&settings, "forks", 5), 25);
    assert_string_equal(settings_text(&settings, "roles_path"), "./roles:\n/opt/roles");
    assert_true(settings_bool(&settings, "become", false));
    assert_string_equal(settings_text(&settings, "become_user"), "ops");
    assert_true(settings_bool(&settings, "diff.always", false));
    assert_string_equal(settings_text(&settings, "ssh_args"), "-o A=b # c");
    assert_null(settings_text(&settings, "absent"));
}

/* Python's configparser: only what is indented deeper than its key goes on with a value. */
static void test_indented_files(void **state)
{
    struct settings settings;
    (void)state;
    assert_true(
        load("[defaults]\n    forks = 9\n    remote_user = bob\n  inventory = a,\n\t\t\tb\n\n      c\n  nocows = 1\n"
             "  [diff]\n  always = yes\n",
             &settings));
    assert_int_equal(settings_int(&settings, "forks", 5), 9);
    assert_string_equal(settings_text(&settings, "remote_user"), "bob");
    assert_string_equal(settings_text(&settings, "inventory"), "a,\nb\n\nc");
    assert_true(settings_bool(&settings, "diff.always", false));
}

static void test_environment_wins(void **state)
{
    (void)state;
    struct settings settings;
    setenv("ANSIBLE_FORKS", "9", 1);
    assert_true(load("[defaults]\nforks = 25\n", &settings));
    unsetenv("ANSIBLE_FORKS");
    assert_int_equal(settings_int(&settings, "forks", 5), 9);
}

static void test_paths_start_at_the_file(void **state)
{
    (void)state;
    struct settings settings = { .path = "/etc/rack/ansible.cfg", .values = value_map(arena) };
    assert_string_equal(settings_path(&settings, arena, "roles"), "/etc/rack/roles");
    assert_string_equal(settings_path(&settings, arena, "../hosts"), "/etc/hosts");
    assert_string_equal(settings_path(&settings, arena, "/abs"), "/abs");
}

static void test_errors_have_lines(void **state)
{
    (void)state;
    struct settings settings;
    assert_false(load("[defaults]\nforks\n", &settings));
    assert_int_equal(err.line, 2);
    assert_non_null(strstr(err.text, "expected 'key = value'"));
    assert_false(load("forks = 3\n", &settings));
    assert_int_equal(err.line, 1);
    assert_false(load("[defaults\n", &settings));
    assert_non_null(strstr(err.text, "expected ']'"));
    assert_false(load("[defaults]\nforks = 3\n[diff]\n[defaults]\n", &settings));
    assert_int_equal(err.line, 4);
    assert_int_equal(err.kind, ERROR_OPTIONS);
}

static void test_values_have_types(void **state)
{
    static const struct {
        const char *content, *sentence;
    } rows[] = {
        { "[defaults]\n\nforks = many\n", "Invalid type for configuration option setting: DEFAULT_FORKS (from " },
        { "[defaults]\n\npoll_interval =\n", "invalid literal for int() with base 10: ''" },
        { "[defaults]\n\ngathering = explicitly\n",
          "valid values are: implicit, explicit, smart; did you mean 'explicit'?" },
        { "[defaults]\nforks = 3\nforks = 4\n", "'forks' is set twice in [defaults]" },
    };
    struct settings settings;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(load(rows[i].content, &settings));
        assert_non_null(strstr(err.text, rows[i].sentence));
        assert_int_equal(err.line, 3);
    }
    assert_true(
        load("[defaults]\nprivate_role_vars = what\n", &settings)); /* what is no boolean is false, as in Ansible */
}

static void test_unknown_keys_are_warned_of(void **state)
{
    static const char content[] = "[defaults]\nforkz = 3\nnocows = 1\n[defaultz]\nforks = 3\n[of_a_plugin]\nx = 1\n";
    const char *path = write_file(content);
    struct value *warnings = value_list(arena);
    struct settings settings;
    (void)state;
    assert_true(settings_load_from(arena, path, warnings, &settings, &err));
    unlink(path);
    assert_int_equal(value_count(warnings), 2);
    assert_string_equal(value_text(value_item(warnings, 0)),
                        arena_printf(arena, "%s:2: [defaults] has no setting 'forkz', did you mean 'forks'?", path));
    assert_string_equal(value_text(value_item(warnings, 1)),
                        arena_printf(arena, "%s:5: there is no section [defaultz], did you mean 'defaults'?", path));
}

/* The later name and the later place win; a variable wins over the file, and its paths begin here. */
static void test_places_and_origins(void **state)
{
    struct settings settings;
    struct setting_state found;
    const struct setting_row *row = settings_base;
    (void)state;
    while (strcmp(row->name, "COLLECTIONS_PATHS") != 0)
        row++;
    assert_true(load("[defaults]\ncollections_path = b\ncollections_paths = a\n", &settings));
    assert_string_equal(settings_text(&settings, "collections_paths"), "b");
    assert_true(setting_state(arena, &settings, row, &found, &err));
    assert_string_equal(found.origin, settings.path);
    assert_string_equal(value_text(value_item(found.value, 0)), "/tmp/b");
    setenv("ANSIBLE_COLLECTIONS_PATHS", "c:/d", 1);
    assert_true(load("[defaults]\ncollections_path = b\n", &settings));
    assert_true(setting_state(arena, &settings, row, &found, &err));
    assert_string_equal(found.origin, "env: ANSIBLE_COLLECTIONS_PATHS");
    assert_string_equal(value_text(value_item(found.value, 0)), path_absolute(arena, "c"));
    assert_string_equal(settings_text(&settings, "collections_path"),
                        arena_printf(arena, "%s:/d", path_absolute(arena, "c")));
    unsetenv("ANSIBLE_COLLECTIONS_PATHS");
}

static void test_constants(void **state)
{
    (void)state;
    struct settings settings;
    const struct value *found;
    assert_true(
        load("[defaults]\nforks = 25\nroles_path = /a:/b\nany_errors_fatal = yes\nremote_user = me\n", &settings));
    found = constants_of(arena, &settings);
    assert_int_equal(value_map_get(found, "DEFAULT_FORKS")->as.integer, 25);
    assert_true(value_map_true(found, "ANY_ERRORS_FATAL"));
    assert_string_equal(value_map_text(found, "DEFAULT_REMOTE_USER"), "me");
    assert_string_equal(value_text(value_item(value_map_get(found, "DEFAULT_ROLES_PATH"), 1)), "/b");
    assert_string_equal(value_map_text(found, "CONFIG_FILE"), settings.path);
    assert_true(settings_load_file(arena, NULL, &settings, &err));
    found = constants_of(arena, &settings);
    assert_int_equal(value_map_get(found, "DEFAULT_FORKS")->as.integer, 5);
    assert_string_equal(value_text(value_item(value_map_get(found, "DEFAULT_ROLES_PATH"), 1)),
                        "/usr/share/ansible/roles");
    assert_int_equal(value_map_get(found, "DEFAULT_REMOTE_USER")->kind, VALUE_NULL);
    assert_false(value_map_true(found, "DEFAULT_LIBVIRT_LXC_NOSECLABEL"));
    assert_string_equal(value_map_text(found, "DEFAULT_TRANSPORT"), "smart");
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sections_are_flat),
        cmocka_unit_test(test_indented_files),
        cmocka_unit_test(test_environment_wins),
        cmocka_unit_test(test_paths_start_at_the_file),
        cmocka_unit_test(test_errors_have_lines),
        cmocka_unit_test(test_values_have_types),
        cmocka_unit_test(test_unknown_keys_are_warned_of),
        cmocka_unit_test(test_places_and_origins),
        cmocka_unit_test(test_constants),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
