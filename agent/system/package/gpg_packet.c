/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths and fields of OpenPGP packets: RFC 4880 sections 4.2 and 5.2.3, RFC 9580 for version 6. */
#include "agent/system/package/gpg_packet.h"

#include <stdio.h>
#include <string.h>

enum subpacket { SUB_CREATED = 2, SUB_KEY_LIFETIME = 9, SUB_ISSUER = 16, SUB_ISSUER_FINGERPRINT = 33 };

int64_t gpg_number(const unsigned char *bytes, size_t count)
{
    int64_t number = 0;

    for (size_t i = 0; i < count; i++)
        number = number * 256 + bytes[i];
    return number;
}

/* The length field of the new format, which subpackets have too: 1, 2 or 5 bytes. 0: cut off, or a partial length. */
static size_t read_length(const unsigned char *at, size_t left, size_t *length_out)
{
    if (left < 1 || (at[0] >= 192 && left < 2) || (at[0] == 255 && left < 5))
        return 0;
    if (at[0] < 192) {
        *length_out = at[0];
        return 1;
    }
    if (at[0] < 224) {
        *length_out = ((size_t)at[0] - 192) * 256 + at[1] + 192;
        return 2;
    }
    *length_out = (size_t)gpg_number(at + 1, 4);
    return at[0] == 255 ? 5 : 0;
}

static size_t read_old_length(const unsigned char *at, size_t left, int kind, size_t *length_out)
{
    size_t size = (size_t)1 << kind;

    if (kind > 2 || left < size)
        return 0;
    *length_out = (size_t)gpg_number(at, size);
    return size;
}

bool gpg_packet_read(const char *data, size_t length, size_t at, struct gpg_packet *out, struct error *err)
{
    const unsigned char *bytes = (const unsigned char *)data + at;
    size_t left = length - at, size = 0, header;

    if (left < 2 || (bytes[0] & 0x80) == 0)
        return error_set(err, "no valid OpenPGP data found");
    bool is_new = (bytes[0] & 0x40) != 0;
    header =
        is_new ? read_length(bytes + 1, left - 1, &size) : read_old_length(bytes + 1, left - 1, bytes[0] & 3, &size);
    if (header == 0 || size > left - 1 - header)
        return error_set(err, "no valid OpenPGP data found: a packet is cut off");
    *out = (struct gpg_packet){ .tag = is_new ? bytes[0] & 0x3f : (bytes[0] >> 2) & 0x0f,
                                .body = bytes + 1 + header,
                                .length = size,
                                .start = at,
                                .end = at + 1 + header + size };
    return true;
}

static void set_issuer(struct gpg_signature *signature, const unsigned char *id)
{
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(signature->issuer + 2 * i, 3, "%02X", id[i]);
}

static void read_subpacket(const unsigned char *body, size_t length, struct gpg_signature *out)
{
    int type = body[0] & 0x7f;

    if (type == SUB_CREATED && length >= 5)
        out->created = gpg_number(body + 1, 4);
    else if (type == SUB_KEY_LIFETIME && length >= 5)
        out->lifetime = gpg_number(body + 1, 4);
    else if (type == SUB_ISSUER && length >= 9)
        set_issuer(out, body + 1);
    else if (type == SUB_ISSUER_FINGERPRINT && length >= 22)
        set_issuer(out, body[1] == 4 ? body + 14 : body + 2);
}

/* One area of subpackets; `size` bytes of length come before it. Returns what it took, 0: cut off. */
static size_t read_area(const unsigned char *at, size_t left, size_t size, struct gpg_signature *out)
{
    if (left < size || (size_t)gpg_number(at, size) > left - size)
        return 0;
    size_t end = size + (size_t)gpg_number(at, size), cursor = size;
    while (cursor < end) {
        size_t length = 0, header = read_length(at + cursor, end - cursor, &length);

        if (header == 0 || length == 0 || length > end - cursor - header)
            return 0;
        read_subpacket(at + cursor + header, length, out);
        cursor += header + length;
    }
    return end;
}

bool gpg_signature_parse(const struct gpg_packet *packet, struct gpg_signature *out)
{
    const unsigned char *body = packet->body;
    struct gpg_signature signature = { .issuer = "" };

    if (packet->length < 8 || body[0] < 4 || body[0] > 6)
        return false;
    size_t size = body[0] == 6 ? 4 : 2, at = 4;
    signature.type = body[1];
    size_t hashed = read_area(body + at, packet->length - at, size, &signature);
    struct gpg_signature unhashed = signature;
    if (hashed == 0 || read_area(body + at + hashed, packet->length - at - hashed, size, &unhashed) == 0)
        return false;
    *out = signature;
    /* Times count only where the signature covers them. */
    memcpy(out->issuer, unhashed.issuer, sizeof(out->issuer));
    return true;
}
