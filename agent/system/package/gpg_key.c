/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of OpenPGP keyrings. Signatures are read for expiry times only (gpg_packet.c). */
#include "agent/system/package/gpg_key.h"

#include <stdio.h>
#include <string.h>

#include "agent/system/package/gpg_packet.h"
#include "common/base/hash.h"
#include "common/base/text.h"

#define ID_DIGITS 16
#define ARMOR_LINE 64
#define FIRST_CAPACITY 8
#define ARMOR "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define ARMOR_END "-----END PGP PUBLIC KEY BLOCK-----"

/* --- armor --- */

bool gpg_is_armored(const char *data, size_t length)
{
    return memmem(data, length, ARMOR, strlen(ARMOR)) != NULL;
}

/* The base64 lines: not the headers, which hold a colon, nor the checksum. */
static bool block_decode(struct arena *arena, const char *from, const char *to, struct text *out, struct error *err)
{
    const char *line;
    struct text digits = text_new(arena);
    size_t length, decoded_length = 0;
    char *decoded = NULL;

    while (text_line(&from, to, &line, &length)) {
        char *trimmed = text_trim(arena, line, length);

        if (trimmed[0] != '=' && strchr(trimmed, ':') == NULL)
            text_add(&digits, trimmed);
    }
    if (!base64_decode(arena, digits.data, digits.length, &decoded, &decoded_length, err))
        return error_prefix(err, "armored key");
    text_add_n(out, decoded, decoded_length);
    return true;
}

bool gpg_dearmor(struct arena *arena, const char *data, size_t length, char **out, size_t *length_out,
                 struct error *err)
{
    struct text binary = text_new(arena);
    const char *end = data + length;

    if (!gpg_is_armored(data, length)) {
        *out = arena_copy_n(arena, data, length);
        *length_out = length;
        return true;
    }
    for (;;) {
        const char *begin = memmem(data, (size_t)(end - data), ARMOR, strlen(ARMOR));
        if (begin == NULL)
            break;
        begin += strlen(ARMOR);
        const char *stop = memmem(begin, (size_t)(end - begin), ARMOR_END, strlen(ARMOR_END));
        if (stop == NULL)
            return error_set(err, "armored key: its end is missing");
        if (!block_decode(arena, begin, stop, &binary, err))
            return false;
        data = stop;
    }
    *out = binary.data;
    *length_out = binary.length;
    return true;
}

char *gpg_armor(struct arena *arena, const char *data, size_t length)
{
    struct text out = text_new(arena);
    const char *digits = base64_encode(arena, data, length);

    text_add(&out, ARMOR "\n\n");
    for (size_t left = strlen(digits); left > 0;) {
        size_t line = left < ARMOR_LINE ? left : ARMOR_LINE;
        text_printf(&out, "%.*s\n", (int)line, digits);
        digits += line;
        left -= line;
    }
    text_add(&out, ARMOR_END "\n");
    return out.data;
}

/* --- keys --- */

static char *upper_hex(struct arena *arena, const char *hex, size_t digits)
{
    return text_upper(arena_copy_n(arena, hex, digits));
}

/* Version 4 hashes with SHA-1 and takes the end as ID; later ones hash with SHA-256 and take the beginning. */
static bool set_names(struct arena *arena, const struct gpg_packet *packet, struct gpg_key *key)
{
    const unsigned char *body = packet->body;
    size_t n = packet->length;
    bool is_v4 = n > 6 && body[0] == 4;
    const unsigned char head[5] = { body[0] == 6 ? 0x9b : 0x9a, (unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                    (unsigned char)(n >> 8), (unsigned char)n };
    struct hash *hash = hash_new(arena, is_v4 ? HASH_SHA1 : HASH_SHA256);
    char hex[HASH_HEX_MAX];

    if (n <= 6 || body[0] < 4 || body[0] > 6)
        return false;
    if (is_v4)
        hash_add(hash, (const unsigned char[]){ 0x99, (unsigned char)(n >> 8), (unsigned char)n }, 3);
    else
        hash_add(hash, head, sizeof(head));
    hash_add(hash, body, n);
    hash_hex(hash, hex);
    size_t digits = strlen(hex);
    key->fingerprint = upper_hex(arena, hex, digits);
    key->id = arena_copy_n(arena, key->fingerprint + (is_v4 ? digits - ID_DIGITS : 0), ID_DIGITS);
    return true;
}

struct key_scan {
    struct arena *arena;
    struct gpg_keys *keys;
    size_t capacity;
    size_t primary_index;     /* SIZE_MAX: none yet */
    int64_t created, signed_; /* of the newest key, and of the newest signature that counted */
};

static void add_key(struct key_scan *scan, const struct gpg_key *key)
{
    struct gpg_keys *keys = scan->keys;
    size_t size = scan->capacity * sizeof(struct gpg_key);

    if (keys->count == scan->capacity) {
        size_t more = scan->capacity > 0 ? size * 2 : FIRST_CAPACITY * sizeof(struct gpg_key);
        keys->items = arena_grow(scan->arena, keys->items, size, more);
        scan->capacity = more / sizeof(struct gpg_key);
    }
    keys->items[keys->count++] = *key;
}

static void scan_key(struct key_scan *scan, const struct gpg_packet *packet)
{
    struct gpg_key key = { .is_sub = packet->tag == GPG_SUBKEY, .start = packet->start, .end = packet->end };

    if (!key.is_sub)
        scan->primary_index = SIZE_MAX;
    if ((key.is_sub && scan->primary_index == SIZE_MAX) || !set_names(scan->arena, packet, &key))
        return;
    scan->created = gpg_number(packet->body + 1, 4);
    scan->signed_ = -1;
    add_key(scan, &key);
    if (!key.is_sub)
        scan->primary_index = scan->keys->count - 1;
}

/* Only the key's own signatures say how long it lives; the newest wins. */
static void scan_signature(struct key_scan *scan, const struct gpg_packet *packet)
{
    struct gpg_signature signature;

    if (scan->primary_index == SIZE_MAX || scan->keys->count == 0 || !gpg_signature_parse(packet, &signature))
        return;
    const struct gpg_key *primary = &scan->keys->items[scan->primary_index];
    struct gpg_key *key = &scan->keys->items[scan->keys->count - 1];
    bool about_key = key->is_sub ? signature.type == 0x18
                                 : (signature.type >= 0x10 && signature.type <= 0x13) || signature.type == 0x1f;
    if (!about_key || strcmp(signature.issuer, primary->id) != 0 || signature.created < scan->signed_)
        return;
    scan->signed_ = signature.created;
    key->expires = signature.lifetime > 0 ? scan->created + signature.lifetime : 0;
}

bool gpg_keys_parse(struct arena *arena, const char *data, size_t length, struct gpg_keys *out, struct error *err)
{
    struct gpg_keys keys = { .length = 0 };
    struct key_scan scan = { .arena = arena, .keys = &keys, .primary_index = SIZE_MAX };
    struct gpg_packet packet;
    size_t at = 0;
    char *binary = NULL;

    if (!gpg_dearmor(arena, data, length, &binary, &keys.length, err))
        return false;
    keys.data = binary;
    if (keys.length > 12 && memcmp(binary + 8, "KBXf", 4) == 0)
        return error_set(err, "this is a keybox of GnuPG, not an OpenPGP keyring");
    while (at < keys.length) {
        if (!gpg_packet_read(keys.data, keys.length, at, &packet, err))
            return false;
        at = packet.end;
        if (packet.tag == GPG_KEY || packet.tag == GPG_SUBKEY)
            scan_key(&scan, &packet);
        else if (packet.tag == GPG_SIGNATURE)
            scan_signature(&scan, &packet);
        if (scan.primary_index != SIZE_MAX)
            keys.items[scan.primary_index].end = at;
    }
    *out = keys;
    return true;
}

bool gpg_key_is_expired(const struct gpg_key *key, int64_t now_s)
{
    return key->expires != 0 && key->expires <= now_s;
}

/* --- keyrings --- */

/* Is the primary key at `index`, or one of its subkeys, meant by the end of its ID or fingerprint? */
static bool is_named(const struct gpg_keys *keys, size_t index, const char *id)
{
    for (size_t i = index; i < keys->count && (i == index || keys->items[i].is_sub); i++) {
        if (text_ends(keys->items[i].id, id) || text_ends(keys->items[i].fingerprint, id))
            return true;
    }
    return false;
}

static void add_block(struct text *out, const struct gpg_keys *keys, size_t index)
{
    text_add_n(out, keys->data + keys->items[index].start, keys->items[index].end - keys->items[index].start);
}

char *gpg_keys_without(struct arena *arena, const struct gpg_keys *keys, const char *id, size_t *length_out)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < keys->count; i++) {
        if (!keys->items[i].is_sub && !is_named(keys, i, id))
            add_block(&out, keys, i);
    }
    *length_out = out.length;
    return out.data;
}

static bool has_primary(const struct gpg_keys *keys, const char *fingerprint)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (!keys->items[i].is_sub && strcmp(keys->items[i].fingerprint, fingerprint) == 0)
            return true;
    }
    return false;
}

char *gpg_keys_with(struct arena *arena, const struct gpg_keys *keys, const struct gpg_keys *more, size_t *length_out)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < keys->count; i++) {
        if (!keys->items[i].is_sub && !has_primary(more, keys->items[i].fingerprint))
            add_block(&out, keys, i);
    }
    for (size_t i = 0; i < more->count; i++) {
        if (!more->items[i].is_sub)
            add_block(&out, more, i);
    }
    *length_out = out.length;
    return out.data;
}
