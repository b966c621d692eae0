/* SPDX-License-Identifier: Apache-2.0 */
/* Unit names as people write them, completed and escaped as systemd.unit(5) states. Pure text. */
#include <ctype.h>
#include <string.h>

#include "agent/system/unit/unit.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define NAME_CHARACTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@"

static bool has_unit_suffix(const char *name)
{
    static const char *const suffixes[] = { ".service",   ".mount", ".swap", ".socket", ".target", ".device",
                                            ".automount", ".timer", ".path", ".slice",  ".scope" };

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (text_ends(name, suffixes[i]) && strlen(name) > strlen(suffixes[i]))
            return true;
    }
    return false;
}

static void escape_path(struct text *out, const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        bool leading_dot = at == path && *at == '.';

        if (*at == '/')
            text_add_char(out, '-');
        else if (!leading_dot && (isalnum((unsigned char)*at) || strchr(":_.", *at) != NULL))
            text_add_char(out, *at);
        else
            text_printf(out, "\\x%02x", (unsigned)(unsigned char)*at);
    }
}

/* /dev/sda -> dev-sda.device, /srv/data -> srv-data.mount, / -> -.mount */
static const char *name_of_path(struct arena *arena, const char *path)
{
    struct text out = text_new(arena);
    const char *normal = path_normalize(arena, path);
    bool is_device = path_is_inside(normal, "/dev") || path_is_inside(normal, "/sys");

    while (*normal == '/')
        normal++;
    if (*normal == '\0')
        text_add(&out, "-");
    escape_path(&out, normal);
    text_add(&out, is_device ? ".device" : ".mount");
    return out.data;
}

const char *unit_name_complete(struct arena *arena, const char *name)
{
    struct text out = text_new(arena);

    if (name[0] == '/')
        return name_of_path(arena, name);
    for (const char *at = name; *at != '\0'; at++) {
        if (strchr(NAME_CHARACTERS, *at) != NULL)
            text_add_char(&out, *at);
        else if (*at == '/')
            text_add_char(&out, '-');
        else
            text_printf(&out, "\\x%02x", (unsigned)(unsigned char)*at);
    }
    if (!has_unit_suffix(name))
        text_add(&out, ".service");
    return out.data;
}

bool unit_name_is_template(const char *name)
{
    const char *at = strchr(name, '@');

    return at != NULL && at[1] == '.' && at > name;
}
