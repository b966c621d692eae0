/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum against what llama-server of Debian said of the same files (tests/data/gguf/measured.txt): weights and caches to the
 * digit it prints, the compute buffer nearly. Real sizes are compared on a node (node.fit).
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/text.h"
#include "common/model/memory_need.h"

#define MIB (1024.0 * 1024.0)

struct measured {
    char name[32], cache[8], flash[8];
    uint64_t context;
    unsigned slots, ubatch, unified;
    double weights, cache_mib, window, state, compute, output;
};

static struct model_shape *shape_of(struct arena *arena, const char *name)
{
    struct error err = ERROR_INIT;
    struct model_shape *shape = NULL;

    if (!model_shape_of_file(arena, arena_printf(arena, "%s/gguf/%s.gguf", TEST_DATA, name), &shape, &err))
        fail_msg("%s", err.text);
    return shape;
}

static void check_term(const struct measured *m, const char *term, double expected, uint64_t bytes, double tolerance)
{
    double mib = (double)bytes / MIB;

    if (fabs(mib - expected) > tolerance)
        fail_msg("%s %" PRIu64 " tokens, %u slots, %s, flash %s: %s is %.3f MiB, llama-server says %.2f", m->name,
                 m->context, m->slots, m->cache, m->flash, term, mib, expected);
}

static void check_measured(const struct measured *m)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct memory_need need;
    struct memory_request request = memory_request_default();

    request.context = m->context;
    request.slots = m->slots;
    request.ubatch = m->ubatch;
    request.is_unified = m->unified != 0;
    request.flash_attention = strcmp(m->flash, "on") == 0;
    request.on_cpu = true;
    assert_true(memory_cache_type(m->cache, &request.key_type, &err));
    request.value_type = request.key_type;
    assert_true(memory_need_count(shape_of(arena, m->name), &request, &need, &err));
    check_term(m, "weights", m->weights, need.weights, 0.02);
    check_term(m, "cache", m->cache_mib, need.cache + need.index_cache, 0.011);
    check_term(m, "window cache", m->window, need.window_cache, 0.011);
    check_term(m, "state", m->state, need.state, 0.011);
    check_term(m, "output", m->output, need.output, 0.011);
    check_term(m, "compute", m->compute, need.compute, 0.1 + 0.07 * m->compute);
    assert_true(need.total == need.weights + need.cache + need.window_cache + need.state + need.compute + need.output);
    assert_true(need.host == need.total && need.gpu == 0);
}

static void test_agrees_with_llama_server(void **state)
{
    FILE *file = fopen(TEST_DATA "/gguf/measured.txt", "r");
    struct measured m;
    int count = 0;

    (void)state;
    assert_non_null(file);
    while (fscanf(file, "%31s %" SCNu64 " %u %7s %7s %u %u %lf %lf %lf %lf %lf %lf", m.name, &m.context, &m.slots,
                  m.cache, m.flash, &m.ubatch, &m.unified, &m.weights, &m.cache_mib, &m.window, &m.state, &m.compute,
                  &m.output) == 13) {
        check_measured(&m);
        count++;
    }
    fclose(file);
    assert_int_equal(count, 55);
}

/* The terms by hand: Llama 3.1 8B's shape. */
static struct model_shape *eight_billion(struct arena *arena)
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
                                   .tensor_bytes = 4000000000,
                                   .table_bytes = 300000000,
                                   .input_bytes = 300000000,
                                   .has_output = true };
    shape->work =
        (struct model_work){ .query = 4096, .key = 1024, .value = 1024, .feed_forward = 14336, .has_gate = true };
    shape->layer = arena_new_array(arena, struct model_layer, 32);
    for (int i = 0; i < 32; i++)
        shape->layer[i] = (struct model_layer){ .heads = 32, .kv_heads = 8, .key_width = 1024, .value_width = 1024 };
    return shape;
}

static struct memory_need count(const struct model_shape *shape, const struct memory_request *request)
{
    struct error err = ERROR_INIT;
    struct memory_need need;

    if (!memory_need_count(shape, request, &need, &err))
        fail_msg("%s", err.text);
    return need;
}

static void test_cache_types_and_slots(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_shape *shape = eight_billion(arena);
    struct memory_request request = memory_request_default();
    struct error err = ERROR_INIT;
    const uint64_t tokens = 131072, row = 2 * 1024;

    (void)state;
    struct memory_need need = count(shape, &request);
    assert_int_equal(need.context, tokens); /* the model's own */
    assert_true(need.cache == 32 * tokens * row * 2);
    assert_true(need.compute == 5 * 4096 * 512 * 4 + 3 * 14336 * 512 * 4 + tokens * 512 * 2);
    request.slots = 4;
    need = count(shape, &request);
    assert_int_equal(need.slot_context, tokens / 4);
    assert_true(need.cache == 32 * tokens * row * 2);
    assert_int_equal(need.output, 4 * 128256 * 4);
    request.context = 1000; /* each share is rounded up to 256 */
    need = count(shape, &request);
    assert_int_equal(need.slot_context, 256);
    assert_int_equal(need.context, 1024);
    request.context = 1100;
    assert_int_equal(count(shape, &request).context, 2048);
    request.context = tokens;
    assert_true(memory_cache_type("q8_0", &request.key_type, &err));
    assert_true(memory_cache_type("Q4_0", &request.value_type, &err));
    assert_true(count(shape, &request).cache == 32 * tokens * (1024 / 32 * 34 + 1024 / 32 * 18));
}

static void test_windows(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_shape *shape = eight_billion(arena);
    struct memory_request request = memory_request_default();

    (void)state;
    shape->window = 4096;
    for (int i = 0; i < 32; i += 2)
        shape->layer[i].is_window = true;
    struct memory_need need = count(shape, &request);
    assert_int_equal(need.window_cells, 4096 + 512);
    assert_true(need.cache == 16ULL * 131072 * 2048 * 2 && need.window_cache == 16ULL * 4608 * 2048 * 2);
    request.slots = 4;
    assert_true(count(shape, &request).window_cache == 4 * 16ULL * 4608 * 2048 * 2);
    request.is_unified = true;
    assert_int_equal(count(shape, &request).window_cells, 4 * 4096 + 512);
    request.context = 2048; /* never more than the context */
    assert_int_equal(count(shape, &request).window_cells, 2048);
    request.context = 131072;
    request.window_full = true;
    assert_int_equal(count(shape, &request).window_cells, 131072);
}

static void test_what_is_where(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_shape *shape = eight_billion(arena);
    struct memory_request request = memory_request_default();

    (void)state;
    struct memory_need need = count(shape, &request);
    assert_true(need.weights == 4000000000 && need.host == 300000000 + need.output + need.compute_host);
    assert_true(need.compute_host == 4 * 4096 * 512 * 4 + 131072 * 512 * 2);
    assert_true(need.gpu + need.host == need.total);
    shape->has_output = false; /* the token table is the output too: once in host memory, once on the GPU */
    assert_true(count(shape, &request).weights == 4300000000);
    request.on_cpu = true;
    need = count(shape, &request);
    assert_true(need.weights == 4000000000 && need.gpu == 0 && need.host == need.total && need.compute_host == 0);
    request.projector = 1000;
    assert_true(count(shape, &request).total == need.total + 1000);
}

static void test_without_flash_attention(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_shape *shape = eight_billion(arena);
    struct memory_request request = memory_request_default();

    (void)state;
    shape->layer[0].value_width = 2048;
    request.flash_attention = false;
    request.context = 8192;
    struct memory_need need = count(shape, &request);
    assert_true(need.cache == 32ULL * 8192 * (1024 + 2048) * 2); /* all as wide as the widest */
    assert_true(need.compute > 32ULL * 8192 * 512 * 4);          /* the scores */
}

/* Each the largest in its turn. */
static void test_work_of_latent_attention_and_experts(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_shape *shape = eight_billion(arena);
    struct memory_request request = memory_request_default();
    const uint64_t row = 512 * 4, mask = 8192 * 512 * 2, base = 5 * 4096 * row;

    (void)state;
    request.context = 8192;
    shape->heads = 128;
    shape->mla_key_length = 192;
    shape->kv_lora = 512;
    shape->rope = 64;
    assert_true(count(shape, &request).compute == mask + base + 128 * (192 + 2 * 512 + 2 * 64) * row);
    shape->mla_key_length = 0;
    shape->heads = 32;
    shape->work.expert = 2048;
    shape->work.experts_used = 8; /* their results find room in two of the three */
    shape->work.feed_forward = 0;
    assert_true(count(shape, &request).compute == mask + base + 3 * 16384 * row);
    shape->work.expert = 1024; /* and here they do not */
    assert_true(count(shape, &request).compute == mask + base + 3 * 8192 * row + 8 * 4096 * row);
}

static void check_refused(const struct model_shape *shape, const struct memory_request *request, const char *part)
{
    struct error err = ERROR_INIT;
    struct memory_need need = { .total = 7 };

    assert_false(memory_need_count(shape, request, &need, &err));
    assert_int_equal(need.total, 7);
    if (!strstr(err.text, part))
        fail_msg("expected '%s' in: %s", part, err.text);
}

static void test_refuses(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_shape *shape = eight_billion(arena);
    struct memory_request request = memory_request_default();
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(memory_cache_type("q6_k", &request.key_type, &err));
    assert_non_null(strstr(err.text, "'q6_k' is no type of a cache (there are f16, bf16"));
    assert_int_equal(err.kind, ERROR_OPTIONS);
    assert_true(memory_cache_type("q8_0", &request.value_type, &err));
    request.flash_attention = false;
    check_refused(shape, &request, "a quantised cache of values (q8_0) needs flash attention");
    request.flash_attention = true;
    shape->value_length = 80;
    check_refused(shape, &request, "its values are 80 long, no multiple of the 32 of a block of q8_0");
    shape->value_length = 128;
    request.slots = 257;
    check_refused(shape, &request, "slots must be 1 to 256");
    request.slots = 1;
    request.ubatch = 0;
    check_refused(shape, &request, "a batch must be");
    request = memory_request_default();
    for (int i = 0; i < 32; i++)
        shape->layer[i].key_width = 1ULL << 60;
    check_refused(shape, &request, "more memory than can be counted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_llama_server),
        cmocka_unit_test(test_cache_types_and_slots),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_what_is_where),
        cmocka_unit_test(test_work_of_latent_attention_and_experts),
        cmocka_unit_test(test_without_flash_attention),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
