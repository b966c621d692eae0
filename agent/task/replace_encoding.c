/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings of text files. What cannot be decoded or encoded is an error, never a question mark. */
#include "agent/task/replace_encoding.h"

#include <ctype.h>
#include <string.h>

bool replace_encoding_find(const char *name, enum replace_encoding *out)
{
    static const struct {
        const char *name;
        enum replace_encoding encoding;
    } names[] = {
        { "utf8", REPLACE_UTF8 },        { "u8", REPLACE_UTF8 },          { "utf", REPLACE_UTF8 },
        { "ascii", REPLACE_ASCII },      { "usascii", REPLACE_ASCII },    { "646", REPLACE_ASCII },
        { "latin1", REPLACE_LATIN1 },    { "latin", REPLACE_LATIN1 },     { "iso88591", REPLACE_LATIN1 },
        { "l1", REPLACE_LATIN1 },        { "88591", REPLACE_LATIN1 },     { "utf16", REPLACE_UTF16 },
        { "utf16le", REPLACE_UTF16_LE }, { "utf16be", REPLACE_UTF16_BE }, { "u16", REPLACE_UTF16 },
    };
    char plain[16];
    size_t length = 0;

    for (const char *at = name; *at && length + 1 < sizeof(plain); at++)
        if (isalnum((unsigned char)*at))
            plain[length++] = (char)tolower((unsigned char)*at);
    plain[length] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].name, plain) == 0) {
            *out = names[i].encoding;
            return true;
        }
    return false;
}

static uint32_t unit_at(const char *data, size_t at, bool big)
{
    unsigned first = (unsigned char)data[at], second = (unsigned char)data[at + 1];

    return big ? first << 8 | second : second << 8 | first;
}

static bool utf16_read(const char *data, size_t length, bool big, struct text *out, struct error *err)
{
    if (length % 2 != 0)
        return error_set(err, "the last character of the UTF-16 text is cut off");
    for (size_t at = 0; at < length; at += 2) {
        uint32_t code = unit_at(data, at, big);
        if (code >= 0xd800 && code < 0xe000) {
            uint32_t low = code < 0xdc00 && at + 4 <= length ? unit_at(data, at + 2, big) : 0;
            if (low < 0xdc00 || low >= 0xe000)
                return error_set(err, "half a surrogate pair at byte %zu of the UTF-16 text", at);
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            at += 2;
        }
        text_add_codepoint(out, code);
    }
    return true;
}

bool replace_encoding_read(enum replace_encoding encoding, const char *data, size_t length, struct text *out,
                           struct error *err)
{
    bool has_mark = false, big = encoding == REPLACE_UTF16_BE;

    switch (encoding) {
    case REPLACE_UTF8:
        text_add_n(out, data, length);
        return true;
    case REPLACE_ASCII:
        /* bytes beyond ASCII are kept, as Python's surrogateescape does */
        text_add_n(out, data, length);
        return true;
    case REPLACE_LATIN1:
        for (size_t i = 0; i < length; i++)
            text_add_codepoint(out, (unsigned char)data[i]);
        return true;
    case REPLACE_UTF16:
        has_mark = length >= 2 && (unit_at(data, 0, false) == 0xfeff || unit_at(data, 0, true) == 0xfeff);
        big = has_mark && unit_at(data, 0, true) == 0xfeff;
        return utf16_read(data + (has_mark ? 2 : 0), length - (has_mark ? 2 : 0), big, out, err);
    case REPLACE_UTF16_LE:
    case REPLACE_UTF16_BE:
        break;
    }
    return utf16_read(data, length, big, out, err);
}

static void unit_add(struct text *out, uint32_t unit, bool big)
{
    char high = (char)(unit >> 8), low = (char)(unit & 0xff);

    text_add_char(out, big ? high : low);
    text_add_char(out, big ? low : high);
}

static void utf16_add(struct text *out, uint32_t code, bool big)
{
    if (code < 0x10000) {
        unit_add(out, code, big);
        return;
    }
    unit_add(out, 0xd800 + ((code - 0x10000) >> 10), big);
    unit_add(out, 0xdc00 + ((code - 0x10000) & 0x3ff), big);
}

bool replace_encoding_write(enum replace_encoding encoding, const char *text, size_t length, struct text *out,
                            struct error *err)
{
    if (encoding == REPLACE_UTF8 || encoding == REPLACE_ASCII) {
        text_add_n(out, text, length);
        return true;
    }
    if (!text_utf8_valid(text, length))
        return error_set(err, "the replacement is no UTF-8 text");
    if (encoding == REPLACE_UTF16)
        unit_add(out, 0xfeff, false);
    for (size_t at = 0; at < length;) {
        uint32_t code = text_utf8_next(text, length, &at);
        if (encoding != REPLACE_LATIN1)
            utf16_add(out, code, encoding == REPLACE_UTF16_BE);
        else if (code < 256)
            text_add_char(out, (char)code);
        else
            return error_set(err, "the character U+%04X does not exist in Latin-1", (unsigned)code);
    }
    return true;
}
