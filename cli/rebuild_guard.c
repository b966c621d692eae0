/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of machines that must not be wiped. */
#include "cli/rebuild_guard.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <string.h>

#include "cli/rebuild_agree.h"
#include "common/base/text.h"

#define SSH_PORT 22

/* Without the scope of a link-local one. */
static void address_add(struct arena *arena, struct value *list, const struct sockaddr *address)
{
    char text[NI_MAXHOST];
    socklen_t length = address->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                       : address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                        : 0;

    if (length == 0 || getnameinfo(address, length, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
        return;
    text[strcspn(text, "%")] = '\0';
    value_list_add(arena, list, value_string(arena, text));
}

static struct value *addresses_of(struct arena *arena, const char *name)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct value *list = value_list(arena);
    struct addrinfo *found = NULL;

    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return list;
    for (const struct addrinfo *one = found; one != NULL; one = one->ai_next)
        address_add(arena, list, one->ai_addr);
    freeaddrinfo(found);
    return list;
}

static struct value *addresses_here(struct arena *arena)
{
    struct value *list = value_list(arena);
    struct ifaddrs *interfaces = NULL;

    if (getifaddrs(&interfaces) != 0)
        return list;
    for (const struct ifaddrs *one = interfaces; one != NULL; one = one->ifa_next) {
        if (one->ifa_addr != NULL)
            address_add(arena, list, one->ifa_addr);
    }
    freeifaddrs(interfaces);
    return list;
}

static bool is_loopback(const char *address)
{
    return text_starts(address, "127.") || strcmp(address, "::1") == 0;
}

static bool has(const struct value *list, const char *address)
{
    for (size_t i = 0; i < value_count(list); i++) {
        if (text_equal(value_text(value_item(list, i)), address))
            return true;
    }
    return false;
}

/* "[2001:db8::1]:8443" and "center:8443": what is before the port. */
static const char *host_of(struct arena *arena, const char *address)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon == NULL ? strlen(address) : (size_t)(colon - address);

    if (length >= 2 && address[0] == '[' && address[length - 1] == ']')
        return arena_copy_n(arena, address + 1, length - 2);
    return arena_copy_n(arena, address, length);
}

struct guard {
    struct arena *arena;
    const struct value *here, *controller;
};

static bool node_check(const struct guard *guard, const struct rebuild_node *node, struct error *err)
{
    const struct value *own = addresses_of(guard->arena, node->address);
    bool is_forwarded = node->target.port != 0 && node->target.port != SSH_PORT;

    for (size_t i = 0; i < value_count(own); i++) {
        const char *address = value_text(value_item(own, i)), *what = NULL;

        if (is_loopback(address))
            what = is_forwarded ? NULL : "this machine, at which the rebuild runs";
        else if (has(guard->controller, address))
            what = "the controller's own machine, with its CA and all that it knows";
        else if (has(guard->here, address))
            what = "this machine, at which the rebuild runs";
        if (what != NULL)
            return error_set_kind(err, ERROR_OPTIONS,
                                  "host '%s' (%s) is %s: it is not wiped; --limit leaves it out, --wipe-controller "
                                  "says that it is meant",
                                  node->host, address, what);
    }
    return true;
}

bool rebuild_guard(const struct rebuild *rebuild, const char *controller, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct guard guard = { arena, addresses_here(arena), addresses_of(arena, host_of(arena, controller)) };

    for (size_t i = 0; i < rebuild->count && !rebuild->options.wipe_controller; i++) {
        if (rebuild_will_wipe(&rebuild->nodes[i]) && !node_check(&guard, &rebuild->nodes[i], err))
            return false;
    }
    return true;
}
