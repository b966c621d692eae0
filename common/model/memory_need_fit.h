/* SPDX-License-Identifier: Apache-2.0 */
/* Does a model fit: what it needs against what a node has, in one sentence, with what would have to change if it does not. */
#pragma once

#include "common/model/memory_need.h"

#define MEMORY_MARGIN_DEFAULT (1024ULL * 1024 * 1024)      /* of GPU memory that stays free: llama.cpp's --fit-target */
#define MEMORY_RESERVE_DEFAULT (4ULL * 1024 * 1024 * 1024) /* of host memory for all that is not the model */

/* 0: not known, so not checked. */
struct memory_limits {
    const char *gpu_name; /* "GTT", "VRAM": for the sentence */
    uint64_t gpu, ram;
    uint64_t margin, reserve;
    bool is_unified; /* GPU memory is host memory: the host must hold both parts */
};

enum memory_verdict { MEMORY_UNLIMITED, MEMORY_FITS, MEMORY_FITS_IF, MEMORY_DOES_NOT_FIT };

struct memory_fit {
    enum memory_verdict verdict;
    const char *sentence;
    uint64_t fitting_context; /* the largest with everything else as asked; 0: none, or not looked for */
};

bool memory_fit_judge(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                      const struct memory_limits *limits, struct memory_fit *out, struct error *err);
const char *memory_verdict_name(enum memory_verdict verdict);
/* "112.0 GiB" */
char *memory_size_text(struct arena *arena, uint64_t bytes);
/* "112GiB", "96G", "4096M", "1.5TiB", bytes without a unit; decimal units are GB, MB... */
bool memory_size_parse(const char *text, uint64_t *out, struct error *err);
