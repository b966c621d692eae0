/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs the agent with its libraries. Which libraries: what the dynamic loader itself lists (--list), plus what the agent loads at
 * its first download or its first talk with a controller, and what that needs. Packing is done by tar: it is on every
 * machine that has a shell.
 */
#include "controller/transport/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/command.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/transport/bundle_manifest.h"
#include "controller/transport/elf_needed.h"

const char *bundle_find_agent(struct arena *arena)
{
    char self[LIMIT_PATH];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length > 0) {
        self[length] = '\0';
        const char *beside = path_join(arena, path_dirname(arena, self), "roost-agent");
        if (access(beside, X_OK) == 0)
            return beside;
    }
    const char *path = getenv("PATH");
    if (!path)
        return NULL;
    char **folders = text_split(arena, path, ':', NULL);
    for (; *folders; folders++) {
        const char *candidate = path_join(arena, **folders ? *folders : ".", "roost-agent");
        if (access(candidate, X_OK) == 0)
            return candidate;
    }
    return NULL;
}

/* Absolute paths of the libraries a file needs, by asking the loader; added to `libraries` (a growing text of lines). */
static bool list_libraries(struct arena *arena, const char *loader, const char *file, struct text *libraries,
                           struct error *err)
{
    const char *argv[] = { loader, "--list", file, NULL };
    struct command_output listed;
    if (!command_output_ok(arena, argv, &listed, err))
        return error_prefix(err, "cannot list the libraries of '%s'", file);
    const char *cursor = listed.output, *end = listed.output + listed.output_length, *line = NULL;
    size_t length = 0;
    while (text_line(&cursor, end, &line, &length)) {
        const char *arrow = memmem(line, length, "=> /", 4);
        if (memmem(line, length, "not found", 9))
            return error_set(err, "'%s' lacks a library: %s", file, text_trim(arena, line, length));
        if (!arrow)
            continue;
        const char *path = arrow + 3;
        size_t path_length = strcspn(path, " \n");
        char *known = arena_printf(arena, "%.*s\n", (int)path_length, path);
        if (!strstr(libraries->data, known))
            text_add(libraries, known);
    }
    return true;
}

/* Where the loader finds the first of these, with what it needs. */
static void list_loaded(struct arena *arena, const char *loader, const char *cache, const char *const *names,
                        struct text *libraries)
{
    struct error ignored = ERROR_INIT;
    for (; *names; names++) {
        const char *found = strstr(cache, *names);
        const char *arrow = found ? strstr(found, "=> ") : NULL;
        if (!arrow)
            continue;
        const char *path = arena_copy_n(arena, arrow + 3, strcspn(arrow + 3, "\n"));
        if (!list_libraries(arena, loader, path, libraries, &ignored))
            continue;
        char *line = arena_printf(arena, "%s\n", path);
        if (!strstr(libraries->data, line))
            text_add(libraries, line);
        return;
    }
}

/* Libraries of common/http and common/trust. One that is missing is no error: a bundle without downloads still works. */
static void list_all_loaded(struct arena *arena, const char *loader, struct text *libraries)
{
    static const char *const families[][3] = { { "libcurl-gnutls.so.4", "libcurl.so.4", NULL },
                                               { "libgnutls.so.30", NULL },
                                               { "libhogweed.so.6", NULL } };
    struct command_output cache;
    struct error ignored = ERROR_INIT;
    const char *argv[] = { "ldconfig", "-p", NULL };
    const char *argv_sbin[] = { "/sbin/ldconfig", "-p", NULL };
    if (!command_output_ok(arena, argv, &cache, &ignored) && !command_output_ok(arena, argv_sbin, &cache, &ignored))
        return;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        list_loaded(arena, loader, cache.output, families[i], libraries);
}

/* One name for this exact set of files: the digest of every file's digest. */
static bool digest_inputs(struct arena *arena, char *const *files, char out[HASH_HEX_MAX], struct error *err)
{
    struct hash *all = hash_new(arena, HASH_SHA256);
    for (; *files; files++) {
        char one[HASH_HEX_MAX];
        if (**files == '\0')
            continue;
        if (!hash_hex_of_file(HASH_SHA256, *files, one, err))
            return false;
        hash_add(all, one, strlen(one));
        hash_add(all, *files, strlen(*files));
    }
    hash_hex(all, out);
    return true;
}

static bool make_folders(struct arena *arena, const char *folder, struct error *err)
{
    const char *parent = path_dirname(arena, folder);
    if (path_is_folder(folder))
        return true;
    if (!text_equal(parent, folder) && *parent && !make_folders(arena, parent, err))
        return false;
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return true;
    return error_set_errno(err, "cannot make folder '%s'", folder);
}

/* A staging folder with symbolic links; tar follows them (-h). */
static bool stage(struct arena *arena, const char *staging, char *const *libraries, const char *agent,
                  const char *loader, struct error *err)
{
    const char *lib = path_join(arena, staging, "agent/lib");
    if (!make_folders(arena, lib, err))
        return false;
    if (symlink(agent, path_join(arena, staging, "agent/roost-agent")) != 0 ||
        symlink(loader, path_join(arena, staging, "agent/loader")) != 0)
        return error_set_errno(err, "cannot link into '%s'", staging);
    for (; *libraries; libraries++) {
        const char *at = path_join(arena, lib, path_basename(*libraries));
        if (**libraries && symlink(*libraries, at) != 0 && errno != EEXIST)
            return error_set_errno(err, "cannot link '%s'", at);
    }
    return true;
}

static void remove_staging(struct arena *arena, const char *staging)
{
    struct command_output removed;
    struct error ignored = ERROR_INIT;
    command_output(arena, (const char *const[]){ "rm", "-rf", "--", staging, NULL }, NULL, &removed, &ignored);
}

static bool pack(struct arena *arena, const char *staging, const char *archive, struct error *err)
{
    struct command_output packed;
    const char *temporary = arena_printf(arena, "%s.part", staging);
    const char *argv[] = { "tar",         "-C",         staging, "--owner=0", "--group=0", "--mode=a+rX,go-w",
                           "--sort=name", "--mtime=@0", "-chzf", temporary,   "agent",     NULL };
    if (!command_output_ok(arena, argv, &packed, err))
        return error_prefix(err, "cannot pack the agent bundle");
    if (rename(temporary, archive) == 0)
        return true;
    unlink(temporary);
    return error_set_errno(err, "cannot write '%s'", archive);
}

static bool build(struct arena *arena, const char *folder, const char *archive, char *const *files, struct error *err)
{
    char *staging = path_join(arena, folder, "bundle-XXXXXX");
    if (!mkdtemp(staging))
        return error_set_errno(err, "cannot make a folder in '%s'", folder);
    bool ok = stage(arena, staging, files + 2, files[0], files[1], err) && pack(arena, staging, archive, err);
    remove_staging(arena, staging);
    return ok;
}

bool bundle_prepare(struct arena *arena, const char *agent_path, const char *folder, struct bundle *out,
                    struct error *err)
{
    char digest[HASH_HEX_MAX];
    const char *loader = NULL;
    struct text files = text_new(arena);
    if (bundle_manifest_read(arena, folder, agent_path, out))
        return true;
    if (!elf_interpreter(arena, agent_path, &loader, err))
        return error_prefix(err, "agent bundle");
    text_printf(&files, "%s\n%s\n", agent_path, loader);
    if (!list_libraries(arena, loader, agent_path, &files, err))
        return error_prefix(err, "agent bundle");
    list_all_loaded(arena, loader, &files);
    char **list = text_split(arena, files.data, '\n', NULL);
    if (!digest_inputs(arena, list, digest, err) || !make_folders(arena, folder, err))
        return error_prefix(err, "agent bundle");
    out->path = arena_printf(arena, "%s/agent-%.16s.tar.gz", folder, digest);
    if (!path_is_file(out->path) && !build(arena, folder, out->path, list, err))
        return false;
    struct stat status;
    if (stat(out->path, &status) != 0)
        return error_set_errno(err, "cannot read '%s'", out->path);
    out->size = status.st_size;
    out->id = arena_copy_n(arena, digest, 16);
    return hash_hex_of_file(HASH_SHA256, out->path, out->sha256, err) &&
           bundle_manifest_write(arena, folder, out, list, err);
}
