/* SPDX-License-Identifier: Apache-2.0 */
/* Files by their SHA-256, as operators send them ahead of a bundle or a run. They go to the disk as they come in; the end of
 * one, which waits for the disk, is a thread of its own. */
#include <pthread.h>

#include "common/base/limits.h"
#include "controller/api/center.h"
#include "controller/files/file_store.h"

/* --- one file --- */

struct upload {
    struct api_call *call;
    struct file_store_part *part; /* NULL: finished, or with the thread */
    struct error err;
    bool is_kept;
};

static void upload_refuse(struct api_call *call, const struct error *err)
{
    if (err->kind == ERROR_LIMIT) {
        api_reply_header(call, "Retry-After", "1");
        api_reply_error(call, 507, "no_room", "%s", err->text);
    } else {
        api_reply_error(call, 400, "bad_file", "%s", err->text);
    }
}

static bool upload_begin(struct api_call *call, size_t expected)
{
    struct upload *upload = arena_new_of(call->arena, struct upload);
    struct error err = ERROR_INIT;

    upload->call = call;
    if (!file_store_begin(center_of(call)->files, api_path_value(call, "sha256"), expected, &upload->part, &err)) {
        upload_refuse(call, &err);
        return false;
    }
    call->taken = upload;
    return true;
}

static bool upload_take(struct api_call *call, const char *data, size_t length)
{
    struct upload *upload = call->taken;
    struct error err = ERROR_INIT;

    if (file_store_add(upload->part, data, length, &err))
        return true;
    api_reply_error(call, 507, "no_room", "%s", err.text);
    return false;
}

static void upload_drop(struct api_call *call)
{
    struct upload *upload = call->taken;

    file_store_abandon(upload->part);
}

static const struct api_sink upload_sink = {
    .content_type = "application/octet-stream",
    .limit_bytes = FILE_STORE_FILE_MAX,
    .begin = upload_begin,
    .take = upload_take,
    .drop = upload_drop,
};

static void upload_answer(struct api_call *call)
{
    struct upload *upload = call->taken;
    struct value *out = value_map(call->arena);

    if (!upload->is_kept) {
        upload_refuse(call, &upload->err);
        return;
    }
    value_map_put_string(call->arena, out, "sha256", api_path_value(call, "sha256"));
    api_reply(call, 201, out);
}

static void *upload_finish(void *data)
{
    struct upload *upload = data;
    struct file_store_part *part = upload->part;

    upload->part = NULL;
    upload->is_kept = file_store_finish(part, &upload->err);
    api_resume(upload->call);
    return NULL;
}

/* The body has come whole. */
static void file_put(struct api_call *call)
{
    struct upload *upload = call->taken;
    pthread_attr_t attributes;
    pthread_t thread;

    api_await(call, upload_answer);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, upload_finish, upload) != 0)
        (void)upload_finish(upload); /* no thread: then here */
    pthread_attr_destroy(&attributes);
}

/* --- which are not there --- */

struct missing_body {
    const struct value *sha256;
};

static const struct arg_spec missing_body_args[] = {
    ARG(missing_body, sha256, ARG_VALUES, .required = true, .help = "list of the files that will be needed"),
    ARG_END,
};
static const struct task_spec missing_body_spec = { .name = "missing",
                                                    .args = missing_body_args,
                                                    .args_size = sizeof(struct missing_body) };

/* What is there stays for an hour from now on, so that whoever asks can go on to use it. */
static void files_missing(struct api_call *call)
{
    const struct value *list = ((const struct missing_body *)call->body)->sha256;
    struct value *out = value_map(call->arena), *missing = value_list(call->arena);

    if (value_count(list) > LIMIT_BUNDLE_FILES) {
        api_reply_error(call, 413, "too_many_files", "%zu files at once, the limit is %d", value_count(list),
                        LIMIT_BUNDLE_FILES);
        return;
    }
    for (size_t i = 0; i < value_count(list); i++) {
        const char *sha256 = value_text(value_item(list, i));

        if (sha256 == NULL || !file_store_is_hash(sha256)) {
            api_reply_error(call, 400, "bad_file", "entry %zu is not the SHA-256 of a file", i + 1);
            return;
        }
        if (!file_store_hold(center_of(call)->files, sha256, NULL))
            value_list_add(call->arena, missing, value_item(list, i));
    }
    value_map_put(call->arena, out, "missing", missing);
    api_reply(call, 200, out);
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "PUT", "/api/v1/files/{sha256}", file_put,
              .summary = "A file for a bundle or a run, up to 64 MiB; it is kept under the SHA-256 of its content",
              .reply = "201: it is on the disk", .sink = &upload_sink),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/files/missing", files_missing,
              .summary = "Which of these files are not there; the others stay for an hour at least",
              .reply = "{missing: [...]}", .body = &missing_body_spec, .body_limit_bytes = (size_t)2 * 1024 * 1024),
};

API_RESOURCE_DEFINE(files) = { .name = "files",
                               .summary = "Files of bundles and runs",
                               .routes = routes,
                               .count = sizeof(routes) / sizeof(routes[0]) };
