/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers keep a cache, which of those a window only, which keep a recurrent state: rules of the architecture, and keys. */
#include <stddef.h>

#include "common/model/model_shape_parts.h"

static bool rule_has(const struct model_rule *rule, unsigned flag)
{
    return rule && (rule->flags & flag);
}

/* --- recurrent layers --- */

static bool mark_every(const struct shape_keys *keys, const struct model_rule *rule, struct model_shape *shape,
                       struct error *err)
{
    uint64_t *list = NULL, interval = rule->interval;

    if (!shape_numbers(keys, "attention.recurrent_layers", shape->layers, shape->extra_layers, &list, err) ||
        !shape_number(keys, "full_attention_interval", &interval, err))
        return false;
    if (interval == 0)
        return error_set(err, "full_attention_interval is 0");
    for (uint32_t i = 0; i < shape->layers - shape->extra_layers; i++)
        shape->layer[i].is_recurrent = list ? list[i] != 0 : (i + 1) % interval != 0;
    return true;
}

static bool mark_recurrent(const struct shape_keys *keys, const struct model_rule *rule, struct model_shape *shape,
                           struct error *err)
{
    if (rule_has(rule, RULE_RECURRENT_EVERY))
        return mark_every(keys, rule, shape, err);
    for (uint32_t i = 0; i < shape->layers - shape->extra_layers; i++) {
        struct model_layer *layer = &shape->layer[i];
        layer->is_recurrent = rule_has(rule, RULE_RECURRENT | RULE_RECURRENT_BOTH) ||
                              (rule_has(rule, RULE_RECURRENT_HEADS) && layer->kv_heads == 0) ||
                              (rule_has(rule, RULE_RECURRENT_BARE) && layer->kv_heads == 0 && layer->feed_forward == 0);
    }
    return true;
}

/* --- windows --- */

static bool window_size(const struct shape_keys *keys, const struct model_rule *rule, struct model_shape *shape,
                        struct error *err)
{
    uint64_t named = rule->window;

    if (!shape_number(keys, "attention.sliding_window", &named, err))
        return false;
    if (rule_has(rule, RULE_WINDOW_64) && shape->layers - shape->extra_layers != 64)
        named = 0;
    if (rule->is_fixed && named > 0)
        named = rule->window;
    shape->window = named;
    return true;
}

static bool is_periodic(const struct model_rule *rule, uint64_t period, uint32_t layer)
{
    if (period == 0)
        return true;
    return rule_has(rule, RULE_DENSE_FIRST) ? layer % period != 0 : layer % period < period - 1;
}

static bool mark_windows(const struct shape_keys *keys, const struct model_rule *rule, struct model_shape *shape,
                         struct error *err)
{
    static const char pattern[] = "attention.sliding_window_pattern";
    const struct gguf_key *key = shape_key(keys, pattern);
    uint64_t *list = NULL, period = rule->period;
    bool is_list = key && key->type == GGUF_ARRAY;

    if (!window_size(keys, rule, shape, err))
        return false;
    if (shape->window == 0)
        return true;
    if (is_list && rule_has(rule, RULE_WINDOW_LIST) &&
        !shape_numbers(keys, pattern, shape->layers, shape->extra_layers, &list, err))
        return false;
    if (!is_list && !shape_number(keys, pattern, &period, err))
        return false;
    if (!list && rule->period == 0 && !(key && !is_list) && !rule_has(rule, RULE_WINDOW_REST)) {
        shape->caution = "which layers have a sliding window is not in the file: all are counted in full";
        return true;
    }
    for (uint32_t i = 0; i < shape->layers - shape->extra_layers; i++) {
        if (rule_has(rule, RULE_WINDOW_REST))
            shape->layer[i].is_window = !shape->layer[i].is_recurrent;
        else
            shape->layer[i].is_window = list ? list[i] != 0 : is_periodic(rule, period, i);
    }
    return true;
}

/* --- widths --- */

struct lengths {
    uint64_t key, value, index;
};

static void set_widths(const struct model_rule *rule, struct model_shape *shape, const struct lengths *window,
                       uint32_t last)
{
    for (uint32_t i = 0; i < last; i++) {
        struct model_layer *layer = &shape->layer[i];
        bool keeps = !layer->is_recurrent || rule_has(rule, RULE_RECURRENT_BOTH);
        if (rule_has(rule, RULE_RECURRENT_BARE) && layer->feed_forward != 0)
            keeps = false;
        if (!keeps)
            continue;
        layer->key_width = layer->kv_heads * (layer->is_window ? window->key : shape->key_length);
        if (shape->mla_key_length == 0)
            layer->value_width = layer->kv_heads * (layer->is_window ? window->value : shape->value_length);
        layer->index_width = window->index;
    }
}

/* How many layers from the first have a cache of their own. */
static bool last_layer(const struct shape_keys *keys, const struct model_rule *rule, const struct model_shape *shape,
                       uint32_t *out, struct error *err)
{
    uint64_t shared = 0;

    *out = shape->layers;
    if (rule_has(rule, RULE_NO_EXTRA))
        *out = shape->layers - shape->extra_layers;
    if (rule_has(rule, RULE_SHARED_20) && *out > 20)
        *out = 20;
    if (!shape_number(keys, "attention.shared_kv_layers", &shared, err))
        return false;
    if (shared > shape->layers)
        return error_set(err, "more layers share their cache than there are");
    if (shape->layers - (uint32_t)shared < *out)
        *out = shape->layers - (uint32_t)shared;
    return true;
}

bool shape_layers_read(const struct shape_keys *keys, const struct model_rule *rule, struct model_shape *shape,
                       struct error *err)
{
    struct lengths window = { shape->key_length, shape->value_length, 0 };
    uint32_t last = 0;

    if (shape->kind == MODEL_ENCODER)
        return true;
    if (!mark_recurrent(keys, rule, shape, err) || (rule && !mark_windows(keys, rule, shape, err)) ||
        !shape_number(keys, "attention.key_length_swa", &window.key, err) ||
        !shape_number(keys, "attention.value_length_swa", &window.value, err) ||
        !last_layer(keys, rule, shape, &last, err))
        return false;
    if (rule_has(rule, RULE_INDEX) && !shape_number(keys, "attention.indexer.key_length", &window.index, err))
        return false;
    set_widths(rule, shape, &window, last);
    if (!rule)
        shape->caution = "this architecture is not known: every layer is counted as plain attention";
    else if (rule_has(rule, RULE_UNSURE))
        shape->caution = "this architecture keeps more than one cache, which is not counted exactly";
    return true;
}

/* --- state --- */

static bool read_parts(const struct shape_keys *keys, struct model_shape *shape, uint64_t *convolution,
                       uint64_t *groups, struct error *err)
{
    return shape_number(keys, "ssm.conv_kernel", convolution, err) &&
           shape_number(keys, "ssm.inner_size", &shape->work.inner, err) &&
           shape_number(keys, "ssm.state_size", &shape->state_size, err) &&
           shape_number(keys, "ssm.group_count", groups, err);
}

bool shape_state_read(const struct shape_keys *keys, struct model_shape *shape, struct error *err)
{
    uint64_t convolution = 0, groups = 0, wkv = 0, shift = 2, short_cache = 0, kda = 0;

    if (!read_parts(keys, shape, &convolution, &groups, err) || !shape_number(keys, "wkv.head_size", &wkv, err) ||
        !shape_number(keys, "token_shift_count", &shift, err) ||
        !shape_number(keys, "shortconv.l_cache", &short_cache, err) || !shape_number(keys, "kda.head_dim", &kda, err))
        return false;
    uint64_t state = shape->state_size, taps = convolution > 0 ? convolution - 1 : 0;
    shape->work.convolution = shape->work.inner + 2 * groups * state;
    shape->state_conv = taps * shape->work.convolution;
    shape->state_size = state * shape->work.inner;
    if (wkv > 0) {
        shape->state_conv = shift * shape->embedding;
        shape->state_size = wkv * shape->embedding;
    } else if (short_cache > 0) {
        shape->state_conv = (short_cache - 1) * shape->embedding;
    } else if (kda > 0) {
        shape->work.inner = shape->work.convolution = shape->heads * kda;
        shape->state_conv = 3 * (convolution > 0 ? taps : 3) * shape->work.inner;
        shape->state_size = kda * shape->work.inner;
    } else if (shape->work.inner == 0) { /* linear attention (MiniMax-01): a square for each head */
        shape->state_size = shape->key_length * shape->key_length * shape->heads;
    }
    return true;
}
