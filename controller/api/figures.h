/* SPDX-License-Identifier: Apache-2.0 */
/* A sample as JSON: its time and each figure by name; null is "not measured". */
#pragma once

#include "controller/api/center.h"
#include "controller/store/store_sample.h"

/* "watts", "celsius", ... as in reports. */
const char *figure_name(enum store_sample_figure figure);
struct value *figures_value(struct api_call *call, const struct store_sample *sample);
