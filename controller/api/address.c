/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen on, and those of peers. IPv4 is spoken through IPv6 sockets. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "controller/api/server_internal.h"

static bool is_loopback(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static bool host_parse(const char *host, struct in6_addr *out)
{
    char mapped[2 * INET6_ADDRSTRLEN];

    if (*host == '\0' || strcmp(host, "*") == 0) {
        *out = in6addr_any;
        return true;
    }
    if (strcmp(host, "0.0.0.0") == 0)
        host = "::";
    if (strchr(host, ':') == NULL) {
        snprintf(mapped, sizeof(mapped), "::ffff:%s", host);
        host = mapped;
    }
    return inet_pton(AF_INET6, host, out) == 1;
}

bool api_listen_address(const char *text, struct sockaddr_in6 *out, bool *is_loopback_out, struct error *err)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2];
    size_t length = colon == NULL ? 0 : (size_t)(colon - text);
    int64_t port = 0;

    if (colon == NULL || length >= sizeof(host) || !text_to_int(colon + 1, &port) || port < 0 || port > 65535)
        return error_set_kind(err, ERROR_OPTIONS,
                              "'%s' is no address to listen on; expected ADDRESS:PORT, as in "
                              "127.0.0.1:8470 or [::]:8470",
                              text);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    memcpy(host, text, length);
    host[length] = '\0';
    if (strcmp(host, "localhost") == 0)
        memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
    memset(out, 0, sizeof(*out));
    out->sin6_family = AF_INET6;
    out->sin6_port = htons((uint16_t)port);
    if (!host_parse(host, &out->sin6_addr))
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is no IPv4 or IPv6 address; names are not looked up here",
                              host);
    *is_loopback_out = is_loopback(&out->sin6_addr);
    return true;
}

const char *api_address_text(struct arena *arena, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "unknown";

    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof(text));
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(six))
            inet_ntop(AF_INET, &six->s6_addr[12], text, sizeof(text));
        else
            inet_ntop(AF_INET6, six, text, sizeof(text));
    }
    return arena_copy(arena, text);
}
