/* SPDX-License-Identifier: Apache-2.0 */
/* What can be compared, what has changed, what is different since. */
#include "controller/bench/bench_compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"

static const struct value *json(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &value, &err))
        fail_msg("%s: %s", text, err.text);
    return value;
}

static void test_alike(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *ab = json(arena, "[\"a\", \"b\"]"), *ba = json(arena, "[\"b\", \"a\"]");
    const char *one = bench_alike(arena, "hpl", "", ab, "{}");

    (void)state;
    assert_string_equal(one, bench_alike(arena, "hpl", "", ba, "{}")); /* whichever is the head */
    assert_string_not_equal(one, bench_alike(arena, "hpl", "", ab, "{\"nb\":\"80\"}"));
    assert_string_not_equal(one, bench_alike(arena, "iperf3", "", ab, "{}"));
    assert_string_not_equal(one, bench_alike(arena, "hpl", "m", ab, "{}"));
    assert_string_not_equal(one, bench_alike(arena, "hpl", "", json(arena, "[\"a\"]"), "{}"));
}

static void test_change(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bench_change change = { .name = NULL };
    const struct value *before = json(arena, "{\"tests\": [{\"name\": \"pp512\", \"tokens_per_s\": 700.0}, "
                                             "{\"name\": \"tg128\", \"tokens_per_s\": 50}]}");
    const struct value *now = json(arena, "{\"tests\": [{\"name\": \"pp512\", \"tokens_per_s\": 770.0}, "
                                          "{\"name\": \"tg128\", \"tokens_per_s\": 46}]}");

    (void)state;
    assert_true(bench_change_find(arena, "llama_bench", before, now, &change));
    assert_string_equal(change.name, "tg128"); /* the loss, not the larger win */
    assert_true(fabs(change.part + 0.08) < 1e-9);
    assert_string_equal(bench_change_text(arena, &change, 12),
                        "tg128: 8.0 % less than in bench 12 (46 instead of 50 t/s)");
    assert_true(bench_change_find(arena, "llama_bench", now, before, &change));
    assert_string_equal(change.name, "pp512");
    assert_true(
        bench_change_find(arena, "hpl", json(arena, "{\"gflops\": 2}"), json(arena, "{\"gflops\": 3}"), &change));
    assert_string_equal(bench_change_text(arena, &change, 1),
                        "HPL: 50.0 % more than in bench 1 (3 instead of 2 Gflop/s)");
    assert_true(bench_change_find(
        arena, "iperf3", json(arena, "{\"pairs\": [{\"from\": \"a\", \"to\": \"b\", \"bits_per_s\": 2e9}]}"),
        json(arena, "{\"pairs\": [{\"from\": \"a\", \"to\": \"b\", \"bits_per_s\": 1e9}]}"), &change));
    assert_string_equal(bench_change_text(arena, &change, 2),
                        "a > b: 50.0 % less than in bench 2 (1 instead of 2 Gbit/s)");
    assert_false(bench_change_find(arena, "hpl", json(arena, "{}"), json(arena, "{\"gflops\": 3}"), &change));
    assert_false(
        bench_change_find(arena, "hpl", json(arena, "{\"gflops\": 0}"), json(arena, "{\"gflops\": 3}"), &change));
    assert_false(bench_change_find(arena, "llama_bench", NULL, now, &change));
}

/* A loss that is too small to be told hides nothing that is won. */
static void test_change_won(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bench_change change = { .name = NULL };
    const struct value *before = json(arena, "{\"tests\": [{\"name\": \"pp512\", \"tokens_per_s\": 500.0}, "
                                             "{\"name\": \"tg128\", \"tokens_per_s\": 50.0}]}");
    const struct value *now = json(arena, "{\"tests\": [{\"name\": \"tg128\", \"tokens_per_s\": 49.9}, "
                                          "{\"name\": \"pp512\", \"tokens_per_s\": 700.0}]}");
    const struct value *same = json(arena, "{\"tests\": [{\"name\": \"tg128\", \"tokens_per_s\": 49.9}, "
                                           "{\"name\": \"pp512\", \"tokens_per_s\": 510.0}]}");

    (void)state;
    assert_true(bench_change_find(arena, "llama_bench", before, now, &change));
    assert_string_equal(change.name, "pp512");
    assert_true(fabs(change.part - 0.4) < 1e-9);
    assert_true(bench_change_find(arena, "llama_bench", before, same, &change));
    assert_string_equal(change.name, "tg128");
}

/* What both measurements spread over is no loss, and hides none of another figure. */
static void test_change_within_spread(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct bench_change change = { .name = NULL };
    const struct value *before = json(arena, "{\"tests\": [{\"name\": \"pp32\", \"tokens_per_s\": 400.0, "
                                             "\"deviation\": 50}, {\"name\": \"tg8\", \"tokens_per_s\": 50}]}");
    const struct value *now = json(arena, "{\"tests\": [{\"name\": \"pp32\", \"tokens_per_s\": 310.0, "
                                          "\"deviation\": 40}, {\"name\": \"tg8\", \"tokens_per_s\": 48}]}");
    const struct value *slow = json(arena, "{\"tests\": [{\"name\": \"pp32\", \"tokens_per_s\": 309.0, "
                                           "\"deviation\": 40}]}");

    (void)state;
    assert_true(bench_change_find(arena, "llama_bench", before, now, &change));
    assert_string_equal(change.name, "tg8");
    assert_true(fabs(change.part + 0.04) < 1e-9);
    assert_true(bench_change_find(arena, "llama_bench", before, slow, &change));
    assert_true(fabs(change.part + 0.2275) < 1e-9);
    assert_true(bench_change_find(arena, "llama_bench", now, before, &change));
    assert_string_equal(change.name, "tg8"); /* the win */
}

#define FACTS(kernel, pages, mesa)                                                                                     \
    "{\"roost\": {\"kernel\": {\"release\": \"" kernel                                                                 \
    "\", \"command_line\": \"ro\"}, \"linux_firmware_date\": 20260110, "                                               \
    "\"machine\": {\"bios_version\": \"03.05\"}, \"memory\": {\"gtt_total_bytes\": 128}, "                             \
    "\"gpus\": [{\"kind\": \"display\"}, {\"firmware\": {\"mes\": \"0x86\"}}], "                                       \
    "\"parameters\": {\"ttm.pages_limit\": {\"effective\": \"" pages                                                   \
    "\", \"cmdline\": \"1\"}, \"amd_iommu\": {\"cmdline\": \"off\"}}, "                                                \
    "\"packages\": {\"mesa-vulkan-drivers\": \"" mesa "\"}}}"

static void test_causes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *before = value_map(arena), *now = value_map(arena), *list = value_list(arena);
    const struct value *host = NULL;

    (void)state;
    value_map_put(arena, before, "ai-1",
                  bench_host(arena, json(arena, FACTS("6.18.4", "100", "26.1.5")), "b11669-abc"));
    value_map_put(arena, now, "ai-1", bench_host(arena, json(arena, FACTS("6.18.9", "200", "26.1.6")), "b11700-def"));
    value_map_put(arena, now, "ai-2", bench_host(arena, NULL, NULL)); /* was not there before: nothing to say */
    bench_causes(arena, before, now, list);
    assert_int_equal(value_count(list), 4);
    assert_string_equal(value_text(value_item(list, 0)), "ai-1: build b11700-def, before b11669-abc");
    assert_string_equal(value_text(value_item(list, 1)), "ai-1: kernel 6.18.9, before 6.18.4");
    assert_string_equal(value_text(value_item(list, 2)), "ai-1: packages mesa-vulkan-drivers 26.1.6, before 26.1.5");
    assert_string_equal(value_text(value_item(list, 3)), "ai-1: parameters ttm.pages_limit 200, before 100");
    list = value_list(arena);
    bench_causes(arena, before, before, list);
    assert_int_equal(value_count(list), 0);
    host = value_map_get(before, "ai-1");
    assert_string_equal(value_map_text(value_map_get(host, "parameters"), "amd_iommu"), "off");
    assert_string_equal(value_map_text(value_map_get(host, "firmware"), "mes"), "0x86");
    assert_int_equal(value_map_get(host, "linux_firmware")->as.integer, 20260110);
}

static void test_gone(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *list = value_list(arena);

    (void)state;
    bench_causes(arena, json(arena, "{\"a\": {\"tuned\": \"x\", \"packages\": {\"p\": \"1\"}}}"),
                 json(arena, "{\"a\": {\"packages\": {}}}"), list);
    assert_int_equal(value_count(list), 2);
    assert_string_equal(value_text(value_item(list, 0)), "a: packages p none, before 1");
    assert_string_equal(value_text(value_item(list, 1)), "a: tuned none, before x");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_alike),      cmocka_unit_test(test_change),
                                        cmocka_unit_test(test_change_won), cmocka_unit_test(test_change_within_spread),
                                        cmocka_unit_test(test_causes),     cmocka_unit_test(test_gone) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
