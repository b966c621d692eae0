/* SPDX-License-Identifier: Apache-2.0 */
/* What a workload needs: of its models' headers, or declared; in all, and layer by layer. */
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/model/memory_need_compute.h"
#include "common/model/memory_need_fit.h"
#include "common/value/value_python.h"
#include "controller/planner/plan_parts.h"

#define GUESS_PERCENT 120 /* of the weights, where a header is not known */

static const struct plan_model *model_find(const struct plan_input *input, const char *name)
{
    for (size_t i = 0; i < input->models_count; i++) {
        if (text_equal(input->models[i].name, name))
            return &input->models[i];
    }
    return NULL;
}

const char *plan_model_meant(struct arena *arena, const struct plan_input *input, const char *name)
{
    const char **names = arena_new_array(arena, const char *, input->models_count + 1), *nearest = NULL;

    for (size_t i = 0; i < input->models_count; i++)
        names[i] = input->models[i].name;
    nearest = name == NULL || strstr(name, "://") != NULL ? NULL : text_nearest(name, names, input->models_count);
    return nearest == NULL ? "" : arena_printf(arena, " (did you mean '%s'?)", nearest);
}

/* A number among the engine's options; `absent` where it is not said. */
static int64_t option_int(struct arena *arena, const struct workload *workload, const char *name, int64_t absent)
{
    const struct value *item = value_map_get(workload->options, name);
    int64_t number = 0;

    return item != NULL && text_to_int(value_to_text(arena, item), &number) ? number : absent;
}

static bool option_is(struct arena *arena, const struct workload *workload, const char *name, const char *text)
{
    const struct value *item = value_map_get(workload->options, name);

    return item != NULL && strcmp(value_to_text(arena, item), text) == 0;
}

/* Those that take no memory worth a word; one that is not known here counts. */
static bool is_weightless(const char *name)
{
    static const char *const names[] = { "threads", "threads_batch", "reasoning", "slots_endpoint",
                                         "jinja",   "rpc_cache_max", "version",   NULL };

    return text_in(name, names);
}

static void options_put(struct arena *arena, const struct value *map, const char *before, struct value *out)
{
    for (size_t i = 0; i < value_map_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const char *name = value_to_text(arena, pair->key);

        if (!is_weightless(name))
            value_map_put_string(arena, out, arena_printf(arena, "%s%s", before, name),
                                 value_to_text(arena, pair->item));
    }
}

const char *plan_options_text(struct arena *arena, const struct workload *workload)
{
    const struct json_style sorted = { .sort_keys = true, .compact = true };
    struct value *out = value_map(arena);

    options_put(arena, workload->options, "", out);
    options_put(arena, workload->environment, "$", out);
    if (value_count(workload->arguments) > 0)
        value_map_put(arena, out, "arguments", workload->arguments);
    return json_text(arena, out, sorted);
}

static uint32_t batch_of(int64_t number, uint32_t absent)
{
    return number > 0 && number <= MEMORY_BATCH_MAX ? (uint32_t)number : absent;
}

/* What is declared, and what of the engine's options changes the sum: those that engines of GGUF files call as llama.cpp does. */
static struct memory_request request_of(struct arena *arena, const struct workload *workload)
{
    struct memory_request request = memory_request_default();
    struct error ignored = ERROR_INIT;
    bool is_off = false, is_unified = false;

    request.context = (uint64_t)workload->context;
    request.slots = workload->slots > 0 ? (uint32_t)workload->slots : 1;
    if (workload->kv != NULL && memory_cache_type(workload->kv, &request.key_type, &ignored))
        request.value_type = request.key_type;
    request.batch = batch_of(option_int(arena, workload, "batch", 0), request.batch);
    request.ubatch = batch_of(option_int(arena, workload, "ubatch", 0), request.ubatch);
    is_off = option_is(arena, workload, "flash_attn", "off") || option_is(arena, workload, "flash_attn", "False");
    request.flash_attention = !is_off;
    if (value_map_get(workload->options, "unified") != NULL &&
        text_to_bool(value_to_text(arena, value_map_get(workload->options, "unified")), &is_unified))
        request.is_unified = is_unified;
    return request;
}

/* Layers that are to stay off the GPU, a prompt cache in host memory. */
static void need_options(struct arena *arena, const struct workload *workload, const struct model_shape *shape,
                         struct memory_need *gpu, struct memory_need *cpu)
{
    int64_t layers = option_int(arena, workload, "gpu_layers", -1),
            cache = option_int(arena, workload, "cache_ram", -1);
    uint64_t extra = cache > 0 ? memory_times((uint64_t)cache, 1024 * 1024) : 0, moved = 0;

    if (layers >= 0 && (uint64_t)layers <= shape->layers)
        moved = (uint64_t)((double)gpu->gpu * (1.0 - (double)layers / ((double)shape->layers + 1)));
    gpu->gpu -= moved;
    gpu->host = memory_plus(gpu->host, memory_plus(moved, extra));
    cpu->total = memory_plus(cpu->total, extra);
}

static uint64_t layer_cache(const struct model_shape *shape, const struct memory_request *request,
                            const struct memory_need *need, const struct model_layer *layer)
{
    const struct tensor_type *type = request->key_type;
    uint64_t cells = (layer->is_window ? need->window_cells : need->cells) * (request->is_unified ? 1 : request->slots);
    uint64_t width = layer->key_width + layer->value_width + layer->index_width;
    uint64_t bytes = memory_times(memory_times((width + type->block - 1) / type->block + 1, type->bytes), cells);

    if (layer->is_recurrent)
        bytes = memory_plus(bytes, memory_times(shape->state_conv + shape->state_size, 4ULL * request->slots));
    return bytes;
}

/* The weights are shared out evenly: how large each layer's are is not kept. */
static void need_layers(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                        const struct memory_need *need, struct plan_need *out)
{
    uint64_t *layer = arena_new_array(arena, uint64_t, shape->layers);
    uint64_t device = need->weights > shape->input_bytes ? need->weights - shape->input_bytes : 0;

    out->tail = device > shape->table_bytes ? shape->table_bytes : 0;
    for (uint32_t i = 0; i < shape->layers; i++)
        layer[i] = (device - out->tail + shape->layers - 1) / shape->layers +
                   layer_cache(shape, request, need, &shape->layer[i]);
    out->layers = shape->layers;
    out->layer = layer;
    out->compute = need->compute;
    out->head_host = need->host;
}

static void need_add(struct plan_need *out, const struct memory_need *gpu, const struct memory_need *cpu)
{
    out->gpu = memory_plus(out->gpu, gpu->gpu);
    out->gpu_host = memory_plus(out->gpu_host, gpu->host);
    out->host = memory_plus(out->host, cpu->total);
    out->weights += gpu->weights;
    out->cache += gpu->cache + gpu->window_cache + gpu->index_cache + gpu->state;
    out->host_weights += cpu->weights;
    out->host_cache += cpu->cache + cpu->window_cache + cpu->index_cache + cpu->state;
}

static void need_guess(const struct plan_model *model, struct plan_need *out)
{
    uint64_t bytes = memory_times(model->bytes / 100 + 1, GUESS_PERCENT);
    struct memory_need need = { .weights = model->bytes, .gpu = bytes, .total = bytes };

    out->is_guess = true;
    need_add(out, &need, &need);
}

static void need_model(struct arena *arena, const struct workload *workload, const struct plan_model *model,
                       struct plan_need *out)
{
    struct memory_request request = request_of(arena, workload);
    struct memory_need gpu, cpu;
    struct error err = ERROR_INIT;

    if (model->shape == NULL && model->bytes == 0) {
        out->why_not = arena_printf(arena, "how large the model '%s' is, is not known", model->name);
        return;
    }
    if (model->shape == NULL) {
        need_guess(model, out);
        return;
    }
    if (!memory_need_count(model->shape, &request, &gpu, &err)) {
        out->why_not = arena_printf(arena, "what '%s' needs cannot be counted: %s", model->name, err.text);
        return;
    }
    if (value_count(workload->models) == 1 && model->shape->layers > 0)
        need_layers(arena, model->shape, &request, &gpu, out);
    request.on_cpu = true;
    if (!memory_need_count(model->shape, &request, &cpu, &err)) {
        out->why_not = arena_printf(arena, "what '%s' needs cannot be counted: %s", model->name, err.text);
        return;
    }
    need_options(arena, workload, model->shape, &gpu, &cpu);
    need_add(out, &gpu, &cpu);
}

static void need_end(struct plan_need *out)
{
    if (out->is_cpu) {
        out->gpu = 0;
        out->gpu_host = out->host;
        out->weights = out->host_weights;
        out->cache = out->host_cache;
    }
    out->buffers = out->gpu + out->gpu_host - out->weights - out->cache;
    out->host_buffers = out->host - out->host_weights - out->host_cache;
    out->gpu_host = memory_plus(out->gpu_host, PLAN_PROCESS);
    out->host = memory_plus(out->host, PLAN_PROCESS);
    out->head_host = memory_plus(out->head_host, PLAN_PROCESS);
}

void plan_need_count(struct arena *arena, const struct plan_input *input, const struct workload *workload,
                     struct plan_need *out)
{
    size_t count = value_count(workload->models);
    const char *declared = value_map_text(workload->resources, "memory");
    struct plan_need need = { .models = arena_new_array(arena, const struct plan_model *, count + 1) };
    struct error ignored = ERROR_INIT;
    size_t known = 0;

    need.options = plan_options_text(arena, workload);
    need.is_cpu = option_is(arena, workload, "device", "none");
    if (declared != NULL)
        (void)memory_size_parse(declared, &need.declared, &ignored);
    for (size_t i = 0; i < count; i++) {
        const char *name = value_text(value_item(workload->models, i));
        const struct plan_model *model = model_find(input, name);

        if (model != NULL)
            need.models[known++] = model;
        if (need.declared == 0 && model == NULL && need.why_not == NULL)
            need.why_not = arena_printf(arena, "no node has the model '%s'%s, and how large it is, is not known", name,
                                        plan_model_meant(arena, input, name));
        if (need.declared == 0 && model != NULL && need.why_not == NULL)
            need_model(arena, workload, model, &need);
    }
    if (need.declared > 0)
        need.host = need.gpu_host = need.declared;
    else
        need_end(&need);
    *out = need;
}

const char *plan_need_text(struct arena *arena, const struct plan_need *need, bool has_gpu)
{
    uint64_t total = has_gpu ? memory_plus(need->gpu, need->gpu_host) : need->host;
    const char *sum = memory_size_text(arena, total);
    struct text out = text_new(arena);

    if (need->declared > 0)
        return arena_printf(arena, "%s (declared)", sum);
    text_printf(&out, "%s = ", sum);
    if (need->weights > 0)
        text_printf(&out, "weights %s + ", memory_size_text(arena, has_gpu ? need->weights : need->host_weights));
    if (need->cache > 0)
        text_printf(&out, "cache %s + ", memory_size_text(arena, has_gpu ? need->cache : need->host_cache));
    if (need->buffers > 0)
        text_printf(&out, "%s %s + ", need->is_guess ? "a fifth for what its header would tell" : "buffers",
                    memory_size_text(arena, has_gpu ? need->buffers : need->host_buffers));
    text_printf(&out, "program %s", memory_size_text(arena, PLAN_PROCESS));
    return out.data;
}

const struct plan_peak *plan_peak_find(const struct plan_search *search, const char *build, uint64_t nodes,
                                       bool has_gpu)
{
    const struct plan_input *input = search->planner->input;
    const struct workload *workload = search->place->workload;
    const struct plan_model *model = search->need->models[0];
    const char *kv = workload->kv == NULL ? "f16" : workload->kv;

    if (search->need->declared > 0) /* believed instead of counting, and of what one run took */
        return NULL;
    if (model == NULL || search->need->models[1] != NULL || model->digest == NULL || build == NULL)
        return NULL;
    for (size_t i = 0; i < input->peaks_count; i++) {
        const struct plan_peak *peak = &input->peaks[i];

        if (peak->nodes == nodes && text_equal(peak->options, search->need->options) &&
            peak->context == workload->context && peak->slots == workload->slots &&
            text_equal(peak->digest, model->digest) && text_equal(peak->build, build) && text_equal(peak->kv, kv) &&
            (peak->gpu > 0) == has_gpu && memory_plus(peak->gpu, peak->host) >= model->bytes)
            return peak; /* less than its weights: it was seen before it had read them */
    }
    return NULL;
}
