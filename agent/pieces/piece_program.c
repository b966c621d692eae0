/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Folders are those that packages, the roles and upstream's own instructions use. */
#include "agent/pieces/piece_program.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/process/process.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define SAID_MAX ((size_t)160)
#define ASK_MS 10000
#define LLAMA_RECORD "/etc/ansible/facts.d/llama_cpp.fact"

struct program_row {
    const char *name;
    const char *programs[4]; /* the first that is there */
    const char *folders[8];  /* beside those of all; "*" in it: each folder of that name's parent */
    const char *version;     /* argument that makes it tell; NULL: it does not */
    const char *package;     /* of Python, whose version stands in a folder's name; NULL: it is none */
};

#define LLAMA_FOLDERS                                                                                                  \
    "/opt/llama.cpp/build/bin", "/opt/llama.cpp/current/bin", "/opt/llama.cpp/bin", "/opt/llama.cpp/current"

static const struct program_row rows[] = {
    { "llama_cpp", { "llama-server" }, { LLAMA_FOLDERS }, "--version", NULL },
    { "llama_rpc", { "ggml-rpc-server", "rpc-server" }, { LLAMA_FOLDERS, "/usr/libexec/*/llama/bin" }, NULL, NULL },
    { "llama_bench", { "llama-bench" }, { LLAMA_FOLDERS }, NULL, NULL },
    { "distributed_llama",
      { "dllama-api", "dllama" },
      { "/opt/distributed-llama", "/opt/distributed-llama/current" },
      NULL,
      NULL },
    { "ollama", { "ollama" }, { "/opt/ollama/bin", "/opt/ollama/current/bin" }, "--version", NULL },
    { "lemonade",
      { "lemonade-server", "lemond", "lemonade" },
      { "/opt/lemonade/bin", "/opt/lemonade" },
      "--version",
      NULL },
    { "vllm", { "vllm" }, { "/opt/vllm/bin", "/opt/vllm/venv/bin", "/opt/vllm/current/bin" }, NULL, "vllm" },
    { "ray", { "ray" }, { "/opt/vllm/bin", "/opt/vllm/venv/bin", "/opt/vllm/current/bin" }, NULL, "ray" },
    { "exo",
      { "exo" },
      { "/opt/exo/bin", "/opt/exo/.venv/bin", "/opt/exo/venv/bin", "/opt/exo/current/bin",
        "/opt/exo/current/exo/.venv/bin" },
      NULL,
      "exo" },
    { "hpl", { "xhpl", "hpcc" }, { "/opt/hpl/bin", "/opt/hpl/hpl/bin", "/opt/hpl/current/bin" }, NULL, NULL },
    { "iperf3", { "iperf3" }, { NULL }, "--version", NULL },
    { "mpirun", { "mpirun" }, { "/opt/hpl/mpich/bin", "/opt/hpl/current/bin" }, "--version", NULL },
    { "slurm", { "sbatch" }, { NULL }, "--version", NULL },
};

static const char *const common_folders[] = { "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin" };

/* --- where it is --- */

static bool is_program(const struct sysfs *fs, const char *path)
{
    struct stat info;
    const char *real = system_path(fs->system, fs->arena, path);

    return stat(real, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0;
}

static const char *in_folder(const struct sysfs *fs, const struct program_row *row, const char *folder)
{
    for (size_t i = 0; i < 4 && row->programs[i] != NULL; i++) {
        const char *path = path_join(fs->arena, folder, row->programs[i]);

        if (is_program(fs, path))
            return path;
    }
    return NULL;
}

static const char *in_folders(const struct sysfs *fs, const struct program_row *row, const char *pattern)
{
    const char *star = strchr(pattern, '*');

    if (star == NULL)
        return in_folder(fs, row, pattern);
    const char *parent = arena_copy_n(fs->arena, pattern, (size_t)(star - pattern));
    for (const char *const *name = sysfs_names(fs, parent); *name != NULL; name++) {
        const char *path = in_folder(fs, row, arena_printf(fs->arena, "%s%s%s", parent, *name, star + 1));

        if (path != NULL)
            return path;
    }
    return NULL;
}

/* Where role llama_cpp has put its server; NULL: it says nothing. */
static const char *recorded_folder(const struct sysfs *fs)
{
    const char *text = sysfs_document(fs, LLAMA_RECORD, SYSFS_FILE_MAX), *server;
    const struct value *record = NULL;
    struct error ignored = ERROR_INIT;

    if (text == NULL || !json_read(fs->arena, text, strlen(text), NULL, &record, &ignored))
        return NULL;
    server = value_map_text(record, "server");
    return server == NULL || server[0] != '/' ? NULL : path_dirname(fs->arena, server);
}

static const char *row_path(const struct sysfs *fs, const struct program_row *row)
{
    const char *recorded = text_starts(row->name, "llama_") ? recorded_folder(fs) : NULL;
    const char *path = recorded == NULL ? NULL : in_folder(fs, row, recorded);

    for (size_t i = 0; path == NULL && i < 8 && row->folders[i] != NULL; i++)
        path = in_folders(fs, row, row->folders[i]);
    for (size_t i = 0; path == NULL && i < sizeof(common_folders) / sizeof(common_folders[0]); i++)
        path = in_folder(fs, row, common_folders[i]);
    return path;
}

/* --- of which build --- */

/* The line that names the version, else the first with a digit. */
static const char *said_line(struct arena *arena, const char *output)
{
    const char *cursor = output, *end = output + strlen(output), *line, *first = NULL;
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        const char *text = text_trim(arena, line, length < SAID_MAX ? length : SAID_MAX);

        if (strcasestr(text, "version") != NULL && strpbrk(text, "0123456789") != NULL)
            return text;
        if (first == NULL && strpbrk(text, "0123456789") != NULL)
            first = text;
    }
    return first;
}

static const char *ask(const struct sysfs *fs, const char *path, const char *argument)
{
    const char *const argv[] = { path, argument, NULL };
    struct process_request request = { .argv = argv, .timeout_ms = ASK_MS, .c_locale = true, .umask_bits = -1 };
    struct process_result result;
    struct error ignored = ERROR_INIT;

    if (fs->system->root[0] != '\0' || !process_run(fs->system, fs->arena, &request, &result, &ignored) ||
        result.timed_out)
        return NULL;
    return said_line(fs->arena, arena_printf(fs->arena, "%s\n%s", result.output, result.errors));
}

const char *piece_program_digest(const struct sysfs *fs, const char *path)
{
    char hash[HASH_HEX_MAX];
    struct error ignored = ERROR_INIT;

    if (!hash_hex_of_file(HASH_SHA256, system_path(fs->system, fs->arena, path), hash, &ignored))
        return "";
    return arena_printf(fs->arena, "sha256-%.16s", hash);
}

/* site-packages/vllm-0.11.0.dist-info: "0.11.0". */
static const char *python_version(const struct sysfs *fs, const char *path, const char *package)
{
    const char *lib = path_join(fs->arena, path_dirname(fs->arena, path_dirname(fs->arena, path)), "lib");
    const char *begin = arena_printf(fs->arena, "%s-", package);

    for (const char *const *python = sysfs_names(fs, lib); *python != NULL; python++) {
        const char *folder = arena_printf(fs->arena, "%s/%s/site-packages", lib, *python);

        for (const char *const *name = sysfs_names(fs, folder); *name != NULL; name++) {
            if (text_starts(*name, begin) && text_ends(*name, ".dist-info"))
                return arena_copy_n(fs->arena, *name + strlen(begin),
                                    strlen(*name) - strlen(begin) - strlen(".dist-info"));
        }
    }
    return NULL;
}

const char *piece_llama_build(struct arena *arena, const char *said)
{
    const char *number = said == NULL ? NULL : strstr(said, "(build "), *commit;
    size_t digits;

    if (number != NULL) {
        number += strlen("(build ");
        commit = strstr(number, "commit ");
        commit = commit == NULL ? NULL : commit + strlen("commit ");
    } else {
        number = said == NULL ? NULL : strstr(said, "version: ");
        number = number == NULL ? NULL : number + strlen("version: ");
        commit = number == NULL ? NULL : strchr(number, '(');
        commit = commit == NULL ? NULL : commit + 1;
    }
    digits = number == NULL ? 0 : strspn(number, "0123456789");
    if (digits == 0 || commit == NULL || strchr(" ,)", number[digits]) == NULL)
        return NULL;
    return arena_printf(arena, "b%.*s-%.*s", (int)digits, number, (int)strcspn(commit, ") ,"), commit);
}

/* "0.27.0" of libggml-base.so.0.27.0 beside the program or where libraries lie; NULL: it is in the program. */
static const char *ggml_version(const struct sysfs *fs, const char *path)
{
    const char *folder = path_dirname(fs->arena, path), *parent = path_dirname(fs->arena, folder);
    const char *const folders[] = { folder,
                                    path_join(fs->arena, parent, "lib"),
                                    path_join(fs->arena, parent, "lib64"),
                                    "/usr/lib/x86_64-linux-gnu",
                                    "/usr/lib/aarch64-linux-gnu",
                                    "/usr/lib64",
                                    "/usr/lib" };
    const char *found = NULL, *begin = "libggml-base.so.";

    for (size_t i = 0; found == NULL && i < sizeof(folders) / sizeof(folders[0]); i++) {
        for (const char *const *name = sysfs_names(fs, folders[i]); *name != NULL; name++) {
            if (text_starts(*name, begin) && strchr(*name + strlen(begin), '.') != NULL)
                found = *name + strlen(begin);
        }
    }
    return found;
}

/* What the program said last while its file was the same. */
static const char *remembered(const struct value *cache, const char *path, const char *stamp)
{
    const struct value *entry = value_map_get(cache, path);

    return entry != NULL && text_equal(value_map_text(entry, "stamp"), stamp) ? value_map_text(entry, "said") : NULL;
}

static const char *said_of(const struct sysfs *fs, struct arena *cache_arena, struct value *cache,
                           const struct program_row *row, const char *path)
{
    struct stat info;
    const char *stamp, *said;
    struct value *entry;

    if (stat(system_path(fs->system, fs->arena, path), &info) != 0)
        return NULL;
    stamp = arena_printf(fs->arena, "%" PRId64 " %" PRId64 ".%09ld", (int64_t)info.st_size,
                         (int64_t)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    said = remembered(cache, path, stamp);
    if (said != NULL)
        return said;
    said = row->version != NULL   ? ask(fs, path, row->version)
           : row->package != NULL ? python_version(fs, path, row->package)
                                  : NULL;
    if (said == NULL)
        said = piece_program_digest(fs, path);
    entry = value_map(cache_arena);
    value_map_put_string(cache_arena, entry, "stamp", stamp);
    value_map_put_string(cache_arena, entry, "said", said);
    value_map_put(cache_arena, cache, arena_copy(cache_arena, path), entry);
    return value_map_text(entry, "said");
}

/* All programs of one llama.cpp are of its server's build: the others do not tell theirs. */
static void llama_builds_put(const struct sysfs *fs, struct piece_program *programs, size_t count)
{
    const char *server = NULL;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(programs[i].name, "llama_cpp") == 0)
            server = piece_llama_build(fs->arena, programs[i].said);
    }
    for (size_t i = 0; i < count; i++) {
        const char *ggml;

        if (!text_starts(programs[i].name, "llama_"))
            continue;
        ggml = ggml_version(fs, programs[i].path);
        if (server == NULL && ggml == NULL)
            continue;
        programs[i].build =
            arena_printf(fs->arena, "%s%s%s%s", server == NULL ? "" : server, server == NULL || ggml == NULL ? "" : " ",
                         ggml == NULL ? "" : "ggml-", ggml == NULL ? "" : ggml);
    }
}

struct piece_program *piece_programs(const struct sysfs *fs, struct arena *cache_arena, struct value *cache,
                                     size_t *count_out)
{
    size_t rows_count = sizeof(rows) / sizeof(rows[0]), count = 0;
    struct piece_program *programs = arena_new_array(fs->arena, struct piece_program, rows_count);

    for (size_t i = 0; i < rows_count; i++) {
        const char *path = row_path(fs, &rows[i]), *said;

        if (path == NULL)
            continue;
        said = said_of(fs, cache_arena, cache, &rows[i], path);
        programs[count++] = (struct piece_program){ .name = rows[i].name,
                                                    .program = path_basename(path),
                                                    .path = path,
                                                    .build = said == NULL ? "" : said,
                                                    .said = said };
    }
    llama_builds_put(fs, programs, count);
    *count_out = count;
    return programs;
}

static bool is_row(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return true;
    }
    return false;
}

bool piece_program_find(const struct piece_program *programs, size_t count, const struct sysfs *fs, const char *name,
                        struct piece_program *out, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(programs[i].name, name) == 0 || strcmp(programs[i].path, name) == 0) {
            *out = programs[i];
            return true;
        }
    }
    if (name[0] != '/')
        return is_row(name) ? error_set(err, "%s is not installed on this node", name)
                            : error_set(err, "this agent knows no program '%s'", name);
    if (!is_program(fs, name))
        return error_set(err, "there is no program '%s' on this node", name);
    *out = (struct piece_program){ .name = name, .program = path_basename(name), .path = name };
    return true;
}

struct value *piece_programs_value(struct arena *arena, const struct piece_program *programs, size_t count)
{
    struct value *body = value_map(arena), *list = value_list(arena);

    for (size_t i = 0; i < count; i++) {
        struct value *engine = value_map(arena), *detail = value_map(arena);

        value_map_put_string(arena, engine, "name", programs[i].name);
        value_map_put_string(arena, engine, "program", programs[i].program);
        value_map_put_string(arena, engine, "path", programs[i].path);
        value_map_put_string(arena, engine, "build", programs[i].build);
        if (programs[i].said != NULL)
            value_map_put_string(arena, detail, "said", programs[i].said);
        value_map_put(arena, engine, "detail", detail);
        value_list_add(arena, list, engine);
    }
    value_map_put(arena, body, "engines", list);
    return body;
}
