/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request that publishes, checked: nodes that are there, files that are there. */
#pragma once

#include "controller/api/bundle_publish.h"

#define BUNDLE_BODY_MAX ((size_t)8 * 1024 * 1024)
#define BUNDLE_NODES_MAX 500 /* in one request */

extern const struct task_spec bundle_body_spec;

/* One wish a node. False: answered already. */
bool bundle_body_read(struct api_call *call, struct bundle_wish **out, size_t *count_out);
