/* SPDX-License-Identifier: Apache-2.0 */
/* The table of tensors of a GGUF file, behind its keys. Used by gguf.c. */
#pragma once

#include "common/model/gguf.h"
#include "common/model/gguf_stream.h"

bool gguf_tensors_read(struct gguf_stream *stream, struct arena *arena, struct gguf *gguf, struct error *err);
