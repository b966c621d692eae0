/* SPDX-License-Identifier: Apache-2.0 */
/* The compute buffer: room for the intermediate results of one batch. Sums saturate at UINT64_MAX. */
#pragma once

#include "common/model/memory_need.h"

/* `need` has the cells already. */
uint64_t memory_compute_bytes(const struct model_shape *shape, const struct memory_request *request,
                              const struct memory_need *need);
/* What stays in host memory when the layers are on a GPU: inputs, and what becomes of the token table there. */
uint64_t memory_compute_host_bytes(const struct model_shape *shape, const struct memory_request *request,
                                   const struct memory_need *need);

static inline uint64_t memory_times(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline uint64_t memory_plus(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}
