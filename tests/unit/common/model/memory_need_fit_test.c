/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict: fits, fits if, does not fit; and what the sentence names is true when it is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/model/memory_need_fit.h"

#define GIB (1024ULL * 1024 * 1024)

/* 40 GiB of weights, 128 KiB of f16 cache for each token: 16 GiB at 131072. */
static struct model_shape *model(struct arena *arena)
{
    struct model_shape *shape = arena_new_of(arena, struct model_shape);

    *shape = (struct model_shape){ .architecture = "llama",
                                   .layers = 32,
                                   .embedding = 4096,
                                   .vocabulary = 128256,
                                   .heads = 32,
                                   .key_length = 128,
                                   .value_length = 128,
                                   .context = 131072,
                                   .tensor_bytes = 40 * GIB,
                                   .table_bytes = GIB,
                                   .input_bytes = GIB,
                                   .has_output = true };
    shape->work =
        (struct model_work){ .query = 4096, .key = 1024, .value = 1024, .feed_forward = 14336, .has_gate = true };
    shape->layer = arena_new_array(arena, struct model_layer, 32);
    for (int i = 0; i < 32; i++)
        shape->layer[i] = (struct model_layer){ .heads = 32, .kv_heads = 8, .key_width = 1024, .value_width = 1024 };
    return shape;
}

static struct memory_limits unified(uint64_t gpu, uint64_t ram)
{
    return (struct memory_limits){ .gpu_name = "GTT",
                                   .gpu = gpu,
                                   .ram = ram,
                                   .margin = MEMORY_MARGIN_DEFAULT,
                                   .reserve = MEMORY_RESERVE_DEFAULT,
                                   .is_unified = true };
}

static struct memory_fit judged(struct arena *arena, const struct memory_request *request, struct memory_limits limits)
{
    struct error err = ERROR_INIT;
    struct memory_fit fit;

    if (!memory_fit_judge(arena, model(arena), request, &limits, &fit, &err))
        fail_msg("%s", err.text);
    return fit;
}

static void test_fits(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct memory_request request = memory_request_default();
    struct memory_fit fit = judged(arena, &request, unified(112 * GIB, 128 * GIB));

    (void)state;
    assert_int_equal(fit.verdict, MEMORY_FITS);
    assert_string_equal(fit.sentence, "fits: it needs 55.2 GiB of the 112.0 GiB of GTT");
    assert_string_equal(memory_verdict_name(fit.verdict), "fits");
    fit = judged(arena, &request, unified(0, 0));
    assert_int_equal(fit.verdict, MEMORY_UNLIMITED);
    assert_string_equal(fit.sentence, "needs 56.4 GiB; no limit was given");
    request.on_cpu = true;
    fit = judged(arena, &request, unified(0, 64 * GIB));
    assert_string_equal(fit.sentence, "fits: it needs 56.2 GiB of the 64.0 GiB of host memory");
}

static void test_margin_and_reserve(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct memory_request request = memory_request_default();
    struct memory_fit fit = judged(arena, &request, unified(56 * GIB, 0));

    (void)state;
    assert_int_equal(fit.verdict, MEMORY_FITS_IF);
    assert_non_null(strstr(fit.sentence, "fits if nothing else needs the memory that is to stay free, or "));
    fit = judged(arena, &request, unified(112 * GIB, 58 * GIB));
    assert_int_equal(fit.verdict, MEMORY_FITS_IF);
    assert_non_null(strstr(fit.sentence,
                           "it needs 56.4 GiB, 2.4 GiB more than the 54.0 GiB of host memory that are left "
                           "after 4.0 GiB for the system"));
}

/* Whatever the sentence names must be enough, and one step more must not. */
static void test_named_context_is_the_longest(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (uint32_t slots = 1; slots <= 8; slots *= 2) {
        struct memory_request request = memory_request_default();
        request.slots = slots;
        struct memory_limits limits = unified(50 * GIB, 0);
        struct memory_fit fit = judged(arena, &request, limits), again;
        assert_int_equal(fit.verdict, MEMORY_FITS_IF);
        assert_true(fit.fitting_context > 1024 && fit.fitting_context < 131072);
        assert_non_null(
            strstr(fit.sentence, arena_printf(arena, "--ctx %llu", (unsigned long long)fit.fitting_context)));
        request.context = fit.fitting_context;
        again = judged(arena, &request, limits);
        assert_int_equal(again.verdict, MEMORY_FITS);
        request.context = fit.fitting_context + 256ULL * slots;
        again = judged(arena, &request, limits);
        assert_int_equal(again.verdict, MEMORY_FITS_IF);
    }
}

static void test_smaller_cache_is_offered_when_it_helps(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct memory_request request = memory_request_default();
    struct memory_fit fit = judged(arena, &request, unified(50 * GIB, 0));
    struct error err = ERROR_INIT;

    (void)state;
    assert_non_null(
        strstr(fit.sentence, "fits if the cache is q8_0 (--kv q8_0: 48.9 GiB), or the context is at most "));
    fit = judged(arena, &request, unified(44 * GIB, 0)); /* not enough alone */
    assert_null(strstr(fit.sentence, "q8_0"));
    assert_true(memory_cache_type("q8_0", &request.key_type, &err));
    request.value_type = request.key_type;
    fit = judged(arena, &request, unified(44 * GIB, 0));
    assert_int_equal(fit.verdict, MEMORY_FITS_IF);
    assert_null(strstr(fit.sentence, "--kv"));
}

static void test_does_not_fit(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct memory_request request = memory_request_default();
    struct memory_fit fit = judged(arena, &request, unified(24 * GIB, 0));

    (void)state;
    assert_int_equal(fit.verdict, MEMORY_DOES_NOT_FIT);
    assert_string_equal(fit.sentence,
                        "does not fit: it needs 55.2 GiB, 32.2 GiB more than the 23.0 GiB of GTT that are left "
                        "after 1.0 GiB of margin; the weights alone are 40.0 GiB");
    assert_int_equal(fit.fitting_context, 0);
}

static void test_cards_have_their_own_memory(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct memory_request request = memory_request_default();
    struct memory_limits limits = unified(64 * GIB, 16 * GIB);

    (void)state;
    limits.gpu_name = "VRAM";
    assert_int_not_equal(judged(arena, &request, limits).verdict, MEMORY_FITS);
    limits.is_unified = false; /* the host holds its own part only */
    assert_int_equal(judged(arena, &request, limits).verdict, MEMORY_FITS);
}

static void check_size(const char *text, uint64_t expected)
{
    struct error err = ERROR_INIT;
    uint64_t bytes = 0;

    if (!memory_size_parse(text, &bytes, &err) || bytes != expected)
        fail_msg("'%s' gives %llu", text, (unsigned long long)bytes);
}

static void test_sizes(void **state)
{
    static const char *const wrong[] = { "",          "GiB",   "-1G", "12 apples", "1e30", "nan",
                                         "99999999T", "5Gi B", "112", "1.5",       "112 " };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    check_size("112GiB", 112 * GIB);
    check_size("112 GiB", 112 * GIB);
    check_size("96g", 96 * GIB);
    check_size("1.5TiB", 1536 * GIB);
    check_size("100GB", 100000000000);
    check_size("4096M", 4 * GIB);
    check_size("123B", 123);
    check_size("0", 0);
    check_size("0GiB", 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error err = ERROR_INIT;
        uint64_t bytes = 7;
        if (memory_size_parse(wrong[i], &bytes, &err))
            fail_msg("'%s' was taken", wrong[i]);
        assert_int_equal(bytes, 7);
        assert_int_equal(err.kind, ERROR_OPTIONS);
    }
    assert_string_equal(memory_size_text(arena, 1536), "1.5 KiB");
    assert_string_equal(memory_size_text(arena, 3 * GIB / 2), "1.5 GiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_margin_and_reserve),
        cmocka_unit_test(test_named_context_is_the_longest),
        cmocka_unit_test(test_smaller_cache_is_offered_when_it_helps),
        cmocka_unit_test(test_does_not_fit),
        cmocka_unit_test(test_cards_have_their_own_memory),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
