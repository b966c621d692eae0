/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. Unit files of packages are not read: their programs come and go with them. The number of llama.cpp's build is in
 * the name of its library (libllama.so.0.0.9824) or of the folder of a release archive (llama-b9824).
 */
#include "agent/system/unit/engine_unit.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define BUILD_MAX ((int64_t)1000 * 1000)

static const char *const unit_folders[] = { "/etc/systemd/system", "/usr/local/lib/systemd/system" };
static const char *const engine_names[] = {
    "llama-server", "llama-cli", "rpc-server",      "ggml-rpc-server", "dllama", "dllama-api", "ollama",
    "lemond",       "lemonade",  "lemonade-server", "lemonade-router", "vllm",   "exo",        NULL
};
static const char *const backend_names[] = { "cuda", "hip", "rpc", "sycl", "vulkan" };
static const char *const system_folders[] = { "/bin", "/sbin", "/usr/bin", "/usr/sbin", NULL };

/* --- unit files --- */

/* The program of "-/opt/x/bin/rpc-server --port 1"; NULL: it has no fixed path. */
static const char *program_of(struct arena *arena, const char *command)
{
    command += strspn(command, " \t@-:+!|");
    const char *end = *command == '"' || *command == '\'' ? "\"'" : " \t";
    command += *end == '"';
    char *program = arena_copy_n(arena, command, strcspn(command, end));

    return program[0] == '/' && strpbrk(program, "%$") == NULL ? program : NULL;
}

/* ExecStart of a unit file or drop-in; what an earlier file said stays when this one says nothing. */
static void exec_start_read(const struct sysfs *fs, const char *path, const char **out)
{
    const char *cursor = sysfs_document(fs, path, SYSFS_FILE_MAX), *end, *line;
    bool is_service = false;
    size_t length;

    if (cursor == NULL)
        return;
    end = cursor + strlen(cursor);
    while (text_line(&cursor, end, &line, &length)) {
        char *text = text_trim(fs->arena, line, length);
        if (text[0] == '[')
            is_service = strcmp(text, "[Service]") == 0;
        if (!is_service || !text_starts(text, "ExecStart"))
            continue;
        const char *value = text + strlen("ExecStart");
        value += strspn(value, " \t");
        if (*value != '=')
            continue; /* ExecStartPre */
        value += 1 + strspn(value + 1, " \t");
        if (*value == '\0')
            *out = NULL;
        else if (*out == NULL)
            *out = program_of(fs->arena, value);
    }
}

static const char *unit_program(const struct sysfs *fs, const char *folder, const char *unit)
{
    const char *program = NULL;

    exec_start_read(fs, path_join(fs->arena, folder, unit), &program);
    const char *drop_ins = arena_printf(fs->arena, "/etc/systemd/system/%s.d", unit);
    for (const char *const *name = sysfs_names(fs, drop_ins); *name != NULL; name++)
        if (text_ends(*name, ".conf"))
            exec_start_read(fs, path_join(fs->arena, drop_ins, *name), &program);
    return program;
}

/* --- what is beside the program --- */

/* The number behind `prefix`, when nothing is behind the number. */
static void number_behind(const char *text, const char *prefix, int64_t *out)
{
    int64_t number = 0;

    if (text_starts(text, prefix) && text_to_int(text + strlen(prefix), &number) && number > 0 && number < BUILD_MAX)
        *out = number;
}

static void library_note(struct arena *arena, const char *name, int64_t *build, struct value *backends)
{
    number_behind(name, "libllama.so.0.0.", build);
    for (size_t i = 0; i < sizeof backend_names / sizeof backend_names[0]; i++)
        if (strcmp(name, arena_printf(arena, "libggml-%s.so", backend_names[i])) == 0)
            value_list_add(arena, backends, value_string(arena, backend_names[i]));
}

static void folder_note(struct arena *arena, const char *folder, int64_t *build)
{
    size_t count = 0;
    char **parts = text_split(arena, folder, '/', &count);

    for (size_t i = 0; i < count; i++) {
        number_behind(parts[i], "llama-b", build);
        number_behind(parts[i], "b", build);
    }
}

static void llama_put(const struct sysfs *fs, struct value *unit, const char *program)
{
    struct arena *arena = fs->arena;
    const char *folder = path_dirname(arena, program), *parent = path_dirname(arena, folder);
    const char *const folders[] = { folder, path_join(arena, parent, "lib"), path_join(arena, parent, "lib64") };
    struct value *backends = value_list(arena);
    int64_t build = 0;

    if (text_in(folder, system_folders))
        return; /* the package says it */
    folder_note(arena, folder, &build);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        for (const char *const *name = sysfs_names(fs, folders[i]); *name != NULL; name++)
            library_note(arena, *name, &build, backends);
    if (build > 0)
        value_map_put_int(arena, unit, "build", build);
    if (value_count(backends) > 0)
        value_map_put(arena, unit, "backends", backends);
}

static void unit_add(const struct sysfs *fs, const char *folder, const char *name, struct value *units)
{
    const char *program = text_ends(name, ".service") ? unit_program(fs, folder, name) : NULL;

    if (program == NULL || !text_in(path_basename(program), engine_names))
        return;
    struct value *unit = value_map(fs->arena);
    value_map_put_string(fs->arena, unit, "unit", name);
    value_map_put_string(fs->arena, unit, "file", path_join(fs->arena, folder, name));
    value_map_put_string(fs->arena, unit, "program", program);
    value_map_put_bool(fs->arena, unit, "exists",
                       sysfs_exists(fs, path_dirname(fs->arena, program), path_basename(program)));
    if (text_starts(path_basename(program), "llama-") || text_ends(program, "rpc-server"))
        llama_put(fs, unit, program);
    value_list_add(fs->arena, units, unit);
}

struct value *engine_units(const struct sysfs *fs)
{
    struct value *units = value_list(fs->arena);

    for (size_t i = 0; i < sizeof unit_folders / sizeof unit_folders[0]; i++)
        for (const char *const *name = sysfs_names(fs, unit_folders[i]); *name != NULL; name++)
            if (i == 0 || !sysfs_exists(fs, unit_folders[0], *name))
                unit_add(fs, unit_folders[i], *name, units);
    return units;
}
