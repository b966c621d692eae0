/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing YAML as PyYAML's safe dumper does: sorted keys, leaf collections in flow style unless block style is
 * asked for, strings quoted where their plain text would be read as something else. libyaml's emitter does
 * the layout, as it does for PyYAML. Shared values are repeated, but for the style that wants anchors.
 */
#include "common/yaml/yaml_writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_anchors.h"
#include "common/yaml/yaml_block.h"
#include "common/yaml/yaml_scalar.h"

#define BASE64_LINE 76

struct yaml_output {
    struct text *out;
    const struct yaml_style *style;
    struct arena *scratch;
    struct yaml_anchors anchors; /* empty unless the style wants them */
    yaml_emitter_t emitter;
    struct error *err;
};

static void output_guard(struct yaml_output *output)
{
    yaml_emitter_delete(&output->emitter);
}

static int output_write(void *data, unsigned char *buffer, size_t size)
{
    struct yaml_output *output = data;

    text_add_n(output->out, (const char *)buffer, size);
    return 1;
}

static const yaml_char_t *yaml_text(const char *text)
{
    return (const yaml_char_t *)text;
}

/* `made` is what the event's initializer said. */
static bool output_emit(struct yaml_output *output, int made, yaml_event_t *event)
{
    const char *problem;

    if (made == 0)
        return error_set(output->err, "cannot be written as YAML: the text is not valid UTF-8");
    if (yaml_emitter_emit(&output->emitter, event) != 0)
        return true;
    problem = output->emitter.problem;
    return error_set(output->err, "cannot be written as YAML: %s", problem == NULL ? "no memory" : problem);
}

static bool is_block(const struct yaml_style *style, const char *data, size_t length)
{
    if (style->literal_wide)
        return yaml_has_wide_break(data, length);
    return (style->literal_multiline || style->literal_exact) && yaml_has_break(data, length);
}

/* What default_style asks for. */
static yaml_scalar_style_t scalar_style(const struct yaml_style *style)
{
    switch (style->scalar) {
    case '"':
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    case '\'':
        return YAML_SINGLE_QUOTED_SCALAR_STYLE;
    case '|':
        return YAML_LITERAL_SCALAR_STYLE;
    case '>':
        return YAML_FOLDED_SCALAR_STYLE;
    default:
        return YAML_PLAIN_SCALAR_STYLE;
    }
}

/* A scalar whose text stands for `type` whatever its style. */
static bool write_scalar(struct yaml_output *output, enum yaml_type type, const char *tag, const char *data,
                         size_t length)
{
    bool is_plain = yaml_resolve(data, length) == type;
    bool is_literal = type == YAML_TYPE_STRING && is_block(output->style, data, length);
    yaml_scalar_style_t style = is_literal ? YAML_LITERAL_SCALAR_STYLE : scalar_style(output->style);
    yaml_event_t event;
    int made;

    if (is_literal && output->style->literal_multiline)
        yaml_block_text(output->scratch, &data, &length);
    else if (is_literal && output->style->literal_wide)
        yaml_block_text_wide(output->scratch, &data, &length);
    if (length > INT32_MAX)
        return error_set_kind(output->err, ERROR_LIMIT, "cannot be written as YAML: a text of %zu bytes", length);
    made = yaml_scalar_event_initialize(&event, NULL, yaml_text(tag), yaml_text(data), (int)length, is_plain,
                                        type == YAML_TYPE_STRING, style);
    return output_emit(output, made, &event);
}

/* A block scalar with its tag. */
static bool write_tagged(struct yaml_output *output, const char *tag, const char *data, size_t length)
{
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(&event, NULL, yaml_text(tag), yaml_text(data), (int)length, 0, 0,
                                            YAML_LITERAL_SCALAR_STYLE);

    return output_emit(output, made, &event);
}

static bool write_binary(struct yaml_output *output, const char *data, size_t length)
{
    struct text lines = text_new(output->scratch);
    const char *text = base64_encode(output->scratch, data, length);

    for (size_t left = strlen(text); left > 0;) {
        size_t part = left < BASE64_LINE ? left : BASE64_LINE;

        text_add_n(&lines, text, part);
        text_add_char(&lines, '\n');
        text += part;
        left -= part;
    }
    return write_tagged(output, YAML_TAG "binary", lines.data, lines.length);
}

static bool write_real(struct yaml_output *output, double real)
{
    struct text text = text_new(output->scratch);
    const char *exponent;

    if (isnan(real)) {
        text_add(&text, ".nan");
    } else if (isinf(real)) {
        text_add(&text, real > 0 ? ".inf" : "-.inf");
    } else {
        value_real_repr(&text, real);
        exponent = strchr(text.data, 'e');
        /* YAML 1.1 wants a point in every float */
        if (exponent != NULL && strchr(text.data, '.') == NULL) {
            const char *plain =
                arena_printf(output->scratch, "%.*s.0%s", (int)(exponent - text.data), text.data, exponent);

            return write_scalar(output, YAML_TYPE_REAL, YAML_TAG "float", plain, strlen(plain));
        }
    }
    return write_scalar(output, YAML_TYPE_REAL, YAML_TAG "float", text.data, text.length);
}

static bool write_string(struct yaml_output *output, const struct value *value)
{
    const char *data = value->as.string.data;
    size_t length = value->as.string.length;

    if (value_is_envelope(value))
        return write_tagged(output, "!vault", data, length);
    if ((value->marks & VALUE_BYTES) != 0)
        return write_binary(output, data, length);
    if (output->style->mark_unsafe && (value->marks & VALUE_TRUSTED) == 0 && value_text_is_template(data, length))
        return write_tagged(output, "!unsafe", data, length);
    return write_scalar(output, YAML_TYPE_STRING, YAML_TAG "str", data, length);
}

/* True if PyYAML would give the node no style of its own: what a flow collection may hold. */
static bool is_plain_scalar(const struct yaml_output *output, const struct value *value)
{
    if (value->kind == VALUE_LIST || value->kind == VALUE_MAP || value->kind == VALUE_OBJECT)
        return false;
    if (output->style->scalar != '\0')
        return false;
    if (value->kind != VALUE_STRING)
        return true;
    if (value_is_envelope(value) || (value->marks & VALUE_BYTES) != 0)
        return false;
    return !is_block(output->style, value->as.string.data, value->as.string.length);
}

static bool is_flow(const struct yaml_output *output, const struct value *value)
{
    for (size_t i = 0; !output->style->flow && !output->style->block && i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);

        if (pair != NULL && !is_plain_scalar(output, pair->key))
            return false;
        if (!is_plain_scalar(output, pair != NULL ? pair->item : value_item(value, i)))
            return false;
    }
    return !output->style->block;
}

static bool write_value(struct yaml_output *output, const struct value *value, int depth);

/* The name of a list or map that comes up again, or NULL; *done: it was written before, and only its name is now. */
static bool write_alias(struct yaml_output *output, const struct value *value, const yaml_char_t **anchor, bool *done)
{
    struct yaml_shared *shared = yaml_anchors_of(&output->anchors, value);
    yaml_event_t event;
    const char *name;

    *anchor = NULL;
    *done = false;
    if (shared == NULL)
        return true;
    name = arena_printf(output->scratch, "id%03d", shared->number);
    *done = shared->is_written;
    shared->is_written = true;
    *anchor = yaml_text(name);
    return !*done || output_emit(output, yaml_alias_event_initialize(&event, yaml_text(name)), &event);
}

static bool write_list(struct yaml_output *output, const struct value *list, int depth)
{
    const yaml_char_t *anchor = NULL;
    bool done = false;
    yaml_sequence_style_t style = is_flow(output, list) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
    yaml_event_t event;
    int made;

    if (!write_alias(output, list, &anchor, &done) || done)
        return done;
    made = yaml_sequence_start_event_initialize(&event, anchor, yaml_text(YAML_TAG "seq"), 1, style);
    if (!output_emit(output, made, &event))
        return false;
    for (size_t i = 0; i < value_count(list); i++) {
        if (!write_value(output, value_item(list, i), depth + 1))
            return false;
    }
    return output_emit(output, yaml_sequence_end_event_initialize(&event), &event);
}

static int pair_order(const void *left, const void *right)
{
    const struct value_pair *a = left, *b = right;
    struct error ignored = ERROR_INIT;
    int order = 0;

    value_compare(a->key, b->key, &order, &ignored);
    return order;
}

/* The pairs in the order in which they are written: keys that cannot be compared stay as they are. */
static const struct value_pair *pairs_in_order(struct yaml_output *output, const struct value *map)
{
    struct error ignored = ERROR_INIT;
    size_t count = value_count(map);
    struct value_pair *pairs;
    int order = 0;

    if (output->style->keep_order || count < 2)
        return map->as.map.pairs;
    for (size_t i = 1; i < count; i++) {
        if (!value_compare(map->as.map.pairs[0].key, map->as.map.pairs[i].key, &order, &ignored))
            return map->as.map.pairs;
    }
    pairs = arena_new_array(output->scratch, struct value_pair, count);
    memcpy(pairs, map->as.map.pairs, count * sizeof(*pairs));
    qsort(pairs, count, sizeof(*pairs), pair_order);
    return pairs;
}

static bool write_map(struct yaml_output *output, const struct value *map, int depth)
{
    yaml_mapping_style_t style = is_flow(output, map) ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
    const struct value_pair *pairs;
    const yaml_char_t *anchor = NULL;
    bool done = false;
    yaml_event_t event;
    int made;

    if (!write_alias(output, map, &anchor, &done) || done)
        return done;
    pairs = pairs_in_order(output, map);
    made = yaml_mapping_start_event_initialize(&event, anchor, yaml_text(YAML_TAG "map"), 1, style);
    if (!output_emit(output, made, &event))
        return false;
    for (size_t i = 0; i < value_count(map); i++) {
        if (!write_value(output, pairs[i].key, depth + 1) || !write_value(output, pairs[i].item, depth + 1))
            return false;
    }
    return output_emit(output, yaml_mapping_end_event_initialize(&event), &event);
}

/* A mapping that is computed on demand is written as the map it stands for. */
static bool write_object(struct yaml_output *output, const struct value *object, int depth)
{
    const struct value_object_ops *ops = object->as.object.ops;
    const struct value *keys = ops->keys == NULL ? NULL : ops->keys(object->as.object.data, output->scratch);
    struct value *map = value_map(output->scratch);

    if (keys == NULL)
        return error_set(output->err, "cannot be written as YAML: a value of type '%s'", ops->type_name);
    for (size_t i = 0; i < value_count(keys); i++) {
        const struct value *key = value_item(keys, i), *item = NULL;

        if (value_is(key, VALUE_STRING))
            item = ops->get(object->as.object.data, output->scratch, key->as.string.data, key->as.string.length);
        value_map_put_value(output->scratch, map, key, item == NULL ? value_null() : item);
    }
    return write_map(output, map, depth);
}

static bool write_value(struct yaml_output *output, const struct value *value, int depth)
{
    struct text number;

    if (depth > LIMIT_VALUE_DEPTH)
        return error_set_kind(output->err, ERROR_LIMIT, "cannot be written as YAML: nested deeper than %d levels",
                              LIMIT_VALUE_DEPTH);
    switch ((enum value_kind)value->kind) {
    case VALUE_NULL:
        return write_scalar(output, YAML_TYPE_NULL, YAML_TAG "null", "null", 4);
    case VALUE_BOOL:
        return write_scalar(output, YAML_TYPE_BOOL, YAML_TAG "bool", value->as.boolean ? "true" : "false",
                            value->as.boolean ? 4 : 5);
    case VALUE_INT:
    case VALUE_BIG:
        number = text_new(output->scratch);
        value_str(&number, value);
        return write_scalar(output, YAML_TYPE_INT, YAML_TAG "int", number.data, number.length);
    case VALUE_REAL:
        return write_real(output, value->as.real);
    case VALUE_STRING:
        return write_string(output, value);
    case VALUE_LIST:
        return write_list(output, value, depth);
    case VALUE_MAP:
        return write_map(output, value, depth);
    case VALUE_OBJECT:
        return write_object(output, value, depth);
    case VALUE_UNDEFINED:
        break;
    }
    return error_set_kind(output->err, ERROR_UNDEFINED, "'%s' is undefined", value->as.string.data);
}

/* Lists and maps that come up more than once get their names, in the order in which they are written. */
static void anchors_find(struct yaml_output *output, const struct value *value, int depth)
{
    const struct value_pair *pairs = value_is(value, VALUE_MAP) ? pairs_in_order(output, value) : NULL;

    if (depth > LIMIT_VALUE_DEPTH || !(value_is(value, VALUE_MAP) || value_is(value, VALUE_LIST)) ||
        !yaml_anchors_meet(&output->anchors, output->scratch, value))
        return;
    for (size_t i = 0; i < value_count(value); i++)
        anchors_find(output, pairs != NULL ? pairs[i].item : value_item(value, i), depth + 1);
}

static bool write_document(struct yaml_output *output, const struct value *value)
{
    yaml_version_directive_t version = { output->style->version[0], output->style->version[1] };
    yaml_event_t event;

    if (!output_emit(output, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event))
        return false;
    if (!output_emit(output,
                     yaml_document_start_event_initialize(&event, version.major == 0 ? NULL : &version, NULL, NULL,
                                                          !output->style->explicit_start),
                     &event))
        return false;
    if (!write_value(output, value, 0))
        return false;
    return output_emit(output, yaml_document_end_event_initialize(&event, !output->style->explicit_end), &event) &&
           output_emit(output, yaml_stream_end_event_initialize(&event), &event);
}

bool yaml_write(struct text *out, const struct value *value, const struct yaml_style *style, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    __attribute__((cleanup(
        output_guard))) struct yaml_output output = { .out = out, .style = style, .scratch = scratch, .err = err };

    if (!yaml_emitter_initialize(&output.emitter))
        return error_set(err, "no memory to write YAML");
    yaml_emitter_set_output(&output.emitter, output_write, &output);
    yaml_emitter_set_unicode(&output.emitter, 1);
    if (style->indent > 0)
        yaml_emitter_set_indent(&output.emitter, style->indent);
    if (style->width != 0)
        yaml_emitter_set_width(&output.emitter, style->width);
    yaml_emitter_set_canonical(&output.emitter, style->canonical);
    if (style->line_break != 0)
        yaml_emitter_set_break(&output.emitter, style->line_break < 0 ? YAML_CRLN_BREAK : YAML_CR_BREAK);
    if (style->anchors)
        anchors_find(&output, value, 0);
    return write_document(&output, value);
}
