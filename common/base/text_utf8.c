/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8. A byte that is not part of a valid sequence decodes to 0xDC00 + byte and is encoded back to that
 * byte, as Python's "surrogateescape" does: nothing is lost and nothing is refused.
 */
#include "common/base/text.h"

#define ESCAPED_BYTE 0xDC00u

static bool is_continuation(const char *data, size_t length, size_t offset)
{
    return offset < length && ((unsigned char)data[offset] & 0xC0) == 0x80;
}

/* Length of the sequence that starts with `lead` and the code point's high bits; 0: no lead byte. */
static size_t utf8_lead(unsigned char lead, uint32_t *bits_out)
{
    if (lead >= 0xC2 && lead <= 0xDF) {
        *bits_out = lead & 0x1Fu;
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        *bits_out = lead & 0x0Fu;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        *bits_out = lead & 0x07u;
        return 4;
    }
    return 0;
}

static bool is_encodable(uint32_t codepoint, size_t size)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

    if (codepoint < smallest[size] || codepoint > 0x10FFFF)
        return false;
    return codepoint < 0xD800 || codepoint > 0xDFFF;
}

uint32_t text_utf8_next(const char *data, size_t length, size_t *offset)
{
    unsigned char lead = (unsigned char)data[*offset];
    uint32_t codepoint = 0;
    size_t size;

    if (lead < 0x80) {
        (*offset)++;
        return lead;
    }
    size = utf8_lead(lead, &codepoint);
    for (size_t i = 1; i < size; i++) {
        if (!is_continuation(data, length, *offset + i)) {
            size = 0;
            break;
        }
        codepoint = codepoint << 6 | ((unsigned char)data[*offset + i] & 0x3Fu);
    }
    if (size == 0 || !is_encodable(codepoint, size)) {
        (*offset)++;
        return ESCAPED_BYTE + lead;
    }
    *offset += size;
    return codepoint;
}

size_t text_utf8_count(const char *data, size_t length)
{
    size_t count = 0;

    for (size_t offset = 0; offset < length; count++)
        text_utf8_next(data, length, &offset);
    return count;
}

size_t text_utf8_offset(const char *data, size_t length, size_t index)
{
    size_t offset = 0;

    while (index > 0 && offset < length) {
        text_utf8_next(data, length, &offset);
        index--;
    }
    return offset;
}

bool text_utf8_valid(const char *data, size_t length)
{
    for (size_t offset = 0; offset < length;) {
        uint32_t codepoint = text_utf8_next(data, length, &offset);

        if (codepoint >= ESCAPED_BYTE && codepoint <= ESCAPED_BYTE + 0xFF)
            return false;
    }
    return true;
}

static void add_tail(struct text *text, uint32_t codepoint, unsigned sizes)
{
    for (unsigned i = sizes; i-- > 0;)
        text_add_char(text, (char)(0x80u | (codepoint >> (6 * i) & 0x3Fu)));
}

void text_add_codepoint(struct text *text, uint32_t codepoint)
{
    if (codepoint >= ESCAPED_BYTE + 0x80 && codepoint <= ESCAPED_BYTE + 0xFF) {
        text_add_char(text, (char)(codepoint & 0xFFu));
        return;
    }
    if (codepoint > 0x10FFFF || (codepoint >= 0xD800 && codepoint <= 0xDFFF))
        codepoint = 0xFFFD;
    if (codepoint < 0x80) {
        text_add_char(text, (char)codepoint);
    } else if (codepoint < 0x800) {
        text_add_char(text, (char)(0xC0u | codepoint >> 6));
        add_tail(text, codepoint, 1);
    } else if (codepoint < 0x10000) {
        text_add_char(text, (char)(0xE0u | codepoint >> 12));
        add_tail(text, codepoint, 2);
    } else {
        text_add_char(text, (char)(0xF0u | codepoint >> 18));
        add_tail(text, codepoint, 3);
    }
}
