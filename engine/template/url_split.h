/* SPDX-License-Identifier: Apache-2.0 */
/* Taking URLs apart as Python's urllib does. */
#pragma once

#include "engine/template/eval.h"

/* A map of the nine components, or NULL with the error set. */
const struct value *url_split(struct eval *eval, const struct value *url);
