/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ipaddr can be asked. An answer is text, a number, true, or nothing ("None") and false where the value does not fit
 * the question.
 */
#include "engine/template/filter_ipaddr.h"

#include <string.h>

#include "common/base/text.h"
#include "common/value/value_big.h"

typedef const struct value *query_run(struct ip_request *request);

struct query {
    const char *name;
    query_run *run;
};

const struct value *ipaddr_number(struct eval *eval, ip_number number)
{
    const char *text = network_number_text(eval->arena, number);

    return value_integer(eval->arena, text, strlen(text));
}

void ipaddr_usable(const struct network *network, ip_number *first_out, ip_number *last_out)
{
    bool pair = network_size_less_one(network) == 1;

    *first_out = network_first(network) + !pair;
    *last_out = network_last(network) - !pair;
}

/* --- parts of answers --- */

static const struct value *address_of(const struct ip_request *request, ip_number value)
{
    return eval_text(request->eval, network_address_text(request->eval->arena, value, request->network.width));
}

static const struct value *with_prefix(const struct ip_request *request)
{
    return eval_text(request->eval, network_text(request->eval->arena, &request->network));
}

/* "address mask" */
static const struct value *with_mask(const struct ip_request *request, ip_number value, ip_number mask)
{
    struct arena *arena = request->eval->arena;
    int width = request->network.width;

    return eval_text(request->eval, arena_printf(arena, "%s %s", network_address_text(arena, value, width),
                                                 network_address_text(arena, mask, width)));
}

static const struct value *plain(const struct ip_request *request, ip_number value)
{
    return eval_text(request->eval, network_plain_text(request->eval->arena, value));
}

static bool is_single(const struct ip_request *request)
{
    return network_size_less_one(&request->network) == 0;
}

static bool is_pair(const struct ip_request *request)
{
    return network_size_less_one(&request->network) == 1;
}

static bool is_first(const struct ip_request *request)
{
    return request->network.value == network_first(&request->network);
}

static bool has_broadcast(const struct ip_request *request)
{
    return request->network.width == 128 || request->network.prefix <= 30;
}

static bool lies_in(const struct ip_request *request, const char *const *networks)
{
    struct network address = { request->network.value, request->network.width, request->network.width };

    for (; *networks != NULL; networks++)
        if (network_is_in(&address, *networks))
            return true;
    return false;
}

static const struct value *value_if(const struct ip_request *request, bool condition)
{
    return condition ? request->value : value_null();
}

static const struct value *no_network(const struct ip_request *request)
{
    return eval_fail(request->eval, "Not a network address");
}

/* --- queries about the address --- */

static const struct value *query_empty(struct ip_request *request)
{
    return request->is_network ? with_prefix(request) : address_of(request, request->network.value);
}

static const struct value *query_ip(struct ip_request *request)
{
    if (!is_single(request) && is_first(request) && has_broadcast(request) && request->network.width == 32)
        return value_null();
    return address_of(request, request->network.value);
}

static const struct value *query_address_prefix(struct ip_request *request)
{
    bool is_edge = is_first(request) || request->network.value == network_last(&request->network);

    return network_size_less_one(&request->network) > 1 && is_edge ? value_bool(false) : with_prefix(request);
}

static const struct value *query_cidr(struct ip_request *request)
{
    return with_prefix(request);
}

static const struct value *query_host(struct ip_request *request)
{
    return is_single(request) || !is_first(request) || !has_broadcast(request) ? with_prefix(request) : value_null();
}

static const struct value *query_ip_prefix(struct ip_request *request)
{
    return is_pair(request) || (!is_single(request) && !is_first(request)) ? with_prefix(request) : value_null();
}

static const struct value *query_ip_netmask(struct ip_request *request)
{
    return is_pair(request) || (!is_single(request) && !is_first(request))
               ? with_mask(request, request->network.value, network_netmask(&request->network))
               : value_null();
}

static const struct value *query_int(struct ip_request *request)
{
    struct arena *arena = request->eval->arena;

    if (!request->is_network)
        return ipaddr_number(request->eval, request->network.value);
    return eval_text(request->eval, arena_printf(arena, "%s/%d", network_number_text(arena, request->network.value),
                                                 request->network.prefix));
}

static const struct value *query_type(struct ip_request *request)
{
    return eval_text(request->eval, is_single(request) || !is_first(request) ? "address" : "network");
}

static const struct value *query_version(struct ip_request *request)
{
    return eval_int(request->eval, request->network.width == 32 ? 4 : 6);
}

static const struct value *query_bool(struct ip_request *request)
{
    (void)request;
    return value_bool(true);
}

static const struct value *query_revdns(struct ip_request *request)
{
    bool is_old = request->network.width == 32;
    struct text out = text_new(request->eval->arena);
    ip_number value = request->network.value;

    for (int i = 0; i < (is_old ? 4 : 32); i++) {
        text_printf(&out, is_old ? "%u." : "%x.", (unsigned)(value & (is_old ? 0xFF : 0xF)));
        value >>= is_old ? 8 : 4;
    }
    text_add(&out, is_old ? "in-addr.arpa." : "ip6.arpa.");
    return eval_text(request->eval, out.data);
}

static const struct value *query_wrap(struct ip_request *request)
{
    struct arena *arena = request->eval->arena;
    const char *address = network_address_text(arena, request->network.value, request->network.width);

    if (request->network.width == 32)
        return request->value;
    return eval_text(request->eval, request->is_network
                                        ? arena_printf(arena, "[%s]/%d", address, request->network.prefix)
                                        : arena_printf(arena, "[%s]", address));
}

/* --- what kind of address --- */

static const struct value *query_link_local(struct ip_request *request)
{
    static const char *const networks[] = { "169.254.0.0/16", "fe80::/10", NULL };

    return value_if(request, lies_in(request, networks));
}

static const struct value *query_loopback(struct ip_request *request)
{
    static const char *const networks[] = { "127.0.0.0/8", "::1", NULL };

    return value_if(request, lies_in(request, networks));
}

static bool is_multicast(const struct ip_request *request)
{
    return network_is_in(&request->network, "224.0.0.0/4") || network_is_in(&request->network, "ff00::/8");
}

static const struct value *query_multicast(struct ip_request *request)
{
    return value_if(request, is_multicast(request));
}

static const struct value *query_unicast(struct ip_request *request)
{
    return value_if(request, !is_multicast(request));
}

static bool is_private(const struct network *network)
{
    static const char *const networks[] = {
        "10.0.0.0/8",  "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24",   "192.168.0.0/16", "198.18.0.0/15",
        "239.0.0.0/8", "fc00::/7",      "fec0::/10",     "169.254.0.0/16", "fe80::/10",
    };

    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
        if (network_is_in(network, networks[i]))
            return true;
    return false;
}

static const struct value *query_private(struct ip_request *request)
{
    return value_if(request, is_private(&request->network));
}

static bool is_public(const struct ip_request *request)
{
    struct ip_request address = *request;
    ip_number value = request->network.value, other = network_max(request->network.width) ^ value;

    address.network.prefix = address.network.width;
    return !is_multicast(&address) && !is_private(&address.network) && query_loopback(&address)->kind == VALUE_NULL &&
           (value & (value + 1)) != 0 && (other & (other + 1)) != 0;
}

static const struct value *query_public(struct ip_request *request)
{
    return value_if(request, is_public(request));
}

static const struct value *query_6to4(struct ip_request *request)
{
    static const char *const networks[] = { "2002::/16", NULL };
    struct network address = { request->network.value, request->network.width, request->network.width };
    unsigned value = (unsigned)request->network.value;

    if (request->network.width == 128)
        return request->is_network && is_first(request) ? value_bool(false)
               : lies_in(request, networks)             ? request->value
                                                        : value_bool(false);
    if ((!is_single(request) && is_first(request)) || (!is_public(request) && !is_private(&address)))
        return value_bool(false);
    return eval_text(request->eval,
                     arena_printf(request->eval->arena, "2002:%04x:%04x::1/48", value >> 16, value & 0xFFFF));
}

static const struct value *query_ipv4(struct ip_request *request)
{
    struct network *network = &request->network;
    const ip_number mapped = (ip_number)0xFFFF << 32;
    bool is_mapped = network->value >= mapped && network->value - mapped <= UINT32_MAX;

    if (network->width == 32)
        return request->value;
    if ((network->value > UINT32_MAX && !is_mapped) || network->prefix < 96)
        return value_bool(false);
    *network = (struct network){ network->value & UINT32_MAX, network->prefix - 96, 32 };
    return with_prefix(request);
}

static const struct value *query_ipv6(struct ip_request *request)
{
    struct network *network = &request->network;

    if (network->width == 128)
        return request->value;
    *network = (struct network){ network->value | (ip_number)0xFFFF << 32, network->prefix + 96, 128 };
    return with_prefix(request);
}

/* --- queries about the network --- */

static const struct value *query_broadcast(struct ip_request *request)
{
    return network_size_less_one(&request->network) > 1 ? address_of(request, network_last(&request->network))
                                                        : value_null();
}

static const struct value *query_hostmask(struct ip_request *request)
{
    return address_of(request, network_hostmask(&request->network));
}

static const struct value *query_netmask(struct ip_request *request)
{
    return address_of(request, network_netmask(&request->network));
}

static const struct value *query_network(struct ip_request *request)
{
    return address_of(request, network_first(&request->network));
}

static const struct value *query_subnet(struct ip_request *request)
{
    return eval_text(request->eval, network_cidr_text(request->eval->arena, &request->network));
}

static const struct value *query_net(struct ip_request *request)
{
    return !is_single(request) && is_first(request) ? query_subnet(request) : value_null();
}

static const struct value *query_network_netmask(struct ip_request *request)
{
    return with_mask(request, network_first(&request->network), network_netmask(&request->network));
}

static const struct value *query_network_wildcard(struct ip_request *request)
{
    return with_mask(request, network_first(&request->network), network_hostmask(&request->network));
}

static const struct value *query_prefix(struct ip_request *request)
{
    return eval_int(request->eval, request->network.prefix);
}

static const struct value *query_size(struct ip_request *request)
{
    ip_number less_one = network_size_less_one(&request->network);

    if (less_one == ~(ip_number)0) {
        static const char all[] = "340282366920938463463374607431768211456";

        return value_integer(request->eval->arena, all, sizeof(all) - 1);
    }
    return ipaddr_number(request->eval, less_one + 1);
}

static const struct value *query_size_usable(struct ip_request *request)
{
    ip_number less_one = network_size_less_one(&request->network);

    return ipaddr_number(request->eval, less_one == 0 ? 0 : less_one == 1 ? 2 : less_one - 1);
}

/* --- usable addresses --- */

/* False: there is an answer already. */
static bool usable(struct ip_request *request, ip_number edges[2], const struct value **out)
{
    *out = request->is_network ? value_null() : no_network(request);
    if (!request->is_network || is_single(request))
        return false;
    ipaddr_usable(&request->network, &edges[0], &edges[1]);
    return true;
}

static const struct value *query_first_usable(struct ip_request *request)
{
    const struct value *out = NULL;
    ip_number edges[2];

    return usable(request, edges, &out) ? plain(request, edges[0]) : out;
}

static const struct value *query_last_usable(struct ip_request *request)
{
    const struct value *out = NULL;
    ip_number edges[2];

    return usable(request, edges, &out) ? plain(request, edges[1]) : out;
}

static const struct value *query_range_usable(struct ip_request *request)
{
    struct arena *arena = request->eval->arena;
    const struct value *out = NULL;
    ip_number edges[2];

    if (!usable(request, edges, &out))
        return out;
    return eval_text(request->eval, arena_printf(arena, "%s-%s", network_plain_text(arena, edges[0]),
                                                 network_plain_text(arena, edges[1])));
}

static const struct value *neighbour(struct ip_request *request, bool next)
{
    ip_number value = request->network.value, edges[2];
    const struct value *out = NULL;

    if (!usable(request, edges, &out))
        return out;
    if (next ? value == ~(ip_number)0 : value == 0)
        return eval_fail(request->eval, "%s is at the edge of all addresses", value_text(address_of(request, value)));
    value = next ? value + 1 : value - 1;
    return value < edges[0] || value > edges[1] ? value_null() : plain(request, value);
}

static const struct value *query_next_usable(struct ip_request *request)
{
    return neighbour(request, true);
}

static const struct value *query_previous_usable(struct ip_request *request)
{
    return neighbour(request, false);
}

static const struct value *query_peer(struct ip_request *request)
{
    unsigned place = (unsigned)(request->network.value & 3);

    if (!request->is_network)
        return no_network(request);
    if (is_pair(request))
        return plain(request, request->network.value ^ 1);
    if (network_size_less_one(&request->network) != 3)
        return eval_fail(request->eval, "Not a point-to-point network");
    if (place == 0 || place == 3)
        return eval_fail(request->eval, "%s address of /30 has no peer", place == 0 ? "Network" : "Broadcast");
    return plain(request, request->network.value ^ 3);
}

static const struct query queries[] = {
    { "", query_empty },
    { "6to4", query_6to4 },
    { "address", query_ip },
    { "address/prefix", query_address_prefix },
    { "bool", query_bool },
    { "broadcast", query_broadcast },
    { "cidr", query_cidr },
    { "first_usable", query_first_usable },
    { "gateway", query_address_prefix },
    { "gw", query_address_prefix },
    { "host", query_host },
    { "host/prefix", query_address_prefix },
    { "hostmask", query_hostmask },
    { "hostnet", query_address_prefix },
    { "int", query_int },
    { "ip", query_ip },
    { "ip/prefix", query_ip_prefix },
    { "ip_netmask", query_ip_netmask },
    { "ipv4", query_ipv4 },
    { "ipv6", query_ipv6 },
    { "last_usable", query_last_usable },
    { "link-local", query_link_local },
    { "lo", query_loopback },
    { "loopback", query_loopback },
    { "multicast", query_multicast },
    { "net", query_net },
    { "netmask", query_netmask },
    { "network", query_network },
    { "network/prefix", query_subnet },
    { "network_id", query_network },
    { "network_netmask", query_network_netmask },
    { "network_wildcard", query_network_wildcard },
    { "next_usable", query_next_usable },
    { "peer", query_peer },
    { "prefix", query_prefix },
    { "previous_usable", query_previous_usable },
    { "private", query_private },
    { "public", query_public },
    { "range_usable", query_range_usable },
    { "revdns", query_revdns },
    { "router", query_address_prefix },
    { "size", query_size },
    { "size_usable", query_size_usable },
    { "subnet", query_subnet },
    { "type", query_type },
    { "unicast", query_unicast },
    { "v4", query_ipv4 },
    { "v6", query_ipv6 },
    { "version", query_version },
    { "wildcard", query_hostmask },
    { "wrap", query_wrap },
};

bool ipaddr_answer(struct ip_request *request, const struct value **out)
{
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        if (!eval_name_is(queries[i].name, request->query))
            continue;
        *out = queries[i].run(request);
        return true;
    }
    return false;
}

bool ipaddr_is_query(const char *name)
{
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        if (eval_name_is(queries[i].name, name))
            return true;
    return false;
}
