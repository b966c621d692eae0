/* SPDX-License-Identifier: Apache-2.0 */
/* The text of sysctl.conf files: finding and changing one setting. Pure text. */
#include <string.h>

#include "agent/system/kernel/sysctl.h"

struct setting {
    const char *line; /* trimmed */
    const char *name; /* NULL: an empty line, a comment or no setting */
    const char *value;
};

static struct setting setting_of(struct arena *arena, const char *raw, size_t length)
{
    struct setting setting = { .line = text_trim(arena, raw, length) };
    const char *equals = strchr(setting.line, '=');

    if (setting.line[0] == '\0' || setting.line[0] == '#' || setting.line[0] == ';' || equals == NULL)
        return setting;
    setting.name = text_trim(arena, setting.line, (size_t)(equals - setting.line));
    setting.value = text_trim(arena, equals + 1, strlen(equals + 1));
    return setting;
}

const char *sysctl_file_value(struct arena *arena, const char *text, const char *name)
{
    const char *cursor = text, *end = text + strlen(text), *raw, *value = NULL;
    size_t length;

    while (text_line(&cursor, end, &raw, &length)) {
        struct setting setting = setting_of(arena, raw, length);

        if (text_equal(setting.name, name))
            value = setting.value;
    }
    return value;
}

static bool is_known(const struct value *names, const char *name)
{
    return value_map_get(names, name) != NULL;
}

char *sysctl_file_edit(struct arena *arena, const char *text, const char *name, const char *value)
{
    const char *cursor = text, *end = text + strlen(text), *raw;
    struct text out = text_new(arena);
    struct value *seen = value_map(arena);
    size_t length;

    while (text_line(&cursor, end, &raw, &length)) {
        struct setting setting = setting_of(arena, raw, length);

        if (setting.name == NULL) {
            text_printf(&out, "%s\n", setting.line);
            continue;
        }
        if (is_known(seen, setting.name))
            continue;
        value_map_put_bool(arena, seen, setting.name, true);
        if (strcmp(setting.name, name) != 0)
            text_printf(&out, "%s=%s\n", setting.name, setting.value);
        else if (value != NULL)
            text_printf(&out, "%s=%s\n", name, value);
    }
    if (value != NULL && !is_known(seen, name))
        text_printf(&out, "%s=%s\n", name, value);
    return out.data != NULL ? out.data : arena_copy(arena, "");
}
