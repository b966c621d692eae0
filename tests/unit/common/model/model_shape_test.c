/* SPDX-License-Identifier: Apache-2.0 */
/* What a model is: from the generated models of tests/data/gguf, and from headers made here for what is rare or wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/model/model_shape.h"
#include "tests/unit/common/model/gguf_builder.h"

static struct model_shape *shape_of(struct arena *arena, const char *name)
{
    struct error err = ERROR_INIT;
    struct model_shape *shape = NULL;

    if (!model_shape_of_file(arena, arena_printf(arena, "%s/gguf/%s", TEST_DATA, name), &shape, &err))
        fail_msg("%s", err.text);
    return shape;
}

/* 'f' full cache, 'w' window, 'r' recurrent, 'b' recurrent and a cache, '-' nothing */
static const char *pattern(struct arena *arena, const struct model_shape *shape)
{
    struct text text = text_new(arena);

    for (uint32_t i = 0; i < shape->layers; i++) {
        const struct model_layer *layer = &shape->layer[i];
        bool keeps = layer->key_width > 0;
        text_add_char(&text, layer->is_recurrent ? keeps ? 'b' : 'r' : !keeps ? '-' : layer->is_window ? 'w' : 'f');
    }
    return text.data;
}

static void test_llama(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct model_shape *shape = shape_of(arena, "llama.gguf");

    (void)state;
    assert_string_equal(shape->architecture, "llama");
    assert_string_equal(shape->name, "generated llama");
    assert_string_equal(shape->quantisation, "Q4_0");
    assert_string_equal(shape->tokenizer, "llama");
    assert_string_equal(model_kind_name(shape->kind), "text");
    assert_int_equal(shape->layers, 4);
    assert_int_equal(shape->context, 8192);
    assert_int_equal(shape->embedding, 64);
    assert_int_equal(shape->vocabulary, 300);
    assert_int_equal(shape->heads, 2);
    assert_int_equal(shape->key_length, 32);
    assert_int_equal(shape->layer[3].kv_heads, 1);
    assert_int_equal(shape->layer[3].key_width, 32);
    assert_int_equal(shape->layer[3].value_width, 32);
    assert_int_equal(shape->work.query, 64);
    assert_int_equal(shape->work.feed_forward, 128);
    assert_true(shape->work.has_gate);
    assert_true(shape->has_output);
    assert_int_equal(shape->table_bytes, 64 * 300 / 32 * 18);
    assert_int_equal(shape->input_bytes, shape->table_bytes);
    assert_true(shape->is_known);
    assert_null(shape->caution);
    assert_string_equal(pattern(arena, shape), "ffff");
}

static void test_shards_are_one_model(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct model_shape *whole = shape_of(arena, "llama.gguf"),
                             *split = shape_of(arena, "split-00002-of-00003.gguf");

    (void)state;
    assert_int_equal(split->shards, 3);
    assert_int_equal(split->tensor_bytes, whole->tensor_bytes);
    assert_int_equal(split->parameters, whole->parameters);
    assert_int_equal(split->work.feed_forward, 128);
    assert_true(split->has_output);
}

static void test_windows_experts_and_latent_attention(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct model_shape *shape = shape_of(arena, "gemma3.gguf");

    (void)state;
    assert_string_equal(pattern(arena, shape), "wwwwwf");
    assert_int_equal(shape->window, 512);
    assert_false(shape->has_output);
    shape = shape_of(arena, "gpt-oss.gguf");
    assert_string_equal(pattern(arena, shape), "wf");
    assert_string_equal(shape->quantisation, "MXFP4");
    assert_int_equal(shape->window, 128);
    assert_int_equal(shape->experts, 4);
    assert_int_equal(shape->work.experts_used, 2);
    assert_int_equal(shape->work.expert, 64);
    assert_int_equal(shape->work.feed_forward, 0);
    shape = shape_of(arena, "deepseek2.gguf");
    assert_string_equal(pattern(arena, shape), "ff");
    assert_int_equal(shape->mla_key_length, 64);
    assert_int_equal(shape->kv_lora, 64);
    assert_int_equal(shape->layer[0].key_width, 96); /* rank and rope; no values */
    assert_int_equal(shape->layer[0].value_width, 0);
    assert_int_equal(shape->work.shared, 64);
}

static void test_recurrent_models(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct model_shape *shape = shape_of(arena, "mamba2.gguf");

    (void)state;
    assert_string_equal(pattern(arena, shape), "rr");
    assert_int_equal(shape->heads, 0);
    assert_int_equal(shape->state_conv, 3 * (128 + 2 * 16));
    assert_int_equal(shape->state_size, 16 * 128);
    assert_string_equal(pattern(arena, shape_of(arena, "jamba.gguf")), "rrfr");
    assert_string_equal(pattern(arena, shape_of(arena, "falcon-h1.gguf")), "bb");
    shape = shape_of(arena, "qwen3next.gguf");
    assert_string_equal(pattern(arena, shape), "rrrf");
    assert_int_equal(shape->state_conv, 3 * (128 + 2 * 2 * 32));
    assert_int_equal(shape->state_size, 32 * 128);
}

static void test_other_kinds(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct model_shape *shape = shape_of(arena, "bert.gguf");

    (void)state;
    assert_int_equal(shape->kind, MODEL_ENCODER);
    assert_string_equal(pattern(arena, shape), "--");
    shape = shape_of(arena, "mmproj.gguf");
    assert_int_equal(shape->kind, MODEL_PROJECTOR);
    assert_int_equal(shape->layers, 0);
    assert_true(shape->tensor_bytes > 0);
}

/* --- headers made here --- */

struct header {
    struct builder b;
    const char *architecture;
    uint64_t keys;
};

static struct header header_new(struct arena *arena, const char *architecture, uint32_t layers)
{
    struct header h = { builder_new(arena, false), architecture, 3 };

    put_string(&h.b, "general.architecture", architecture);
    put_u32(&h.b, arena_printf(arena, "%s.block_count", architecture), layers);
    put_u32(&h.b, arena_printf(arena, "%s.embedding_length", architecture), 512);
    return h;
}

static void add(struct header *h, const char *name, uint32_t value)
{
    h->keys++;
    put_u32(&h->b, arena_printf(h->b.data.arena, "%s.%s", h->architecture, name), value);
}

static void add_list(struct header *h, const char *name, const int32_t *values, uint64_t count)
{
    h->keys++;
    put_list(&h->b, arena_printf(h->b.data.arena, "%s.%s", h->architecture, name), values, count);
}

static bool header_read(const struct header *h, struct model_shape **out, struct error *err)
{
    struct arena *arena = h->b.data.arena;
    struct builder whole = builder_new(arena, false);
    struct gguf_set set = { 0 };

    put_head(&whole, 3, 0, h->keys);
    text_add_n(&whole.data, h->b.data.data, h->b.data.length);
    set.shards = arena_new_array(arena, struct gguf *, 1);
    set.count = 1;
    return read_built(arena, &whole, &set.shards[0], err) && model_shape_read(arena, &set, out, err);
}

static struct model_shape *header_shape(const struct header *h)
{
    struct error err = ERROR_INIT;
    struct model_shape *shape = NULL;

    if (!header_read(h, &shape, &err))
        fail_msg("%s", err.text);
    return shape;
}

static void check_pattern(const char *architecture, uint32_t layers, uint32_t window, const char *expected)
{
    ARENA_SCOPED arena = arena_new();
    struct header h = header_new(arena, architecture, layers);

    add(&h, "attention.head_count", 8);
    if (window > 0)
        add(&h, "attention.sliding_window", window);
    assert_string_equal(pattern(arena, header_shape(&h)), expected);
}

static void test_window_patterns(void **state)
{
    (void)state;
    check_pattern("gemma2", 4, 0, "wfwf");
    check_pattern("cohere2", 8, 4096, "wwwfwwwf");
    check_pattern("smallthinker", 8, 1, "fwwwfwww");
    check_pattern("llama4", 8, 0, "wwwfwwwf");
    check_pattern("olmo2", 4, 0, "ffff"); /* OLMo 2 has none, OLMo 3 has */
    check_pattern("olmo2", 4, 4096, "wwwf");
    check_pattern("exaone4", 4, 4096, "ffff"); /* only the one with 64 layers */
    check_pattern("gemma3n", 22, 512, "wwwwfwwwwfwwwwfwwwwf--");
    check_pattern("qwen2", 2, 4096, "ff"); /* names a window that llama.cpp does not use */
    check_pattern("phi3", 2, 2048, "ff");
}

static void test_window_sizes_and_lists(void **state)
{
    static const int32_t list[] = { 1, 1, 0, 1, 0, 0 };
    ARENA_SCOPED arena = arena_new();
    struct header h = header_new(arena, "gemma4", 6);
    const struct model_shape *shape;

    (void)state;
    add(&h, "attention.head_count", 8);
    add(&h, "attention.key_length", 64);
    add(&h, "attention.key_length_swa", 32);
    add(&h, "attention.value_length_swa", 16);
    add(&h, "attention.sliding_window", 1024);
    add(&h, "attention.shared_kv_layers", 2);
    struct header without = h;
    without.b = builder_new(arena, false);
    text_add_n(&without.b.data, h.b.data.data, h.b.data.length);
    add_list(&h, "attention.sliding_window_pattern", list, 6);
    shape = header_shape(&h);
    assert_string_equal(pattern(arena, shape), "wwfw--");
    assert_int_equal(shape->layer[0].key_width, 8 * 32);
    assert_int_equal(shape->layer[0].value_width, 8 * 16);
    assert_int_equal(shape->layer[2].key_width, 8 * 64);
    shape = header_shape(&without);
    assert_string_equal(pattern(arena, shape), "ffff--");
    assert_non_null(strstr(shape->caution, "all are counted in full"));
    h = header_new(arena, "llama4", 4);
    add(&h, "attention.head_count", 8);
    add(&h, "attention.sliding_window", 77);
    assert_int_equal(header_shape(&h)->window, 8192); /* fixed */
    h = header_new(arena, "gemma3", 4);
    add(&h, "attention.head_count", 8);
    add(&h, "attention.sliding_window", 77);
    add(&h, "attention.sliding_window_pattern", 2);
    assert_string_equal(pattern(arena, header_shape(&h)), "wfwf");
}

static void test_heads_for_each_layer(void **state)
{
    static const int32_t heads[] = { 8, 4, 2 }, kv_heads[] = { 2, 0, 1 };
    ARENA_SCOPED arena = arena_new();
    struct header h = header_new(arena, "deci", 3);

    (void)state;
    add_list(&h, "attention.head_count", heads, 3);
    add_list(&h, "attention.head_count_kv", kv_heads, 3);
    const struct model_shape *shape = header_shape(&h);
    assert_int_equal(shape->key_length, 64); /* 512 / 8 */
    assert_int_equal(shape->heads, 8);
    assert_int_equal(shape->layer[0].key_width, 128);
    assert_int_equal(shape->layer[1].key_width, 0);
    assert_int_equal(shape->layer[2].value_width, 64);
}

static void test_layers_for_several_tokens(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct header h = header_new(arena, "glm4moe", 4), idle = header_new(arena, "hy_v3", 4);

    (void)state;
    add(&h, "attention.head_count", 8);
    add(&h, "nextn_predict_layers", 1);
    assert_string_equal(pattern(arena, header_shape(&h)), "ffff");
    add(&idle, "attention.head_count", 8);
    add(&idle, "nextn_predict_layers", 1);
    assert_string_equal(pattern(arena, header_shape(&idle)), "fff-");
}

static void test_states_of_other_families(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct header h = header_new(arena, "rwkv7", 2);
    const struct model_shape *shape;

    (void)state;
    add(&h, "wkv.head_size", 64);
    shape = header_shape(&h);
    assert_int_equal(shape->state_conv, 2 * 512);
    assert_int_equal(shape->state_size, 64 * 512);
    h = header_new(arena, "lfm2", 2);
    add(&h, "attention.head_count", 8);
    add(&h, "attention.head_count_kv", 0);
    add(&h, "shortconv.l_cache", 3);
    shape = header_shape(&h);
    assert_string_equal(pattern(arena, shape), "rr");
    assert_int_equal(shape->state_conv, 2 * 512);
    assert_int_equal(shape->state_size, 0);
    h = header_new(arena, "minimax-01", 8);
    add(&h, "attention.head_count", 8);
    shape = header_shape(&h);
    assert_string_equal(pattern(arena, shape), "rrrrrrrf");
    assert_int_equal(shape->state_size, 64 * 64 * 8);
}

static void test_unknown_architecture(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct header h = header_new(arena, "brand-new", 2);

    (void)state;
    add(&h, "attention.head_count", 8);
    add(&h, "attention.sliding_window", 128);
    const struct model_shape *shape = header_shape(&h);
    assert_false(shape->is_known);
    assert_string_equal(pattern(arena, shape), "ff");
    assert_non_null(strstr(shape->caution, "this architecture is not known"));
}

static void check_refused(const struct header *h, const char *part)
{
    struct error err = ERROR_INIT;
    struct model_shape *shape = NULL;

    assert_false(header_read(h, &shape, &err));
    if (!strstr(err.text, part))
        fail_msg("expected '%s' in: %s", part, err.text);
}

static void test_refuses_what_makes_no_sense(void **state)
{
    static const int32_t three[] = { 1, 2, 3 }, negative[] = { 1, -2 };
    ARENA_SCOPED arena = arena_new();
    struct header h = { builder_new(arena, false), "", 0 };

    (void)state;
    check_refused(&h, "test.gguf: general.architecture is missing: this is no model");
    h.keys = 1;
    put_string(&h.b, "general.architecture", "llama");
    check_refused(&h, "test.gguf: key 'llama.block_count' is missing");
    h = header_new(arena, "llama", 0);
    check_refused(&h, "0 layers cannot be");
    h = header_new(arena, "llama", 1000000);
    check_refused(&h, "1000000 layers cannot be");
    h = header_new(arena, "llama", 2);
    add_list(&h, "attention.head_count", three, 3);
    check_refused(&h, "key 'llama.attention.head_count' has 3 values for 2 layers");
    h = header_new(arena, "llama", 2);
    add_list(&h, "attention.head_count", negative, 2);
    check_refused(&h, "is no whole number");
    h = header_new(arena, "llama", 2);
    add(&h, "attention.head_count", 1U << 31);
    check_refused(&h, "is 2147483648, which cannot be");
    h = header_new(arena, "llama", 2);
    add(&h, "nextn_predict_layers", 2);
    check_refused(&h, "2 of 2 layers for several tokens cannot be");
    h = header_new(arena, "llama", 2);
    add(&h, "expert_used_count", 2);
    check_refused(&h, "2 of 0 experts used cannot be");
    h = header_new(arena, "qwen3next", 2);
    add(&h, "full_attention_interval", 0);
    check_refused(&h, "full_attention_interval is 0");
    h = header_new(arena, "deepseek2", 2);
    add(&h, "attention.key_length_mla", 192);
    check_refused(&h, "one is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_llama),
        cmocka_unit_test(test_shards_are_one_model),
        cmocka_unit_test(test_windows_experts_and_latent_attention),
        cmocka_unit_test(test_recurrent_models),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_window_patterns),
        cmocka_unit_test(test_window_sizes_and_lists),
        cmocka_unit_test(test_heads_for_each_layer),
        cmocka_unit_test(test_layers_for_several_tokens),
        cmocka_unit_test(test_states_of_other_families),
        cmocka_unit_test(test_unknown_architecture),
        cmocka_unit_test(test_refuses_what_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
