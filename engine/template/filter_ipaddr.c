/* SPDX-License-Identifier: Apache-2.0 */
/* ansible.utils.ipaddr and its kin: a value is read as an address or network, and asked (filter_ipaddr_query.c). */
#include "engine/template/filter_ipaddr.h"

#include <string.h>

#include "common/value/value_big.h"
#include "common/value/value_python.h"
#include "engine/template/filter.h"

/* All digits: an address by its number, IPv4 where it fits and is not excluded. */
static bool read_number(struct ip_request *request, const char *text)
{
    struct network network = { 0, 32, 32 };

    if (!network_read_number(text, &network.value))
        return false;
    if (request->version == 6 || network.value > UINT32_MAX)
        network.width = network.prefix = 128;
    request->network = network;
    request->value = eval_text(request->eval, network_text(request->eval->arena, &network));
    return true;
}

/* "number/prefix" */
static bool read_number_prefix(struct ip_request *request, const char *text)
{
    const char *slash = strchr(text, '/');
    struct network network = { 0, 0, 32 };
    int64_t prefix = 0;

    if (slash == NULL || !text_to_int(slash + 1, &prefix) || prefix < 0 || prefix > 128 ||
        !network_read_number(arena_copy_n(request->eval->arena, text, (size_t)(slash - text)), &network.value))
        return false;
    if (network.value > UINT32_MAX || prefix > 32)
        network.width = 128;
    network.prefix = (int)prefix;
    request->network = network;
    request->is_network = true;
    request->value = eval_text(request->eval, network_text(request->eval->arena, &network));
    return true;
}

bool ipaddr_read(struct ip_request *request)
{
    const struct value *text =
        value_is_integer(request->value) ? eval_str(request->eval, request->value) : request->value;
    const char *data = value_text(text), *slash;

    if (data == NULL || !value_truthy(request->value))
        return false;
    if (data[strspn(data, "0123456789")] == '\0')
        return read_number(request, data);
    if (text != request->value)
        return false;
    slash = strchr(data, '/');
    request->is_network = slash != NULL && strchr(slash + 1, '/') == NULL;
    return network_read(request->eval->arena, data, &request->network) || read_number_prefix(request, data);
}

bool ipaddr_network(struct eval *eval, const struct value *value, struct network *out)
{
    struct ip_request request = { .eval = eval, .value = value };

    if (!ipaddr_read(&request))
        return false;
    *out = request.network;
    return true;
}

/* The query is a network or an address: is the value inside? */
static bool container_of(struct ip_request *request)
{
    struct ip_request other = { .eval = request->eval, .value = eval_text(request->eval, request->query) };
    const char *query = request->query;

    return query[strspn(query, "0123456789")] != '\0' && ipaddr_read(&other) &&
           network_read(request->eval->arena, query, &request->container);
}

/* The query is a number: that address of the network, from its end if negative. */
static const struct value *numbered(struct ip_request *request)
{
    struct network *network = &request->network;
    struct network_offset index = { 0, false };
    ip_number less_one = network_size_less_one(network);
    double real = 0;

    if (!text_to_real(request->query, &real))
        return eval_fail(request->eval, "%s: unknown filter type: %s", request->alias, request->query);
    if (less_one == 0)
        return eval_text(request->eval, request->is_network ? network_text(request->eval->arena, network)
                                                            : network_address_text(request->eval->arena, network->value,
                                                                                   network->width));
    if (!network_read_offset(request->query, &index))
        return value_bool(false);
    index.distance -= index.is_back;
    if (index.distance > less_one)
        return value_bool(false);
    network->value = index.is_back ? network_last(network) - index.distance : network_first(network) + index.distance;
    return eval_text(request->eval, network_text(request->eval->arena, network));
}

static const struct value *ask(struct ip_request *request)
{
    const struct value *made = NULL;
    bool is_query = ipaddr_is_query(request->query);

    if (!ipaddr_read(request))
        return value_bool(false);
    request->has_container = !is_query && container_of(request);
    if (request->version != 0 && request->network.width != (request->version == 4 ? 32 : 128))
        return value_bool(false);
    if (request->has_container)
        return network_holds(&request->container, &request->network) ? request->value : value_null();
    return ipaddr_answer(request, &made) ? made : numbered(request);
}

static const struct value *ask_all(struct ip_request *request, const struct value *values)
{
    struct value *list = eval_list(request->eval);

    for (size_t i = 0; i < values->as.list.count; i++) {
        const struct value *made =
            ipaddr_query(request->eval, values->as.list.items[i], request->query, request->version, "ipaddr");

        if (made == NULL)
            return NULL;
        if (value_truthy(made))
            value_list_add(request->eval->arena, list, made);
    }
    return list;
}

const struct value *ipaddr_query(struct eval *eval, const struct value *value, const char *query, int version,
                                 const char *alias)
{
    struct ip_request request = { .eval = eval, .value = value, .query = query, .version = version, .alias = alias };

    if (!eval_step(eval))
        return NULL;
    if (value->kind == VALUE_LIST)
        return ask_all(&request, value);
    if (!value_truthy(value) || value->kind == VALUE_BOOL)
        template_warn(eval->call,
                      arena_printf(eval->arena,
                                   "The value '%s' is not a valid IP address or network, passing this value to "
                                   "ipaddr filter might result in breaking change in future.",
                                   value_to_text(eval->arena, value)));
    return ask(&request);
}

static const struct value *run_ipaddr(struct eval *eval, const struct value *input, const struct value *query,
                                      int version, const char *alias)
{
    const struct value *text = query == NULL || query->kind == VALUE_NULL ? eval_text(eval, "") : eval_str(eval, query);

    if (text == NULL)
        return NULL;
    if (input->kind != VALUE_STRING && input->kind != VALUE_LIST && !value_is_integer(input) &&
        input->kind != VALUE_BOOL)
        return eval_fail(eval, "Unrecognized type <<class '%s'>> for %s filter <value>", eval_type(input), alias);
    return ipaddr_query(eval, input, text->as.string.data, version, alias);
}

static const struct value *filter_ipaddr(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *alias = args_text(eval, args->bound[2], "ipaddr", "alias");
    int64_t version = 0;

    if (alias == NULL || !args_int(eval, args->bound[1], 0, &version))
        return NULL;
    return run_ipaddr(eval, input, args->bound[0], (int)version, alias);
}

static const struct value *filter_ipv4(struct eval *eval, const struct value *input, struct call_args *args)
{
    return run_ipaddr(eval, input, args->bound[0], 4, "ipv4");
}

static const struct value *filter_ipv6(struct eval *eval, const struct value *input, struct call_args *args)
{
    return run_ipaddr(eval, input, args->bound[0], 6, "ipv6");
}

/* What is an address of the query is wrapped, everything else stays as it is. NULL: error set. */
static const struct value *wrapped(struct eval *eval, const struct value *value, const char *query, bool is_member)
{
    const struct value *found = ipaddr_query(eval, value, query, 0, "ipwrap");

    if (found == NULL || !value_truthy(found))
        return found == NULL ? NULL : value;
    return ipaddr_query(eval, is_member ? value : found, "wrap", 0, "ipwrap");
}

static const struct value *filter_ipwrap(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *named = args_named(args, "query"); /* only by name: ansible.utils drops a positional one */
    const struct value *query = named == NULL ? eval_text(eval, "") : eval_str(eval, named), *made = NULL;
    struct value *list = eval_list(eval);

    if (query == NULL)
        return NULL;
    if (input->kind != VALUE_LIST)
        made = wrapped(eval, input, query->as.string.data, false);
    for (size_t i = 0; input->kind == VALUE_LIST && i < input->as.list.count; i++) {
        made = wrapped(eval, input->as.list.items[i], query->as.string.data, true);
        if (made == NULL)
            break;
        value_list_add(eval->arena, list, made);
    }
    if (input->kind == VALUE_LIST && list->as.list.count == input->as.list.count)
        made = list;
    if (made != NULL)
        return made;
    error_clear(eval->err); /* failures leave the value alone */
    eval->located = eval->type_error = false;
    return input;
}

const struct filter filters_ipaddr[] = {
    { "ansible.utils.ipaddr", filter_ipaddr, "query version alias", FILTER_KEEPS },
    { "ansible.utils.ipv4", filter_ipv4, "query", FILTER_KEEPS },
    { "ansible.utils.ipv6", filter_ipv6, "query", FILTER_KEEPS },
    { "ansible.utils.ipwrap", filter_ipwrap, "query", FILTER_KEEPS },
    { .name = NULL },
};
