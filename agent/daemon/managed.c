/* SPDX-License-Identifier: Apache-2.0 */
/* From tasks to the things they are about. */
#include "agent/daemon/managed.h"

#include <string.h>

#include "agent/system/unit/unit.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define FILE_MAX ((size_t)8 * 1024 * 1024)

static const char *const kind_names[MANAGED_KINDS] = { "files", "units", "mounts" };

/* Where a module's things are kept, when that is not a path among its arguments. docs/daemon.md tells the same. */
static const struct kept {
    const char *action;
    const char *path;     /* "%s" is the argument's text */
    const char *argument; /* NULL: none needed */
} kept_in[] = {
    { "alternatives", "/etc/alternatives/%s", "name" },
    { "apt", "/var/lib/dpkg/status", NULL },
    { "apt_repository", "/etc/apt/sources.list", NULL },
    { "apt_repository", "/etc/apt/sources.list.d/%s.list", "filename" },
    { "cron", "/etc/cron.d/%s", "cron_file" },
    { "cron", "/var/spool/cron/crontabs/%s", "user" },
    { "cron", "/var/spool/cron/crontabs/root", NULL },
    { "cron", "/var/spool/cron/root", NULL },
    { "deb822_repository", "/etc/apt/sources.list.d/%s.sources", "name" },
    { "dnf", "/var/lib/rpm/rpmdb.sqlite", NULL },
    { "dnf", "/usr/lib/sysimage/rpm/rpmdb.sqlite", NULL },
    { "group", "/etc/group", NULL },
    { "hostname", "/etc/hostname", NULL },
    { "kernel_params", "/etc/default/grub", NULL },
    { "kernel_params", "/etc/kernel/cmdline", NULL },
    { "locale_gen", "/etc/locale.gen", NULL },
    { "mount", "/etc/fstab", NULL },
    { "package", "/var/lib/dpkg/status", NULL },
    { "package", "/var/lib/rpm/rpmdb.sqlite", NULL },
    { "package", "/usr/lib/sysimage/rpm/rpmdb.sqlite", NULL },
    { "pam_limits", "/etc/security/limits.conf", NULL },
    { "sysctl", "/etc/sysctl.conf", NULL },
    { "sysctl", "%s", "sysctl_file" },
    { "timezone", "/etc/localtime", NULL },
    { "user", "/etc/passwd", NULL },
    { "user", "/etc/shadow", NULL },
    { "user", "/etc/group", NULL },
    { "yum", "/var/lib/rpm/rpmdb.sqlite", NULL },
    { "yum", "/usr/lib/sysimage/rpm/rpmdb.sqlite", NULL },
    { "yum_repository", "/etc/yum.repos.d/%s.repo", "name" },
    { "yum_repository", "/etc/yum.repos.d/%s.repo", "file" },
};

/* `format` holds "%s" once. */
static const char *path_of(struct arena *arena, const char *format, const char *argument)
{
    const char *hole = strstr(format, "%s");

    return hole == NULL ? format : arena_printf(arena, "%.*s%s%s", (int)(hole - format), format, argument, hole + 2);
}

struct managed *managed_new(void)
{
    struct arena *arena = arena_new();
    struct managed *managed = arena_new_of(arena, struct managed);

    managed->arena = arena;
    managed->needs_all = value_map(arena);
    for (int i = 0; i < MANAGED_KINDS; i++)
        managed->things[i] = value_map(arena);
    return managed;
}

void managed_free(struct managed *managed)
{
    if (managed != NULL)
        arena_free(managed->arena);
}

const char *managed_place(struct arena *arena, const struct value *event)
{
    const char *path = value_map_text(event, "path");
    const struct value *line = value_map_get(event, "line");

    return path == NULL || !value_is(line, VALUE_INT)
               ? NULL
               : arena_printf(arena, "%s:%lld", path, (long long)line->as.integer);
}

static void thing_add(struct managed *managed, enum managed_kind kind, const char *name, const char *place)
{
    const struct value *places = value_map_get(managed->things[kind], name);
    struct value *more;

    if (places == NULL && value_count(managed->things[kind]) >= MANAGED_MAX)
        return;
    if (value_map_get(places, place) != NULL)
        return;
    more = value_map(managed->arena);
    for (size_t i = 0; i < value_count(places); i++)
        value_map_put(managed->arena, more, value_text(value_pair_at(places, i)->key), value_bool(true));
    value_map_put(managed->arena, more, place, value_bool(true));
    value_map_put(managed->arena, managed->things[kind], name, more);
}

static void files_add(struct managed *managed, const char *action, const struct value *args, const char *place)
{
    static const char *const keys[] = { "dest", "path", "src" };

    /* the first that is there: the source of a copy is not what is managed */
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *path = value_map_text(args, keys[i]);

        if (path == NULL || path[0] != '/')
            continue;
        thing_add(managed, MANAGED_FILES, path, place);
        break;
    }
    for (size_t i = 0; i < sizeof(kept_in) / sizeof(kept_in[0]); i++) {
        const struct kept *kept = &kept_in[i];
        const char *argument = kept->argument == NULL ? NULL : value_map_text(args, kept->argument), *path;

        if (!text_equal(kept->action, action) || (kept->argument != NULL && argument == NULL))
            continue;
        path = path_of(managed->arena, kept->path, argument);
        if (path[0] == '/')
            thing_add(managed, MANAGED_FILES, path, place);
    }
}

static void units_add(struct managed *managed, const char *action, const struct value *args, const char *place)
{
    static const char *const actions[] = { "service", "systemd", "systemd_service", "sysvinit", NULL };
    const char *name = value_map_text(args, "name"), *scope = value_map_text(args, "scope");

    if (text_in(action, actions) && name != NULL && name[0] != '\0' && (scope == NULL || strcmp(scope, "system") == 0))
        thing_add(managed, MANAGED_UNITS, unit_name_complete(managed->arena, name), place);
}

void managed_add(struct managed *managed, const struct value *event)
{
    const struct value *args =
        value_map_get(value_map_get(value_map_get(event, "result"), "invocation"), "module_args");
    const char *action = value_map_text(event, "action"), *path = value_map_text(args, "path");
    const char *place = managed_place(managed->arena, event);

    /* facts are about everything */
    if (place == NULL || action == NULL || !value_is(args, VALUE_MAP) || value_map_true(event, "no_log"))
        return;
    files_add(managed, action, args, place);
    units_add(managed, action, args, place);
    if (strcmp(action, "mount") == 0 && path != NULL && path[0] == '/')
        thing_add(managed, MANAGED_MOUNTS, path, place);
}

const char **managed_names(const struct managed *managed, struct arena *arena, enum managed_kind kind,
                           size_t *count_out)
{
    size_t count = value_count(managed->things[kind]);
    const char **names = arena_new_array(arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        names[i] = value_text(value_pair_at(managed->things[kind], i)->key);
    *count_out = count;
    return names;
}

void managed_places(const struct managed *managed, enum managed_kind kind, const char *name, struct arena *arena,
                    struct value *places)
{
    for (size_t i = 0; i < value_count(managed->things[kind]); i++) {
        const struct value_pair *pair = value_pair_at(managed->things[kind], i);

        if (name != NULL && !text_equal(value_text(pair->key), name))
            continue;
        for (size_t k = 0; k < value_count(pair->item); k++)
            value_map_put(arena, places, value_text(value_pair_at(pair->item, k)->key), value_bool(true));
    }
}

/* --- on disk --- */

struct managed *managed_read(const char *path)
{
    struct managed *managed = managed_new();
    struct error ignored = ERROR_INIT;
    const struct value *kept = NULL;
    struct der text;
    bool missing = false;

    if (!private_file_read(managed->arena, path, FILE_MAX, &text, &missing, &ignored) || missing ||
        !json_read(managed->arena, (const char *)text.data, text.length, path, &kept, &ignored))
        return managed;
    for (int kind = 0; kind < MANAGED_KINDS; kind++) {
        const struct value *things = value_map_get(kept, kind_names[kind]);

        for (size_t i = 0; i < value_count(things) && value_is(things, VALUE_MAP); i++) {
            const struct value_pair *pair = value_pair_at(things, i);

            for (size_t k = 0; value_is(pair->item, VALUE_LIST) && k < value_count(pair->item); k++)
                if (value_text(pair->key) != NULL && value_text(value_item(pair->item, k)) != NULL)
                    thing_add(managed, (enum managed_kind)kind, value_text(pair->key),
                              value_text(value_item(pair->item, k)));
        }
    }
    return managed;
}

static const struct value *places_list(struct arena *arena, const struct value *places)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < value_count(places); i++)
        value_list_add(arena, list, value_pair_at(places, i)->key);
    return list;
}

bool managed_write(const struct managed *managed, const char *path, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct value *out = value_map(arena);
    const char *text;

    for (int kind = 0; kind < MANAGED_KINDS; kind++) {
        struct value *things = value_map(arena);

        for (size_t i = 0; i < value_count(managed->things[kind]); i++) {
            const struct value_pair *pair = value_pair_at(managed->things[kind], i);

            value_map_put_value(arena, things, pair->key, places_list(arena, pair->item));
        }
        value_map_put(arena, out, kind_names[kind], things);
    }
    text = json_text(arena, out, JSON_COMPACT);
    return private_file_write(path, text, strlen(text), err);
}
