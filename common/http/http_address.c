/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses are not public, as text and when a connection is about to be made. */
#include "common/http/http_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/http/http_transfer.h"

struct network {
    uint32_t address;
    int bits;
};

static bool is_private_4(uint32_t address)
{
    static const struct network networks[] = {
        { 0x00000000, 8 },  /* this network */
        { 0x0a000000, 8 },  /* 10/8 */
        { 0x64400000, 10 }, /* 100.64/10: carrier's NAT */
        { 0x7f000000, 8 },  /* loopback */
        { 0xa9fe0000, 16 }, /* link-local, clouds' metadata */
        { 0xac100000, 12 }, /* 172.16/12 */
        { 0xc0000000, 24 }, /* 192.0.0/24 */
        { 0xc0a80000, 16 }, /* 192.168/16 */
        { 0xc6120000, 15 }, /* 198.18/15: benchmarks */
        { 0xe0000000, 3 },  /* multicast, reserved, broadcast */
    };

    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
        if (((address ^ networks[i].address) >> (32 - networks[i].bits)) == 0)
            return true;
    }
    return false;
}

static uint32_t word_of(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
}

static bool is_private_6(const uint8_t *bytes)
{
    static const uint8_t zero[12] = { 0 }, mapped[12] = { [10] = 0xff, [11] = 0xff },
                         nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

    if (memcmp(bytes, zero, 12) == 0 || memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, nat64, 12) == 0)
        return is_private_4(word_of(bytes + 12)); /* :: and ::1 are in 0/8 */
    if (bytes[0] == 0x20 && bytes[1] == 0x02)
        return is_private_4(word_of(bytes + 2)); /* 6to4 */
    if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 2)
        return true;                  /* 2001::/23: Teredo, which holds an IPv4 address, and other special ones */
    return (bytes[0] & 0xe0) != 0x20; /* 2000::/3 is all that is routed in public */
}

bool http_sockaddr_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in inet;

        memcpy(&inet, address, sizeof(inet));
        return is_private_4(ntohl(inet.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 inet;

        memcpy(&inet, address, sizeof(inet));
        return is_private_6(inet.sin6_addr.s6_addr);
    }
    return true; /* whatever it is, it is not the internet */
}

bool http_address_is_private(const char *text)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    bool is_private;

    if (getaddrinfo(text, NULL, &hints, &found) != 0)
        return false;
    is_private = http_sockaddr_is_private(found->ai_addr);
    freeaddrinfo(found);
    return is_private;
}

bool http_host_is_private(struct arena *arena, const char *url)
{
    const char *host = strstr(url, "://"), *at;
    char *name;
    size_t length;

    if (host == NULL)
        return false;
    host += 3;
    length = strcspn(host, "/?#");
    at = memrchr(host, '@', length);
    if (at != NULL) {
        length -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    if (*host == '[')
        name = arena_copy_n(arena, host + 1, strcspn(host + 1, "]"));
    else
        name = arena_copy_n(arena, host, length < strcspn(host, ":") ? length : strcspn(host, ":"));
    length = strlen(name);
    if (length > 0 && name[length - 1] == '.')
        name[length - 1] = '\0';
    length = strlen(name);
    return strcasecmp(name, "localhost") == 0 || (length > 10 && strcasecmp(name + length - 10, ".localhost") == 0) ||
           http_address_is_private(name);
}

bool http_has_proxy(const struct http_request *request)
{
    static const char *const names[] = { "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY", "http_proxy" };
    bool is_tls = strncasecmp(request->url, "https:", 6) == 0;

    for (size_t i = 0; !request->no_proxy && i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = i < 2 || is_tls == (i < 4) ? getenv(names[i]) : NULL;

        if (value != NULL && value[0] != '\0')
            return true;
    }
    return false;
}

curl_socket_t http_open_public(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *transfer = context;
    char text[64] = "?";

    (void)purpose;
    if (!http_sockaddr_is_private(&address->addr))
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    (void)getnameinfo(&address->addr, address->addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST);
    transfer->is_failed = true;
    error_set_kind(transfer->err, ERROR_LIMIT, "%s: refused: a public server sends us to the private address %s",
                   http_transfer_shown(transfer), text);
    return CURL_SOCKET_BAD;
}
