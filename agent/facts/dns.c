/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/resolv.conf as a map: nameservers, domain, search, sortlist, options. */
#include <string.h>

#include "agent/facts/fact_support.h"

static struct value *words_behind_first(struct arena *arena, const struct value *words)
{
    struct value *list = value_list(arena);

    for (size_t i = 1; i < value_count(words); i++)
        value_list_add(arena, list, value_item(words, i));
    return list;
}

static const struct value *dns_options(struct arena *arena, const struct value *words)
{
    struct value *options = value_map(arena);

    for (size_t i = 1; i < value_count(words); i++) {
        const char *word = value_text(value_item(words, i));
        size_t length = strcspn(word, ":");
        const char *name = arena_copy_n(arena, word, length);
        bool has_value = word[length] == ':' && word[length + 1];
        value_map_put(arena, options, name, has_value ? value_string(arena, word + length + 1) : value_bool(true));
    }
    return options;
}

static void dns_line(struct arena *arena, struct value *dns, struct value *servers, const char *line)
{
    struct value *words = fact_words(arena, line);
    const char *keyword = value_count(words) > 0 ? value_text(value_item(words, 0)) : "";

    if (line[0] == '#' || line[0] == ';')
        return;
    if (strcmp(keyword, "nameserver") == 0) {
        for (size_t i = 1; i < value_count(words); i++)
            value_list_add(arena, servers, value_item(words, i));
        value_map_put(arena, dns, "nameservers", servers);
    } else if (strcmp(keyword, "domain") == 0 && value_count(words) > 1) {
        value_map_put(arena, dns, "domain", value_item(words, 1));
    } else if (strcmp(keyword, "search") == 0 || strcmp(keyword, "sortlist") == 0) {
        value_map_put(arena, dns, keyword, words_behind_first(arena, words));
    } else if (strcmp(keyword, "options") == 0) {
        value_map_put(arena, dns, "options", dns_options(arena, words));
    }
}

static bool dns_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *data = fact_file(system, arena, "/etc/resolv.conf");
    const char *at = data ? data : "", *end = at + strlen(at), *line;
    struct value *dns = value_map(arena), *servers = value_list(arena);
    size_t length;

    (void)err;
    while (text_line(&at, end, &line, &length))
        dns_line(arena, dns, servers, arena_copy_n(arena, line, length));
    value_map_put(arena, facts, "dns", dns);
    return true;
}

FACT_GROUP_DEFINE(dns) = { .name = "dns", .names = FACT_NAMES("min"), .collect = dns_collect };
