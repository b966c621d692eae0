/* SPDX-License-Identifier: Apache-2.0 */
/* The one thing we read from an ELF file: the dynamic loader it asks for (PT_INTERP). */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"

bool elf_interpreter(struct arena *arena, const char *path, const char **out, struct error *err);
