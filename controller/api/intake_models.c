/* SPDX-License-Identifier: Apache-2.0 */
/* A node's list of models into the store, in place of the one before. */
#include "common/base/text.h"
#include "controller/api/intake_measured.h"
#include "controller/store/store_model.h"

#define MODELS_MAX 2000

/* The store knows each name of a node once. */
static bool is_among(const struct store_model *models, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(models[i].name, name))
            return true;
    return false;
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
        models[count++] =
            (struct store_model){ .name = name,
                                  .state = state,
                                  .digest = value_map_text(item, "digest"),
                                  .bytes =
                                      value_is(bytes, VALUE_INT) && bytes->as.integer > 0 ? bytes->as.integer : 0 };
    }
    return store_model_replace(writer, report->node_id, models, count, report->report->at_us, err);
}
