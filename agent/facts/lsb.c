/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `lsb_release -a` would print, without running it: from /etc/lsb-release, else, where the program is
 * installed, from os-release as the program itself does. Empty where there is neither.
 */
#include <ctype.h>
#include <string.h>

#include "agent/facts/fact_support.h"

static void put_if(struct arena *arena, struct value *lsb, const char *key, const char *text)
{
    if (text)
        value_map_put_string(arena, lsb, key, text);
}

static void lsb_from_file(struct arena *arena, struct value *lsb, const char *data)
{
    put_if(arena, lsb, "id", fact_shell_value(arena, data, "DISTRIB_ID"));
    put_if(arena, lsb, "release", fact_shell_value(arena, data, "DISTRIB_RELEASE"));
    put_if(arena, lsb, "description", fact_shell_value(arena, data, "DISTRIB_DESCRIPTION"));
    put_if(arena, lsb, "codename", fact_shell_value(arena, data, "DISTRIB_CODENAME"));
}

static void lsb_from_os_release(struct arena *arena, struct value *lsb, const char *data)
{
    const char *id = fact_shell_value(arena, data, "ID"), *release = fact_shell_value(arena, data, "VERSION_ID");
    const char *description = fact_shell_value(arena, data, "PRETTY_NAME");
    const char *codename = fact_shell_value(arena, data, "VERSION_CODENAME");
    char *name = arena_copy(arena, id ? id : "n/a");

    name[0] = (char)toupper((unsigned char)name[0]);
    value_map_put_string(arena, lsb, "id", name);
    value_map_put_string(arena, lsb, "description", description ? description : "n/a");
    value_map_put_string(arena, lsb, "release", release ? release : "n/a");
    value_map_put_string(arena, lsb, "codename", codename ? codename : "n/a");
}

static bool lsb_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct value *lsb = value_map(arena);
    const char *file = fact_file(system, arena, "/etc/lsb-release");
    const char *os_release = fact_file(system, arena, "/etc/os-release");

    (void)err;
    if (file && fact_shell_value(arena, file, "DISTRIB_ID"))
        lsb_from_file(arena, lsb, file);
    else if (os_release && fact_has_program(system, arena, "lsb_release"))
        lsb_from_os_release(arena, lsb, os_release);
    const char *release = value_map_text(lsb, "release");
    if (release)
        value_map_put_string(arena, lsb, "major_release", arena_copy_n(arena, release, strcspn(release, ".")));
    value_map_put(arena, facts, "lsb", lsb);
    return true;
}

FACT_GROUP_DEFINE(lsb) = { .name = "lsb", .names = FACT_NAMES("min"), .collect = lsb_collect };
