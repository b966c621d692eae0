/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes as JSON and back: the same; and what is not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/memory_need.h"
#include "common/model/model_shape_value.h"

static const char *const files[] = { "llama.gguf", "split-00002-of-00003.gguf" };

static struct model_shape *shape_of(struct arena *arena, const char *name)
{
    struct error err = ERROR_INIT;
    struct model_shape *shape = NULL;

    if (!model_shape_of_file(arena, arena_printf(arena, "%s/gguf/%s", TEST_DATA, name), &shape, &err))
        fail_msg("%s", err.text);
    return shape;
}

static const char *text_of(struct arena *arena, const struct model_shape *shape)
{
    return json_text(arena, model_shape_value(arena, shape), JSON_COMPACT);
}

static const struct value *value_of(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static void assert_layer_equal(const struct model_layer *one, const struct model_layer *other)
{
    assert_int_equal(one->heads, other->heads);
    assert_int_equal(one->kv_heads, other->kv_heads);
    assert_int_equal(one->feed_forward, other->feed_forward);
    assert_int_equal(one->key_width, other->key_width);
    assert_int_equal(one->value_width, other->value_width);
    assert_int_equal(one->index_width, other->index_width);
    assert_true(one->is_window == other->is_window && one->is_recurrent == other->is_recurrent);
}

static void test_there_and_back(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const struct model_shape *shape = shape_of(arena, files[i]);
        const char *text = text_of(arena, shape);
        struct model_shape *back = NULL;
        struct error err = ERROR_INIT;

        if (!model_shape_bind(arena, value_of(arena, text), &back, &err))
            fail_msg("%s: %s", files[i], err.text);
        assert_string_equal(text_of(arena, back), text);
        assert_string_equal(back->architecture, shape->architecture);
        assert_int_equal(back->layers, shape->layers);
        for (size_t layer = 0; layer < shape->layers; layer++)
            assert_layer_equal(&back->layer[layer], &shape->layer[layer]);
        assert_int_equal(back->tensor_bytes, shape->tensor_bytes);
        assert_true(strlen(text) < 4096);
    }
}

/* Layers that differ are told apart, equal ones are told once. */
static void test_layers(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct model_layer layers[5] = {
        { .heads = 4 }, { .heads = 4 }, { .heads = 4, .is_window = true }, { .heads = 4 }, { .heads = 4 }
    };
    struct model_shape shape = { .architecture = "x", .layers = 5, .layer = layers };
    const struct value *value = model_shape_value(arena, &shape);
    struct model_shape *back = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(value_count(value_map_get(value, "layer")), 3);
    assert_true(model_shape_bind(arena, value, &back, &err));
    for (size_t i = 0; i < 5; i++)
        assert_layer_equal(&back->layer[i], &layers[i]);
}

static void assert_refused(struct arena *arena, const char *from, const char *to, const char *sentence)
{
    const char *text = text_of(arena, shape_of(arena, "llama.gguf")), *at = strstr(text, from);
    struct model_shape *back = NULL;
    struct error err = ERROR_INIT;

    assert_non_null(at);
    text = arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_false(model_shape_bind(arena, value_of(arena, text), &back, &err));
    if (strstr(err.text, sentence) == NULL)
        fail_msg("'%s' is not in '%s'", sentence, err.text);
}

static void test_refused(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_refused(arena, "\"kind\":\"text\"", "\"kind\":\"novel\"", "'kind' is not known");
    assert_refused(arena, "\"layers\":4", "\"layers\":5", "is of 4 layers, not of 5");
    assert_refused(arena, "\"layers\":4", "\"layers\":5000", "'layers' is not what it should be");
    assert_refused(arena, "\"layers\":4", "\"layers\":-4", "'layers' is not what it should be");
    assert_refused(arena, "\"context\":8192", "\"context\":9999999999", "'context' is not what it should be");
    assert_refused(arena, "\"embedding\":64,", "", "'embedding' is missing");
    assert_refused(arena, "\"architecture\":\"llama\"", "\"architecture\":null", "'architecture' is empty");
    assert_refused(arena, "\"is_known\":true", "\"is_known\":1", "'is_known' is not what it should be");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
