/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts connections of a local port. Addresses are compared as 16 bytes; IPv4 ones in their IPv4-mapped
 * form, so that a dual-stack server's clients are found under either family. Format of the table: proc(5),
 * words in host byte order.
 */
#include "agent/system/network/tcp_table.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define TABLE_MAX (256 * 1024 * 1024)
#define ADDRESSES_MAX 256

struct address {
    uint8_t bytes[16];
};

struct address_list {
    struct address items[ADDRESSES_MAX];
    size_t count;
};

static const char *const state_names[] = {
    "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"
};
#define STATE_COUNT (sizeof(state_names) / sizeof(state_names[0]))

static unsigned state_number(const char *name)
{
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        if (name && strcmp(state_names[i], name) == 0)
            return i + 1;
    }
    return 0;
}

bool tcp_table_state_known(const char *name)
{
    return state_number(name) != 0;
}

static struct address mapped(const void *ipv4)
{
    struct address address = { .bytes = { [10] = 0xff, [11] = 0xff } };
    memcpy(address.bytes + 12, ipv4, 4);
    return address;
}

static bool resolve(const char *host, struct address_list *list, struct error *err)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, NULL, &hints, &found);

    if (code != 0)
        return error_set(err, "cannot find the address of '%s': %s", host, gai_strerror(code));
    for (const struct addrinfo *at = found; at && list->count < ADDRESSES_MAX; at = at->ai_next) {
        if (at->ai_family == AF_INET) {
            struct sockaddr_in ipv4;
            memcpy(&ipv4, at->ai_addr, sizeof(ipv4));
            list->items[list->count++] = mapped(&ipv4.sin_addr);
        } else if (at->ai_family == AF_INET6) {
            struct sockaddr_in6 ipv6;
            memcpy(&ipv6, at->ai_addr, sizeof(ipv6));
            memcpy(list->items[list->count++].bytes, &ipv6.sin6_addr, 16);
        }
    }
    freeaddrinfo(found);
    return true;
}

static bool is_mapped(const struct address *address)
{
    return memcmp(address->bytes, mapped("\0\0\0").bytes, 12) == 0;
}

/* `any`: the list's 0.0.0.0 and :: stand for all addresses of their family. */
static bool list_has(const struct address_list *list, const struct address *address, bool any)
{
    static const struct address none = { { 0 } };
    const struct address none_ipv4 = mapped("\0\0\0");

    for (size_t i = 0; i < list->count; i++) {
        const struct address *item = &list->items[i];
        if (memcmp(item, address, sizeof(*item)) == 0)
            return true;
        if (any && memcmp(item, is_mapped(address) ? &none_ipv4 : &none, sizeof(*item)) == 0)
            return true;
    }
    return false;
}

/* `digits` hexadecimal digits; moves *at behind them. */
static bool parse_hex(const char **at, size_t digits, uint32_t *out)
{
    uint32_t value = 0;

    for (size_t i = 0; i < digits; i++, (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if (c >= 'A' && c <= 'F')
            value = value << 4 | (uint32_t)(c - 'A' + 10);
        else
            return false;
    }
    *out = value;
    return true;
}

/* "0100007F:1F90" or 32 digits and a port. */
static bool parse_address(const char *text, struct address *out, uint32_t *port_out)
{
    uint32_t words[4] = { 0 };
    size_t count = strcspn(text, ":") / 8;

    for (size_t i = 0; i < count && i < 4; i++) {
        if (!parse_hex(&text, 8, &words[i]))
            return false;
    }
    if (count == 4)
        memcpy(out->bytes, words, 16);
    else
        *out = mapped(&words[0]);
    return (count == 1 || count == 4) && *text++ == ':' && parse_hex(&text, 4, port_out);
}

struct count {
    const struct tcp_query *query;
    struct address_list local, excluded;
    size_t found;
};

/* "  12: LOCAL:PORT REMOTE:PORT STATE ..." */
static bool line_counts(struct arena *arena, const struct count *count, const char *line)
{
    struct address local, remote;
    uint32_t state = 0, local_port = 0, remote_port = 0;
    size_t fields = 0;
    char **parts = text_split(arena, line + strspn(line, " "), ' ', &fields);

    if (fields < 4 || !parse_address(parts[1], &local, &local_port) ||
        !parse_address(parts[2], &remote, &remote_port) || !parse_hex(&(const char *){ parts[3] }, 2, &state))
        return false;
    bool wanted = false;
    for (size_t i = 0; i < value_count(count->query->states); i++)
        wanted = wanted || state_number(value_text(value_item(count->query->states, i))) == state;
    return wanted && (int)local_port == count->query->port && !list_has(&count->excluded, &remote, false) &&
           list_has(&count->local, &local, true);
}

static bool count_file(const struct system *system, struct arena *arena, const char *path, struct count *count,
                       struct error *err)
{
    char *data = NULL;
    size_t size = 0, length = 0;
    const char *line = NULL, *file = system_path(system, arena, path);

    if (!path_exists(file))
        return true;
    if (!file_read(arena, file, TABLE_MAX, &data, &size, err))
        return false;
    const char *cursor = data, *end = data + size;
    while (text_line(&cursor, end, &line, &length))
        count->found += line_counts(arena, count, arena_copy_n(arena, line, length));
    return true;
}

bool tcp_table_count(const struct system *system, const struct tcp_query *query, size_t *count_out, struct error *err)
{
    ARENA_SCOPED scratch = arena_new(); /* asked again and again: nothing may pile up in the task's arena */
    struct count *count = arena_new_of(scratch, struct count);

    count->query = query;
    if (!resolve(query->host, &count->local, err))
        return false;
    for (size_t i = 0; i < value_count(query->exclude_hosts); i++) {
        if (!resolve(value_text(value_item(query->exclude_hosts, i)), &count->excluded, err))
            return false;
    }
    if (!count_file(system, scratch, "/proc/net/tcp", count, err) ||
        !count_file(system, scratch, "/proc/net/tcp6", count, err))
        return false;
    *count_out = count->found;
    return true;
}
