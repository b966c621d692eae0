/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local facts: every *.fact file of a folder becomes ansible_local.NAME: JSON, INI, or the output of an
 * executable. A broken file becomes a sentence in its place and a warning, and never stops the others.
 */
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/facts/fact_support.h"
#include "agent/system/process/process.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/json/json.h"

#define FOLDER "/etc/ansible/facts.d"
#define SCRIPT_MS 10000 /* gather_timeout's default */

/* --- INI as Python's configparser reads it (keys in lower case, indented lines continue a value) --- */

struct ini {
    struct arena *arena;
    struct value *sections, *current, *defaults;
    const char *last_key;
};

static void ini_put(struct ini *ini, const char *key, const char *text)
{
    struct text out = text_new(ini->arena);

    for (; *text; text++) {
        text_add_char(&out, *text);
        if (text[0] == '%' && text[1] == '%')
            text++;
    }
    value_map_put_string(ini->arena, ini->current, key, out.data);
}

static bool ini_section(struct ini *ini, const char *line)
{
    const char *end = strchr(line, ']');

    if (!end || end == line + 1)
        return false;
    const char *name = arena_copy_n(ini->arena, line + 1, (size_t)(end - line - 1));
    ini->last_key = NULL;
    if (strcmp(name, "DEFAULT") == 0) {
        ini->current = ini->defaults;
        return true;
    }
    ini->current = value_map(ini->arena);
    value_map_put(ini->arena, ini->sections, name, ini->current);
    return true;
}

static bool ini_pair(struct ini *ini, const char *line)
{
    size_t length = strcspn(line, "=:");

    if (!ini->current || line[length] == '\0' || length == 0)
        return false;
    char *key = text_lower(text_trim(ini->arena, line, length));
    const char *rest = line + length + 1;
    ini_put(ini, key, text_trim(ini->arena, rest, strlen(rest)));
    ini->last_key = key;
    return true;
}

static bool ini_line(struct ini *ini, const char *line, size_t length)
{
    const char *text = text_trim(ini->arena, line, length);

    if (text[0] == '\0' || text[0] == '#' || text[0] == ';')
        return true;
    if (isspace((unsigned char)line[0]) && ini->last_key) {
        const char *old = value_map_text(ini->current, ini->last_key);
        ini_put(ini, ini->last_key, arena_printf(ini->arena, "%s\n%s", old, text));
        return true;
    }
    return text[0] == '[' ? ini_section(ini, text) : ini_pair(ini, text);
}

static bool ini_read(struct arena *arena, const char *data, const struct value **out)
{
    struct ini ini = { .arena = arena, .sections = value_map(arena), .defaults = value_map(arena) };
    const char *at = data, *end = data + strlen(data), *line;
    struct value *merged = value_map(arena);
    size_t length;

    while (text_line(&at, end, &line, &length))
        if (!ini_line(&ini, line, length))
            return false;
    for (size_t i = 0; i < value_count(ini.sections); i++) {
        const struct value_pair *pair = value_pair_at(ini.sections, i);
        value_map_put_value(arena, merged, pair->key, value_merge(arena, ini.defaults, pair->item, false));
    }
    *out = merged;
    return true;
}

/* --- one file --- */

/* What the file says, or NULL and a sentence in *problem_out. */
static const char *local_text(const struct system *system, struct arena *arena, const char *path, bool runs,
                              const char **problem_out)
{
    struct process_request request = { .argv = PROCESS_ARGV(path), .timeout_ms = SCRIPT_MS, .umask_bits = -1 };
    struct process_result result;
    struct error err = ERROR_INIT;

    if (!runs) {
        char *data = NULL;
        size_t length = 0;
        return file_read(arena, path, 1024 * 1024, &data, &length, &err) ? data : "";
    }
    if (!process_run(system, arena, &request, &result, &err)) {
        *problem_out = arena_printf(arena, "Could not execute fact script (%s): %s", path, err.text);
        return NULL;
    }
    if (result.status != 0) {
        *problem_out = arena_printf(arena, "Failure executing fact script (%s), rc: %d, err: %s", path, result.status,
                                    result.errors);
        return NULL;
    }
    return result.output;
}

static const struct value *local_file(const struct system *system, struct arena *arena, const char *path,
                                      const char **problem_out)
{
    const struct value *fact = NULL;
    struct error ignored = ERROR_INIT;
    struct stat info;

    if (stat(path, &info) != 0) {
        *problem_out = arena_printf(arena, "Could not stat fact (%s)", path);
        return NULL;
    }
    const char *text = local_text(system, arena, path, (info.st_mode & S_IXUSR) != 0, problem_out);
    if (!text)
        return NULL;
    if (!text_utf8_valid(text, strlen(text)))
        *problem_out = arena_printf(arena, "error loading fact - output of running \"%s\" was not utf-8", path);
    else if (!json_read(arena, text, strlen(text), NULL, &fact, &ignored) && !ini_read(arena, text, &fact))
        *problem_out = arena_printf(arena, "error loading facts as JSON or ini - please check content: %s", path);
    return fact;
}

bool fact_local_collect(const struct system *system, struct arena *arena, const char *folder, struct value *facts,
                        struct value *warnings)
{
    struct value *local = value_map(arena);
    const char *where = folder ? folder : FOLDER;

    for (const char *const *name = fact_folder(system, arena, where); *name; name++) {
        const char *problem = NULL;
        if (!text_ends(*name, ".fact") || (*name)[0] == '.')
            continue;
        const char *path = system_path(system, arena, path_join(arena, where, *name));
        const struct value *fact = local_file(system, arena, path, &problem);
        if (problem && warnings)
            value_list_add(arena, warnings, value_string(arena, problem));
        value_map_put(arena, local, arena_copy_n(arena, *name, strlen(*name) - 5),
                      fact ? fact : value_string(arena, problem));
    }
    value_map_put(arena, facts, "local", local);
    return true;
}

static bool local_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    (void)err;
    return fact_local_collect(system, arena, NULL, facts, NULL);
}

FACT_GROUP_DEFINE(local) = { .name = "local", .names = FACT_NAMES("min"), .collect = local_collect };
