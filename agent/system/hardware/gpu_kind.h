/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a GPU is part of the processor or a card, and how that is known. Part of the GPU reader (gpu.h). */
#pragma once

#include "agent/system/hardware/gpu.h"

/* Sets kind, kind_why and metrics of a GPU whose other fields are filled. */
void gpu_kind_decide(const struct sysfs *fs, struct gpu *gpu);
