/* SPDX-License-Identifier: Apache-2.0 */
/* Python's random.Random: the Mersenne Twister, seeded as Python seeds it; and the system's generator. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/value/value.h"

#define RANDOM_WORDS 624

struct random {
    uint32_t words[RANDOM_WORDS];
    size_t next;
    bool system; /* from the kernel, no state */
};

struct random random_from_system(void);
/* Random(seed); false: no seed that Python takes (int, float, str, bytes), or a large one without GMP. */
bool random_from_seed(struct arena *arena, const struct value *seed, struct random *out);
/* 0 .. count - 1, count > 0, by the same draws as Python's _randbelow. */
uint64_t random_below(struct random *random, uint64_t count);
/* The same for an integer of any size; NULL: failed. */
const struct value *random_below_big(struct arena *arena, struct random *random, const struct value *count,
                                     struct error *err);
