/* SPDX-License-Identifier: Apache-2.0 */
/* A node's list of models into the store, in place of the one before. */
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/model_shape_value.h"
#include "controller/api/intake_measured.h"
#include "controller/store/store_fetch.h"
#include "controller/store/store_model.h"
#include "controller/store/store_shape.h"

#define MODELS_MAX 2000

/* The store knows each name of a node once. */
static bool is_among(const struct store_model *models, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(models[i].name, name))
            return true;
    return false;
}

/* What else the node says of it, as it came: links, path. Its shape is kept apart. */
static const char *detail_of(struct arena *arena, const struct value *item)
{
    static const char *const keys[] = { "path", "links" };
    struct value *detail = value_map(arena);

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *text = value_map_text(item, keys[i]);

        if (text != NULL && text[0] != '\0')
            value_map_put_string(arena, detail, keys[i], text);
    }
    return value_count(detail) == 0 ? NULL : json_text(arena, detail, JSON_COMPACT);
}

/* By the digest of the first file; what was believed of it before is replaced. */
static bool shape_take(struct store_connection *writer, struct arena *arena, const struct value *item,
                       const struct intake_report *report, struct error *err)
{
    const char *digest = value_map_text(item, "digest");
    const struct value *value = value_map_get(item, "shape"), *bytes = value_map_get(item, "bytes");
    struct store_shape shape = { .key = digest, .at_us = report->report->at_us };
    struct model_shape *bound = NULL;
    struct error ignored = ERROR_INIT;

    if (digest == NULL || value == NULL || !value_is(bytes, VALUE_INT) || bytes->as.integer < 0 ||
        !model_shape_bind(arena, value, &bound, &ignored))
        return true;
    shape.bytes = bytes->as.integer;
    shape.shape = json_text(arena, model_shape_value(arena, bound), JSON_COMPACT);
    return store_shape_set(writer, &shape, err);
}

bool intake_models(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                   struct error *err)
{
    const struct value *list = value_map_get(report->body, "models");
    size_t room = value_count(list) < MODELS_MAX ? value_count(list) : MODELS_MAX, count = 0;
    struct store_model *models = arena_new_array(arena, struct store_model, room + 1);

    if (!value_is(list, VALUE_LIST))
        return true;
    for (size_t i = 0; i < room; i++) {
        const struct value *item = value_item(list, i), *bytes = value_map_get(item, "bytes");
        const char *name = value_map_text(item, "name"), *state = value_map_text(item, "state");

        if (name == NULL || state == NULL || is_among(models, count, name))
            continue;
        if (!shape_take(writer, arena, item, report, err))
            return false;
        models[count++] =
            (struct store_model){ .name = name,
                                  .state = state,
                                  .digest = value_map_text(item, "digest"),
                                  .detail = detail_of(arena, item),
                                  .bytes =
                                      value_is(bytes, VALUE_INT) && bytes->as.integer > 0 ? bytes->as.integer : 0 };
    }
    return store_model_replace(writer, report->node_id, models, count, report->report->at_us, err) &&
           (room < value_count(list) || store_fetch_forget_gone(writer, report->node_id, err));
}
