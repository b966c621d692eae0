/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a piece's members, each of which names the member and what was found. */
#include "common/placement/piece_check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"

#define VARIABLE_MAX 128
#define SHOWN_MAX 60 /* of a text that is refused */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool piece_name_check(const char *name, const char *what, struct error *err)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++) {
        bool is_inner = (name[i] == '.' || name[i] == '-') && i > 0 && i + 1 < length;

        if (!is_name_char(name[i]) && !(is_inner && !(name[i] == '.' && name[i - 1] == '.')))
            return error_set(err,
                             "%s '%.*s' has a character that does not belong there: small letters, digits, and '.' "
                             "or '-' between them are taken",
                             what, SHOWN_MAX, name);
    }
    if (length == 0 || length > PIECE_NAME_MAX)
        return error_set(err, "%s '%.*s' has %zu characters; it needs 1 to %d", what, SHOWN_MAX, name, length,
                         PIECE_NAME_MAX);
    return true;
}

bool piece_text_check(const struct value *text, const char *what, struct error *err)
{
    const char *data = value_text(text);

    if (data == NULL)
        return error_set(err, "%s must be a text, but it is a %s", what, value_kind_text(text));
    if (text->as.string.length > PIECE_TEXT_MAX)
        return error_set(err, "%s has %zu bytes; %zu are the most", what, text->as.string.length, PIECE_TEXT_MAX);
    for (size_t i = 0; i < text->as.string.length; i++) {
        unsigned char c = (unsigned char)data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return error_set(err, "%s holds the control character 0x%02x (at byte %zu); it must be one line", what, c,
                             i + 1);
    }
    return text_utf8_valid(data, text->as.string.length) || error_set(err, "%s is not UTF-8", what);
}

bool piece_path_check(const char *path, const char *what, struct error *err)
{
    const char *part = path;

    if (path[0] != '/' || path[1] == '\0')
        return error_set(err, "%s '%.*s' is no absolute path below '/'", what, SHOWN_MAX, path);
    while (*part == '/') {
        size_t length = strcspn(part + 1, "/");

        if (length == 0 || (length == 1 && part[1] == '.') || (length == 2 && part[1] == '.' && part[2] == '.'))
            return error_set(err, "%s '%.*s' has an empty part, '.' or '..' in it", what, SHOWN_MAX, path);
        part += 1 + length;
    }
    return strlen(path) < LIMIT_PATH || error_set(err, "%s is longer than a path may be", what);
}

bool piece_texts_check(const struct value *list, const char *what, size_t most, struct error *err)
{
    size_t bytes = 0;

    if (list == NULL)
        return true;
    if (!value_is(list, VALUE_LIST))
        return error_set(err, "'%s' must be a list of texts, but it is a %s", what, value_kind_text(list));
    if (value_count(list) > most)
        return error_set(err, "'%s' has %zu items; %zu are the most", what, value_count(list), most);
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);

        if (!piece_text_check(item, "it", err))
            return error_prefix(err, "'%s', item %zu", what, i + 1);
        bytes += item->as.string.length;
    }
    return bytes <= PIECE_TEXTS_MAX ||
           error_set(err, "'%s' has %zu bytes; %zu are the most", what, bytes, PIECE_TEXTS_MAX);
}

static bool is_variable(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++) {
        bool is_letter = isalpha((unsigned char)name[i]) != 0 || name[i] == '_';

        if (!is_letter && (i == 0 || isdigit((unsigned char)name[i]) == 0))
            return false;
    }
    return length > 0 && length <= VARIABLE_MAX;
}

bool piece_environment_check(const struct value *map, const char *what, struct error *err)
{
    size_t bytes = 0;

    if (map == NULL)
        return true;
    if (!value_is(map, VALUE_MAP))
        return error_set(err, "'%s' must be a map of texts, but it is a %s", what, value_kind_text(map));
    if (value_count(map) > PIECE_ENVIRONMENT_MAX)
        return error_set(err, "'%s' has %zu variables; %d are the most", what, value_count(map), PIECE_ENVIRONMENT_MAX);
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const char *name = value_text(pair->key);

        if (name == NULL || !is_variable(name) || strlen(name) != pair->key->as.string.length)
            return error_set(err, "'%s' has '%.*s', which is no name of a variable", what, SHOWN_MAX,
                             name == NULL ? value_kind_text(pair->key) : name);
        if (!piece_text_check(pair->item, "it", err))
            return error_prefix(err, "'%s', variable %s", what, name);
        bytes += pair->item->as.string.length;
    }
    return bytes <= PIECE_TEXTS_MAX ||
           error_set(err, "'%s' has %zu bytes; %zu are the most", what, bytes, PIECE_TEXTS_MAX);
}

/* --- ports --- */

static bool is_address(const char *text)
{
    unsigned char buffer[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, buffer) == 1 || inet_pton(AF_INET6, text, buffer) == 1;
}

static bool from_check(const struct value *from, struct error *err)
{
    if (from == NULL)
        return true;
    if (!piece_texts_check(from, "from", PIECES_MAX, err))
        return false;
    for (size_t i = 0; i < value_count(from); i++) {
        const char *text = value_text(value_item(from, i));

        if (!is_address(text) && !text_equal(text, PIECE_CONTROLLER))
            return error_set(err, "'from' holds '%.*s', which is neither an address nor '%s'", SHOWN_MAX, text,
                             PIECE_CONTROLLER);
    }
    return true;
}

struct port_args {
    int64_t port;
    const char *address;
    const struct value *from;
};

static const struct arg_spec port_args_table[] = {
    ARG(port_args, port, ARG_INT, .required = true, .help = "1 to 65535"),
    ARG(port_args, address, ARG_STRING, .required = true, .help = "where the piece listens"),
    ARG(port_args, from, ARG_RAW, .help = "addresses that may connect, or 'controller'; absent: nobody but this node"),
    ARG_END,
};

static const struct task_spec port_spec = {
    .name = "port", .summary = "A port of a piece", .args = port_args_table, .args_size = sizeof(struct port_args)
};

static bool port_check(struct arena *arena, const struct value *map, struct error *err)
{
    struct port_args args = { .port = 0 };

    if (!value_is(map, VALUE_MAP))
        return error_set(err, "must be a map, but it is a %s", value_kind_text(map));
    if (!arg_bind_plain(arena, &port_spec, map, "member", &args, err))
        return false;
    if (args.port < 1 || args.port > 65535)
        return error_set(err, "'port' is %lld; it must be 1 to 65535", (long long)args.port);
    if (!is_address(args.address))
        return error_set(err, "'address' is '%.*s', which is no address", SHOWN_MAX, args.address);
    return from_check(args.from, err);
}

bool piece_ports_check(struct arena *arena, const struct value *ports, struct error *err)
{
    if (ports == NULL)
        return true;
    if (!value_is(ports, VALUE_LIST))
        return error_set(err, "'ports' must be a list of maps, but it is a %s", value_kind_text(ports));
    if (value_count(ports) > PIECE_PORTS_MAX)
        return error_set(err, "'ports' has %zu items; %d are the most", value_count(ports), PIECE_PORTS_MAX);
    for (size_t i = 0; i < value_count(ports); i++) {
        if (!port_check(arena, value_item(ports, i), err))
            return error_prefix(err, "'ports', item %zu", i + 1);
    }
    return true;
}
