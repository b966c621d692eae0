/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy: content or files of the centre go to the node, by hash first. A folder is one call per entry: files (the module makes
 * folders on the way), then folders, then links. With remote_src the module does everything itself.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"
#include "engine/run/action_content.h"
#include "engine/run/file_walk.h"

#define CONTENT_MODE "0600" /* what content has to preserve: the mode of Ansible's temporary file for it */

struct copy_args {
    const char *src, *dest, *mode, *directory_mode, *checksum;
    const struct value *content;
    bool remote_src, local_follow, decrypt, backup, force, follow, unsafe_writes;
    const char *owner, *group, *attributes, *seuser, *serole, *setype, *selevel, *validate;
};

static const struct arg_spec copy_spec[] = {
    ARG(copy_args, src, ARG_STRING,
        .help = "file or folder of the centre, searched in files/ of the role and the play"),
    ARG(copy_args, content, ARG_RAW, .help = "the text itself, instead of src"),
    ARG(copy_args, dest, ARG_STRING, .required = true, .help = "where it goes on the node"),
    ARG(copy_args, remote_src, ARG_BOOL, .default_text = "false", .help = "src is on the node already"),
    ARG(copy_args, local_follow, ARG_BOOL, .default_text = "true",
        .help = "copy what links in src point to, not the links"),
    ARG(copy_args, decrypt, ARG_BOOL, .default_text = "true", .help = "decrypt vaulted files"),
    ARG(copy_args, directory_mode, ARG_MODE, .help = "permissions of folders that are made"),
    ARG(copy_args, checksum, ARG_STRING, .help = "SHA-1 the content must have"),
    ARG(copy_args, mode, ARG_MODE, .help = "permissions, or preserve for those of src"),
    ARG(copy_args, owner, ARG_STRING, .help = "user that owns the file"),
    ARG(copy_args, group, ARG_STRING, .help = "group that owns the file"),
    ARG(copy_args, attributes, ARG_STRING, .aliases = ARG_NAMES("attr"), .help = "attributes as chattr takes them"),
    ARG(copy_args, seuser, ARG_STRING, .help = "SELinux user"),
    ARG(copy_args, serole, ARG_STRING, .help = "SELinux role"),
    ARG(copy_args, setype, ARG_STRING, .help = "SELinux type"),
    ARG(copy_args, selevel, ARG_STRING, .help = "SELinux level"),
    ARG(copy_args, validate, ARG_STRING, .help = "command that checks the new file (%s) before it is put in place"),
    ARG(copy_args, backup, ARG_BOOL, .default_text = "false", .help = "keep a copy of the old file"),
    ARG(copy_args, follow, ARG_BOOL, .default_text = "false", .help = "follow a link at dest"),
    ARG(copy_args, force, ARG_BOOL, .default_text = "true", .help = "replace a file that is there"),
    ARG(copy_args, unsafe_writes, ARG_BOOL, .default_text = "false",
        .help = "write in place where the file cannot be replaced"),
    ARG_END,
};

static const char *const centre_args[] = { "src", "content", "local_follow", "decrypt", "remote_src", NULL };
static const char *const copy_only_args[] = { "src",        "content", "local_follow", "decrypt", "directory_mode",
                                              "remote_src", "backup",  "force",        "follow",  "validate",
                                              "checksum",   "mode",    "dest",         NULL };

/* A folder on its way. */
struct copy_state {
    const struct file_walk *walk;
    const char *src, *dest;    /* dest ends in / */
    enum file_entry_kind pass; /* files, folders, links */
    size_t next;               /* entry looked at next in this pass */
    bool changed;
};

static bool send_file(struct action_call *call, enum action_next *next, struct value *args,
                      struct action_content *content, struct error *err)
{
    const struct copy_args *bound = call->bound;

    if (bound->mode != NULL && strcmp(bound->mode, "preserve") == 0)
        value_map_put_string(call->arena, args, "mode",
                             content->path == NULL ? CONTENT_MODE : action_file_mode(call->arena, content->path));
    if (!action_content_open(call, content, bound->decrypt, err))
        return call_fail(call, next, "%s", err->text);
    return action_content_send(call, next, "copy", args, content, err);
}

static bool send_content(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct copy_args *bound = call->bound;
    const struct value *value = bound->content;
    struct action_content content = { 0 };
    bool is_data = value_is(value, VALUE_MAP) || value_is(value, VALUE_LIST);
    struct value *args = action_args_without(call, centre_args);

    content.data = is_data ? json_text(call->arena, value, JSON_PYTHON) : value_to_text(call->arena, value);
    content.length = value_is(value, VALUE_STRING) ? value->as.string.length : strlen(content.data);
    return send_file(call, next, args, &content, err);
}

/* The next entry of this pass or the following ones; NULL: all done. */
static const struct file_entry *entry_next(struct copy_state *state)
{
    for (;;) {
        while (state->next < state->walk->count) {
            const struct file_entry *entry = &state->walk->entries[state->next++];

            if (entry->kind == state->pass)
                return entry;
        }
        if (state->pass == FILE_ENTRY_LINK)
            return NULL;
        state->pass = state->pass == FILE_ENTRY_FILE ? FILE_ENTRY_FOLDER : FILE_ENTRY_LINK;
        state->next = 0;
    }
}

static bool send_folder_or_link(struct action_call *call, enum action_next *next, const struct copy_state *state,
                                const struct file_entry *entry)
{
    const struct copy_args *bound = call->bound;
    struct value *args = action_args_without(call, copy_only_args);

    value_map_put_string(call->arena, args, "path", path_join(call->arena, state->dest, entry->name));
    if (entry->kind == FILE_ENTRY_FOLDER) {
        value_map_put_string(call->arena, args, "state", "directory");
        if (bound->directory_mode != NULL)
            value_map_put_string(call->arena, args, "mode", bound->directory_mode);
    } else {
        value_map_put_string(call->arena, args, "state", "link");
        value_map_put_string(call->arena, args, "src", entry->link);
        value_map_put_bool(call->arena, args, "force", true);
        value_map_put_bool(call->arena, args, "follow", false);
    }
    call->module.contents = NULL;
    call->module.content_count = 0;
    return action_submit(call, next, "file", args);
}

static bool send_entry(struct action_call *call, enum action_next *next, struct copy_state *state, struct error *err)
{
    const struct file_entry *entry = entry_next(state);
    struct action_content content = { 0 };
    const char *folder;
    struct value *args;

    if (entry == NULL) {
        action_put_text(call, "dest", state->dest);
        action_put_text(call, "src", state->src);
        action_put_bool(call, "changed", state->changed);
        *next = ACTION_DONE;
        return true;
    }
    if (entry->kind != FILE_ENTRY_FILE)
        return send_folder_or_link(call, next, state, entry);
    content = (struct action_content){ .path = entry->path, .name = entry->path };
    args = action_args_without(call, centre_args);
    folder = path_dirname(call->arena, path_join(call->arena, state->dest, entry->name));
    value_map_put_string(call->arena, args, "dest", arena_printf(call->arena, "%s/", folder)); /* made when missing */
    value_map_put_bool(call->arena, args, "follow", false);
    return send_file(call, next, args, &content, err);
}

static bool start_folder(struct action_call *call, enum action_next *next, const char *path, struct error *err)
{
    const struct copy_args *bound = call->bound;
    struct copy_state *state = arena_new_of(call->arena, struct copy_state);
    struct file_walk *walk = arena_new_of(call->arena, struct file_walk);
    bool whole = !text_ends(bound->src, "/");

    if (!file_walk_make(call->arena, path, whole, bound->local_follow, walk, err))
        return call_fail(call, next, "%s", err->text);
    if (!whole && !text_ends(path, "/"))
        path = arena_printf(call->arena, "%s/", path);
    *state = (struct copy_state){ .walk = walk, .src = path, .pass = FILE_ENTRY_FILE };
    state->dest = text_ends(bound->dest, "/") ? bound->dest : arena_printf(call->arena, "%s/", bound->dest);
    call->state = state;
    return send_entry(call, next, state, err);
}

static bool start(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct copy_args *bound = call->bound;
    struct action_content content = { 0 };
    const char *path;

    if (bound->content != NULL && bound->src != NULL)
        return call_fail(call, next, "src and content are mutually exclusive");
    if (bound->content == NULL && (bound->src == NULL || *bound->src == '\0'))
        return call_fail(call, next, "src (or content) is required");
    if (bound->content != NULL && text_ends(bound->dest, "/"))
        return call_fail(call, next, "can not use content with a dir as dest");
    if (bound->content != NULL)
        return send_content(call, next, err);
    if (bound->remote_src)
        return action_submit(call, next, "copy", call->args);
    path = action_find_file(call, "files", bound->src, err);
    if (path == NULL)
        return call_fail(call, next, "%s", err->text);
    path = path_absolute(call->arena, path);
    if (path_is_folder(path))
        return start_folder(call, next, path, err);
    content = (struct action_content){ .path = path, .name = path };
    return send_file(call, next, action_args_without(call, centre_args), &content, err);
}

static bool copy_step(struct action_call *call, enum action_next *next, struct error *err)
{
    struct copy_state *state = call->state;

    *next = ACTION_DONE;
    if (call->step == 0)
        return start(call, next, err);
    if (state == NULL || value_map_true(call->reply, "failed")) {
        action_take_copy(call);
        return true;
    }
    state->changed = state->changed || value_map_true(call->reply, "changed");
    return send_entry(call, next, state, err);
}

ACTION_DEFINE(copy) = { .spec = { .name = "copy",
                                  .summary = "Copy files or text to the node",
                                  .missing = "dest is required",
                                  .args = copy_spec,
                                  .args_size = sizeof(struct copy_args) },
                        .module = "copy",
                        .step = copy_step };
