/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of what a shape consists of, written and read by the same rows. */
#include "common/model/model_shape_value.h"

#include <inttypes.h>
#include <string.h>

#include "common/model/model_shape_keys.h"

#define WIDTH_MAX (SHAPE_NUMBER_MAX * SHAPE_NUMBER_MAX) /* heads times a length */
#define BYTES_MAX (1ULL << 60)
#define LAYER_NUMBERS 8 /* in the list of a layer, before its count */
#define TEXT_MAX 1000

enum field_kind { FIELD_U64, FIELD_U32, FIELD_BOOL, FIELD_TEXT };

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    uint64_t most;
};

#define NUMBER(member, limit)                                                                                          \
    {                                                                                                                  \
#member, FIELD_U64, offsetof(struct model_shape, member), limit                                                \
    }
#define SMALL(member, limit)                                                                                           \
    {                                                                                                                  \
#member, FIELD_U32, offsetof(struct model_shape, member), limit                                                \
    }
#define FLAG(member)                                                                                                   \
    {                                                                                                                  \
#member, FIELD_BOOL, offsetof(struct model_shape, member), 1                                                   \
    }
#define TEXT(member)                                                                                                   \
    {                                                                                                                  \
#member, FIELD_TEXT, offsetof(struct model_shape, member), TEXT_MAX                                            \
    }
#define WORK(member)                                                                                                   \
    {                                                                                                                  \
        "work." #member, FIELD_U64, offsetof(struct model_shape, work.member), WIDTH_MAX                               \
    }

static const struct field fields[] = {
    TEXT(architecture),
    TEXT(name),
    TEXT(quantisation),
    TEXT(tokenizer),
    TEXT(caution),
    SMALL(layers, MODEL_LAYERS_MAX),
    SMALL(extra_layers, MODEL_LAYERS_MAX),
    SMALL(shards, GGUF_SHARDS_MAX),
    NUMBER(context, SHAPE_CONTEXT_MAX),
    NUMBER(embedding, SHAPE_NUMBER_MAX),
    NUMBER(vocabulary, WIDTH_MAX),
    NUMBER(heads, SHAPE_NUMBER_MAX),
    NUMBER(key_length, SHAPE_NUMBER_MAX),
    NUMBER(value_length, SHAPE_NUMBER_MAX),
    NUMBER(window, SHAPE_CONTEXT_MAX),
    NUMBER(experts, SHAPE_NUMBER_MAX),
    NUMBER(kv_lora, SHAPE_NUMBER_MAX),
    NUMBER(rope, SHAPE_NUMBER_MAX),
    NUMBER(mla_key_length, SHAPE_NUMBER_MAX),
    NUMBER(state_conv, BYTES_MAX),
    NUMBER(state_size, BYTES_MAX),
    WORK(query),
    WORK(key),
    WORK(value),
    WORK(feed_forward),
    WORK(expert),
    WORK(experts_used),
    WORK(shared),
    WORK(in),
    WORK(convolution),
    WORK(inner),
    { "work.has_gate", FIELD_BOOL, offsetof(struct model_shape, work.has_gate), 1 },
    NUMBER(parameters, BYTES_MAX),
    NUMBER(tensor_bytes, BYTES_MAX),
    NUMBER(file_bytes, BYTES_MAX),
    NUMBER(table_bytes, BYTES_MAX),
    NUMBER(input_bytes, BYTES_MAX),
    FLAG(has_output),
    FLAG(is_big_endian),
    FLAG(is_known),
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/* --- writing --- */

static const struct value *field_value(struct arena *arena, const struct model_shape *shape, const struct field *field)
{
    const char *at = (const char *)shape + field->offset;
    const char *text = NULL;
    uint64_t number = 0;
    uint32_t small = 0;
    bool flag = false;

    switch (field->kind) {
    case FIELD_U64:
        memcpy(&number, at, sizeof(number));
        return value_int(arena, (int64_t)number);
    case FIELD_U32:
        memcpy(&small, at, sizeof(small));
        return value_int(arena, (int64_t)small);
    case FIELD_BOOL:
        memcpy(&flag, at, sizeof(flag));
        return value_bool(flag);
    case FIELD_TEXT:
        memcpy(&text, at, sizeof(text));
        break;
    }
    return text == NULL ? value_null() : value_string_n(arena, text, strnlen(text, TEXT_MAX));
}

static void layer_numbers(const struct model_layer *layer, uint64_t out[LAYER_NUMBERS])
{
    const uint64_t numbers[LAYER_NUMBERS] = { layer->heads,     layer->kv_heads,    layer->feed_forward,
                                              layer->key_width, layer->value_width, layer->index_width,
                                              layer->is_window, layer->is_recurrent };

    memcpy(out, numbers, sizeof(numbers));
}

static struct value *layers_value(struct arena *arena, const struct model_shape *shape)
{
    struct value *list = value_list(arena);
    uint32_t i = 0;

    while (i < shape->layers) {
        struct value *row = value_list(arena);
        uint64_t numbers[LAYER_NUMBERS], others[LAYER_NUMBERS];
        uint32_t count = 0;

        layer_numbers(&shape->layer[i], numbers);
        do {
            count++;
            i++;
            if (i < shape->layers)
                layer_numbers(&shape->layer[i], others);
        } while (i < shape->layers && memcmp(numbers, others, sizeof(numbers)) == 0);
        for (size_t k = 0; k < LAYER_NUMBERS; k++)
            value_list_add(arena, row, value_int(arena, (int64_t)numbers[k]));
        value_list_add(arena, row, value_int(arena, count));
        value_list_add(arena, list, row);
    }
    return list;
}

struct value *model_shape_value(struct arena *arena, const struct model_shape *shape)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "kind", model_kind_name(shape->kind));
    for (size_t i = 0; i < FIELD_COUNT; i++)
        value_map_put(arena, map, fields[i].name, field_value(arena, shape, &fields[i]));
    value_map_put(arena, map, "layer", layers_value(arena, shape));
    return map;
}

/* --- reading --- */

static bool number_read(const struct value *value, uint64_t most, uint64_t *out)
{
    if (!value_is(value, VALUE_INT) || value->as.integer < 0 || (uint64_t)value->as.integer > most)
        return false;
    *out = (uint64_t)value->as.integer;
    return true;
}

static bool text_read(struct arena *arena, const struct value *value, char *at)
{
    const char *text = value_text(value);

    if (!value_is(value, VALUE_NULL) && (text == NULL || strlen(text) > TEXT_MAX))
        return false;
    text = text == NULL ? NULL : arena_copy(arena, text);
    memcpy(at, &text, sizeof(text));
    return true;
}

static bool field_read(struct arena *arena, const struct value *value, const struct field *field,
                       struct model_shape *shape)
{
    char *at = (char *)shape + field->offset;
    uint64_t number = 0;
    uint32_t small;

    if (field->kind == FIELD_TEXT)
        return text_read(arena, value, at);
    if (field->kind == FIELD_BOOL) {
        if (value_is(value, VALUE_BOOL))
            memcpy(at, &value->as.boolean, sizeof(value->as.boolean));
        return value_is(value, VALUE_BOOL);
    }
    if (!number_read(value, field->most, &number))
        return false;
    small = (uint32_t)number;
    if (field->kind == FIELD_U64)
        memcpy(at, &number, sizeof(number));
    else
        memcpy(at, &small, sizeof(small));
    return true;
}

static bool kind_read(const struct value *map, struct model_shape *shape)
{
    static const enum model_kind kinds[] = { MODEL_TEXT, MODEL_ENCODER, MODEL_PROJECTOR };
    const char *name = value_map_text(map, "kind");

    for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(name, model_kind_name(kinds[i])) == 0) {
            shape->kind = kinds[i];
            return true;
        }
    }
    return false;
}

static bool layer_row(const struct value *row, struct model_shape *shape, uint64_t *filled)
{
    uint64_t numbers[LAYER_NUMBERS], count = 0;

    if (!value_is(row, VALUE_LIST) || value_count(row) != LAYER_NUMBERS + 1 ||
        !number_read(value_item(row, LAYER_NUMBERS), shape->layers - *filled, &count) || count == 0)
        return false;
    for (size_t i = 0; i < LAYER_NUMBERS; i++) {
        if (!number_read(value_item(row, i), i < LAYER_NUMBERS - 2 ? WIDTH_MAX : 1, &numbers[i]))
            return false;
    }
    for (; count > 0; count--)
        shape->layer[(*filled)++] = (struct model_layer){ .heads = numbers[0],
                                                          .kv_heads = numbers[1],
                                                          .feed_forward = numbers[2],
                                                          .key_width = numbers[3],
                                                          .value_width = numbers[4],
                                                          .index_width = numbers[5],
                                                          .is_window = numbers[6] == 1,
                                                          .is_recurrent = numbers[7] == 1 };
    return true;
}

static bool layers_read(struct arena *arena, const struct value *list, struct model_shape *shape, struct error *err)
{
    uint64_t filled = 0;

    shape->layer = arena_new_array(arena, struct model_layer, shape->layers + 1);
    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list); i++) {
        if (!layer_row(value_item(list, i), shape, &filled))
            return error_set(err, "a model's shape: row %zu of 'layer' makes no sense", i + 1);
    }
    return filled == shape->layers ||
           error_set(err, "a model's shape: 'layer' is of %" PRIu64 " layers, not of %u", filled, shape->layers);
}

bool model_shape_bind(struct arena *arena, const struct value *value, struct model_shape **out, struct error *err)
{
    struct model_shape *shape = arena_new_of(arena, struct model_shape);

    if (!value_is(value, VALUE_MAP))
        return error_set(err, "a model's shape is a mapping, not a %s", value_kind_text(value));
    if (!kind_read(value, shape))
        return error_set(err, "a model's shape: 'kind' is not known");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct value *item = value_map_get(value, fields[i].name);

        if (item == NULL || !field_read(arena, item, &fields[i], shape))
            return error_set(err, "a model's shape: '%s' is %s", fields[i].name,
                             item == NULL ? "missing" : "not what it should be");
    }
    if (shape->architecture == NULL || shape->architecture[0] == '\0')
        return error_set(err, "a model's shape: 'architecture' is empty");
    if (shape->extra_layers > shape->layers)
        return error_set(err, "a model's shape: %u of %u layers are extra", shape->extra_layers, shape->layers);
    if (!layers_read(arena, value_map_get(value, "layer"), shape, err))
        return false;
    *out = shape;
    return true;
}
