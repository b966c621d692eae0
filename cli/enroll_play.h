/* SPDX-License-Identifier: Apache-2.0 */
/* enroll.yml as it was when the program was built: cmake/embed.cmake writes it as C. */
#pragma once

#include <stddef.h>

extern const unsigned char enroll_play[]; /* a NUL is behind it */
extern const size_t enroll_play_length;
