/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scalars: by their tag, or by what their plain text looks like. Strings get the marks that decide later
 * whether they are templated.
 */
#include <string.h>

#include "common/base/hash.h"
#include "common/yaml/yaml_loader.h"
#include "common/yaml/yaml_scalar.h"

static struct value *scalar_fail(struct yaml_loader *in, const yaml_event_t *event, const char *text)
{
    struct source_position at = yaml_loader_position(in, &event->start_mark);

    error_set_at(in->err, &at, "%s", text);
    return NULL;
}

static struct value *scalar_string(struct yaml_loader *in, const char *data, size_t length, bool is_trusted)
{
    struct value *string = value_string_n(in->arena, data, length);

    if (is_trusted)
        string->marks |= VALUE_TRUSTED;
    if (!is_trusted || !value_text_is_template(data, length))
        string->marks |= VALUE_STATIC;
    return string;
}

static struct value *scalar_binary(struct yaml_loader *in, const yaml_event_t *event)
{
    struct error ignored = ERROR_INIT;
    struct value *bytes;
    char *data = NULL;
    size_t length = 0;

    if (!base64_decode(in->arena, (const char *)event->data.scalar.value, event->data.scalar.length, &data, &length,
                       &ignored))
        return scalar_fail(in, event, "!!binary is not valid base64");
    bytes = value_string_borrow(in->arena, data, length);
    bytes->marks = VALUE_BYTES | VALUE_STATIC;
    return bytes;
}

/* A scalar whose type is known: from its tag, or from its text. */
static struct value *scalar_typed(struct yaml_loader *in, const yaml_event_t *event, enum yaml_type type)
{
    const char *data = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    bool is_trusted = yaml_loader_is_trusted(in);
    struct error why = ERROR_INIT;
    struct value *value = NULL;

    if (type == YAML_TYPE_TIMESTAMP) {
        char *iso = yaml_timestamp(in->arena, data, length);

        return iso == NULL ? scalar_string(in, data, length, is_trusted)
                           : scalar_string(in, iso, strlen(iso), is_trusted);
    }
    if (type == YAML_TYPE_BINARY)
        return scalar_binary(in, event);
    value = yaml_construct(in->arena, type, data, length, &why);
    if (value == NULL && why.text[0] != '\0')
        return scalar_fail(in, event, why.text);
    if (value == NULL)
        return scalar_string(in, data, length, is_trusted);
    if (is_trusted)
        value->marks |= VALUE_TRUSTED;
    return value;
}

struct scalar_tag {
    const char *tag;
    enum yaml_type type;
};

static const struct scalar_tag *standard_tag(const char *tag)
{
    static const struct scalar_tag tags[] = {
        { YAML_TAG "str", YAML_TYPE_STRING },
        { YAML_TAG "python/unicode", YAML_TYPE_STRING },
        { YAML_TAG "int", YAML_TYPE_INT },
        { YAML_TAG "float", YAML_TYPE_REAL },
        { YAML_TAG "bool", YAML_TYPE_BOOL },
        { YAML_TAG "null", YAML_TYPE_NULL },
        { YAML_TAG "timestamp", YAML_TYPE_TIMESTAMP },
        { YAML_TAG "binary", YAML_TYPE_BINARY },
        { YAML_TAG "value", YAML_TYPE_STRING },
        { YAML_TAG "merge", YAML_TYPE_STRING },
    };

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (strcmp(tags[i].tag, tag) == 0)
            return &tags[i];
    }
    return NULL;
}

/* Bytes that stay text whatever they look like need no check; others must be of the type their tag names. */
static struct value *scalar_tagged(struct yaml_loader *in, const yaml_event_t *event, const char *tag)
{
    const char *data = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    const struct scalar_tag *standard = standard_tag(tag);
    struct value *value;

    if (strcmp(tag, "!unsafe") == 0)
        return scalar_string(in, data, length, false);
    if (strcmp(tag, "!vault") == 0 || strcmp(tag, "!vault-encrypted") == 0) {
        value = value_string_n(in->arena, data, length);
        value->marks = VALUE_VAULT | (yaml_loader_is_trusted(in) ? VALUE_TRUSTED : 0);
        return value;
    }
    if (standard == NULL)
        return scalar_fail(in, event, arena_printf(in->arena, "unknown tag '%s'", tag));
    value = scalar_typed(in, event, standard->type);
    if (value != NULL && value->kind == VALUE_STRING && standard->type >= YAML_TYPE_BOOL &&
        standard->type <= YAML_TYPE_REAL)
        return scalar_fail(in, event,
                           arena_printf(in->arena, "'%s' does not fit its tag '!!%s'", data, tag + strlen(YAML_TAG)));
    return value;
}

struct value *yaml_node_scalar(struct yaml_loader *in, const yaml_event_t *event)
{
    const char *data = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    const char *tag = (const char *)event->data.scalar.tag;
    enum yaml_type type = YAML_TYPE_STRING;
    struct value *value;

    if (tag != NULL && strcmp(tag, "!") == 0)
        tag = NULL;
    if (event->data.scalar.plain_implicit)
        type = yaml_resolve(data, length);
    if (tag != NULL)
        value = scalar_tagged(in, event, tag);
    else if (type == YAML_TYPE_STRING)
        value = scalar_string(in, data, length, yaml_loader_is_trusted(in));
    else
        value = scalar_typed(in, event, type);
    if (value != NULL)
        yaml_loader_place(in, value, &event->start_mark);
    return value;
}
