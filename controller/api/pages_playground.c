/* SPDX-License-Identifier: Apache-2.0 */
/* A form that asks a model: what can be asked, and what it answered. */
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/api/pages.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_workload.h"

#define MODELS_MAX 200
#define TOKENS_USUAL 256

/* --- what can be asked --- */

static bool is_chat(const struct value *declared)
{
    return !text_equal(value_map_text(declared, "kind"), "batch") && !value_map_true(declared, "embedding") &&
           !value_map_true(declared, "is_embedding");
}

static const char *state_of(const struct store_instance *instances, size_t count, int64_t workload_id)
{
    const char *state = NULL;

    for (size_t i = 0; i < count; i++) {
        if (instances[i].workload_id != workload_id || instances[i].replica >= STORE_INSTANCE_BESIDE)
            continue;
        if (state == NULL || text_equal(instances[i].state, "serving"))
            state = instances[i].state;
    }
    return state;
}

static bool models_put(struct api_call *call, struct value *data, const char *chosen, struct error *err)
{
    struct store_connection *reader = center_of(call)->reader;
    struct value *out = value_list(call->arena);
    struct store_workload *workloads = NULL;
    struct store_instance *instances = NULL;
    size_t count = 0, instance_count = 0;

    if (!store_workload_list(reader, call->arena, &workloads, &count, err) ||
        !store_instance_list(reader, call->arena, 0, &instances, &instance_count, err))
        return false;
    for (size_t i = 0; i < count && value_count(out) < MODELS_MAX; i++) {
        const struct value *declared = center_json(call, workloads[i].declaration);
        const char *alias = value_map_text(declared, "alias"), *name = alias == NULL ? workloads[i].name : alias;
        const char *state = state_of(instances, instance_count, workloads[i].id);
        struct value *model = value_map(call->arena);

        if (!workloads[i].is_wanted || !is_chat(declared))
            continue;
        value_map_put_string(call->arena, model, "name", name);
        value_map_put_string(call->arena, model, "text",
                             text_equal(state, "serving")
                                 ? name
                                 : arena_printf(call->arena, "%s (%s)", name, state == NULL ? "pending" : state));
        value_map_put_bool(call->arena, model, "chosen", text_equal(name, chosen));
        value_list_add(call->arena, out, model);
    }
    value_map_put(call->arena, data, "models", out);
    return true;
}

/* --- the page --- */

static const struct value *answer_value(struct api_call *call, const struct page_playground *playground)
{
    struct value *out = value_map(call->arena);

    if (playground->answer == NULL)
        return value_null();
    value_map_put_string(call->arena, out, "text", playground->answer);
    value_map_put(call->arena, out, "tokens_in",
                  playground->tokens_in > 0 ? value_int(call->arena, playground->tokens_in) : value_null());
    value_map_put(call->arena, out, "tokens_out",
                  playground->tokens_out > 0 ? value_int(call->arena, playground->tokens_out) : value_null());
    value_map_put(call->arena, out, "seconds", page_figure(call->arena, playground->seconds));
    value_map_put(call->arena, out, "rate",
                  page_figure(call->arena, playground->tokens_out > 0 && playground->seconds > 0
                                               ? (double)playground->tokens_out / playground->seconds
                                               : (double)NAN));
    return out;
}

void page_playground_reply(struct api_call *call, int status, const struct page_playground *playground)
{
    struct value *data = value_map(call->arena);
    struct error err = ERROR_INIT;

    if (!models_put(call, data, playground->model, &err)) {
        center_read_failed(call, &err);
        return;
    }
    value_map_put_bool(call->arena, data, "gateway", center_of(call)->gateway != NULL);
    value_map_put_string(call->arena, data, "prompt", playground->prompt == NULL ? "" : playground->prompt);
    value_map_put_int(call->arena, data, "max_tokens",
                      playground->max_tokens > 0 ? playground->max_tokens : TOKENS_USUAL);
    value_map_put(call->arena, data, "answer", answer_value(call, playground));
    value_map_put_string(call->arena, data, "trouble", playground->trouble);
    page_reply(call, status, "playground", "Playground", data);
}

void page_playground(struct api_call *call)
{
    const struct page_playground_query *query = call->query;

    page_playground_reply(call, 200, &(struct page_playground){ .model = query->model });
}
