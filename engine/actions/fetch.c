/* SPDX-License-Identifier: Apache-2.0 */
/* fetch: brings a file of the node to the centre; the bytes only travel when they differ from what is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "engine/actions/action_support.h"

struct fetch_args {
    const char *src, *dest;
    bool flat, fail_on_missing, validate_checksum;
};

static const struct arg_spec fetch_spec[] = {
    ARG(fetch_args, src, ARG_STRING, .required = true, .help = "file of the node"),
    ARG(fetch_args, dest, ARG_STRING, .required = true,
        .help = "folder of the centre; files go to HOST/PATH beneath it"),
    ARG(fetch_args, flat, ARG_BOOL, .default_text = "false",
        .help = "dest is the file itself, or a folder when it ends in /"),
    ARG(fetch_args, fail_on_missing, ARG_BOOL, .default_text = "true", .help = "a file that is not there is a failure"),
    ARG(fetch_args, validate_checksum, ARG_BOOL, .default_text = "true", .help = "compare digests behind the transfer"),
    ARG_END,
};

struct fetch_state {
    const char *dest, *temporary;
    const char *made;            /* the topmost folder that was made for dest; NULL: none was */
    char checksum[HASH_HEX_MAX]; /* of the file that is at dest; empty: none */
    int fd;
};

static const char *from_play(struct action_call *call, const char *path)
{
    path = path_expand_user(call->arena, path);
    return path[0] == '/' ? path : path_join(call->arena, path_absolute(call->arena, call->task->play->folder), path);
}

/* Where the file goes. NULL: the result says why not. */
static const char *dest_of(struct action_call *call, enum action_next *next)
{
    const struct fetch_args *args = call->bound;
    const char *path = from_play(call, args->dest);

    if (!args->flat)
        return path_normalize(call->arena, arena_printf(call->arena, "%s/%s/%s", path, call->host->name, args->src));
    if (path_is_folder(path) && !text_ends(args->dest, "/")) {
        (void)call_fail(
            call, next,
            "dest is an existing directory, use a trailing slash if you want to fetch src into that directory");
        return NULL;
    }
    if (text_ends(args->dest, "/"))
        path = path_join(call->arena, path, path_basename(args->src));
    return path_normalize(call->arena, path);
}

static bool make_folders(struct arena *arena, const char *folder, struct error *err)
{
    if (path_is_folder(folder) || strcmp(folder, "/") == 0)
        return true;
    if (!make_folders(arena, path_dirname(arena, folder), err))
        return false;
    return mkdir(folder, 0777) == 0 || errno == EEXIST || error_set_errno(err, "cannot make folder '%s'", folder);
}

/* The topmost of the folders that are not there yet; NULL: they all are. */
static const char *folder_made(struct arena *arena, const char *dest)
{
    const char *made = NULL;

    for (const char *folder = path_dirname(arena, dest); !path_is_folder(folder) && strcmp(folder, "/") != 0;
         folder = path_dirname(arena, folder))
        made = folder;
    return made;
}

static bool open_temporary(struct action_call *call, struct fetch_state *state, struct error *err)
{
    char *path;

    state->made = folder_made(call->arena, state->dest);
    if (!make_folders(call->arena, path_dirname(call->arena, state->dest), err))
        return false;
    path = arena_printf(call->arena, "%s.roost-XXXXXX", state->dest);
    state->fd = mkostemp(path, O_CLOEXEC);
    if (state->fd < 0)
        return error_set_errno(err, "cannot write '%s'", path);
    state->temporary = path;
    return true;
}

/* Nothing came: the temporary file goes, and the folders that were made for it. */
static void drop_temporary(struct arena *arena, struct fetch_state *state)
{
    const char *folder;

    fd_close(state->fd);
    state->fd = -1;
    if (state->temporary != NULL)
        unlink(state->temporary);
    state->temporary = NULL;
    if (state->made == NULL)
        return;
    for (folder = path_dirname(arena, state->dest); strlen(folder) >= strlen(state->made);
         folder = path_dirname(arena, folder)) {
        if (rmdir(folder) != 0 && errno != ENOENT)
            break;
    }
    state->made = NULL;
}

/* The option that is no text; NULL: both are. */
static const char *untextual(const struct action_call *call)
{
    if (!value_is(action_arg(call, "dest"), VALUE_STRING))
        return "dest";
    return value_is(action_arg(call, "src"), VALUE_STRING) ? NULL : "source";
}

static bool begin(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct fetch_args *args = call->bound;
    struct fetch_state *state = arena_new_of(call->arena, struct fetch_state);
    struct value *sent = value_map(call->arena);

    if (call->check_mode)
        return call_skip(call, next, "check mode not (yet) supported for this module");
    if (untextual(call) != NULL)
        return call_fail(call, next, "Invalid type supplied for %s option, it must be a string", untextual(call));
    call->state = state;
    state->fd = -1;
    state->dest = dest_of(call, next);
    if (state->dest == NULL)
        return true;
    if (path_is_file(state->dest) && !hash_hex_of_file(HASH_SHA1, state->dest, state->checksum, err))
        return call_fail(call, next, "%s", err->text);
    if (!open_temporary(call, state, err)) {
        drop_temporary(call->arena, state);
        return call_fail(call, next, "Failed to fetch the file: %s", err->text);
    }
    value_map_put_string(call->arena, sent, "src", args->src);
    if (state->checksum[0] != '\0')
        value_map_put_string(call->arena, sent, "_known_sha1", state->checksum);
    call->module.receive_fd = state->fd;
    call->may_lose_connection = true; /* so that the temporary file can be removed */
    return action_submit(call, next, "fetch", sent);
}

/* Why the node has nothing to send. */
static bool explain_missing(struct action_call *call, enum action_next *next)
{
    const struct fetch_args *args = call->bound;
    const char *text = value_map_text(call->reply, "msg");
    bool is_folder = value_map_true(call->reply, "is_folder"), is_missing = value_map_true(call->reply, "is_missing");
    bool is_denied = value_map_true(call->reply, "is_denied");

    *next = ACTION_DONE;
    if (is_folder)
        text = args->fail_on_missing
                   ? "remote file is a directory, fetch cannot work on directories"
                   : "remote file is a directory, fetch cannot work on directories, not transferring, ignored";
    else if (is_missing)
        text = "the remote file does not exist, not transferring, ignored";
    else if (is_denied)
        text = arena_printf(call->arena, "file is not readable: %s: Permission denied%s", args->src,
                            args->fail_on_missing ? "" : ", ignored");
    if (args->fail_on_missing || (!is_folder && !is_missing && !is_denied))
        action_put_bool(call, "failed", true);
    else if (!is_folder)
        action_put_text(call, "file", args->src);
    action_put_text(call, "msg", text == NULL ? "the file could not be read" : text);
    return true;
}

static bool put_in_place(struct action_call *call, enum action_next *next, struct fetch_state *state, struct error *err)
{
    const struct fetch_args *args = call->bound;
    const char *remote = value_map_text(call->reply, "checksum");
    char checksum[HASH_HEX_MAX], md5[HASH_HEX_MAX];
    mode_t bits = umask(0);

    umask(bits);
    if (!hash_hex_of_file(HASH_SHA1, state->temporary, checksum, err) ||
        !hash_hex_of_file(HASH_MD5, state->temporary, md5, err))
        return call_fail(call, next, "%s", err->text);
    bool is_whole = !args->validate_checksum || text_equal(checksum, remote);
    if (is_whole && (fchmod(state->fd, 0666 & ~bits) != 0 || rename(state->temporary, state->dest) != 0))
        return call_fail(call, next, "Failed to fetch the file: %s: %s", state->dest, strerror(errno));
    if (is_whole) {
        state->temporary = NULL;
        state->made = NULL;
        action_put_bool(call, "changed", true);
    }
    action_put_text(call, "md5sum", md5);
    action_put_text(call, "dest", state->dest);
    action_put(call, "remote_md5sum", value_null());
    action_put_text(call, "checksum", checksum);
    action_put_text(call, "remote_checksum", remote);
    if (is_whole)
        return true;
    action_put_text(call, "file", args->src);
    return call_fail(call, next, "checksum mismatch");
}

static bool is_same_already(struct action_call *call, enum action_next *next, const struct fetch_state *state,
                            struct error *err)
{
    const struct fetch_args *args = call->bound;
    char md5[HASH_HEX_MAX];

    if (!hash_hex_of_file(HASH_MD5, state->dest, md5, err))
        return call_fail(call, next, "%s", err->text);
    action_put_bool(call, "changed", false);
    action_put_text(call, "md5sum", md5);
    action_put_text(call, "file", args->src);
    action_put_text(call, "dest", state->dest);
    action_put_text(call, "checksum", state->checksum);
    return true;
}

static bool fetch_step(struct action_call *call, enum action_next *next, struct error *err)
{
    struct fetch_state *state = call->state;
    bool ok = true;

    *next = ACTION_DONE;
    if (call->step == 0)
        return begin(call, next, err);
    if (call->lost != NULL) {
        action_put_bool(call, "unreachable", true);
        action_put_bool(call, "changed", false);
        action_put_text(call, "msg", call->lost);
    } else if (value_map_true(call->reply, "failed")) {
        ok = explain_missing(call, next);
    } else if (value_map_true(call->reply, "is_sent")) {
        ok = put_in_place(call, next, state, err);
    } else {
        ok = is_same_already(call, next, state, err);
    }
    drop_temporary(call->arena, state);
    return ok;
}

static void fetch_given_up(struct action_call *call)
{
    call->module.receive_fd = -1;
    drop_temporary(call->arena, call->state);
}

ACTION_DEFINE(fetch) = { .spec = { .name = "fetch",
                                   .summary = "Bring a file of the node to the centre",
                                   .missing = "src and dest are required",
                                   .args = fetch_spec,
                                   .args_size = sizeof(struct fetch_args) },
                         .step = fetch_step,
                         .given_up = fetch_given_up };
