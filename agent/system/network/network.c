/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink: one request, its answers, done. Sockets are bounded by a receive timeout. */
#include "agent/system/network/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/fd.h"

#define ANSWER_SIZE 32768

struct netlink_request {
    struct nlmsghdr header;
    union {
        struct ifaddrmsg address;
        struct rtmsg route;
    } body;
    char attributes[64];
};

static const void *attribute_data(const struct rtattr *attribute)
{
    return (const char *)attribute + RTA_LENGTH(0);
}

static const void *message_data(const struct nlmsghdr *header)
{
    return (const char *)header + NLMSG_HDRLEN;
}

static int netlink_open(struct error *err)
{
    struct timeval limit = { .tv_sec = 2 };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        (void)error_set_errno(err, "netlink");
    else
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

/* One datagram's messages. True when the conversation is over. */
static bool netlink_messages(char *data, size_t size, void (*take)(void *, const struct nlmsghdr *), void *context,
                             bool is_dump, int *code_out)
{
    struct nlmsghdr *header;
    size_t left = size;

    for (header = (struct nlmsghdr *)(void *)data; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type == NLMSG_DONE)
            return true;
        if (header->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *problem = message_data(header);
            *code_out = -problem->error;
            return true;
        }
        take(context, header);
    }
    return !is_dump;
}

static bool netlink_ask(struct netlink_request *request, void (*take)(void *, const struct nlmsghdr *), void *context,
                        struct error *err)
{
    _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
    FD_SCOPED fd = netlink_open(err);
    bool is_dump = (request->header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, is_over = false;
    int code = 0;

    if (fd < 0)
        return false;
    if (send(fd, request, request->header.nlmsg_len, 0) < 0)
        return error_set_errno(err, "netlink");
    while (!is_over) {
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        if (got <= 0)
            return error_set_errno(err, "netlink");
        is_over = netlink_messages(answer, (size_t)got, take, context, is_dump, &code);
    }
    errno = code;
    return code == 0 ? true : error_set_errno(err, "netlink");
}

/* The attribute at *at, which moves behind it; NULL at the end or where the kernel's lengths make no sense. */
static const struct rtattr *attribute_next(const char **at, const char *end)
{
    const struct rtattr *attribute = (const struct rtattr *)(const void *)*at;
    size_t left = (size_t)(end - *at);

    if (left < sizeof *attribute || attribute->rta_len < sizeof *attribute || attribute->rta_len > left)
        return NULL;
    size_t step = RTA_ALIGN((size_t)attribute->rta_len);
    *at += step < left ? step : left;
    return attribute;
}

static const char *message_end(const struct nlmsghdr *header)
{
    return (const char *)header + header->nlmsg_len;
}

static void address_text(int family, const struct rtattr *attribute, char out[NETWORK_TEXT])
{
    size_t wanted = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

    if (RTA_PAYLOAD(attribute) >= wanted)
        (void)inet_ntop(family, attribute_data(attribute), out, NETWORK_TEXT);
}

/* --- addresses --- */

struct address_list {
    struct arena *arena;
    struct network_address *items;
    size_t count, capacity;
};

static const char *scope_text(unsigned char scope)
{
    return scope == RT_SCOPE_LINK   ? "link"
           : scope == RT_SCOPE_HOST ? "host"
           : scope == RT_SCOPE_SITE ? "site"
                                    : "global";
}

static struct network_address *address_new(struct address_list *list)
{
    if (list->count == list->capacity) {
        size_t bigger = list->capacity * 2 + 16;
        list->items =
            arena_grow(list->arena, list->items, list->capacity * sizeof *list->items, bigger * sizeof *list->items);
        list->capacity = bigger;
    }
    return &list->items[list->count++];
}

static void address_attribute(struct network_address *address, const struct rtattr *attribute, char local[NETWORK_TEXT])
{
    switch (attribute->rta_type) {
    case IFA_LOCAL:
        address_text(address->family, attribute, local);
        break;
    case IFA_ADDRESS:
        address_text(address->family, attribute, address->address);
        break;
    case IFA_BROADCAST:
        address_text(address->family, attribute, address->broadcast);
        break;
    case IFA_LABEL:
        (void)snprintf(address->label, sizeof address->label, "%.*s", (int)RTA_PAYLOAD(attribute),
                       (const char *)attribute_data(attribute));
        break;
    default:
        break;
    }
}

static void address_take(void *context, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *body = message_data(header);
    char local[NETWORK_TEXT] = "";

    if (header->nlmsg_type != RTM_NEWADDR || (body->ifa_family != AF_INET && body->ifa_family != AF_INET6))
        return;
    struct network_address *address = address_new(context);
    address->index = (int)body->ifa_index;
    address->family = body->ifa_family;
    address->prefix = body->ifa_prefixlen;
    address->is_secondary = (body->ifa_flags & IFA_F_SECONDARY) != 0;
    address->scope = scope_text(body->ifa_scope);
    const char *at = (const char *)body + NLMSG_ALIGN(sizeof *body);
    for (const struct rtattr *found; (found = attribute_next(&at, message_end(header))) != NULL;)
        address_attribute(address, found, local);
    address->has_peer = local[0] && strcmp(local, address->address) != 0;
    if (local[0])
        (void)snprintf(address->address, sizeof address->address, "%s", local);
}

bool network_addresses(struct arena *arena, struct network_address **out, size_t *count_out, struct error *err)
{
    struct address_list list = { .arena = arena };
    struct netlink_request request = {
        .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                    .nlmsg_type = RTM_GETADDR,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        .body.address = { .ifa_family = AF_UNSPEC },
    };

    if (!netlink_ask(&request, address_take, &list, err))
        return false;
    *out = list.items;
    *count_out = list.count;
    return true;
}

/* --- routes --- */

static void route_take(void *context, const struct nlmsghdr *header)
{
    struct network_route *route = context;
    const struct rtmsg *body = message_data(header);
    const char *at = (const char *)body + NLMSG_ALIGN(sizeof *body);

    if (header->nlmsg_type != RTM_NEWROUTE || body->rtm_type != RTN_UNICAST)
        return;
    for (const struct rtattr *found; (found = attribute_next(&at, message_end(header))) != NULL;) {
        if (found->rta_type == RTA_OIF) {
            unsigned index;
            char name[IF_NAMESIZE] = "";
            memcpy(&index, attribute_data(found), sizeof index);
            if (if_indextoname(index, name))
                (void)snprintf(route->interface, sizeof route->interface, "%s", name);
        } else if (found->rta_type == RTA_PREFSRC) {
            address_text(body->rtm_family, found, route->source);
        } else if (found->rta_type == RTA_GATEWAY) {
            address_text(body->rtm_family, found, route->gateway);
        }
    }
}

bool network_route_to(int family, const char *destination, struct network_route *out, struct error *err)
{
    size_t size = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    struct netlink_request request = {
        .header = { .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
        .body.route = { .rtm_family = (unsigned char)family, .rtm_dst_len = (unsigned char)(size * 8) },
    };
    struct network_route route = { .interface = "" };
    struct rtattr *attribute = RTM_RTA(&request.body.route);

    attribute->rta_type = RTA_DST;
    attribute->rta_len = (unsigned short)RTA_LENGTH(size);
    if (inet_pton(family, destination, RTA_DATA(attribute)) != 1)
        return error_set(err, "'%s' is no address", destination);
    request.header.nlmsg_len = (unsigned)(NLMSG_LENGTH(sizeof(struct rtmsg)) + RTA_LENGTH(size));
    if (!netlink_ask(&request, route_take, &route, err))
        return false;
    if (!route.interface[0])
        return error_set(err, "no route to '%s'", destination);
    *out = route;
    return true;
}
