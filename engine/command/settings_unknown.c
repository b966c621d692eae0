/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that no setting has. Sections that Ansible's own table does not know belong to plugins of others: they are left alone. */
#include <string.h>

#include "common/base/text.h"
#include "engine/command/settings_row.h"

#define PLACES_MAX 512

struct places {
    const char *items[PLACES_MAX]; /* "section.key" */
    size_t count;
};

static void places_add(struct arena *arena, const struct setting_row *rows, struct places *places)
{
    for (; rows->name != NULL; rows++)
        for (char **part = text_split(arena, rows->places == NULL ? "" : rows->places, ' ', NULL); *part != NULL;
             part++)
            if (**part != '\0' && places->count < PLACES_MAX)
                places->items[places->count++] = *part;
}

/* The part in front of the last dot that a place can have: sections hold dots of their own, keys do not. */
static const char *section_of(struct arena *arena, const char *place)
{
    const char *dot = strrchr(place, '.');

    return arena_copy_n(arena, place, (size_t)(dot - place));
}

static void warn(struct arena *arena, const struct value *text, const char *what, const char *nearest,
                 struct value *warnings)
{
    const char *hint = nearest == NULL ? "" : arena_printf(arena, ", did you mean '%s'?", nearest);

    value_list_add(arena, warnings,
                   value_string(arena, arena_printf(arena, "%s:%u: %s%s", text->path, text->line, what, hint)));
}

static void judge(struct arena *arena, const char *place, const struct value *text, const struct places *known,
                  struct value *warnings)
{
    const char *keys[PLACES_MAX], *sections[PLACES_MAX], *section = section_of(arena, place);
    const char *key = place + strlen(section) + 1, *nearest;
    size_t count = 0;

    for (size_t i = 0; i < known->count; i++) {
        sections[i] = section_of(arena, known->items[i]);
        if (strcmp(known->items[i], place) == 0)
            return;
        if (strcmp(sections[i], section) == 0)
            keys[count++] = strrchr(known->items[i], '.') + 1;
    }
    if (count > 0) {
        warn(arena, text, arena_printf(arena, "[%s] has no setting '%s'", section, key), text_nearest(key, keys, count),
             warnings);
        return;
    }
    nearest = text_nearest(section, sections, known->count);
    if (nearest != NULL)
        warn(arena, text, arena_printf(arena, "there is no section [%s]", section), nearest, warnings);
}

void settings_warn_unknown(struct arena *arena, const struct settings *settings, struct value *warnings)
{
    struct places *known = arena_new_of(arena, struct places);

    places_add(arena, settings_base, known);
    places_add(arena, settings_own, known);
    places_add(arena, settings_plugin, known);
    for (size_t i = 0; i < value_count(settings->file); i++) {
        const struct value_pair *pair = value_pair_at(settings->file, i);

        judge(arena, value_text(pair->key), pair->item, known, warnings);
    }
}
