/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thing in PEM's armour (RFC 7468): a BEGIN line with a label, base64, an END line. Stricter than most readers:
 * exactly one block of the label that is wanted, and nothing but white space around it.
 */
#pragma once

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct der {
    const unsigned char *data;
    size_t length;
};

char *pem_text(struct arena *arena, const char *label, struct der der);
/* `limit`: bytes of text at most. */
bool pem_read(struct arena *arena, const char *label, struct der text, size_t limit, struct der *out,
              struct error *err);
