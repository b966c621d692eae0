/* SPDX-License-Identifier: Apache-2.0 */
/* Which code points Python's repr() shows as they are. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool value_is_printable(uint32_t codepoint);
