/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Join strings from and to text, part by part.
 */
#include "common/trust/join_string.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"

#define PREFIX "roost1:"
#define SHAPE "expected " PREFIX "<fingerprint>:<token id>:<secret>[@host:port]"
#define HOST_MAX 253 /* RFC 1035, without the final dot */
#define LABEL_MAX 63

/* A part of the text that is being read. */
struct part {
    const char *text;
    size_t length;
};

static bool read_fingerprint(struct part part, struct join_string *out, struct error *err)
{
    if (part.length != SECRET_HASH_LENGTH)
        return error_set(err, "fingerprint of the CA: it has %zu characters, expected %d", part.length,
                         SECRET_HASH_LENGTH);
    for (size_t i = 0; i < part.length; i++) {
        if (strchr("0123456789abcdef", part.text[i]) == NULL)
            return error_set(err, "fingerprint of the CA: character %zu is none of 0-9 a-f", i + 1);
    }
    memcpy(out->ca_fingerprint, part.text, part.length);
    return true;
}

static bool label_ends_well(const char *host, size_t at, size_t start)
{
    return at > start && at - start <= LABEL_MAX && host[start] != '-' && host[at - 1] != '-';
}

/* A name or an IPv4 address: what looks like an address must be one. */
static bool check_name(const char *host, struct error *err)
{
    struct in_addr address;
    size_t length = strlen(host), label = 0;

    if (length == 0)
        return error_set(err, "host: it is empty, expected @host:port");
    if (length > HOST_MAX)
        return error_set_kind(err, ERROR_LIMIT, "host: it has %zu characters, expected at most %d", length, HOST_MAX);
    if (strspn(host, "0123456789.") == length)
        return inet_pton(AF_INET, host, &address) == 1 || error_set(err, "host: it is no IPv4 address");
    for (size_t i = 0; i <= length; i++) {
        bool ends = host[i] == '.' || host[i] == '\0';

        if (ends && !label_ends_well(host, i, label))
            return error_set(err, "host: a part of the name is empty, too long, or begins or ends with '-'");
        if (ends)
            label = i + 1;
        else if (!isascii(host[i]) || (!isalnum((unsigned char)host[i]) && strchr("-_", host[i]) == NULL))
            return error_set(err, "host: character %zu is none of A-Z a-z 0-9 . - _", i + 1);
    }
    return true;
}

static bool read_port(const char *text, struct join_string *out, struct error *err)
{
    int64_t port = 0;

    if (text[0] < '1' || text[0] > '9' || strspn(text, "0123456789") != strlen(text) || !text_to_int(text, &port) ||
        port > UINT16_MAX)
        return error_set(err, "port: expected a number from 1 to 65535");
    out->port = (uint16_t)port;
    return true;
}

static bool read_bracketed(struct arena *arena, const char *text, struct join_string *out, struct error *err)
{
    const char *end = strchr(text, ']');
    struct in6_addr address;

    if (end == NULL)
        return error_set(err, "host: '[' is not closed, expected [IPv6 address]:port");
    out->host = arena_copy_n(arena, text + 1, (size_t)(end - text) - 1);
    if (inet_pton(AF_INET6, out->host, &address) != 1)
        return error_set(err, "host: what stands in brackets is no IPv6 address");
    if (end[1] != ':')
        return error_set(err, "port: expected ':port' behind ']'");
    return read_port(end + 2, out, err);
}

static bool read_address(struct arena *arena, const char *text, struct join_string *out, struct error *err)
{
    const char *colon = strchr(text, ':');

    if (text[0] == '[')
        return read_bracketed(arena, text, out, err);
    if (colon == NULL)
        return error_set(err, "port: it is missing, expected @host:port");
    if (strchr(colon + 1, ':') != NULL)
        return error_set(err, "host: more than one ':'; an IPv6 address stands in brackets, [address]:port");
    out->host = arena_copy_n(arena, text, (size_t)(colon - text));
    return check_name(out->host, err) && read_port(colon + 1, out, err);
}

/* Takes the text up to `end` off the cursor; false if `end` does not come. */
static bool part_take(const char **cursor, char end, struct part *out)
{
    const char *at = strchr(*cursor, end);

    if (at == NULL)
        return false;
    *out = (struct part){ *cursor, (size_t)(at - *cursor) };
    *cursor = at + 1;
    return true;
}

static bool read_parts(struct arena *arena, const char *text, struct join_string *out, struct error *err)
{
    const char *cursor = text, *address;
    struct part fingerprint, id, secret;

    if (!text_starts(text, PREFIX))
        return error_set(err, "it does not begin with '" PREFIX "'; " SHAPE);
    cursor += strlen(PREFIX);
    if (!part_take(&cursor, ':', &fingerprint))
        return error_set(err, "token id: it is missing; " SHAPE);
    if (!read_fingerprint(fingerprint, out, err))
        return false;
    if (!part_take(&cursor, ':', &id))
        return error_set(err, "secret: it is missing; " SHAPE);
    if (!secret_id_check(id.text, id.length, err))
        return false;
    memcpy(out->token_id, id.text, id.length);
    address = strchr(cursor, '@');
    secret = (struct part){ cursor, address == NULL ? strlen(cursor) : (size_t)(address - cursor) };
    if (!secret_read(arena, secret.text, secret.length, &out->secret, err))
        return false;
    return address == NULL || read_address(arena, address + 1, out, err);
}

bool join_string_read(struct arena *arena, const char *text, struct join_string *out, struct error *err)
{
    struct join_string join = { 0 };
    size_t length = strnlen(text, LIMIT_JOIN_STRING + 1);

    if (length > LIMIT_JOIN_STRING)
        return error_set_kind(err, ERROR_LIMIT, "join string: it is longer than %d characters", LIMIT_JOIN_STRING);
    if (!read_parts(arena, text_trim(arena, text, length), &join, err))
        return error_prefix(err, "join string");
    *out = join;
    return true;
}

static char *join_string_with(struct arena *arena, const struct join_string *join, const char *secret)
{
    struct text text = text_new(arena);

    text_printf(&text, PREFIX "%s:%s:%s", join->ca_fingerprint, join->token_id, secret);
    if (join->host != NULL)
        text_printf(&text, strchr(join->host, ':') != NULL ? "@[%s]:%u" : "@%s:%u", join->host, join->port);
    return text.data;
}

struct secret join_string_text(struct arena *arena, const struct join_string *join)
{
    return (struct secret){ join_string_with(arena, join, secret_reveal(join->secret)) };
}

char *join_string_shown(struct arena *arena, const struct join_string *join)
{
    return join_string_with(arena, join, SECRET_HIDDEN);
}
