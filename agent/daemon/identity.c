/* SPDX-License-Identifier: Apache-2.0 */
/* The identity's folder: its paths, reading it, and the exchange by which a new one takes the place of the old. */
#include "agent/daemon/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_tree.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define NODE_FORMAT 1
#define NODE_FILE_MAX ((size_t)4096)

struct identity_paths identity_paths(struct arena *arena, const char *state)
{
    const char *folder = path_join(arena, state, "identity");

    return (struct identity_paths){
        .state = arena_copy(arena, state),
        .folder = folder,
        .key = path_join(arena, folder, "key.pem"),
        .certificate = path_join(arena, folder, "certificate.pem"),
        .ca = path_join(arena, folder, "ca.pem"),
        .signing_key = path_join(arena, folder, "signing.pem"),
        .node = path_join(arena, folder, "node.json"),
        .spool = path_join(arena, folder, "spool"),
        .bundle_state = path_join(arena, folder, "bundle"),
        .work = path_join(arena, folder, "work"),
        .run = path_join(arena, folder, "run"),
        .facts = path_join(arena, folder, "facts"),
        .joining_key = path_join(arena, state, "joining.key"),
        .joining_ca = path_join(arena, state, "joining.ca"),
    };
}

bool identity_folder_make(struct arena *arena, const char *state, struct error *err)
{
    struct stat info;

    if (stat(state, &info) != 0) {
        if (!file_tree_make(arena, path_dirname(arena, path_absolute(arena, state)), err))
            return false;
        if ((mkdir(state, 0700) != 0 && errno != EEXIST) || stat(state, &info) != 0)
            return error_set_errno(err, "cannot make the folder '%s'", state);
    }
    if (!S_ISDIR(info.st_mode))
        return error_set(err, "'%s' is no folder", state);
    if ((info.st_mode & 0077) != 0)
        return error_set(err, "the folder '%s' is open to others (mode %04o): chmod 700 '%s'", state,
                         info.st_mode & 07777, state);
    return true;
}

/* --- reading --- */

static bool node_read(struct arena *arena, const char *path, struct der text, struct identity *out, struct error *err)
{
    const struct value *map = NULL, *format, *generation;

    if (!json_read(arena, (const char *)text.data, text.length, path, &map, err))
        return false;
    format = value_map_get(map, "format");
    generation = value_map_get(map, "generation");
    out->node.name = value_map_text(map, "node");
    out->controller = value_map_text(map, "controller");
    if (!value_is(format, VALUE_INT) || format->as.integer != NODE_FORMAT)
        return error_set(err, "'%s' is not of format %d: it was written by another version of roost-agent", path,
                         NODE_FORMAT);
    if (out->node.name == NULL || out->controller == NULL || !value_is(generation, VALUE_INT))
        return error_set(err, "'%s' lacks one of node, generation, controller", path);
    out->node.generation = generation->as.integer;
    return node_name_check(out->node.name, err) || error_prefix(err, "'%s'", path);
}

bool identity_load(struct arena *arena, const char *state, struct identity *out, bool *missing_out, struct error *err)
{
    struct identity identity = { .paths = identity_paths(arena, state) };
    struct der text;

    if (!private_file_read(arena, identity.paths.node, NODE_FILE_MAX, &text, missing_out, err))
        return false;
    if (*missing_out)
        return true;
    if (!node_read(arena, identity.paths.node, text, &identity, err))
        return false;
    *out = identity;
    return true;
}

/* --- installing --- */

static const char *node_text(struct arena *arena, const struct identity_new *made)
{
    struct value *map = value_map(arena);

    value_map_put_int(arena, map, "format", NODE_FORMAT);
    value_map_put_string(arena, map, "node", made->node.name);
    value_map_put_int(arena, map, "generation", made->node.generation);
    value_map_put_string(arena, map, "controller", made->controller);
    return json_text(arena, map, JSON_COMPACT);
}

static bool text_write(const char *path, const char *text, struct error *err)
{
    return private_file_write(path, text, strlen(text), err);
}

static bool key_copy(const struct identity_paths *from, const char *to, struct error *err)
{
    struct arena *secrets = arena_new();
    struct der text;
    bool ok = private_file_read(secrets, from->joining_key, LIMIT_KEY_FILE, &text, NULL, err) &&
              private_file_write(to, text.data, text.length, err);

    arena_free_secret(secrets);
    return ok;
}

/* All files in a folder beside the one in use. */
static bool folder_fill(struct arena *arena, const struct identity_paths *paths, const char *folder,
                        const struct identity_new *made, struct error *err)
{
    if (!file_tree_remove(folder, err))
        return false;
    if (mkdir(folder, 0700) != 0)
        return error_set_errno(err, "cannot make the folder '%s'", folder);
    return key_copy(paths, path_join(arena, folder, path_basename(paths->key)), err) &&
           text_write(path_join(arena, folder, path_basename(paths->ca)), made->ca, err) &&
           text_write(path_join(arena, folder, path_basename(paths->certificate)), made->certificate, err) &&
           text_write(path_join(arena, folder, path_basename(paths->signing_key)), made->signing_key, err) &&
           text_write(path_join(arena, folder, path_basename(paths->node)), node_text(arena, made), err);
}

bool identity_install(struct arena *arena, const struct identity_paths *paths, const struct identity_new *made,
                      struct error *err)
{
    const char *fresh = arena_printf(arena, "%s.new", paths->folder);
    bool replaces = path_is_folder(paths->folder);

    if (!folder_fill(arena, paths, fresh, made, err))
        return error_prefix(err, "cannot keep what the controller gave");
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, paths->folder, replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0)
        return error_set_errno(err, "cannot put '%s' in place", paths->folder);
    if (!folder_sync(paths->state, err))
        return false;
    /* from here on the node has joined: what is left over is only in the way */
    (void)unlink(paths->joining_key);
    (void)unlink(paths->joining_ca);
    return file_tree_remove(fresh, err);
}
