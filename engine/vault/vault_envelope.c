/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing envelopes. Sentences about malformed ones are Ansible's.
 */
#include "engine/vault/vault_envelope.h"

#include <string.h>

bool vault_is_encrypted(const char *data, size_t length)
{
    if (length < sizeof(VAULT_MARK) - 1 || memcmp(data, VAULT_MARK, sizeof(VAULT_MARK) - 1) != 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)data[i] > 0x7f)
            return false;
    }
    return true;
}

/* Bytes up to the end of the line; *next_out: where the next line begins. CR, LF and CR LF end one. */
static size_t line_of(const char *data, size_t length, size_t from, size_t *next_out)
{
    size_t end = from;

    while (end < length && data[end] != '\n' && data[end] != '\r')
        end++;
    *next_out = end + (end + 1 < length && data[end] == '\r' && data[end + 1] == '\n' ? 2 : end < length ? 1 : 0);
    return end - from;
}

bool vault_head_read(struct arena *arena, const char *data, size_t length, struct vault_head *out, struct error *err)
{
    size_t count = 0, body = 0;
    char **fields = text_split(arena, arena_copy_n(arena, data, line_of(data, length, 0, &body)), ';', &count);

    for (size_t i = 0; i < count; i++)
        fields[i] = text_trim(arena, fields[i], strlen(fields[i]));
    if (count < 3)
        return error_set(err, "Vault envelope format error: list index out of range");
    if (strcmp(fields[2], VAULT_CIPHER) != 0)
        return error_set(err, "%s cipher could not be found", fields[2]);
    *out = (struct vault_head){ count > 3 ? fields[3] : VAULT_DEFAULT_ID, body };
    return true;
}

/* --- digits --- */

static int digit_of(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const unsigned char *bytes_of(struct arena *arena, const char *digits, size_t length, size_t *length_out,
                                     struct error *err)
{
    unsigned char *bytes = arena_alloc(arena, length / 2 + 1);

    if (length % 2 != 0) {
        error_set(err, "Vault format unhexlify error: Odd-length string");
        return NULL;
    }
    for (size_t i = 0; i < length; i += 2) {
        int high = digit_of((unsigned char)digits[i]), low = digit_of((unsigned char)digits[i + 1]);

        if (high < 0 || low < 0) {
            error_set(err, "Vault format unhexlify error: Non-hexadecimal digit found");
            return NULL;
        }
        bytes[i / 2] = (unsigned char)(high << 4 | low);
    }
    *length_out = length / 2;
    return bytes;
}

static const char *digits_of(struct arena *arena, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, 2 * length + 1);

    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

/* --- parts --- */

static const char *joined_lines(struct arena *arena, const char *body, size_t length, size_t *length_out)
{
    char *joined = arena_alloc(arena, length + 1);
    size_t used = 0;

    for (size_t at = 0, next = 0; at < length; at = next) {
        size_t line = line_of(body, length, at, &next);

        memcpy(joined + used, body + at, line);
        used += line;
    }
    *length_out = used;
    return joined;
}

bool vault_parts_read(struct arena *arena, const char *body, size_t length, struct vault_parts *out, struct error *err)
{
    size_t joined_length = 0, inner_length = 0;
    const char *joined = joined_lines(arena, body, length, &joined_length);
    const char *inner = (const char *)bytes_of(arena, joined, joined_length, &inner_length, err);
    const char *first = inner == NULL ? NULL : memchr(inner, '\n', inner_length);
    const char *second = first == NULL ? NULL : memchr(first + 1, '\n', inner_length - (size_t)(first + 1 - inner));

    if (inner == NULL)
        return false;
    if (second == NULL)
        return error_set(err, "Vault vaulttext format error: not enough values to unpack (expected 3, got %d)",
                         first == NULL ? 1 : 2);
    out->salt = bytes_of(arena, inner, (size_t)(first - inner), &out->salt_length, err);
    if (out->salt != NULL)
        out->data = bytes_of(arena, second + 1, inner_length - (size_t)(second + 1 - inner), &out->length, err);
    if (out->salt != NULL && out->data != NULL)
        out->mac = bytes_of(arena, first + 1, (size_t)(second - first) - 1, &out->mac_length, err);
    return out->salt != NULL && out->data != NULL && out->mac != NULL;
}

void vault_parts_write(struct arena *arena, const char *id, const struct vault_parts *parts, struct text *out)
{
    bool has_id = id != NULL && *id != '\0' && strcmp(id, VAULT_DEFAULT_ID) != 0;
    const char *inner =
        arena_printf(arena, "%s\n%s\n%s", digits_of(arena, parts->salt, parts->salt_length),
                     digits_of(arena, parts->mac, parts->mac_length), digits_of(arena, parts->data, parts->length));
    size_t inner_length = strlen(inner);
    const char *digits = digits_of(arena, (const unsigned char *)inner, inner_length);

    text_printf(out, "%s;%s;%s%s%s\n", VAULT_MARK, has_id ? "1.2" : "1.1", VAULT_CIPHER, has_id ? ";" : "",
                has_id ? id : "");
    for (size_t at = 0; at < 2 * inner_length; at += VAULT_LINE) {
        size_t line = 2 * inner_length - at;

        text_add_n(out, digits + at, line < VAULT_LINE ? line : VAULT_LINE);
        text_add_char(out, '\n');
    }
}
