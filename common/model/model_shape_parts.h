/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of reading a model's shape; used by model_shape.c. */
#pragma once

#include "common/model/model_shape.h"
#include "common/model/model_shape_keys.h"
#include "common/model/model_shape_rules.h"

/* Which layers keep what; needs layers, heads and lengths. */
bool shape_layers_read(const struct shape_keys *keys, const struct model_rule *rule, struct model_shape *shape,
                       struct error *err);
/* Sizes of the recurrent state of a layer. */
bool shape_state_read(const struct shape_keys *keys, struct model_shape *shape, struct error *err);
/* What the tensor table says: sizes of weights, widths of the work. */
void shape_tensors_read(const struct gguf_set *set, struct model_shape *shape);
