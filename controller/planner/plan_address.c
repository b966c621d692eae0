/* SPDX-License-Identifier: Apache-2.0 */
/* A node's address for others, from its facts: in a network, on an interface, or its default one. */
#include <arpa/inet.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/planner/plan.h"

/* Facts are known with and without Ansible's prefix. */
static const struct value *fact(struct arena *arena, const struct value *facts, const char *name)
{
    const struct value *inner = value_map_get(facts, "ansible_facts");
    const struct value *all = inner == NULL ? facts : inner;
    const struct value *found = value_map_get(all, name);

    return found != NULL ? found : value_map_get(all, arena_printf(arena, "ansible_%s", name));
}

struct network {
    int family;
    unsigned char address[sizeof(struct in6_addr)];
    int64_t bits;
};

static bool address_read(const char *text, int *family_out, unsigned char *out)
{
    *family_out = text == NULL ? 0 : strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    return text != NULL && inet_pton(*family_out, text, out) == 1;
}

static bool network_read(struct arena *arena, const char *text, struct network *out)
{
    const char *slash = strchr(text, '/');

    return slash != NULL &&
           address_read(arena_copy_n(arena, text, (size_t)(slash - text)), &out->family, out->address) &&
           text_to_int(slash + 1, &out->bits) && out->bits >= 0 && out->bits <= (out->family == AF_INET ? 32 : 128);
}

static bool network_has(const struct network *network, const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    int family = 0;
    size_t whole = (size_t)network->bits / 8;
    int rest = (int)(network->bits % 8);

    if (!address_read(text, &family, address) || family != network->family ||
        memcmp(address, network->address, whole) != 0)
        return false;
    return rest == 0 || (address[whole] >> (8 - rest)) == (network->address[whole] >> (8 - rest));
}

/* The first address of an interface that `network` holds (NULL: any). */
static const char *interface_address(const struct value *interface, const struct network *network)
{
    static const char *const kinds[] = { "ipv4", "ipv4_secondaries", "ipv6" };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct value *entry = value_map_get(interface, kinds[i]);
        bool is_list = value_is(entry, VALUE_LIST);

        for (size_t j = 0; j < (is_list ? value_count(entry) : 1); j++) {
            const struct value *one = is_list ? value_item(entry, j) : entry;
            const char *address = value_map_text(one, "address");

            if (address == NULL || text_equal(value_map_text(one, "scope"), "link"))
                continue;
            if (network == NULL || network_has(network, address))
                return address;
        }
    }
    return NULL;
}

/* Ansible writes "br-0" as the fact "br_0". */
static const struct value *interface_of(struct arena *arena, const struct value *facts, const char *name)
{
    char *key = arena_copy(arena, name);

    for (char *at = key; *at != '\0'; at++)
        *at = *at == '-' || *at == ':' || *at == '.' ? '_' : *at;
    const struct value *found = fact(arena, facts, name);

    return found != NULL ? found : fact(arena, facts, key);
}

/* Without a default route: the first one that others can have. */
static const char *any_address(struct arena *arena, const struct value *facts)
{
    static const char *const lists[] = { "all_ipv4_addresses", "all_ipv6_addresses" };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct value *list = fact(arena, facts, lists[i]);

        for (size_t j = 0; j < value_count(list); j++) {
            const char *address = value_text(value_item(list, j));

            if (address != NULL && !text_starts(address, "127.") && !text_starts(address, "169.254.") &&
                !text_starts(address, "fe80:"))
                return address;
        }
    }
    return NULL;
}

const char *plan_address(struct arena *arena, const struct value *facts, const char *network)
{
    const struct value *interfaces = fact(arena, facts, "interfaces");
    struct network wanted;
    const char *address;

    if (network == NULL) {
        address = value_map_text(fact(arena, facts, "default_ipv4"), "address");
        if (address == NULL)
            address = value_map_text(fact(arena, facts, "default_ipv6"), "address");
        return address != NULL ? address : any_address(arena, facts);
    }
    if (!network_read(arena, network, &wanted))
        return interface_address(interface_of(arena, facts, network), NULL);
    for (size_t i = 0; i < value_count(interfaces); i++) {
        const char *name = value_text(value_item(interfaces, i));

        address = name == NULL ? NULL : interface_address(interface_of(arena, facts, name), &wanted);
        if (address != NULL)
            return address;
    }
    return NULL;
}
