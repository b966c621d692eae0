/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's shape as JSON and back: nodes that have a model tell the controller what it is, and the planner reckons with it. Layers that
 * are alike and follow each other are one list of numbers with a count, so that the shape of a large model is a kilobyte or two.
 */
#pragma once

#include "common/model/model_shape.h"
#include "common/value/value.h"

/* A map; everything that model_shape_bind wants is in it. */
struct value *model_shape_value(struct arena *arena, const struct model_shape *shape);
/* Believes nothing: kinds, bounds (as the reader of the files has them) and the number of layers are checked; keys that are not known are
 * passed over. *out is as model_shape_read gave it; its texts are copied. */
bool model_shape_bind(struct arena *arena, const struct value *value, struct model_shape **out, struct error *err);
