/* SPDX-License-Identifier: Apache-2.0 */
/* Lists by dpkg-query and apt-cache, and by rpm: two or three processes for all packages. */
#include "agent/system/package/package_list.h"

#include <string.h>

#include "agent/system/process/process.h"
#include "agent/system/package/rpm_query.h"
#include "agent/system/file/word_list.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define DPKG_FORMAT "${Package}|${Architecture}|${Version}|${Section}|${db:Status-Status}\\n"
#define DPKG_FIELDS 5
#define NAMES_PER_CALL 2000

bool package_list_available(const struct system *system, struct arena *arena, const char *manager)
{
    bool has_apt =
        process_find(system, arena, "apt-cache") != NULL && process_find(system, arena, "dpkg-query") != NULL;

    if (strcmp(manager, "apt") == 0)
        return has_apt;
    /* rpm as a tool on a Debian node keeps no packages. */
    return !has_apt && process_find(system, arena, "rpm") != NULL;
}

static void add_package(struct arena *arena, struct value *packages, const char *name, const struct value *details)
{
    const struct value *there = value_map_get(packages, name);
    struct value *list = value_list(arena);

    for (size_t i = 0; i < value_count(there); i++)
        value_list_add(arena, list, value_item(there, i));
    value_list_add(arena, list, details);
    value_map_put(arena, packages, name, list);
}

/* --- apt --- */

/* "500 http://host/debian bookworm/main amd64 Packages" without the number; NULL: no such line. */
static const char *source_of(struct arena *arena, const char *line)
{
    const char *text = line + strspn(line, " ");
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && text[digits] == ' ' ? arena_copy(arena, text + digits + 1) : NULL;
}

struct value *package_list_sources(struct arena *arena, const char *policy)
{
    const char *cursor = policy, *end = policy + strlen(policy), *raw, *name = NULL;
    struct value *sources = value_map(arena);
    bool at_installed = false;
    size_t length;

    while (text_line(&cursor, end, &raw, &length)) {
        const char *line = arena_copy_n(arena, raw, length);

        if (line[0] != ' ' && length > 1) {
            name = arena_copy_n(arena, line, length - 1);
            at_installed = false;
        } else if (text_starts(line, " *** ")) {
            at_installed = true;
        } else if (at_installed && name != NULL) {
            const char *source = source_of(arena, line);
            if (source != NULL)
                value_map_put_string(arena, sources, name, source);
            at_installed = false;
        }
    }
    return sources;
}

struct value *package_list_origins(struct arena *arena, const char *policy)
{
    const char *cursor = policy, *end = policy + strlen(policy), *raw, *source = NULL;
    struct value *origins = value_map(arena);
    size_t length;

    while (text_line(&cursor, end, &raw, &length)) {
        const char *line = arena_copy_n(arena, raw, length), *release = strstr(line, "     release ");
        const char *origin = release != NULL ? strstr(release, "o=") : NULL;

        if (release == NULL)
            source = source_of(arena, line);
        else if (source != NULL)
            value_map_put_string(arena, origins, source,
                                 origin != NULL ? arena_copy_n(arena, origin + 2, strcspn(origin + 2, ",")) : "");
    }
    return origins;
}

static bool policy_run(const struct system *system, struct arena *arena, const struct word_list *names,
                       struct process_result *out, struct error *err)
{
    struct word_list argv = word_list_new(arena);
    struct process_request request = PROCESS("");

    word_list_add(&argv, "apt-cache");
    word_list_add(&argv, "policy");
    for (size_t i = 0; i < names->count; i++)
        word_list_add(&argv, names->items[i]);
    request.argv = argv.items;
    return process_run_ok(system, arena, &request, out, err);
}

/* What apt calls it: the architecture only when it is not the native one. */
static const char *apt_name(struct arena *arena, char **fields, const char *native)
{
    if (strcmp(fields[1], native) == 0 || strcmp(fields[1], "all") == 0)
        return fields[0];
    return arena_printf(arena, "%s:%s", fields[0], fields[1]);
}

struct apt_list {
    const struct system *system;
    struct arena *arena;
    const char *native;
    char *text; /* of dpkg-query */
    struct value *origins;
};

static const char *origin_of(const struct apt_list *list, const struct value *sources, const char *name)
{
    const char *source = value_map_text(sources, name);
    const char *origin = source != NULL ? value_map_text(list->origins, source) : NULL;

    return origin != NULL ? origin : "";
}

/* One batch: the names first, for apt-cache, then the details. */
static bool add_batch(const struct apt_list *list, char ***rows, size_t count, struct value *packages,
                      struct error *err)
{
    struct arena *arena = list->arena;
    struct word_list names = word_list_new(arena);
    struct process_result policy;

    for (size_t i = 0; i < count; i++)
        word_list_add(&names, apt_name(arena, rows[i], list->native));
    if (!policy_run(list->system, arena, &names, &policy, err))
        return false;
    const struct value *sources = package_list_sources(arena, policy.output);
    for (size_t i = 0; i < count; i++) {
        struct value *details = value_map(arena);

        value_map_put_string(arena, details, "name", names.items[i]);
        value_map_put_string(arena, details, "version", rows[i][2]);
        value_map_put_string(arena, details, "arch", rows[i][1]);
        value_map_put_string(arena, details, "category", rows[i][3]);
        value_map_put_string(arena, details, "origin", origin_of(list, sources, names.items[i]));
        value_map_put_string(arena, details, "source", "apt");
        add_package(arena, packages, names.items[i], details);
    }
    return true;
}

static bool is_gone(const char *state)
{
    return strcmp(state, "not-installed") == 0 || strcmp(state, "config-files") == 0;
}

static bool add_all(const struct apt_list *list, struct value *packages, struct error *err)
{
    char ***rows = arena_new_array(list->arena, char **, NAMES_PER_CALL);
    const char *cursor = list->text, *end = cursor + strlen(cursor), *line;
    size_t length, fields = 0, count = 0;

    while (text_line(&cursor, end, &line, &length)) {
        char **row = text_split(list->arena, arena_copy_n(list->arena, line, length), '|', &fields);

        if (fields != DPKG_FIELDS || is_gone(row[4]))
            continue;
        rows[count++] = row;
        if (count < NAMES_PER_CALL)
            continue;
        if (!add_batch(list, rows, count, packages, err))
            return false;
        count = 0;
    }
    return count == 0 || add_batch(list, rows, count, packages, err);
}

static bool apt_read(const struct system *system, struct arena *arena, struct value *packages, struct error *err)
{
    const struct word_list none = word_list_new(arena);
    struct process_result native, installed, policy;

    if (!process_run_ok(system, arena, &PROCESS("dpkg", "--print-architecture"), &native, err) ||
        !process_run_ok(system, arena, &PROCESS("dpkg-query", "-W", "-f", DPKG_FORMAT), &installed, err) ||
        !policy_run(system, arena, &none, &policy, err))
        return false;
    const struct apt_list list = { .system = system,
                                   .arena = arena,
                                   .native = text_trim(arena, native.output, native.output_length),
                                   .text = installed.output,
                                   .origins = package_list_origins(arena, policy.output) };
    return add_all(&list, packages, err);
}

/* --- rpm --- */

static bool rpm_read(const struct system *system, struct arena *arena, struct value *packages, struct error *err)
{
    struct rpm_packages list;
    int64_t epoch = 0;

    if (!rpm_packages_read(system, arena, NULL, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        const struct rpm_package *item = &list.items[i];
        struct value *details = value_map(arena);

        value_map_put_string(arena, details, "name", item->name);
        value_map_put_string(arena, details, "version", item->version);
        value_map_put_string(arena, details, "release", item->release);
        if (item->has_epoch && text_to_int(item->epoch, &epoch))
            value_map_put_int(arena, details, "epoch", epoch);
        else
            value_map_put(arena, details, "epoch", value_null());
        value_map_put_string(arena, details, "arch", strcmp(item->arch, "(none)") == 0 ? NULL : item->arch);
        value_map_put_string(arena, details, "source", "rpm");
        add_package(arena, packages, item->name, details);
    }
    return true;
}

bool package_list_read(const struct system *system, struct arena *arena, const char *manager, struct value *packages,
                       struct error *err)
{
    return strcmp(manager, "apt") == 0 ? apt_read(system, arena, packages, err)
                                       : rpm_read(system, arena, packages, err);
}
