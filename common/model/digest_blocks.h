/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256's inner step over whole blocks of 64 bytes, where the processor can. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes `count` blocks into the eight words of state. False: nothing done, this machine has no such instructions. */
bool digest_blocks(uint32_t words[8], const uint8_t *data, size_t count);
