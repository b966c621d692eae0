/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unarchive: unpacks a tar or zip archive into a folder. The archive is on this node, comes from the engine,
 * or is fetched from a URL. Only members that differ are written.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/archive/archive_options.h"
#include "agent/system/file/file_metadata.h"
#include "agent/system/file/file_owner.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/file_temp.h"
#include "agent/task/content_arguments.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "agent/task/unarchive_plan.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/http/http.h"

#define DOWNLOAD_TIMEOUT_MS 10000 /* Ansible's */

struct unarchive_args {
    const char *src, *dest, *creates;
    bool remote_src, list_files, keep_newer, validate_certs, decrypt;
    enum arg_tri copy;
    const struct value *exclude, *include, *extra_opts;
    int64_t io_buffer_size;
    struct content_arguments offer;
    struct file_arguments file;
};

static const struct arg_spec unarchive_spec[] = {
    ARG(unarchive_args, src, ARG_PATH, .required = true,
        .help = "archive of the centre, searched in files/; with remote_src of the node, or a URL"),
    ARG(unarchive_args, dest, ARG_PATH, .required = true, .help = "existing folder to unpack into"),
    ARG(unarchive_args, remote_src, ARG_BOOL, .default_text = "no", .help = "src is on the node already, or a URL"),
    ARG(unarchive_args, copy, ARG_TRI, .help = "old name for the opposite of remote_src"),
    ARG(unarchive_args, creates, ARG_PATH, .help = "do nothing if this path exists"),
    ARG(unarchive_args, list_files, ARG_BOOL, .default_text = "no", .help = "give the names of the members as files"),
    ARG(unarchive_args, exclude, ARG_LIST, .help = "patterns of members to leave out"),
    ARG(unarchive_args, include, ARG_LIST, .help = "members to unpack; default: all"),
    ARG(unarchive_args, keep_newer, ARG_BOOL, .default_text = "no",
        .help = "leave files that are newer than the archive's"),
    ARG(unarchive_args, extra_opts, ARG_LIST,
        .help = "options of tar or unzip; those not supported are refused by name"),
    ARG(unarchive_args, validate_certs, ARG_BOOL, .default_text = "yes",
        .help = "check the certificate of an https URL"),
    ARG(unarchive_args, io_buffer_size, ARG_INT, .default_text = "65536",
        .help = "accepted; buffers have their own size"),
    ARG(unarchive_args, decrypt, ARG_BOOL, .default_text = "yes",
        .help = "decrypt a vault file; done where the playbook is"),
    CONTENT_ARGUMENTS(unarchive_args),
    FILE_ARGUMENTS(unarchive_args),
    ARG_END,
};

static const struct arg_rule unarchive_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("include", "exclude") },
    { .kind = ARG_RULE_END },
};

/* --- the archive: each gives a descriptor that can be read twice, or fails by result or error with -1 --- */

static int source_engine(struct task_context *task, const struct unarchive_args *args, struct error *err)
{
    char hex[HASH_HEX_MAX];
    int fd = file_temp_open(err);

    if (fd < 0)
        return -1;
    bool fine = task_content_receive(task, args->offer.id, fd, err);
    if (fine && args->offer.sha256) {
        fine = lseek(fd, 0, SEEK_SET) == 0 && hash_hex_of_fd(HASH_SHA256, fd, hex, err);
        if (fine && strcmp(hex, args->offer.sha256) != 0)
            fine = error_set(err, "the archive arrived damaged: SHA-256 %s instead of %s", hex, args->offer.sha256);
    }
    if (fine)
        return fd;
    fd_close(fd);
    return -1;
}

static bool write_piece(void *data, const char *bytes, size_t length, struct error *err)
{
    return fd_write_all(*(int *)data, bytes, length, err);
}

static int source_url(struct task_context *task, const struct unarchive_args *args, struct error *err)
{
    const struct http_request request = {
        .url = args->src, .timeout_ms = DOWNLOAD_TIMEOUT_MS, .insecure = !args->validate_certs, .use_netrc = true
    };
    struct http_response response = { 0 };
    int fd = file_temp_open(err);
    const struct http_sink sink = { write_piece, &fd };

    if (fd < 0)
        return -1;
    if (!http_download(task->scratch, &request, &sink, &response, err)) {
        (void)error_prefix(err, "Failure downloading %s", http_url_shown(task->scratch, args->src));
    } else if (response.status != 0 && response.status != 200) {
        (void)error_set(err, "Failure downloading %s, HTTP status %d: %s", http_url_shown(task->scratch, args->src),
                        response.status, response.reason);
    } else {
        return fd;
    }
    fd_close(fd);
    return -1;
}

static int source_open(struct task_context *task, const struct unarchive_args *args, bool remote, struct error *err)
{
    if (args->offer.id != ARG_INT_UNSET)
        return source_engine(task, args, err);
    if (!remote) {
        (void)error_set(err, "src is sent by the engine; on the node itself only remote_src can be unpacked");
        return -1;
    }
    if (strstr(args->src, "://") && !path_exists(args->src))
        return source_url(task, args, err);
    if (!path_exists(args->src)) {
        (void)error_set(err, "Source '%s' does not exist", args->src);
        return -1;
    }
    int fd = open(args->src, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        (void)error_set(err, "Source '%s' not readable: %s", args->src, strerror(errno));
    return fd;
}

/* --- wishes --- */

static bool named_owner(struct task_context *task, enum file_owner_kind kind, const char *name, bool *has_out,
                        unsigned *id_out, struct error *err)
{
    *has_out = name != NULL;
    if (name && !file_owner_id(task->system, task->scratch, kind, name, id_out))
        return error_set(err, "failed to look up %s %s", kind == FILE_OWNER_USER ? "user" : "group", name);
    return true;
}

static bool request_fill(struct task_context *task, const struct unarchive_args *args,
                         struct unarchive_request *request, struct error *err)
{
    struct archive_options options = { 0 };
    struct archive_wishes *wishes = &request->wishes;
    bool is_root = geteuid() == 0;

    if (!archive_options_parse(task->scratch, args->extra_opts, &options, err))
        return false;
    for (size_t i = 0; i < value_count(args->exclude); i++)
        value_list_add(task->scratch, options.exclude, value_item(args->exclude, i));
    request->strip = options.strip;
    request->selection = (struct archive_selection){ .include = args->include, .exclude = options.exclude };
    *wishes = (struct archive_wishes){
        .system = task->system,
        .arena = task->scratch,
        .same_owner = is_root && !options.no_same_owner,
        .numeric_owner = options.numeric_owner,
        .touch = options.touch,
        .keep_newer = args->keep_newer || options.keep_newer,
        .skip_old = options.skip_old,
        .has_mode = args->file.mode != NULL,
        .mask = is_root && !options.no_same_permissions ? 0 : file_umask(),
    };
    return named_owner(task, FILE_OWNER_USER, args->file.owner, &wishes->has_owner, &wishes->uid, err) &&
           named_owner(task, FILE_OWNER_GROUP, args->file.group, &wishes->has_group, &wishes->gid, err);
}

/* --- results --- */

static const char *handler_name(const struct unarchive_plan *plan)
{
    return plan->is_zip ? "ZipArchive" : plan->is_gzip ? "TgzArchive" : "TarArchive";
}

static void result_members(struct task_context *task, const struct unarchive_args *args,
                           const struct unarchive_plan *plan)
{
    struct value *files = value_list(task->scratch);
    struct text prepared = text_new(task->scratch);

    for (size_t i = 0; i < plan->count; i++) {
        value_list_add(task->scratch, files, value_string(task->scratch, plan->members[i].member.name));
        if (plan->members[i].change)
            text_printf(&prepared, "%s %s\n", plan->members[i].change, plan->members[i].member.name);
    }
    if (args->list_files)
        result_set(task, "files", files);
    if (!task->diff_mode || prepared.length == 0)
        return;
    struct value *diff = value_map(task->scratch);
    value_map_put_string(task->scratch, diff, "prepared", prepared.data);
    value_list_add(task->scratch, task->result->diff, diff);
}

/* Owner, mode and so on of every member, and of the first folder of each name. */
static bool apply_arguments(struct task_context *task, const struct unarchive_args *args,
                            const struct unarchive_request *request, const struct unarchive_plan *plan,
                            struct error *err)
{
    const struct file_arguments arguments = file_arguments_resolve(task, &args->file);
    struct value *tops = value_map(task->scratch);

    if (!file_arguments_given(&arguments))
        return true;
    for (size_t i = 0; i < plan->count; i++) {
        const char *path = plan->members[i].member.path ? plan->members[i].member.path : "";
        size_t top = strcspn(path, "/");
        if (path[top])
            value_map_put_bool(task->scratch, tops, arena_copy_n(task->scratch, path, top), true);
        if (!file_arguments_apply(task, path_join(task->scratch, request->folder, path), &arguments, false, err))
            return false;
    }
    for (size_t i = 0; i < value_count(tops); i++) {
        const char *top = value_text(value_pair_at(tops, i)->key);
        if (!file_arguments_apply(task, path_join(task->scratch, request->folder, top), &arguments, false, err))
            return false;
    }
    return true;
}

static bool unpack(struct task_context *task, const struct unarchive_args *args, struct unarchive_request *request,
                   struct error *err)
{
    struct unarchive_plan plan = { 0 };
    struct value *extracted = value_map(task->scratch);

    bool planned = unarchive_plan_make(request, &plan, err);
    if (!planned && !plan.is_archive)
        return error_prefix(err, "Failed to find handler for \"%s\"", request->name);
    if (planned && plan.total == 0)
        return result_fail(task, "Failed to find handler for \"%s\": it holds no files", request->name);
    result_set_string(task, "dest", args->dest);
    result_set_string(task, "src", request->name);
    if (!planned)
        return error_prefix(err, "failed to unpack %s to %s", request->name, args->dest);
    result_set_string(task, "handler", handler_name(&plan));
    if (plan.changed > 0 && change_wanted(task, "unpack %zu of %zu members of '%s' into '%s'", plan.changed, plan.total,
                                          request->name, args->dest)) {
        if (!unarchive_plan_carry_out(request, &plan, err))
            return error_prefix(err, "failed to unpack %s to %s", request->name, args->dest);
        value_map_put_int(task->scratch, extracted, "rc", 0);
        value_map_put_string(task->scratch, extracted, "out", "");
        value_map_put_string(task->scratch, extracted, "err", "");
        result_set(task, "extract_results", extracted);
    }
    result_members(task, args, &plan);
    return apply_arguments(task, args, request, &plan, err);
}

static bool unarchive_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct unarchive_args *args = raw;
    struct unarchive_request request = { .name = args->src, .folder = file_real_path(task->scratch, args->dest) };
    bool remote = args->copy == ARG_UNSET ? args->remote_src : args->copy == ARG_FALSE;
    struct stat info;

    if (args->creates && path_exists(args->creates))
        return result_skip(task, "skipped, since %s exists", args->creates);
    if (!path_is_folder(args->dest))
        return result_fail(task, "dest '%s' must be an existing dir", args->dest);
    if (args->offer.name && args->offer.id != ARG_INT_UNSET)
        request.name = args->offer.name;
    if (!request_fill(task, args, &request, err))
        return false;
    FD_SCOPED fd = source_open(task, args, remote, err);
    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && info.st_size == 0)
        return result_fail(task, "Invalid archive '%s', the file is 0 bytes", request.name);
    request.fd = fd;
    if (!unpack(task, args, &request, err)) {
        if (err->kind == ERROR_CANCELLED)
            return false;
        result_fail(task, "%s", err->text);
    }
    return !value_map_get(task->result->fields, "dest") || file_arguments_describe(task, args->dest, err);
}

MODULE_DEFINE(unarchive) = {
    .spec = { .name = "unarchive",
              .summary = "Unpack an archive",
              .args = unarchive_spec,
              .rules = unarchive_rules,
              .args_size = sizeof(struct unarchive_args) },
    .order = "handler dest src extract_results changed diff files",
    .run = unarchive_run,
};
