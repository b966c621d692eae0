/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of `update-alternatives --display`; Fedora says follower or slave, and "status is auto." */
#include "agent/system/host/alternatives.h"

#include <string.h>

#include "agent/system/file/word_list.h"
#include "common/base/text.h"

/* What follows `prefix` in the line, or NULL. */
static const char *after(const char *line, const char *prefix)
{
    return text_starts(line, prefix) ? line + strlen(prefix) : NULL;
}

static const char *subordinate(const char *line)
{
    const char *rest = after(line, "slave ");

    return rest != NULL ? rest : after(line, "follower ");
}

static void parse_head(struct arena *arena, const char *line, struct alternatives *out)
{
    const char *dash = strstr(line, " - ");
    const char *text = dash != NULL ? dash + 3 : "";

    if (text_starts(text, "status is "))
        text += strlen("status is ");
    if (dash != NULL && out->mode == NULL)
        out->mode = arena_copy_n(arena, text, strcspn(text, " ."));
}

/* "/path - priority 40", on Fedora also "/path - family x priority 40". */
static bool parse_item(struct arena *arena, const char *line, struct alternatives *out)
{
    const char *dash = strstr(line, " - "), *priority = dash != NULL ? strstr(dash, "priority ") : NULL;
    struct alternative *item = &out->items[out->count];

    if (line[0] != '/' || priority == NULL)
        return false;
    priority += strlen("priority ");
    if (!text_to_int(arena_copy_n(arena, priority, strspn(priority, "0123456789")), &item->priority))
        return false;
    item->path = arena_copy_n(arena, line, (size_t)(dash - line));
    item->subcommands = value_list(arena);
    out->count++;
    return true;
}

/* "NAME: PATH" under an alternative. */
static void parse_subcommand(struct arena *arena, const char *text, const struct value *links, struct alternative *item)
{
    const char *colon = strstr(text, ": ");
    struct value *map = value_map(arena);

    if (colon == NULL || strcmp(colon + 2, "(null)") == 0)
        return;
    const char *name = arena_copy_n(arena, text, (size_t)(colon - text));
    value_map_put_string(arena, map, "name", name);
    value_map_put_string(arena, map, "path", colon + 2);
    value_map_put_string(arena, map, "link", value_map_text(links, name));
    value_list_add(arena, item->subcommands, map);
}

static void parse_line(struct arena *arena, const char *text, const char *own_link, struct value *links,
                       struct alternatives *out)
{
    if (text[0] == '\0')
        return;
    const char *sub = subordinate(text), *is = sub != NULL ? strstr(sub, " is ") : NULL;
    const char *current = after(text, "link currently points to ");

    if (out->mode == NULL)
        parse_head(arena, text, out);
    else if (current != NULL)
        out->current = current;
    else if (after(text, own_link) != NULL)
        out->link = after(text, own_link);
    else if (sub != NULL && out->count > 0)
        parse_subcommand(arena, sub, links, &out->items[out->count - 1]);
    else if (is != NULL)
        value_map_put_string(arena, links, arena_copy_n(arena, sub, (size_t)(is - sub)), is + 4);
    else
        (void)parse_item(arena, text, out);
}

void alternatives_parse(struct arena *arena, const char *name, const char *display, struct alternatives *out)
{
    const char *own_link = arena_printf(arena, "link %s is ", name);
    struct value *links = value_map(arena);
    size_t count = 0;
    char **lines = text_split(arena, display, '\n', &count);

    *out = (struct alternatives){ .items = arena_new_array(arena, struct alternative, count) };
    for (size_t i = 0; i < count; i++)
        parse_line(arena, text_trim(arena, lines[i], strlen(lines[i])), own_link, links, out);
}

const struct alternative *alternatives_find(const struct alternatives *all, const char *path)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].path, path) == 0)
            return &all->items[i];
    }
    return NULL;
}
