/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text format, for the files that add to /metrics. */
#pragma once

#include "common/base/text.h"
#include "controller/api/center.h"

/* "# HELP" and "# TYPE". */
void metrics_family(struct text *out, const char *name, const char *type, const char *help);
/* A label's value: backslash, quote and newline are escaped. */
void metrics_label(struct text *out, const char *text);

/* metrics_energy.c: tokens, joules, watts by workload. */
bool metrics_energy_put(struct api_call *call, struct text *out, struct error *err);
