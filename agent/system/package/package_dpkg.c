/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpkg's status file and apt's extended_states: reading only. Changes go through apt-get and dpkg
 * (package_apt.c). Both files are control files: stanzas parted by empty lines, "Field: value" lines,
 * continuation lines begin with a blank.
 */
#include "agent/system/package/package_dpkg.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define DPKG_STATUS_LIMIT ((size_t)256 * 1024 * 1024)

struct stanza {
    const char *start, *end;
    const char *name;
    size_t name_length;
    struct dpkg_package *package; /* NULL until looked up */
};

struct dpkg_status {
    struct arena *arena;
    struct stanza *stanzas;
    size_t count, capacity;
    const char *architecture;
};

/* The value of a field in a stanza, without the blanks around it; NULL when it is not there. */
static const char *stanza_field(const struct stanza *stanza, const char *field, size_t *length_out)
{
    size_t field_length = strlen(field);
    const char *cursor = stanza->start, *line;
    size_t length;

    while (text_line(&cursor, stanza->end, &line, &length)) {
        if (length <= field_length || line[field_length] != ':' || memcmp(line, field, field_length) != 0)
            continue;
        const char *value = line + field_length + 1, *end = line + length;
        while (value < end && (*value == ' ' || *value == '\t'))
            value++;
        *length_out = (size_t)(end - value);
        return value;
    }
    return NULL;
}

static const char *stanza_string(const struct stanza *stanza, struct arena *arena, const char *field)
{
    size_t length = 0;
    const char *value = stanza_field(stanza, field, &length);

    return value != NULL ? arena_copy_n(arena, value, length) : NULL;
}

static bool stanza_next(const char **cursor, const char *end, struct stanza *out)
{
    while (*cursor < end && **cursor == '\n')
        (*cursor)++;
    if (*cursor >= end)
        return false;
    const char *stop = memmem(*cursor, (size_t)(end - *cursor), "\n\n", 2);
    *out = (struct stanza){ .start = *cursor, .end = stop != NULL ? stop + 1 : end };
    out->name = stanza_field(out, "Package", &out->name_length);
    *cursor = out->end;
    return true;
}

/* A later stanza of the same package and architecture replaces the earlier (dpkg's journal comes after the
 * file). */
static void status_add(struct dpkg_status *status, const struct stanza *stanza)
{
    if (status->count == status->capacity) {
        size_t capacity = status->capacity == 0 ? 1024 : status->capacity * 2;

        status->stanzas =
            arena_grow(status->arena, status->stanzas, status->capacity * sizeof(*stanza), capacity * sizeof(*stanza));
        status->capacity = capacity;
    }
    status->stanzas[status->count++] = *stanza;
}

static void status_add_text(struct dpkg_status *status, const char *data, size_t length)
{
    const char *cursor = data, *end = data + length;
    struct stanza stanza;

    while (stanza_next(&cursor, end, &stanza)) {
        if (stanza.name != NULL)
            status_add(status, &stanza);
    }
}

static bool status_add_file(struct dpkg_status *status, const char *path, struct error *err)
{
    char *data = NULL;
    size_t length = 0;

    if (!path_exists(path))
        return true;
    if (!file_read(status->arena, path, DPKG_STATUS_LIMIT, &data, &length, err))
        return false;
    status_add_text(status, data, length);
    return true;
}

static bool is_same_package(const struct stanza *a, const struct stanza *b)
{
    size_t a_length = 0, b_length = 0;

    if (a->name_length != b->name_length || memcmp(a->name, b->name, a->name_length) != 0)
        return false;
    const char *a_arch = stanza_field(a, "Architecture", &a_length);
    const char *b_arch = stanza_field(b, "Architecture", &b_length);
    return a_arch != NULL && b_arch != NULL && a_length == b_length && memcmp(a_arch, b_arch, a_length) == 0;
}

static void status_replace(struct dpkg_status *status, size_t file_count)
{
    size_t total = status->count;

    status->count = file_count;
    for (size_t i = file_count; i < total; i++) {
        struct stanza newer = status->stanzas[i];
        size_t old = 0;

        while (old < status->count && !is_same_package(&status->stanzas[old], &newer))
            old++;
        status->stanzas[old] = newer;
        status->count += old == status->count;
    }
}

static int is_journal_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '\0' && strspn(entry->d_name, "0123456789") == strlen(entry->d_name);
}

/* What an interrupted dpkg has not yet merged into its status file lies in numbered files beside it. */
static bool status_add_journal(struct dpkg_status *status, const char *folder, struct error *err)
{
    struct dirent **entries = NULL;
    size_t file_count = status->count;
    bool ok = true;
    int count = scandir(folder, &entries, is_journal_entry, alphasort);

    for (int i = 0; i < count; i++) {
        ok = ok && status_add_file(status, arena_printf(status->arena, "%s/%s", folder, entries[i]->d_name), err);
        free(entries[i]);
    }
    free(entries);
    if (ok && status->count > file_count)
        status_replace(status, file_count);
    return ok;
}

bool dpkg_status_read(const struct system *system, struct arena *arena, struct dpkg_status **out, struct error *err)
{
    struct dpkg_status *status = arena_new_of(arena, struct dpkg_status);

    status->arena = arena;
    if (!status_add_file(status, system_path(system, arena, "/var/lib/dpkg/status"), err))
        return error_prefix(err, "reading dpkg's status");
    if (!status_add_journal(status, system_path(system, arena, "/var/lib/dpkg/updates"), err))
        return error_prefix(err, "reading dpkg's journal");
    *out = status;
    return true;
}

size_t dpkg_status_count(const struct dpkg_status *status)
{
    return status->count;
}

static struct dpkg_package *package_make(struct arena *arena, const struct stanza *stanza)
{
    struct dpkg_package *package = arena_new_of(arena, struct dpkg_package);
    const char *status = stanza_string(stanza, arena, "Status");
    size_t count = 0;
    char **words = text_split(arena, status != NULL ? status : "", ' ', &count);

    package->name = arena_copy_n(arena, stanza->name, stanza->name_length);
    package->architecture = stanza_string(stanza, arena, "Architecture");
    package->version = stanza_string(stanza, arena, "Version");
    package->provides = stanza_string(stanza, arena, "Provides");
    package->want = count == 3 ? words[0] : "unknown";
    package->state = count == 3 ? words[2] : "not-installed";
    package->is_installed = strcmp(package->state, "installed") == 0;
    return package;
}

const struct dpkg_package *dpkg_status_at(struct dpkg_status *status, size_t index)
{
    struct stanza *stanza = &status->stanzas[index];

    if (stanza->package == NULL)
        stanza->package = package_make(status->arena, stanza);
    return stanza->package;
}

const char *dpkg_status_architecture(struct dpkg_status *status)
{
    for (size_t i = 0; status->architecture == NULL && i < status->count; i++) {
        const struct stanza *stanza = &status->stanzas[i];

        if (stanza->name_length == 4 && memcmp(stanza->name, "dpkg", 4) == 0)
            status->architecture = dpkg_status_at(status, i)->architecture;
    }
    return status->architecture;
}

static bool package_suits(const struct dpkg_package *package, const char *architecture)
{
    return package->architecture == NULL || strcmp(package->architecture, "all") == 0 ||
           strcmp(package->architecture, architecture) == 0;
}

const struct dpkg_package *dpkg_status_find(struct dpkg_status *status, const char *name)
{
    const char *colon = strchr(name, ':');
    size_t length = colon != NULL ? (size_t)(colon - name) : strlen(name);
    const char *native = dpkg_status_architecture(status);
    const char *wanted =
        colon != NULL && strcmp(colon, ":native") != 0 && strcmp(colon, ":any") != 0 ? colon + 1 : native;
    const struct dpkg_package *other = NULL;

    for (size_t i = 0; i < status->count; i++) {
        const struct stanza *stanza = &status->stanzas[i];

        if (stanza->name_length != length || memcmp(stanza->name, name, length) != 0)
            continue;
        const struct dpkg_package *package = dpkg_status_at(status, i);
        if (wanted == NULL || package_suits(package, wanted))
            return package;
        other = package;
    }
    return colon == NULL ? other : NULL;
}

bool dpkg_has_files(const struct system *system, struct arena *arena, const struct dpkg_package *package)
{
    const char *base = system_path(system, arena, "/var/lib/dpkg/info");
    const char *arch = package->architecture != NULL ? package->architecture : "";
    const char *paths[] = { arena_printf(arena, "%s/%s.list", base, package->name),
                            arena_printf(arena, "%s/%s:%s.list", base, package->name, arch) };
    struct stat info;

    for (size_t i = 0; i < 2; i++) {
        if (stat(paths[i], &info) == 0)
            return info.st_size > 0;
    }
    return false;
}

static bool stanza_is_one_of(const struct stanza *stanza, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t length = strcspn(names[i], ":");

        if (stanza->name_length == length && memcmp(stanza->name, names[i], length) == 0)
            return true;
    }
    return false;
}

bool dpkg_any_automatic(const struct system *system, struct arena *arena, const char *const *names, bool *out,
                        struct error *err)
{
    struct dpkg_status states = { .arena = arena };
    bool found = false;

    if (!status_add_file(&states, system_path(system, arena, "/var/lib/apt/extended_states"), err))
        return error_prefix(err, "reading apt's extended states");
    for (size_t i = 0; i < states.count && !found; i++) {
        size_t length = 0;
        const char *value = stanza_field(&states.stanzas[i], "Auto-Installed", &length);

        found = value != NULL && length == 1 && *value == '1' && stanza_is_one_of(&states.stanzas[i], names);
    }
    *out = found;
    return true;
}
