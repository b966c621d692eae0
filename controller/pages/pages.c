/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the embedded files, escaping the data, rendering. */
#include "controller/pages/pages.h"

#include <string.h>

#include "common/base/text.h"
#include "controller/pages/pages_file.h"
#include "engine/template/markup.h"
#include "engine/template/template.h"

static const struct pages_file *file_find(const char *name)
{
    for (size_t i = 0; i < pages_file_table_count; i++) {
        if (strcmp(pages_file_table[i].name, name) == 0)
            return &pages_file_table[i];
    }
    return NULL;
}

/* --- assets --- */

static const char *content_type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        { ".css", "text/css; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".svg", "image/svg+xml" },
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (text_ends(name, types[i].ending))
            return types[i].type;
    }
    return NULL;
}

bool pages_asset_find(const char *name, struct pages_asset *out)
{
    const struct pages_file *file = file_find(name);
    const char *type = content_type_of(name);

    if (file == NULL || type == NULL)
        return false;
    *out = (struct pages_asset){ type, file->hash, (const char *)file->bytes, *file->length };
    return true;
}

/* --- data --- */

static const struct value *text_escaped(struct arena *arena, const struct value *value)
{
    struct text out;

    if (strpbrk(value->as.string.data, "<>&\"'") == NULL && strlen(value->as.string.data) == value->as.string.length)
        return value;
    out = text_new(arena);
    markup_escape(&out, value->as.string.data, value->as.string.length);
    return value_string_borrow(arena, out.data, out.length);
}

const struct value *pages_escaped(struct arena *arena, const struct value *value)
{
    struct value *out = NULL;

    switch (value->kind) {
    case VALUE_STRING:
        return text_escaped(arena, value);
    case VALUE_LIST:
        out = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, out, pages_escaped(arena, value_item(value, i)));
        return out;
    case VALUE_MAP:
        out = value_map(arena);
        for (size_t i = 0; i < value_count(value); i++) {
            const struct value_pair *pair = value_pair_at(value, i);

            value_map_put_value(arena, out, pages_escaped(arena, pair->key), pages_escaped(arena, pair->item));
        }
        return out;
    default:
        return value;
    }
}

/* --- rendering --- */

static bool name_get(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                     struct error *err)
{
    (void)arena;
    (void)err;
    *out = value_map_get_n(context, name, length);
    return true;
}

static const struct value *no_names(void *context, struct arena *arena)
{
    (void)context;
    return value_list(arena);
}

static void part_add(struct text *text, const char *name)
{
    const struct pages_file *file = file_find(name);

    if (file != NULL)
        text_add_n(text, (const char *)file->bytes, *file->length);
}

/* An asset's address changes with its content: nobody is shown a style sheet of the version before. */
static const struct value *asset_hashes(struct arena *arena)
{
    struct value *out = value_map(arena);

    for (size_t i = 0; i < pages_file_table_count; i++) {
        const struct pages_file *file = &pages_file_table[i];

        if (content_type_of(file->name) != NULL)
            value_map_put_string(arena, out, arena_copy_n(arena, file->name, strcspn(file->name, ".")),
                                 arena_printf(arena, "/assets/%s?v=%.12s", file->name, file->hash));
    }
    return out;
}

bool pages_render(struct arena *arena, const char *name, const struct value *data, const char **out, size_t *length_out,
                  struct error *err)
{
    const struct template_config config = { .strict_undefined = true };
    struct template_file_options options = TEMPLATE_FILE_OPTIONS;
    struct value *names = value_map(arena);
    struct template_vars vars = { names, name_get, no_names };
    struct template_call call = { .env = template_env_new(arena, &config), .arena = arena, .vars = &vars };
    const char *path = arena_printf(arena, "%s.html", name);
    struct text text = text_new(arena);
    const struct value *made = NULL;

    if (file_find(path) == NULL)
        return error_set(err, "there is no page '%s'", name);
    for (size_t i = 0; i < value_count(data); i++)
        value_map_put_value(arena, names, value_pair_at(data, i)->key,
                            pages_escaped(arena, value_pair_at(data, i)->item));
    value_map_put(arena, names, "assets", asset_hashes(arena));
    part_add(&text, "layout_top.html");
    part_add(&text, path);
    part_add(&text, "layout_bottom.html");
    options.lstrip_blocks = true;
    options.path = path;
    if (!template_text(&call, text.data, text.length, &options, &made, err))
        return error_prefix(err, "page %s", name);
    *out = made->as.string.data;
    *length_out = made->as.string.length;
    return true;
}
