/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups a gather_subset selects, and facts of the machine this runs on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/facts/fact_group.h"
#include "common/base/clock.h"
#include "common/base/text.h"

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
    assert_false(has(facts, "python"));
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

static void takes_no_time(void **state)
{
    const char *const nothing[] = { NULL };
    int64_t best = INT64_MAX;

    (void)state;
    for (int i = 0; i < 5; i++) {
        int64_t start = clock_monotonic_us();
        assert_non_null(gather(nothing));
        int64_t taken = clock_monotonic_us() - start;
        best = taken < best ? taken : best;
    }
    assert_true(best < 200000); /* a few milliseconds where the machine is idle; sanitizers and load are slower */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gathers_everything_by_itself),   TEST(minimum_is_always_there),
        TEST(exclusions_spare_what_is_named), TEST(a_fact_stands_for_its_group),
        TEST(collects_what_a_group_needs),    TEST(accepts_groups_that_need_other_programs),
        TEST(refuses_unknown_groups),         TEST(takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
