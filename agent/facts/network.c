/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces, addresses and default routes. What interfaces are comes from sysfs; addresses and routes come from
 * the kernel over netlink, on a live node only (a recorded tree has none). ethtool's features are left out.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "agent/facts/fact_support.h"
#include "agent/system/network/network.h"

#define CLASS "/sys/class/net"

struct network {
    const struct system *system;
    struct arena *arena;
    struct value *interfaces; /* name -> map */
    struct network_address *addresses;
    size_t address_count;
    struct value *ipv4, *ipv6; /* all addresses */
    struct value *default4, *default6;
};

static const char *net_file(const struct network *net, const char *name, const char *file)
{
    return fact_file(net->system, net->arena, arena_printf(net->arena, CLASS "/%s/%s", name, file));
}

static bool net_exists(const struct network *net, const char *name, const char *file)
{
    return fact_exists(net->system, net->arena, arena_printf(net->arena, CLASS "/%s/%s", name, file));
}

static void put_file(const struct network *net, struct value *map, const char *key, const char *name, const char *file)
{
    const char *text = net_file(net, name, file);

    value_map_put_string(net->arena, map, key, text ? text : "");
}

static void put_number(const struct network *net, struct value *map, const char *key, const char *name,
                       const char *file)
{
    const char *text = net_file(net, name, file);
    int64_t number;

    if (text && text_to_int(text, &number))
        value_map_put_int(net->arena, map, key, number);
}

/* --- what an interface is --- */

static const char *type_text(const char *number)
{
    static const struct {
        const char *number, *name;
    } types[] = {
        { "1", "ether" }, { "32", "infiniband" }, { "512", "ppp" }, { "772", "loopback" }, { "65534", "tunnel" }
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (text_equal(number, types[i].number))
            return types[i].name;
    return "unknown";
}

static void put_bridge(const struct network *net, struct value *map, const char *name)
{
    struct value *ports = value_list(net->arena);
    const char *folder = arena_printf(net->arena, CLASS "/%s/brif", name);

    for (const char *const *port = fact_folder(net->system, net->arena, folder); *port; port++)
        value_list_add(net->arena, ports, value_string(net->arena, *port));
    value_map_put_string(net->arena, map, "type", "bridge");
    value_map_put(net->arena, map, "interfaces", ports);
    put_file(net, map, "id", name, "bridge/bridge_id");
    value_map_put_bool(net->arena, map, "stp", text_equal(net_file(net, name, "bridge/stp_state"), "1"));
}

static void put_first_word(const struct network *net, struct value *map, const char *key, const char *name)
{
    const char *text = net_file(net, name, arena_printf(net->arena, "bonding/%s", key));

    if (text)
        value_map_put_string(net->arena, map, key, arena_copy_n(net->arena, text, strcspn(text, " \t")));
}

static void put_bonding(const struct network *net, struct value *map, const char *name)
{
    const char *slaves = net_file(net, name, "bonding/slaves"), *primary = net_file(net, name, "bonding/primary");

    value_map_put_string(net->arena, map, "type", "bonding");
    value_map_put(net->arena, map, "slaves", fact_words(net->arena, slaves ? slaves : ""));
    put_first_word(net, map, "mode", name);
    put_first_word(net, map, "miimon", name);
    put_first_word(net, map, "lacp_rate", name);
    if (!primary)
        return;
    value_map_put_string(net->arena, map, "primary", primary);
    value_map_put_bool(net->arena, map, "all_slaves_active",
                       text_equal(net_file(net, name, "bonding/all_slaves_active"), "1"));
}

static void put_device(const struct network *net, struct value *map, const char *name)
{
    const char *folder = arena_printf(net->arena, CLASS "/%s/device", name);
    const char *module = fact_link_name(net->system, net->arena, arena_printf(net->arena, "%s/driver/module", folder));
    const char *id = fact_link_name(net->system, net->arena, folder), *flags = net_file(net, name, "flags");

    if (module)
        value_map_put_string(net->arena, map, "module", module);
    if (id)
        value_map_put_string(net->arena, map, "pciid", id);
    if (flags)
        value_map_put_bool(net->arena, map, "promisc", (strtoul(flags, NULL, 16) & IFF_PROMISC) != 0);
}

static struct value *interface_new(const struct network *net, const char *name)
{
    struct value *map = value_map(net->arena);
    const char *address = net_file(net, name, "address"), *state = net_file(net, name, "operstate");
    const char *type = net_file(net, name, "type");

    value_map_put_string(net->arena, map, "device", name);
    if (address && strcmp(address, "00:00:00:00:00:00") != 0)
        value_map_put_string(net->arena, map, "macaddress", address);
    put_number(net, map, "mtu", name, "mtu");
    if (state)
        value_map_put_bool(net->arena, map, "active", strcmp(state, "down") != 0);
    if (type)
        value_map_put_string(net->arena, map, "type", type_text(type));
    put_device(net, map, name);
    if (net_exists(net, name, "bridge"))
        put_bridge(net, map, name);
    if (net_exists(net, name, "bonding"))
        put_bonding(net, map, name);
    if (net_exists(net, name, "bonding_slave"))
        put_file(net, map, "perm_macaddress", name, "bonding_slave/perm_hwaddr");
    put_number(net, map, "speed", name, "speed");
    return map;
}

/* --- addresses --- */

/* The maps are this file's own until they are handed out. */
static struct value *interface_of(const struct network *net, const char *name)
{
    for (size_t i = 0; i < value_count(net->interfaces); i++)
        if (text_equal(value_text(net->interfaces->as.map.pairs[i].key), name)) {
            union {
                const struct value *given;
                struct value *own;
            } map = { .given = net->interfaces->as.map.pairs[i].item };
            return map.own;
        }
    struct value *map = value_map(net->arena);
    value_map_put(net->arena, net->interfaces, name, map);
    return map;
}

static void list_append(const struct network *net, struct value *map, const char *key, const struct value *item)
{
    union {
        const struct value *given;
        struct value *own;
    } list = { .given = value_map_get(map, key) };

    if (!list.given) {
        list.own = value_list(net->arena);
        value_map_put(net->arena, map, key, list.own);
    }
    value_list_add(net->arena, list.own, item);
}

static void put_ipv4_text(const struct network *net, struct value *map, const struct network_address *address,
                          int prefix)
{
    struct in_addr number = { 0 }, mask = { 0 };
    char text[INET_ADDRSTRLEN] = "";

    (void)inet_pton(AF_INET, address->address, &number);
    mask.s_addr = prefix > 0 ? htonl(~0U << (32 - prefix)) : 0;
    value_map_put_string(net->arena, map, "broadcast", address->has_peer ? "" : address->broadcast);
    value_map_put_string(net->arena, map, "netmask", inet_ntop(AF_INET, &mask, text, sizeof text));
    number.s_addr &= mask.s_addr;
    value_map_put_string(net->arena, map, "network", inet_ntop(AF_INET, &number, text, sizeof text));
    value_map_put_string(net->arena, map, "prefix", arena_printf(net->arena, "%d", prefix));
}

static void put_default(const struct network *net, struct value *map, const char *device)
{
    const struct value *interface = interface_of(net, device);
    const char *type = value_map_text(interface, "type"), *address = net_file(net, device, "address");
    const struct value *mtu = value_map_get(interface, "mtu");

    value_map_put_string(net->arena, map, "macaddress", address ? address : "");
    if (mtu)
        value_map_put(net->arena, map, "mtu", mtu);
    value_map_put_string(net->arena, map, "type", type ? type : "unknown");
}

static void add_ipv4(struct network *net, const char *device, const struct network_address *address)
{
    const char *label = address->label[0] ? address->label : device;
    int prefix = address->has_peer ? 32 : address->prefix;
    struct value *owner = interface_of(net, label), *map = value_map(net->arena);

    value_map_put_string(net->arena, map, "address", address->address);
    put_ipv4_text(net, map, address, prefix);
    if (!address->is_secondary && !value_map_get(owner, "ipv4"))
        value_map_put(net->arena, owner, "ipv4", map);
    else
        list_append(net, owner, "ipv4_secondaries", map);
    if (address->is_secondary && strcmp(label, device) != 0)
        list_append(net, interface_of(net, device), "ipv4_secondaries", map);
    if (text_equal(value_map_text(net->default4, "address"), address->address)) {
        put_ipv4_text(net, net->default4, address, prefix);
        put_default(net, net->default4, device);
        value_map_put_string(net->arena, net->default4, "alias", label);
    }
    if (!text_starts(address->address, "127."))
        value_list_add(net->arena, net->ipv4, value_string(net->arena, address->address));
}

static void add_ipv6(struct network *net, const char *device, const struct network_address *address)
{
    const char *prefix = arena_printf(net->arena, "%d", address->prefix);
    struct value *map = value_map(net->arena);

    value_map_put_string(net->arena, map, "address", address->address);
    value_map_put_string(net->arena, map, "prefix", prefix);
    value_map_put_string(net->arena, map, "scope", address->scope);
    list_append(net, interface_of(net, device), "ipv6", map);
    if (text_equal(value_map_text(net->default6, "address"), address->address)) {
        value_map_put_string(net->arena, net->default6, "prefix", prefix);
        value_map_put_string(net->arena, net->default6, "scope", address->scope);
        put_default(net, net->default6, device);
    }
    if (strcmp(address->address, "::1") != 0)
        value_list_add(net->arena, net->ipv6, value_string(net->arena, address->address));
}

/* Primary ones first, IPv4 before IPv6, as `ip` lists them. */
static void add_addresses(struct network *net, const char *device)
{
    int64_t index = 0;
    const char *text = net_file(net, device, "ifindex");

    if (!text || !text_to_int(text, &index))
        return;
    for (int pass = 0; pass < 4; pass++)
        for (size_t i = 0; i < net->address_count; i++) {
            const struct network_address *address = &net->addresses[i];
            bool is_ipv6 = address->family == AF_INET6;
            if (address->index != index || address->is_secondary != (pass >= 2) || is_ipv6 != (pass % 2 == 1))
                continue;
            if (is_ipv6)
                add_ipv6(net, device, address);
            else
                add_ipv4(net, device, address);
        }
}

/* Well-known public addresses, as Ansible uses them: nothing is sent, only the routing table is asked. */
static struct value *default_route(const struct network *net, int family)
{
    struct network_route route = { .interface = "" };
    struct error ignored = ERROR_INIT;
    struct value *map = value_map(net->arena);

    if (!fact_is_live(net->system) ||
        !network_route_to(family, family == AF_INET ? "8.8.8.8" : "2404:6800:400a:800::1012", &route, &ignored))
        return map;
    value_map_put_string(net->arena, map, "interface", route.interface);
    if (route.source[0])
        value_map_put_string(net->arena, map, "address", route.source);
    if (route.gateway[0])
        value_map_put_string(net->arena, map, "gateway", route.gateway);
    return map;
}

static void put_interfaces(const struct network *net, struct value *facts)
{
    struct value *names = value_list(net->arena);

    for (size_t i = 0; i < value_count(net->interfaces); i++) {
        const struct value_pair *pair = value_pair_at(net->interfaces, i);
        char *name = arena_copy(net->arena, value_text(pair->key));
        for (char *c = name; *c; c++)
            if (*c == ':')
                *c = '_';
        value_list_add(net->arena, names, value_string(net->arena, name));
        value_map_put(net->arena, facts, name, pair->item);
    }
    value_map_put(net->arena, facts, "interfaces", names);
}

static bool network_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct network net = { .system = system,
                           .arena = arena,
                           .interfaces = value_map(arena),
                           .ipv4 = value_list(arena),
                           .ipv6 = value_list(arena) };
    const char *const *names = fact_folder(system, arena, CLASS);
    struct error ignored = ERROR_INIT;

    (void)err;
    net.default4 = default_route(&net, AF_INET);
    net.default6 = default_route(&net, AF_INET6);
    if (fact_is_live(system))
        (void)network_addresses(arena, &net.addresses, &net.address_count, &ignored);
    for (const char *const *name = names; *name; name++)
        if (net_exists(&net, *name, "ifindex"))
            value_map_put(arena, net.interfaces, *name, interface_new(&net, *name));
    for (const char *const *name = names; *name; name++)
        add_addresses(&net, *name);
    put_interfaces(&net, facts);
    value_map_put(arena, facts, "default_ipv4", net.default4);
    value_map_put(arena, facts, "default_ipv6", net.default6);
    value_map_put(arena, facts, "all_ipv4_addresses", net.ipv4);
    value_map_put(arena, facts, "all_ipv6_addresses", net.ipv6);
    return true;
}

FACT_GROUP_DEFINE(network) = {
    .name = "network",
    .names = FACT_NAMES("interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses"),
    .collect = network_collect,
};
