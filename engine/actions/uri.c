/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri: offers the files of the centre that the request sends (src, or the files of a form) to the module of the same
 * name; with remote_src the module finds them itself. Files go as they are, vaulted ones too.
 */
#include <sys/stat.h>

#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"
#include "engine/run/action_content.h"

static bool send_src(struct action_call *call, enum action_next *next, struct error *err)
{
    static const char *const nothing[] = { NULL };
    struct action_content content = { .path = action_find_file(call, "files", action_arg_text(call, "src"), err) };

    if (content.path == NULL)
        return call_fail(call, next, "%s", err->text);
    content.name = path_basename(content.path);
    if (!action_content_send(call, next, "uri", action_args_without(call, nothing), &content, err))
        return call_fail(call, next, "%s", err->text);
    return true;
}

/* The file that a part of a form names; NULL: the part has content of its own, or is text. */
static const char *part_filename(struct arena *arena, const struct value *part)
{
    const struct value *name = value_map_get(part, "filename"), *content = value_map_get(part, "content");

    if (!value_is(part, VALUE_MAP) || name == NULL || !value_truthy(name) || (content != NULL && value_truthy(content)))
        return NULL;
    return value_to_text(arena, name);
}

/* Adds what the module needs to know of a file: the field, its number, size and hash. */
static bool offer(struct action_call *call, struct value *files, const struct value *field, const char *path,
                  struct error *err)
{
    struct value *file = value_map(call->arena);
    char hex[HASH_HEX_MAX];
    struct stat info;

    if (stat(path, &info) != 0)
        return error_set_errno(err, "could not find '%s'", path);
    if (!hash_hex_of_file(HASH_SHA256, path, hex, err))
        return false;
    value_map_put_string(call->arena, file, "field", value_to_text(call->arena, field));
    value_map_put_int(call->arena, file, "id", (int64_t)value_count(files) + 1);
    value_map_put_int(call->arena, file, "size", (int64_t)info.st_size);
    value_map_put_string(call->arena, file, "sha256", hex);
    value_list_add(call->arena, files, file);
    return true;
}

static bool send_form(struct action_call *call, enum action_next *next, struct error *err)
{
    static const char *const nothing[] = { NULL };
    const struct value *body = action_arg(call, "body");
    struct content_source *sources = arena_new_array(call->arena, struct content_source, value_count(body) + 1);
    struct value *args = action_args_without(call, nothing), *files = value_list(call->arena);

    if (!value_is(body, VALUE_MAP))
        return call_fail(call, next, "body must be mapping, cannot be type %s",
                         body != NULL ? value_python_type(body) : "NoneType");
    for (size_t i = 0; i < value_count(body); i++) {
        const struct value_pair *part = value_pair_at(body, i);
        const char *name = part_filename(call->arena, part->item);

        if (name == NULL)
            continue;
        const char *path = action_find_file(call, "files", name, err);
        if (path == NULL)
            return call_fail(call, next, "%s", err->text);
        sources[value_count(files)].path = path;
        if (!offer(call, files, part->key, path, err))
            return call_fail(call, next, "%s", err->text);
    }
    if (value_count(files) > 0)
        value_map_put(call->arena, args, "_content_files", files);
    call->module.contents = sources;
    call->module.content_count = value_count(files);
    return action_submit(call, next, "uri", args);
}

static bool uri_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const char *src = action_arg_text(call, "src");

    if (call->step > 0) {
        action_take_reply(call);
        *next = ACTION_DONE;
        return true;
    }
    if (action_arg_true(call, "remote_src"))
        return action_submit(call, next, "uri", call->args);
    if (src != NULL && *src != '\0')
        return send_src(call, next, err);
    if (text_equal(action_arg_text(call, "body_format"), "form-multipart"))
        return send_form(call, next, err);
    return action_submit(call, next, "uri", call->args);
}

ACTION_DEFINE(uri) = { .spec = { .name = "uri", .summary = "Send an HTTP request and look at its answer" },
                       .module = "uri",
                       .supports_async = true,
                       .step = uri_step };
