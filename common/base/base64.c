/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 with the standard alphabet. Decoding follows Python's b64decode: characters outside the
 * alphabet are skipped, missing padding is an error.
 */
#include <string.h>

#include "common/base/hash.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(struct arena *arena, const void *data, size_t length)
{
    const unsigned char *in = data;
    char *text = arena_alloc(arena, (length + 2) / 3 * 4 + 1);
    char *out = text;

    for (size_t i = 0; i < length; i += 3) {
        uint32_t group = (uint32_t)in[i] << 16;

        if (i + 1 < length)
            group |= (uint32_t)in[i + 1] << 8;
        if (i + 2 < length)
            group |= in[i + 2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = i + 1 < length ? alphabet[group >> 6 & 63] : '=';
        *out++ = i + 2 < length ? alphabet[group & 63] : '=';
    }
    return text;
}

static int base64_digit(char c)
{
    const char *at = c == '\0' ? NULL : memchr(alphabet, c, sizeof(alphabet) - 1);

    return at == NULL ? -1 : (int)(at - alphabet);
}

static bool base64_end(int digits, bool is_padded, size_t length, struct error *err)
{
    if (digits == 0 || is_padded)
        return true;
    if (digits == 1)
        return error_set(err,
                         "Invalid base64-encoded string: number of data characters (%zu) cannot be 1 more"
                         " than a multiple of 4",
                         length);
    return error_set(err, "Incorrect padding");
}

bool base64_decode(struct arena *arena, const char *text, size_t length, char **data_out, size_t *length_out,
                   struct error *err)
{
    char *data = arena_alloc(arena, length / 4 * 3 + 4);
    size_t used = 0, characters = 0;
    uint32_t group = 0;
    int digits = 0, pads = 0;

    for (size_t i = 0; i < length && digits + pads < 4; i++) {
        int digit = base64_digit(text[i]);

        if (text[i] == '=' && digits >= 2)
            pads++;
        if (digit < 0)
            continue;
        pads = 0;
        characters++;
        group = (group << 6 | (uint32_t)digit) & 0xFFFFFF;
        digits = (digits + 1) % 4;
        if (digits != 1)
            data[used++] = (char)(digits == 2 ? group >> 4 : digits == 3 ? group >> 2 : group);
    }
    if (!base64_end(digits, digits + pads >= 4, characters, err))
        return false;
    data[used] = '\0';
    *data_out = data;
    *length_out = used;
    return true;
}
