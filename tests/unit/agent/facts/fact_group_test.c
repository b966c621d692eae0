/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups a gather_subset selects, and facts of the machine this runs on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/facts/fact_group.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"

static struct arena *arena;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    err = (struct error)ERROR_INIT;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* NULL when the subset was refused. */
static const struct value *gather(const char *const *names)
{
    struct system system = { .root = "" };
    struct value *facts = value_map(arena), *subset = value_list(arena);

    for (; *names; names++)
        value_list_add(arena, subset, value_string(arena, *names));
    return facts_collect(&system, arena, subset, facts, &err) ? facts : NULL;
}

#define GATHER(...) gather((const char *const[]){ __VA_ARGS__, NULL })

static bool has(const struct value *facts, const char *name)
{
    return value_map_get(facts, name) != NULL;
}

static void gathers_everything_by_itself(void **state)
{
    const char *const nothing[] = { NULL };
    const struct value *facts = gather(nothing);
    struct utsname host;

    (void)state;
    assert_int_equal(uname(&host), 0);
    assert_string_equal(value_map_text(facts, "kernel"), host.release);
    assert_string_equal(value_map_text(facts, "nodename"), host.nodename);
    assert_true(has(facts, "mounts") && has(facts, "interfaces") && has(facts, "processor_vcpus") && has(facts, "env"));
    assert_int_equal(value_map_get(facts, "effective_user_id")->as.integer, geteuid());
    assert_true(has(facts, "python") == has(facts, "python_version"));
}

static void minimum_is_always_there(void **state)
{
    const struct value *facts = GATHER("!all");

    (void)state;
    assert_true(has(facts, "distribution") && has(facts, "service_mgr") && has(facts, "pkg_mgr") &&
                has(facts, "local"));
    assert_false(has(facts, "mounts") || has(facts, "interfaces") || has(facts, "virtualization_type"));
    facts = GATHER("network");
    assert_true(has(facts, "interfaces") && has(facts, "distribution"));
    assert_false(has(facts, "mounts"));
}

static void exclusions_spare_what_is_named(void **state)
{
    const struct value *facts = GATHER("!all", "!min", "user");

    (void)state;
    assert_true(has(facts, "user_id"));
    assert_false(has(facts, "distribution") || has(facts, "env"));
    facts = GATHER("all", "!hardware", "!env");
    assert_true(has(facts, "interfaces") && has(facts, "distribution"));
    assert_false(has(facts, "mounts") || has(facts, "memtotal_mb") || has(facts, "product_name") || has(facts, "env"));
    facts = GATHER("!unheard-of");
    assert_true(has(facts, "distribution"));
}

static void a_fact_stands_for_its_group(void **state)
{
    const struct value *facts = GATHER("!all", "!min", "processor_cores");

    (void)state;
    assert_true(has(facts, "processor_count") && has(facts, "mounts") && has(facts, "devices"));
    facts = GATHER("!all", "!min", "os_family");
    assert_true(has(facts, "distribution_version"));
}

static void collects_what_a_group_needs(void **state)
{
    const struct value *facts = GATHER("!all", "!min", "service_mgr");

    (void)state;
    assert_true(has(facts, "service_mgr") && has(facts, "distribution") && has(facts, "kernel"));
}

static void accepts_groups_that_need_other_programs(void **state)
{
    (void)state;
    assert_int_equal(value_count(GATHER("!all", "!min", "facter")), 0);
}

static void refuses_unknown_groups(void **state)
{
    (void)state;
    assert_null(GATHER("hardwear"));
    assert_true(
        text_starts(err.text, "Bad subset 'hardwear' given to Ansible. gather_subset options allowed: all, all_ipv4"));
    assert_non_null(strstr(err.text, ", hardware, "));
}

/* --- Python: a program of this test's own that notes each time it is asked --- */

static struct {
    char folder[32];
    const char *program, *asked;
    struct system_memory memory;
} fake;

#define FAKE_ANSWER "3\\n14\\n0\\ncandidate\\n2\\n0\\npypy\\n3.14.0rc2\\n/opt/py/bin/python3\\n"

static void fake_write(const char *says)
{
    FILE *file = fopen(fake.program, "we");

    assert_non_null(file);
    fprintf(file, "#!/bin/sh\necho \"$1\" >>'%s'\n%s\n", fake.asked, says);
    fclose(file);
    assert_int_equal(chmod(fake.program, 0755), 0);
}

static int python_set_up(void **state)
{
    (void)set_up(state);
    memcpy(fake.folder, "/tmp/roost-python-XXXXXX", sizeof "/tmp/roost-python-XXXXXX");
    assert_non_null(mkdtemp(fake.folder));
    fake.program = arena_printf(arena, "%s/python3", fake.folder);
    fake.asked = arena_printf(arena, "%s/asked", fake.folder);
    fake.memory = (struct system_memory){ .arena = arena, .entries = value_map(arena) };
    return 0;
}

static int python_tear_down(void **state)
{
    (void)unlink(fake.program);
    (void)unlink(fake.asked);
    (void)rmdir(fake.folder);
    return tear_down(state);
}

static const struct value *python_gather(const char *interpreter)
{
    struct system system = { .root = "", .memory = &fake.memory };
    struct value *facts = value_map(arena), *subset = value_list(arena);
    struct facts_request request = { .subset = subset, .python = interpreter };

    value_list_add(arena, subset, value_string(arena, "!all"));
    assert_true(facts_collect_request(&system, arena, &request, facts, &err));
    return facts;
}

static void assert_asked(const char *times)
{
    char *noted = NULL;
    size_t length = 0;

    assert_true(file_read(arena, fake.asked, 4096, &noted, &length, &err));
    assert_string_equal(noted, times);
}

static void python_tells_about_itself(void **state)
{
    static const char wanted[] =
        "{\"version\": {\"major\": 3, \"minor\": 14, \"micro\": 0, \"releaselevel\": \"candidate\", \"serial\": 2}, "
        "\"version_info\": [3, 14, 0, \"candidate\", 2], \"executable\": \"/opt/py/bin/python3\", "
        "\"has_sslcontext\": false, \"type\": \"pypy\"}";

    (void)state;
    fake_write("printf '" FAKE_ANSWER "'");
    const struct value *facts = python_gather(fake.program);
    assert_string_equal(json_text(arena, value_map_get(facts, "python"), JSON_PYTHON), wanted);
    assert_string_equal(value_map_text(facts, "python_version"), "3.14.0rc2");
    assert_asked("-ISc\n"); /* by two groups */
    facts = python_gather(arena_printf(arena, "/usr/bin/env  %s", fake.program));
    assert_string_equal(value_map_text(facts, "python_version"), "3.14.0rc2");
}

static void python_is_asked_again_when_its_file_changed(void **state)
{
    (void)state;
    fake_write("printf '" FAKE_ANSWER "'");
    assert_true(has(python_gather(fake.program), "python"));
    assert_true(has(python_gather(fake.program), "python"));
    assert_asked("-ISc\n");
    fake_write("exit 1 # another size");
    assert_false(has(python_gather(fake.program), "python"));
    assert_false(has(python_gather(fake.program), "python_version")); /* remembered too */
    assert_asked("-ISc\n-ISc\n");
}

static void no_python_is_no_error(void **state)
{
    static const char *const answers[] = { "exit 3", "echo 3", "printf 'x" FAKE_ANSWER "'",
                                           "printf '" FAKE_ANSWER "more'", "printf '" FAKE_ANSWER "' | tr y '\\377'" };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fake.memory.entries = value_map(arena);
        fake_write(answers[i]);
        const struct value *facts = python_gather(fake.program);
        assert_false(has(facts, "python") || has(facts, "python_version"));
        assert_true(has(facts, "kernel"));
    }
    assert_false(has(python_gather("/no/such/python3"), "python"));
    assert_false(has(python_gather(" "), "python"));
}

static void python_groups_are_ansibles(void **state)
{
    const struct value *facts;

    (void)state;
    facts = GATHER("!all", "!min", "python");
    assert_false(has(facts, "python_version"));
    facts = GATHER("!all", "!min", "python_version");
    assert_true(has(facts, "kernel") && !has(facts, "python"));
    facts = GATHER("!all", "!python");
    assert_false(has(facts, "python"));
}

static void takes_no_time(void **state)
{
    const char *const nothing[] = { NULL };
    int64_t best = INT64_MAX;

    (void)state;
    for (int i = 0; i < 5; i++) {
        int64_t start = clock(); /* of the processor, not of who else wants it */
        assert_non_null(gather(nothing));
        int64_t taken = clock() - start;
        best = taken < best ? taken : best;
    }
    assert_true(best < 200000); /* a few milliseconds ; sanitizers are slower */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define PYTHON_TEST(name) cmocka_unit_test_setup_teardown(name, python_set_up, python_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gathers_everything_by_itself),
        TEST(minimum_is_always_there),
        TEST(exclusions_spare_what_is_named),
        TEST(a_fact_stands_for_its_group),
        TEST(collects_what_a_group_needs),
        TEST(accepts_groups_that_need_other_programs),
        TEST(refuses_unknown_groups),
        TEST(takes_no_time),
        TEST(python_groups_are_ansibles),
        PYTHON_TEST(python_tells_about_itself),
        PYTHON_TEST(python_is_asked_again_when_its_file_changed),
        PYTHON_TEST(no_python_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
