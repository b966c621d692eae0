/* SPDX-License-Identifier: Apache-2.0 */
/* What the tensor table tells: bytes of weights and of the token table, and the widths of the work on a token. */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "common/model/model_shape_parts.h"

static void widen(uint64_t *width, uint64_t other)
{
    if (other > *width)
        *width = other;
}

/* "blk.12.ffn_down.weight" -> "ffn_down.weight" */
static const char *part_of_block(const char *name)
{
    if (strncmp(name, "blk.", 4) != 0)
        return NULL;
    for (name += 4; isdigit((unsigned char)*name);)
        name++;
    return *name == '.' ? name + 1 : NULL;
}

static void note_width(struct model_work *work, const struct gguf_tensor *tensor)
{
    static const struct {
        const char *part;
        size_t place; /* in struct model_work */
        int dimension;
    } widths[] = {
        { "attn_q.weight", offsetof(struct model_work, query), 1 },
        { "attn_k.weight", offsetof(struct model_work, key), 1 },
        { "attn_v.weight", offsetof(struct model_work, value), 1 },
        { "ffn_down.weight", offsetof(struct model_work, feed_forward), 0 },
        { "ffn_down_exps.weight", offsetof(struct model_work, expert), 0 },
        { "ffn_down_shexp.weight", offsetof(struct model_work, shared), 0 },
        { "ssm_in.weight", offsetof(struct model_work, in), 1 },
    };
    const char *part = part_of_block(tensor->name);

    if (!part)
        return;
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        if (strcmp(part, widths[i].part) == 0)
            widen((uint64_t *)(void *)((char *)work + widths[i].place), tensor->size[widths[i].dimension]);
    }
    if (strcmp(part, "ffn_gate.weight") == 0)
        work->has_gate = true;
}

void shape_tensors_read(const struct gguf_set *set, struct model_shape *shape)
{
    shape->tensor_bytes = set->tensor_bytes;
    for (uint32_t i = 0; i < set->count; i++) {
        for (uint64_t j = 0; j < set->shards[i]->tensors_count; j++) {
            const struct gguf_tensor *tensor = &set->shards[i]->tensors[j];
            note_width(&shape->work, tensor);
            shape->parameters += tensor->elements;
            if (strcmp(tensor->name, "token_embd.weight") == 0)
                shape->table_bytes = tensor->bytes;
            if (strcmp(tensor->name, "per_layer_token_embd.weight") == 0)
                shape->input_bytes = tensor->bytes;
            if (strcmp(tensor->name, "output.weight") == 0)
                shape->has_output = true;
        }
    }
    shape->input_bytes += shape->table_bytes;
}
