/* SPDX-License-Identifier: Apache-2.0 */
/* ansible.utils' filters on hardware addresses: hwaddr, macaddr, slaac; and ip4_hex, community.general.random_mac. */
#include <ctype.h>
#include <string.h>

#include "common/value/value_python.h"
#include "engine/template/filter.h"
#include "engine/template/filter_ipaddr.h"
#include "engine/template/python_random.h"
#include "engine/template/strings.h"
#include "engine/template/text_case.h"

#define HEX "0123456789abcdefABCDEF"

/* How the address may be divided: so many words of so many digits each. */
struct shape {
    int words, digits_min, digits_max;
    const char *separators;
};

/* Hex words between one kind of separator; each word counts for the digits it may have. */
static bool read_shape(const char *text, const struct shape *shape, uint64_t *out)
{
    char separator = '\0';
    uint64_t value = 0;

    for (int i = 0; i < shape->words; i++) {
        size_t length = strspn(text, HEX);
        uint64_t word = 0;

        if ((int)length < shape->digits_min || (int)length > shape->digits_max)
            return false;
        for (size_t k = 0; k < length; k++)
            word = word << 4 | (unsigned)(isdigit((unsigned char)text[k]) ? text[k] - '0'
                                                                          : tolower((unsigned char)text[k]) - 'a' + 10);
        value = shape->digits_max == 16 ? word : value << (4 * shape->digits_max) | word;
        text += length;
        if (i + 1 == shape->words)
            break;
        if (*text == '\0' || strchr(shape->separators, *text) == NULL || (separator != '\0' && *text != separator))
            return false;
        separator = *text++;
    }
    *out = value;
    return *text == '\0';
}

/* *bits_out: 48 or 64. */
static bool read_mac(const char *text, uint64_t *out, int *bits_out)
{
    static const struct shape shapes[] = {
        { 6, 1, 2, ":-" }, { 3, 1, 4, ":-." }, { 2, 5, 6, ":-" }, { 1, 11, 12, "" },
        { 8, 1, 2, ":-" }, { 4, 1, 4, ":-." }, { 1, 16, 16, "" },
    };
    ip_number number = 0;

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        *bits_out = i < 4 ? 48 : 64;
        if (read_shape(text, &shapes[i], out))
            return true;
    }
    if (!network_read_number(text, &number) || number > UINT64_MAX)
        return false;
    *bits_out = number >> 48 == 0 ? 48 : 64;
    *out = (uint64_t)number;
    return true;
}

struct dialect {
    const char *name;
    int bits; /* of one word */
    const char *separator;
    int digits;
    bool upper;
};

static const struct value *spelled(struct eval *eval, const struct dialect *dialect, uint64_t value, int bits)
{
    struct text out = text_new(eval->arena);

    for (int shift = bits - dialect->bits; shift >= 0; shift -= dialect->bits) {
        uint64_t word = value >> shift & (dialect->bits == 64 ? UINT64_MAX : ((uint64_t)1 << dialect->bits) - 1);

        text_printf(&out, "%s%0*llx", out.length > 0 ? dialect->separator : "", dialect->digits,
                    (unsigned long long)word);
    }
    return eval_text(eval, dialect->upper ? text_upper(out.data) : out.data);
}

static const struct value *hwaddr(struct eval *eval, const struct value *input, const char *query, const char *alias)
{
    static const struct dialect dialects[] = {
        { "bare", 48, "", 12, true },  { "cisco", 16, ".", 4, false }, { "eui48", 8, "-", 2, true },
        { "linux", 8, ":", 2, false }, { "pgsql", 24, ":", 6, false }, { "postgresql", 24, ":", 6, false },
        { "psql", 24, ":", 6, false }, { "unix", 8, ":", 1, false },   { "win", 8, "-", 2, true },
    };
    const struct value *text = eval_str(eval, input);
    uint64_t value = 0;
    int bits = 48;
    bool good;

    if (text == NULL)
        return NULL;
    good = read_mac(text->as.string.data, &value, &bits);
    if (!good && *query != '\0' && strcmp(query, "bool") != 0)
        return eval_fail(eval, "%s: not a hardware address: %s", alias, text->as.string.data);
    if (*query == '\0')
        return good ? text : value_null();
    if (strcmp(query, "bool") == 0)
        return good ? value_bool(true) : value_null();
    if (strcmp(query, "int") == 0)
        return ipaddr_number(eval, value);
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
        if (strcmp(dialects[i].name, query) == 0 && bits == 48)
            return spelled(eval, &dialects[i], value, bits);
    return eval_fail(eval, "%s: unknown filter type: %s", alias, query);
}

static const struct value *filter_hwaddr(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *query = args_text(eval, args->bound[0], "", "query"), *alias;

    alias = query == NULL ? NULL : args_text(eval, args->bound[1], "hwaddr", "alias");
    return alias == NULL ? NULL : hwaddr(eval, input, query, alias);
}

static const struct value *filter_macaddr(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *query = args_text(eval, args->bound[0], "", "query");

    return query == NULL ? NULL : hwaddr(eval, input, query, "macaddr");
}

/* The address that a machine with this hardware address gives itself in an IPv6 network. */
static const struct value *filter_slaac(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *query = args->bound[0] == NULL ? "" : args_text(eval, args->bound[0], "", "query");
    struct network network;
    uint64_t mac = 0;
    int bits = 48;

    if (query == NULL)
        return NULL;
    if (!ipaddr_network(eval, input, &network) || network.width != 128 || !read_mac(query, &mac, &bits))
        return value_bool(false);
    if (bits == 48)
        mac = (mac >> 24) << 40 | (uint64_t)0xFFFE << 24 | (mac & 0xFFFFFF);
    mac ^= (uint64_t)2 << 56;
    if (network_first(&network) > network_max(128) - mac)
        return eval_fail(eval, "slaac: there is no such address in %s", network_text(eval->arena, &network));
    return eval_text(eval, network_address_text(eval->arena, network_first(&network) + mac, 128));
}

static const struct value *filter_ip4_hex(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *delimiter = args_text(eval, args->bound[0], "", "delimiter");
    const struct value *text = delimiter == NULL ? NULL : eval_str(eval, input);
    struct text out = text_new(eval->arena);
    size_t count = 0;
    char **parts;

    if (text == NULL)
        return NULL;
    parts = text_split(eval->arena, text->as.string.data, '.', &count);
    for (size_t i = 0; i < count; i++) {
        int64_t part = 0;

        if (!text_to_int(text_trim(eval->arena, parts[i], strlen(parts[i])), &part))
            return eval_fail(eval, "invalid literal for int() with base 10: '%s'", parts[i]);
        if (i < 4)
            text_printf(&out, "%s%s%02llx", i > 0 ? delimiter : "", part < 0 ? "-" : "",
                        (unsigned long long)(part < 0 ? -part : part));
    }
    return count < 4 ? eval_fail(eval, "Replacement index %zu out of range for positional args tuple", count)
                     : eval_text(eval, out.data);
}

/* --- random_mac --- */

static const struct value *check_prefix(struct eval *eval, const char *prefix, char **items, size_t count)
{
    struct text wrong = text_new(eval->arena);

    if (count > 5)
        return eval_fail(eval, "Invalid value (%s) for random_mac: 5 colon(:) separated items max", prefix);
    for (size_t i = 0; i < count; i++) {
        if (*items[i] == '\0')
            text_add(&wrong, ",empty item");
        else if (strspn(items[i], "0123456789abcdef") < 2)
            text_printf(&wrong, ",%s not hexa byte", items[i]);
    }
    if (wrong.length == 0)
        return value_null();
    return eval_fail(eval, "Invalid value (%s) for random_mac: %s", prefix, wrong.data + 1);
}

static const struct value *filter_random_mac(struct eval *eval, const struct value *input, struct call_args *args)
{
    const uint64_t low = 0x1000000000, high = 0xFFFFFFFFFF;
    const struct value *seed = args->bound[0];
    struct random random = random_from_system();
    struct text out = text_new(eval->arena);
    const char *prefix, *digits;
    size_t count = 0;
    char **items;

    if (input->kind != VALUE_STRING)
        return eval_fail(eval, "Invalid value type (<class '%s'>) for random_mac (%s)", eval_type(input),
                         value_to_text(eval->arena, input));
    prefix = strings_case(eval, input, CASE_LOWER)->as.string.data;
    items = text_split(eval->arena, prefix, ':', &count);
    if (check_prefix(eval, prefix, items, count) == NULL)
        return NULL;
    if (seed != NULL && seed->kind != VALUE_NULL && !random_from_seed(eval->arena, seed, &random))
        return eval_fail_type(eval, "The only supported seed types are: None,\nint, float, str, bytes, and bytearray.");
    digits = arena_printf(eval->arena, "%llx", (unsigned long long)(low + random_below(&random, high - low + 1)));
    text_add(&out, prefix);
    for (size_t i = 0; i < 6 - count; i++)
        text_printf(&out, ":%.2s", digits + 2 * i);
    return eval_text(eval, out.data);
}

const struct filter filters_hwaddr[] = {
    { "ansible.utils.hwaddr", filter_hwaddr, "query alias", 0 },
    { "ansible.utils.macaddr", filter_macaddr, "query", 0 },
    { "ansible.utils.slaac", filter_slaac, "query", 0 },
    { "ansible.utils.ip4_hex", filter_ip4_hex, "delimiter", 0 },
    { "community.general.random_mac", filter_random_mac, "seed", 0 },
    { .name = NULL },
};
