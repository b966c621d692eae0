/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host patterns: which hosts "web:&prod:!db01", "~(a|b).*", "web[0:3]", "*.example.com" mean. Order and corner cases are
 * Ansible's: plain patterns first, then intersections, then exclusions.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/regex/regex.h"
#include "engine/inventory/inventory_internal.h"

struct match {
    struct inventory *inventory;
    struct arena *arena;
    struct value *warnings;
    struct error *err;
    bool is_by_groups;
};

struct host_list {
    struct inventory_host **items;
    size_t count, capacity;
};

struct name_list {
    const char **items;
    size_t count, capacity;
};

static void hosts_add(struct arena *arena, struct host_list *list, struct inventory_host *host)
{
    if (list->count + 1 >= list->capacity) {
        size_t grown = list->capacity == 0 ? 16 : list->capacity * 2;

        list->items =
            arena_grow(arena, list->items, list->capacity * sizeof(*list->items), grown * sizeof(*list->items));
        list->capacity = grown;
    }
    list->items[list->count++] = host;
}

static void names_add(struct arena *arena, struct name_list *list, const char *name)
{
    if (list->count + 1 >= list->capacity) {
        size_t grown = list->capacity == 0 ? 8 : list->capacity * 2;

        list->items = arena_grow(arena, list->items, list->capacity * sizeof(char *), grown * sizeof(char *));
        list->capacity = grown;
    }
    list->items[list->count++] = name;
}

/* --- splitting --- */

/* Between ':' outside brackets; blanks and stray brackets separate too. */
static void split_colons(struct arena *arena, const char *text, struct name_list *out)
{
    const char *at = text;

    while (*at != '\0') {
        const char *start = at;

        while (*at != '\0' && strchr(" \t\r\n:]", *at) == NULL) {
            const char *close = *at == '[' ? strchr(at, ']') : at;

            if (close == NULL)
                break;
            at = close + 1;
        }
        if (at > start)
            names_add(arena, out, arena_copy_n(arena, start, (size_t)(at - start)));
        else
            at++;
    }
}

static void split_text(struct arena *arena, const char *text, struct name_list *out)
{
    const char *start = NULL;
    size_t length = 0;
    int port = 0;

    if (strchr(text, ',') != NULL) {
        for (char **part = text_split(arena, text, ',', NULL); *part != NULL; part++) {
            char *name = text_trim(arena, *part, strlen(*part));

            if (name[0] != '\0')
                names_add(arena, out, name);
        }
        return;
    }
    /* a single address may hold colons of its own: IPv6, a port */
    if (host_address_parse(text, true, &start, &length, &port)) {
        char *name = text_trim(arena, text, strlen(text));

        if (name[0] != '\0')
            names_add(arena, out, name);
        return;
    }
    split_colons(arena, text, out);
}

static bool split_value(struct match *match, const struct value *pattern, struct name_list *out)
{
    struct source_position at = value_position(pattern);

    if (value_is(pattern, VALUE_LIST)) {
        for (size_t i = 0; i < value_count(pattern); i++) {
            if (!split_value(match, value_item(pattern, i), out))
                return false;
        }
        return true;
    }
    if (value_text(pattern) == NULL)
        return error_set_at(match->err, &at, "a host pattern must be a string, got a %s", value_kind_text(pattern));
    split_text(match->arena, value_text(pattern), out);
    return true;
}

/* Plain ones, then &, then !; nothing plain means all. */
static void order_patterns(struct arena *arena, const struct name_list *in, struct name_list *out)
{
    for (size_t i = 0; i < in->count; i++) {
        if (in->items[i][0] != '!' && in->items[i][0] != '&' && in->items[i][0] != '\0')
            names_add(arena, out, in->items[i]);
    }
    if (out->count == 0)
        names_add(arena, out, "all");
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < in->count; i++) {
            if (in->items[i][0] == "&!"[pass])
                names_add(arena, out, in->items[i]);
        }
    }
}

/* --- one pattern --- */

struct name_matcher {
    const char *glob, *exact; /* or NULL */
    struct regex *regex;
};

static bool matcher_open(struct match *match, const char *pattern, struct name_matcher *out)
{
    struct error why = ERROR_INIT;

    if (pattern[0] == '~')
        return regex_compile(match->arena, pattern + 1, strlen(pattern + 1), REGEX_TEXT, &out->regex, &why) ||
               error_set_kind(match->err, ERROR_OPTIONS, "Invalid host list pattern: %s (%s)", pattern, why.text);
    if (strpbrk(pattern, "*?[") == NULL)
        out->exact = pattern;
    else
        out->glob = pattern;
    return true;
}

/* A name that takes the expression beyond its limit does not fit. */
static bool matcher_fits(const struct name_matcher *matcher, const char *name)
{
    struct regex_range range = { .subject = name, .length = strlen(name), .only_there = true };
    bool found = false;

    if (matcher->regex != NULL)
        return regex_search_range(matcher->regex, &range, NULL, &found, NULL) && found;
    return fnmatch(matcher->glob, name, FNM_NOESCAPE) == 0;
}

static void group_hosts_add(struct match *match, const struct inventory_group *group, struct host_list *out)
{
    size_t count = 0;
    struct inventory_host **hosts = inventory_group_hosts(match->inventory, match->arena, group, &count);

    for (size_t i = 0; i < count; i++)
        hosts_add(match->arena, out, hosts[i]);
}

/* Hosts of the groups that fit; true if any group did. */
static bool groups_fit(struct match *match, const struct name_matcher *matcher, struct host_list *out)
{
    struct inventory *inventory = match->inventory;
    bool any = false;

    if (matcher->exact != NULL) {
        const struct inventory_group *group = inventory_find_group(inventory, matcher->exact);

        if (group != NULL)
            group_hosts_add(match, group, out);
        return group != NULL;
    }
    for (size_t i = 0; i < inventory->group_count; i++) {
        if (matcher_fits(matcher, inventory->groups[i]->name)) {
            group_hosts_add(match, inventory->groups[i], out);
            any = true;
        }
    }
    return any;
}

static void hosts_fit(struct match *match, const struct name_matcher *matcher, struct host_list *out)
{
    struct inventory *inventory = match->inventory;
    struct inventory_host **hosts = inventory->hosts;
    size_t count = inventory->host_count;

    if (matcher->exact != NULL) {
        struct inventory_host *host = name_table_get(&inventory->index->hosts, matcher->exact);

        if (host != NULL)
            hosts_add(match->arena, out, host);
        return;
    }
    if (match->is_by_groups)
        hosts = inventory_group_hosts(inventory, match->arena, inventory->groups[0], &count);
    for (size_t i = 0; i < count; i++) {
        if (!hosts[i]->is_implicit && matcher_fits(matcher, hosts[i]->name))
            hosts_add(match->arena, out, hosts[i]);
    }
}

/* What the configuration makes of a pattern that matches nothing. */
static bool mismatch(struct match *match, const char *pattern)
{
    const char *rule = match->inventory->index->rules->mismatch;
    const char *text =
        arena_printf(match->inventory->arena, "Could not match supplied host pattern, ignoring: %s", pattern);

    if (text_equal(rule, "error"))
        return error_set(match->err, "%s", text);
    if (!text_equal(rule, "ignore"))
        inventory_warn(match->inventory, match->warnings, text);
    return true;
}

static bool enumerate(struct match *match, const char *pattern, struct host_list *out)
{
    struct name_matcher matcher = { 0 };
    bool any_group;

    if (!matcher_open(match, pattern, &matcher))
        return false;
    any_group = groups_fit(match, &matcher, out);
    if (!any_group || pattern[0] == '~' || strpbrk(pattern, ".?*[") != NULL)
        hosts_fit(match, &matcher, out);
    if (out->count == 0 && inventory_is_localhost(pattern))
        hosts_add(match->arena, out, inventory_find_host(match->inventory, pattern));
    return out->count > 0 || any_group || strcmp(pattern, "all") == 0 || mismatch(match, pattern);
}

struct subscript {
    bool present, is_range;
    int64_t start, end;
};

static bool is_number(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
    }
    return length > 0 && length < 10;
}

/* "web[2]", "web[-1]", "web[0:3]", "web[2:]"; anything else in brackets belongs to the glob. */
static const char *subscript_split(struct match *match, const char *pattern, struct subscript *out)
{
    size_t length = strlen(pattern);
    const char *open = strrchr(pattern, '[');
    const char *inner, *end, *mark;
    bool negative;

    if (pattern[0] == '~' || open == NULL || open == pattern || pattern[length - 1] != ']')
        return pattern;
    inner = open + 1;
    end = pattern + length - 1;
    negative = *inner == '-';
    mark = inner + strcspn(inner + negative, ":-") + negative;
    if (mark >= end) {
        if (!is_number(inner + negative, (size_t)(end - inner - negative)))
            return pattern;
        out->start = strtol(inner, NULL, 10);
    } else {
        if (!is_number(inner, (size_t)(mark - inner)) ||
            (mark + 1 != end && !is_number(mark + 1, (size_t)(end - mark - 1))))
            return pattern;
        out->start = strtol(inner, NULL, 10);
        out->end = mark + 1 == end ? -1 : strtol(mark + 1, NULL, 10);
        out->is_range = true;
        if (*mark == '-')
            inventory_warn(match->inventory, match->warnings,
                           "Use [x:y] inclusive subscripts instead of [x-y] which has been removed");
    }
    out->present = true;
    return arena_copy_n(match->arena, pattern, (size_t)(open - pattern));
}

static bool subscript_apply(struct match *match, const char *pattern, const struct subscript *subscript,
                            struct host_list *hosts)
{
    int64_t count = (int64_t)hosts->count, start = subscript->start, end;

    if (!subscript->present || count == 0)
        return true;
    if (!subscript->is_range || subscript->end == 0) {
        start = start < 0 ? start + count : start;
        if (start < 0 || start >= count)
            return error_set_kind(match->err, ERROR_OPTIONS, "No hosts matched the subscripted pattern '%s'", pattern);
        end = start;
    } else {
        end = subscript->end < 0 || subscript->end >= count ? count - 1 : subscript->end;
    }
    if (start > end) {
        hosts->count = 0;
        return true;
    }
    memmove(hosts->items, hosts->items + start, (size_t)(end - start + 1) * sizeof(*hosts->items));
    hosts->count = (size_t)(end - start + 1);
    return true;
}

static bool match_one(struct match *match, const char *pattern, struct host_list *out)
{
    struct subscript subscript = { 0 };
    const char *plain;

    if (pattern[0] == '&' || pattern[0] == '!')
        pattern++;
    if (pattern[0] == '\0')
        return true;
    plain = subscript_split(match, pattern, &subscript);
    return enumerate(match, plain, out) && subscript_apply(match, pattern, &subscript, out);
}

/* --- all patterns --- */

/* Who is chosen: a mark for each host, and their order. */
struct choice {
    struct host_list hosts;
    bool *marked;
    size_t marked_size;
};

/* An implicit localhost may have been made since. */
static void choice_fit(struct match *match, struct choice *choice)
{
    size_t needed = match->inventory->number_count;

    if (needed <= choice->marked_size)
        return;
    choice->marked = arena_grow(match->arena, choice->marked, choice->marked_size, needed);
    choice->marked_size = needed;
}

static void choice_add(struct match *match, struct choice *choice, struct inventory_host *host)
{
    choice_fit(match, choice);
    if (choice->marked[host->number])
        return;
    choice->marked[host->number] = true;
    hosts_add(match->arena, &choice->hosts, host);
}

/* Keeps those that are (intersection) or are not (exclusion) in `that`. */
static void choice_keep(struct match *match, struct choice *choice, const struct host_list *that, bool keep_members)
{
    bool *member;
    size_t kept = 0;

    choice_fit(match, choice);
    member = arena_new_array(match->arena, bool, choice->marked_size + 1);
    for (size_t i = 0; i < that->count; i++)
        member[that->items[i]->number] = true;
    for (size_t i = 0; i < choice->hosts.count; i++) {
        struct inventory_host *host = choice->hosts.items[i];

        if (member[host->number] == keep_members)
            choice->hosts.items[kept++] = host;
        else
            choice->marked[host->number] = false;
    }
    choice->hosts.count = kept;
}

static bool evaluate(struct match *match, const struct name_list *patterns, struct choice *choice)
{
    struct name_list ordered = { 0 };

    order_patterns(match->arena, patterns, &ordered);
    for (size_t i = 0; i < ordered.count; i++) {
        const char *pattern = ordered.items[i];
        struct inventory_host *host = name_table_get(&match->inventory->index->hosts, pattern);
        struct host_list that = { 0 };

        if (host != NULL) {
            choice_add(match, choice, host);
            continue;
        }
        if (!match_one(match, pattern, &that))
            return false;
        if (pattern[0] == '!' || pattern[0] == '&') {
            choice_keep(match, choice, &that, pattern[0] == '&');
            continue;
        }
        for (size_t h = 0; h < that.count; h++)
            choice_add(match, choice, that.items[h]);
    }
    return true;
}

/* "@file": each line is a pattern. */
static bool limit_file(struct match *match, const char *path, struct name_list *out)
{
    const char *cursor, *line = NULL;
    char *data = NULL;
    size_t length = 0, line_length = 0;

    if (!path_exists(path))
        return error_set(match->err, "Unable to find limit file %s", path);
    if (!path_is_file(path))
        return error_set(match->err, "Limit starting with \"@\" must be a file, not a directory: %s", path);
    if (!file_read(match->arena, path, LIMIT_SOURCE_FILE, &data, &length, match->err))
        return false;
    cursor = data;
    while (text_line(&cursor, data + length, &line, &line_length)) {
        char *name = text_trim(match->arena, line, line_length);

        if (name[0] != '\0')
            names_add(match->arena, out, name);
    }
    return true;
}

static bool limit_apply(struct match *match, const char *limit, struct choice *choice)
{
    struct name_list parts = { 0 }, patterns = { 0 };
    struct choice allowed = { 0 };

    split_text(match->arena, limit, &parts);
    for (size_t i = 0; i < parts.count; i++) {
        if (parts.items[i][0] != '@')
            names_add(match->arena, &patterns, parts.items[i]);
        else if (!limit_file(match, parts.items[i] + 1, &patterns))
            return false;
    }
    if (patterns.count == 0)
        return true;
    if (!evaluate(match, &patterns, &allowed))
        return false;
    choice_keep(match, choice, &allowed.hosts, true);
    return true;
}

bool inventory_match(struct inventory *inventory, struct arena *arena, const struct inventory_selection *selection,
                     struct inventory_host_list *out, struct error *err)
{
    struct match match = { inventory, arena, selection->warnings, err, selection->is_by_groups };
    struct name_list patterns = { 0 };
    struct choice choice = { 0 };

    if (!split_value(&match, selection->pattern, &patterns) || !evaluate(&match, &patterns, &choice))
        return false;
    if (selection->limit != NULL && !limit_apply(&match, selection->limit, &choice))
        return false;
    if (choice.hosts.items == NULL)
        choice.hosts.items = arena_new_array(arena, struct inventory_host *, 1);
    choice.hosts.items[choice.hosts.count] = NULL;
    *out = (struct inventory_host_list){ choice.hosts.items, choice.hosts.count };
    return true;
}
