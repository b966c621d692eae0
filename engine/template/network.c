/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and measuring IP networks. */
#include "engine/template/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/text.h"

ip_number network_max(int width)
{
    return width == 32 ? (ip_number)UINT32_MAX : ~(ip_number)0;
}

static ip_number low_bits(int count)
{
    return count >= 128 ? ~(ip_number)0 : ((ip_number)1 << count) - 1;
}

ip_number network_hostmask(const struct network *network)
{
    return low_bits(network->width - network->prefix);
}

ip_number network_netmask(const struct network *network)
{
    return network_max(network->width) ^ network_hostmask(network);
}

ip_number network_first(const struct network *network)
{
    return network->value & network_netmask(network);
}

ip_number network_last(const struct network *network)
{
    return network->value | network_hostmask(network);
}

ip_number network_size_less_one(const struct network *network)
{
    return network_hostmask(network);
}

bool network_holds(const struct network *outer, const struct network *inner)
{
    ip_number mask = network_netmask(outer);

    return outer->width == inner->width && outer->prefix <= inner->prefix &&
           (outer->value & mask) == (inner->value & mask);
}

bool network_is_in(const struct network *inner, const char *outer)
{
    ARENA_SCOPED arena = arena_new();
    struct network network;

    return network_read(arena, outer, &network) && network_holds(&network, inner);
}

/* --- reading --- */

bool network_read_number(const char *text, ip_number *out)
{
    ip_number number = 0, limit = ~(ip_number)0;

    if (*text == '\0')
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        unsigned digit = (unsigned)(*c - '0');

        if (*c < '0' || *c > '9' || number > (limit - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

bool network_read_offset(const char *text, struct network_offset *out)
{
    bool is_back = *text == '-';

    if (!network_read_number(text + (*text == '-' || *text == '+'), &out->distance))
        return false;
    out->is_back = is_back && out->distance > 0;
    return true;
}

static ip_number from_bytes(const unsigned char *bytes, size_t count)
{
    ip_number value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

bool network_read_address(const char *text, int width, ip_number *value_out, int *width_out)
{
    unsigned char bytes[16];

    if (width != 128 && inet_pton(AF_INET, text, bytes) == 1) {
        *value_out = from_bytes(bytes, 4);
        *width_out = 32;
        return true;
    }
    if (width == 32 || inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    *value_out = from_bytes(bytes, 16);
    *width_out = 128;
    return true;
}

/* int(text) of a small number: white space and a sign may stand around it. */
static bool small_number(struct arena *arena, const char *text, size_t length, int64_t *out)
{
    const char *trimmed = text_trim(arena, text, length);

    return text_to_int(*trimmed == '+' ? trimmed + 1 : trimmed, out);
}

/* "10", "192.168", "1.02.3": the missing parts are 0. */
static bool read_partial(struct arena *arena, const char *text, ip_number *out)
{
    size_t count = 0;
    char **parts = text_split(arena, text, '.', &count);
    ip_number value = 0;

    if (count > 4 || strchr(text, ':') != NULL)
        return false;
    for (size_t i = 0; i < 4; i++) {
        int64_t part = 0;

        if (i < count && (!small_number(arena, parts[i], strlen(parts[i]), &part) || part < 0 || part > 255))
            return false;
        value = value << 8 | (unsigned)part;
    }
    *out = value;
    return true;
}

static bool is_low_mask(ip_number value)
{
    return (value & (value + 1)) == 0;
}

static int bit_count(ip_number value)
{
    return __builtin_popcountll((uint64_t)value) + __builtin_popcountll((uint64_t)(value >> 64));
}

static bool read_prefix(struct arena *arena, const char *text, int width, int *out)
{
    int64_t number = 0;
    ip_number mask = 0;

    if (small_number(arena, text, strlen(text), &number)) {
        *out = (int)(number < 0 || number > width ? -1 : number);
        return *out >= 0;
    }
    if (!network_read_address(text, width, &mask, &width))
        return false;
    if (is_low_mask(network_max(width) ^ mask))
        *out = bit_count(mask);
    else if (is_low_mask(mask))
        *out = width - bit_count(mask);
    else
        return false;
    return true;
}

bool network_read(struct arena *arena, const char *text, struct network *out)
{
    const char *slash = strchr(text, '/');
    const char *address = slash == NULL ? text : arena_copy_n(arena, text, (size_t)(slash - text));
    struct network network = { .width = 32 };

    if (!network_read_address(address, 0, &network.value, &network.width) &&
        !read_partial(arena, address, &network.value))
        return false;
    network.prefix = network.width;
    if (slash != NULL && !read_prefix(arena, slash + 1, network.width, &network.prefix))
        return false;
    *out = network;
    return true;
}

/* --- writing --- */

char *network_address_text(struct arena *arena, ip_number value, int width)
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN] = "";
    int count = width / 8;

    for (int i = 0; i < count; i++)
        bytes[i] = (unsigned char)(value >> (8 * (count - 1 - i)));
    inet_ntop(width == 32 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
    return arena_copy(arena, text);
}

char *network_text(struct arena *arena, const struct network *network)
{
    return arena_printf(arena, "%s/%d", network_address_text(arena, network->value, network->width), network->prefix);
}

char *network_cidr_text(struct arena *arena, const struct network *network)
{
    return arena_printf(arena, "%s/%d", network_address_text(arena, network_first(network), network->width),
                        network->prefix);
}

char *network_number_text(struct arena *arena, ip_number number)
{
    char digits[48], *at = digits + sizeof(digits) - 1;

    *at = '\0';
    do
        *--at = (char)('0' + (int)(number % 10));
    while ((number /= 10) != 0);
    return arena_copy(arena, at);
}

char *network_plain_text(struct arena *arena, ip_number value)
{
    return network_address_text(arena, value, value <= UINT32_MAX ? 32 : 128);
}
