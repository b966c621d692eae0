/* SPDX-License-Identifier: Apache-2.0 */
/* ansible.utils' filters on networks: subnets, neighbours, merging, membership. */
#include <stdlib.h>
#include <string.h>

#include "common/value/value_big.h"
#include "common/value/value_python.h"
#include "engine/template/filter.h"
#include "engine/template/filter_ipaddr.h"

#define RANGE_MAX (1000 * 1000)

static const struct value *number_text(struct eval *eval, ip_number number)
{
    return eval_text(eval, network_number_text(eval->arena, number));
}

static const struct value *network_value(struct eval *eval, const struct network *network)
{
    return eval_text(eval, network_text(eval->arena, network));
}

/* An argument that is text by declaration: numbers become text. NULL without an error: not given. */
static const char *text_argument(struct eval *eval, const struct value *value)
{
    const struct value *text = value == NULL || value->kind == VALUE_NULL ? NULL : eval_str(eval, value);

    return value_text(text);
}

/* Whole numbers, as text too. */
static bool int_argument(struct eval *eval, const struct value *value, int64_t *out)
{
    if (value_is(value, VALUE_STRING) && text_to_int(value->as.string.data, out))
        return true;
    return args_int(eval, value, 0, out);
}

/* --- ipsubnet --- */

/* An address in the subnet that has `bits` bits, or the widest one with an index up to it. */
static const struct value *supernet_of(struct eval *eval, const struct network *network, int64_t bits,
                                       const int64_t *index)
{
    int64_t count = network->width - bits, at = index == NULL ? 0 : *index;
    struct network super = *network;

    if (index != NULL && (at > network->width + 1 - at || at < bits - network->width))
        return value_bool(false);
    if (at < 0)
        at += count;
    if (at < 0 || at >= count)
        return eval_fail(eval, "list index out of range");
    super.prefix = (int)(bits + at);
    super.value = network_first(&super);
    return network_value(eval, &super);
}

static const struct value *subnet_at(struct eval *eval, const struct network *network, int64_t bits, int64_t index)
{
    int64_t more = bits - network->prefix;
    struct network made = { network->value, (int)bits, network->width };
    ip_number last = more <= 0 ? 0 : more >= 128 ? ~(ip_number)0 : ((ip_number)1 << more) - 1;
    ip_number place = (ip_number)index;

    if (index < 0) {
        place = (ip_number)(-(index + 1));
        if (more < 0 || place > last)
            return value_bool(false);
        place = last - place;
    }
    if (place > last)
        return value_bool(false);
    if (bits < network->width || place == 0)
        made.value += bits == 0 ? 0 : place << (network->width - bits);
    else
        made.value += place;
    return network_value(eval, &made);
}

/* Which of the query's subnets of this size it is, from 1. */
static const struct value *subnet_place(struct eval *eval, const struct network *network, const char *query)
{
    struct network outer, cidr;
    int shift;

    if (!ipaddr_network(eval, eval_text(eval, query), &outer))
        return eval_fail(eval, "You must pass a valid subnet or IP address; %s is invalid", query);
    cidr = outer;
    cidr.value = network_first(&outer);
    if (outer.width != network->width ||
        !network_holds(&outer, &(struct network){ network->value, network->width, network->width }))
        return eval_fail(eval, "%s is not in the subnet %s", network_text(eval->arena, network),
                         network_text(eval->arena, &cidr));
    if (network->prefix < outer.prefix)
        return eval_fail_type(eval, "unsupported operand type(s) for <<: 'float' and 'int'");
    shift = network->width - network->prefix;
    return number_text(eval, shift >= 128 ? 1 : ((network->value & network_hostmask(&outer)) >> shift) + 1);
}

static const struct value *filter_ipsubnet(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *query = text_argument(eval, args->bound[0]);
    bool has_index = args->bound[1] != NULL && args->bound[1]->kind != VALUE_NULL;
    int64_t bits = 0, index = 0;
    struct network network;
    const struct value *text = eval_str(eval, input);

    if (text == NULL || (args->bound[0] != NULL && query == NULL && args->bound[0]->kind != VALUE_NULL))
        return NULL;
    if (!ipaddr_network(eval, text, &network))
        return value_bool(false);
    network.value = network_first(&network);
    if (query == NULL || *query == '\0')
        return network_value(eval, &network);
    if (query[strspn(query, "0123456789")] != '\0')
        return subnet_place(eval, &network, query);
    if (!text_to_int(query, &bits) || bits > network.width)
        return value_bool(false);
    if (has_index && !int_argument(eval, args->bound[1], &index))
        return NULL;
    if (network.prefix == network.width)
        return supernet_of(eval, &network, bits, has_index ? &index : NULL);
    if (has_index)
        return subnet_at(eval, &network, bits, index);
    if (bits < network.prefix)
        return eval_fail(eval, "Requested subnet size of %lld is invalid", (long long)bits);
    if (bits - network.prefix == 128)
        return eval_text(eval, "340282366920938463463374607431768211456");
    return number_text(eval, (ip_number)1 << (bits - network.prefix));
}

/* --- ipmath, nthhost, neighbours --- */

/* Whole numbers up to 128 bits, as text too. */
static bool offset_argument(struct eval *eval, const struct value *value, struct network_offset *out)
{
    int64_t amount = 0;

    if ((value_is(value, VALUE_STRING) || value_is(value, VALUE_BIG)) &&
        network_read_offset(value->as.string.data, out))
        return true;
    if (!int_argument(eval, value, &amount))
        return false;
    out->is_back = amount < 0;
    out->distance = amount < 0 ? (ip_number)(-(amount + 1)) + 1 : (ip_number)amount;
    return true;
}

static const struct value *moved(struct eval *eval, ip_number value, struct network_offset by, int width)
{
    if (by.is_back ? by.distance > value : by.distance > network_max(width) - value)
        return eval_fail(eval, "result outside valid IP address boundary!");
    return eval_text(eval,
                     network_address_text(eval->arena, by.is_back ? value - by.distance : value + by.distance, width));
}

static const struct value *filter_ipmath(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *text = eval_str(eval, input);
    struct network network = { 0, 0, 0 };
    struct network_offset amount = { 0, false };
    const char *data = value_text(text);

    if (data == NULL)
        return NULL;
    if (strchr(data, '/') != NULL ? !network_read(eval->arena, data, &network)
                                  : !network_read_address(data, 0, &network.value, &network.width))
        return eval_fail(eval, "You must pass a valid IP address; %s is invalid", data);
    if (args->bound[0]->kind == VALUE_NULL || !offset_argument(eval, args->bound[0], &amount))
        return eval_fail(eval, "You must pass an integer for arithmetic; %s is not a valid integer",
                         value_to_text(eval->arena, args->bound[0]));
    return moved(eval, network.value, amount, network.width);
}

static const struct value *filter_nthhost(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *query = args->bound[0] == NULL ? NULL : text_argument(eval, args->bound[0]);
    struct network network;
    struct network_offset index = { 0, false };

    if (query == NULL || !ipaddr_network(eval, input, &network) || !network_read_offset(query, &index))
        return eval->err->text[0] != '\0' ? NULL : value_bool(false);
    index.distance -= index.is_back;
    if (index.distance > network_size_less_one(&network))
        return index.is_back ? eval_fail(eval, "index out range for address range size!") : value_bool(false);
    return eval_text(eval, network_address_text(eval->arena,
                                                index.is_back ? network_last(&network) - index.distance
                                                              : network_first(&network) + index.distance,
                                                network.width));
}

/* The address `offset` further on, if it is a usable one. A network counts from its own address. */
static const struct value *nth_usable(struct eval *eval, const struct value *input, const struct value *offset,
                                      bool next)
{
    struct network network;
    struct network_offset by = { 0, false };
    ip_number first, last, value;
    bool forward;

    if (!ipaddr_network(eval, input, &network))
        return value_bool(false);
    if (!value_is_integer(offset) && !value_is(offset, VALUE_STRING))
        return eval_fail(eval, "Must pass in an integer");
    if (!offset_argument(eval, offset, &by))
        return NULL;
    if (network_size_less_one(&network) == 0)
        return value_null();
    forward = next != by.is_back;
    if (forward ? by.distance > ~(ip_number)0 - network.value : by.distance > network.value)
        return eval_fail(eval, "'%s' is not a valid IP address", "out of range");
    value = forward ? network.value + by.distance : network.value - by.distance;
    ipaddr_usable(&network, &first, &last);
    return value < first || value > last ? value_null() : eval_text(eval, network_plain_text(eval->arena, value));
}

static const struct value *filter_next_nth(struct eval *eval, const struct value *input, struct call_args *args)
{
    return nth_usable(eval, input, args->bound[0], true);
}

static const struct value *filter_previous_nth(struct eval *eval, const struct value *input, struct call_args *args)
{
    return nth_usable(eval, input, args->bound[0], false);
}

/* --- membership --- */

struct span {
    ip_number first, last;
};

/* What is no address spans 0 to 0, as in the original. */
static struct span span_of(struct eval *eval, const struct value *value, bool usable)
{
    struct network network;
    struct span span = { 0, 0 };
    bool single;

    if (!ipaddr_network(eval, value, &network))
        return span;
    network.value = network_first(&network);
    single = network_size_less_one(&network) == 0;
    span = (struct span){ network.value, network.value };
    if (usable && !single)
        ipaddr_usable(&network, &span.first, &span.last);
    else if (!single && network_size_less_one(&network) > 1)
        span.last = network_last(&network); /* a pair of addresses has no broadcast */
    return span;
}

static bool is_within(const struct span *inner, const struct span *outer)
{
    return outer->first <= inner->first && inner->first <= outer->last && outer->first <= inner->last &&
           inner->last <= outer->last;
}

static const struct value *in_span(struct eval *eval, const struct value *input, const struct value *test, bool usable)
{
    struct span outer = span_of(eval, input, usable), inner = span_of(eval, test, false);

    return value_bool(is_within(&inner, &outer));
}

static const struct value *filter_in_network(struct eval *eval, const struct value *input, struct call_args *args)
{
    return in_span(eval, input, args->bound[0], false);
}

static const struct value *filter_in_usable(struct eval *eval, const struct value *input, struct call_args *args)
{
    return in_span(eval, input, args->bound[0], true);
}

static const struct value *filter_reduce(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    struct span outer = span_of(eval, args->bound[0], false);
    struct value *list = eval_list(eval);

    for (size_t i = 0; items != NULL && i < items->as.list.count; i++) {
        struct span inner = span_of(eval, items->as.list.items[i], false);

        if (is_within(&inner, &outer))
            value_list_add(eval->arena, list, items->as.list.items[i]);
    }
    return items == NULL ? NULL : list;
}

/* --- cidr_merge --- */

struct range {
    struct network original;
    ip_number first, last;
    bool is_merged;
};

static int order_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;

    if (x->original.width != y->original.width)
        return x->original.width < y->original.width ? -1 : 1;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* The fewest networks that are exactly this range. */
static void add_range(struct eval *eval, struct value *list, ip_number first, ip_number last, int width)
{
    for (;;) {
        struct network network = { first, width, width };

        while (network.prefix > 0) {
            struct network wider = { first, network.prefix - 1, width };

            if (network_first(&wider) != first || network_last(&wider) > last)
                break;
            network = wider;
        }
        value_list_add(eval->arena, list, network_value(eval, &network));
        if (network_last(&network) >= last)
            return;
        first = network_last(&network) + 1;
    }
}

static const struct value *merge(struct eval *eval, struct range *ranges, size_t count)
{
    struct value *list = eval_list(eval);

    qsort(ranges, count, sizeof(*ranges), order_ranges);
    for (size_t i = count; i-- > 1;) {
        struct range *this = &ranges[i], *before = &ranges[i - 1];

        if (this->original.width != before->original.width || (this->first > 0 && this->first - 1 > before->last))
            continue;
        before->last = this->last;
        before->first = this->first < before->first ? this->first : before->first;
        before->is_merged = true;
        memmove(this, this + 1, (--count - i) * sizeof(*this));
    }
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].is_merged)
            add_range(eval, list, ranges[i].first, ranges[i].last, ranges[i].original.width);
        else
            value_list_add(eval->arena, list, network_value(eval, &ranges[i].original));
    }
    return list;
}

/* The one network that holds them all. */
static const struct value *spanning(struct eval *eval, const struct range *ranges, size_t count)
{
    const struct range *low = &ranges[0], *high = &ranges[0];
    struct network made;

    if (count == 0)
        return value_null();
    if (count == 1)
        return network_value(eval, &ranges[0].original);
    for (size_t i = 1; i < count; i++) {
        if (ranges[i].original.width != ranges[0].original.width)
            return eval_fail(eval, "cidr_merge: error in netaddr:\nIP sequence cannot contain both IPv4 and IPv6!");
        if (ranges[i].first < low->first)
            low = &ranges[i];
        if (ranges[i].first > high->first || (ranges[i].first == high->first && ranges[i].last < high->last))
            high = &ranges[i];
    }
    made = (struct network){ high->last, high->original.prefix, high->original.width };
    while (made.prefix > 0 && made.value > low->first) {
        made.prefix--;
        made.value = network_first(&made);
    }
    return network_value(eval, &made);
}

static const struct value *filter_cidr_merge(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *action = args_text(eval, args->bound[0], "merge", "action");
    const struct value *items = action == NULL ? NULL : eval_items(eval, input);
    size_t count = items == NULL ? 0 : items->as.list.count;
    struct range *ranges = arena_new_array(eval->arena, struct range, count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct value *text = eval_str(eval, items->as.list.items[i]);

        if (text == NULL)
            return NULL;
        if (!network_read(eval->arena, text->as.string.data, &ranges[i].original))
            return eval_fail(eval, "cidr_merge: error in netaddr:\ninvalid IPNetwork %s", text->as.string.data);
        ranges[i].first = network_first(&ranges[i].original);
        ranges[i].last = network_last(&ranges[i].original);
    }
    if (items == NULL)
        return NULL;
    if (strcmp(action, "span") == 0)
        return spanning(eval, ranges, count);
    return strcmp(action, "merge") == 0 ? merge(eval, ranges, count)
                                        : eval_fail(eval, "cidr_merge: invalid action '%s'", action);
}

/* --- usable_range --- */

static const struct value *filter_usable_range(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *failed = "Error while using plugin 'usable_range'";
    struct value *made = eval_map(eval), *list = eval_list(eval);
    const struct value *text = eval_str(eval, input);
    struct network network;

    (void)args;
    if (text == NULL)
        return NULL;
    if (!network_read(eval->arena, text->as.string.data, &network))
        return eval_fail(eval, "%s: '%s' does not appear to be an IPv4 or IPv6 network", failed, text->as.string.data);
    if (network.value != network_first(&network))
        return eval_fail(eval, "%s: %s has host bits set", failed, text->as.string.data);
    if (network_size_less_one(&network) >= RANGE_MAX)
        return eval_fail(eval, "%s: more than %d addresses", failed, RANGE_MAX);
    for (ip_number i = 0; i <= network_size_less_one(&network); i++)
        value_list_add(eval->arena, list,
                       eval_text(eval, network_address_text(eval->arena, network.value + i, network.width)));
    value_map_put(eval->arena, made, "usable_ips", list);
    value_map_put(eval->arena, made, "number_of_ips", eval_int(eval, (int64_t)list->as.list.count));
    return made;
}

const struct filter filters_network[] = {
    { "ansible.utils.ipsubnet", filter_ipsubnet, "query index", 0 },
    { "ansible.utils.ipmath", filter_ipmath, "amount!", 0 },
    { "ansible.utils.nthhost", filter_nthhost, "query", 0 },
    { "ansible.utils.next_nth_usable", filter_next_nth, "offset!", 0 },
    { "ansible.utils.previous_nth_usable", filter_previous_nth, "offset!", 0 },
    { "ansible.utils.network_in_network", filter_in_network, "test!", 0 },
    { "ansible.utils.network_in_usable", filter_in_usable, "test!", 0 },
    { "ansible.utils.reduce_on_network", filter_reduce, "network!", 0 },
    { "ansible.utils.cidr_merge", filter_cidr_merge, "action", 0 },
    { "ansible.utils.usable_range", filter_usable_range, "", 0 },
    { .name = NULL },
};
