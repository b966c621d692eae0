/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_url: downloads a file. What is there already is asked for only if it may be newer at the server; the
 * new content is checked before it takes the old one's place.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/system/file/file_data.h"
#include "agent/system/file/file_replace.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "agent/task/url_checksum.h"
#include "agent/task/url_failure.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/http/http.h"
#include "common/value/value_python.h"

#define CHECKSUM_FILE_MAX (16 * 1024 * 1024)

struct get_url_args {
    const char *url, *dest, *tmp_dest, *checksum, *http_agent, *url_username, *url_password, *client_cert, *client_key;
    bool force, backup, validate_certs, use_proxy, force_basic_auth, use_gssapi, decompress, use_netrc;
    int64_t timeout;
    const struct value *headers, *unredirected_headers, *ciphers;
    struct file_arguments file;
};

static const struct arg_spec get_url_spec[] = {
    ARG(get_url_args, url, ARG_STRING, .required = true, .help = "what to download: http, https, ftp or file"),
    ARG(get_url_args, dest, ARG_PATH, .required = true, .help = "file, or existing folder, to put it in"),
    ARG(get_url_args, checksum, ARG_STRING, .default_text = "",
        .help = "algorithm:hex, or algorithm:URL of a file of checksums; a file that has it is not downloaded"),
    ARG(get_url_args, force, ARG_BOOL, .default_text = "no", .help = "download even if the server has nothing newer"),
    ARG(get_url_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    ARG(get_url_args, timeout, ARG_INT, .default_text = "10", .help = "seconds to connect, and without any data"),
    ARG(get_url_args, headers, ARG_MAP, .help = "headers to send"),
    ARG(get_url_args, tmp_dest, ARG_PATH,
        .help = "existing folder for the temporary file; default: beside the destination"),
    ARG(get_url_args, url_username, ARG_STRING, .aliases = ARG_NAMES("username"), .help = "user name for the server"),
    ARG(get_url_args, url_password, ARG_STRING, .no_log = true, .aliases = ARG_NAMES("password"),
        .help = "password for the server"),
    ARG(get_url_args, force_basic_auth, ARG_BOOL, .default_text = "no",
        .help = "send the password without being asked"),
    ARG(get_url_args, validate_certs, ARG_BOOL, .default_text = "yes", .help = "check the server's certificate"),
    ARG(get_url_args, client_cert, ARG_PATH, .help = "PEM file of the client's certificate"),
    ARG(get_url_args, client_key, ARG_PATH, .help = "PEM file of the client's key"),
    ARG(get_url_args, use_proxy, ARG_BOOL, .default_text = "yes", .help = "use the proxy that the environment names"),
    ARG(get_url_args, http_agent, ARG_STRING, .default_text = "ansible-httpget", .help = "User-Agent header"),
    ARG(get_url_args, decompress, ARG_BOOL, .default_text = "yes", .help = "unpack what the server sends gzip-encoded"),
    ARG(get_url_args, use_netrc, ARG_BOOL, .default_text = "yes", .help = "look in ~/.netrc for a password"),
    ARG(get_url_args, use_gssapi, ARG_BOOL, .default_text = "no", .help = "refused: there is no GSSAPI here"),
    ARG(get_url_args, ciphers, ARG_LIST, .help = "refused: the system's policy chooses the ciphers"),
    ARG(get_url_args, unredirected_headers, ARG_LIST,
        .help = "refused: headers go with redirects to the same host only as curl does it"),
    FILE_ARGUMENTS(get_url_args),
    ARG_END,
};

/* One download. */
struct job {
    struct task_context *task;
    const struct get_url_args *args;
    const char *url; /* as it may be shown */
    const char *dest;
    bool dest_is_folder, force;
    enum hash_kind algorithm;
    const char *checksum; /* expected hex, or NULL */
    struct http_response response;
    struct hash *sha1, *md5, *wanted; /* of what comes */
    int fd;                           /* where it goes; -1: nowhere */
    char sha1_hex[HASH_HEX_MAX], md5_hex[HASH_HEX_MAX], wanted_hex[HASH_HEX_MAX];
};

/* --- the request --- */

static void request_headers(struct job *job, struct http_request *request, const char *since)
{
    struct arena *arena = job->task->scratch;
    size_t given = value_count(job->args->headers);
    struct http_header *headers = arena_new_array(arena, struct http_header, given + 1);

    for (size_t i = 0; i < given; i++) {
        const struct value_pair *pair = value_pair_at(job->args->headers, i);
        headers[request->header_count++] =
            (struct http_header){ value_to_text(arena, pair->key), value_to_text(arena, pair->item) };
    }
    if (job->force)
        headers[request->header_count++] = (struct http_header){ "Cache-Control", "no-cache" };
    else if (since)
        headers[request->header_count++] = (struct http_header){ "If-Modified-Since", since };
    request->headers = headers;
}

static struct http_request request_make(struct job *job, const char *url, const char *method, const char *since)
{
    const struct get_url_args *args = job->args;
    struct http_request request = {
        .url = url,
        .method = method,
        .timeout_ms = (int)(args->timeout * 1000),
        .username = args->url_username,
        .password = args->url_password,
        .force_basic = args->force_basic_auth,
        .insecure = !args->validate_certs,
        .no_proxy = !args->use_proxy,
        .use_netrc = args->use_netrc,
        .client_cert = args->client_cert,
        .client_key = args->client_key,
        .agent = args->http_agent,
        /* As Ansible: encodings are not asked for, but gzip is undone when it comes. */
        .accept_encoding = args->decompress ? "identity" : NULL,
    };

    request_headers(job, &request, since);
    return request;
}

/* The time of the file that is there, as HTTP writes it. NULL: ask for it in any case. */
static const char *modified_since(const struct job *job)
{
    struct stat info;

    if (job->dest_is_folder || stat(job->dest, &info) != 0)
        return NULL;
    return http_date(job->task->scratch, info.st_mtim.tv_sec);
}

static bool receive_piece(void *data, const char *bytes, size_t length, struct error *err)
{
    struct job *job = data;

    if (system_is_cancelled(job->task->system))
        return error_set_kind(err, ERROR_CANCELLED, "cancelled");
    hash_add(job->sha1, bytes, length);
    hash_add(job->md5, bytes, length);
    if (job->wanted)
        hash_add(job->wanted, bytes, length);
    return job->fd < 0 || fd_write_all(job->fd, bytes, length, err);
}

/* The response's message as Ansible has it. */
static const char *response_message(struct job *job)
{
    struct arena *arena = job->task->scratch;
    const struct http_response *response = &job->response;
    const char *length = http_header_get(response, "Content-Length");

    if (response->status != 0 && response->status != 200)
        return arena_printf(arena, "HTTP Error %d: %s", response->status, response->reason);
    if (response->status == 0 && !length)
        return arena_printf(arena, "OK (%lld bytes)", (long long)response->size_bytes);
    return arena_printf(arena, "OK (%s bytes)", length ? length : "unknown");
}

/* Results that end with the request say nothing of checksums, as Ansible's. */
static void forget_checksums(struct job *job)
{
    static const char *const keys[] = { "checksum_src", "checksum_dest" };

    for (size_t i = 0; i < 2; i++)
        value_map_remove(job->task->scratch, job->task->result->fields, value_string(job->task->scratch, keys[i]));
}

/* Carries out one request; *usable_out: there is content to work with. Everything else has ended the task by
 * result. */
static bool transfer(struct job *job, const char *method, const char *since, bool *usable_out, struct error *err)
{
    const struct http_request request = request_make(job, job->args->url, method, since);
    const struct http_sink sink = { receive_piece, job };
    struct task_context *task = job->task;

    job->sha1 = hash_new(task->scratch, HASH_SHA1);
    job->md5 = hash_new(task->scratch, HASH_MD5);
    job->wanted = job->checksum ? hash_new(task->scratch, job->algorithm) : NULL;
    const char *folder = url_folder_failure(task->scratch, job->args->url);
    int64_t start = clock_monotonic_ms();
    bool fine = !folder && http_download(task->scratch, &request, &sink, &job->response, err);
    result_set_int(task, "elapsed", (clock_monotonic_ms() - start) / 1000);
    *usable_out = fine && (job->response.status == 0 || job->response.status == 200);
    if (!*usable_out) {
        forget_checksums(job);
        task->result->order = "url dest changed msg status_code elapsed";
    }
    if (!fine && !folder && err->kind == ERROR_CANCELLED)
        return false;
    if (!fine)
        return result_fail(task, "Request failed: %s",
                           folder ? folder : url_failure_text(task->scratch, job->args->url, err->text));
    if (job->response.status == 304) {
        result_set_int(task, "status_code", 304);
        result_message(task, "%s", response_message(job));
        return true;
    }
    if (!*usable_out) {
        result_set_int(task, "status_code", job->response.status);
        result_set_string(task, "response", response_message(job));
        return result_fail(task, "Request failed");
    }
    (void)hash_hex(job->sha1, job->sha1_hex);
    (void)hash_hex(job->md5, job->md5_hex);
    if (job->wanted)
        (void)hash_hex(job->wanted, job->wanted_hex);
    return true;
}

/* --- names --- */

/* The name that the server gives, or the URL's after all redirects. */
static const char *answer_filename(struct job *job)
{
    static const char start[] = "attachment;", name[] = "filename=";
    const char *header = http_header_get(&job->response, "Content-Disposition");
    struct arena *arena = job->task->scratch;

    if (header && text_starts(header, start)) {
        const char *at = header + sizeof(start) - 1;
        at += *at == ' ';
        if (text_starts(at, name)) {
            at += sizeof(name) - 1;
            at += *at == '"';
            const char *base = path_basename(arena_copy_n(arena, at, strcspn(at, "\"")));
            if (base[0] && strcmp(base, ".") != 0 && strcmp(base, "..") != 0)
                return base;
        }
    }
    return url_filename(arena, job->response.url ? job->response.url : job->args->url);
}

/* --- the checksum argument --- */

static bool checksum_fetch(struct job *job, const char *url, const char **out, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct http_request request = request_make(job, url, NULL, NULL);
    struct http_response response = { 0 };
    const char *filename = url_filename(arena, job->args->url);
    char *body = NULL;

    request.limit_bytes = CHECKSUM_FILE_MAX;
    if (!http_fetch(arena, &request, &response, &body, err))
        return error_prefix(err, "Request failed");
    if (response.status != 0 && response.status != 200) {
        result_set_int(job->task, "status_code", response.status);
        result_set_string(job->task, "response",
                          arena_printf(arena, "HTTP Error %d: %s", response.status, response.reason));
        return result_fail(job->task, "Request failed");
    }
    *out = url_checksum_find(arena, body, filename);
    return *out ? true : result_fail(job->task, "Unable to find a checksum for file '%s' in '%s'", filename, url);
}

/* Sets algorithm and checksum; fails by result when they cannot be had. */
static bool checksum_parse(struct job *job, struct error *err)
{
    const char *text = job->args->checksum, *colon = strchr(text, ':');
    struct arena *arena = job->task->scratch;

    if (!text[0])
        return true;
    if (!colon)
        return result_fail(job->task, "The checksum parameter has to be in format <algorithm>:<checksum>");
    const char *algorithm = arena_copy_n(arena, text, (size_t)(colon - text));
    if (!hash_kind_from_name(algorithm, &job->algorithm))
        return result_fail(job->task, "checksum: the algorithm '%s' is not known", algorithm);
    text = colon + 1;
    if (url_is_complete(text) && (!checksum_fetch(job, text, &text, err) || job->task->result->failed))
        return job->task->result->failed;
    job->checksum = url_checksum_clean(arena, text);
    return job->checksum ? true : result_fail(job->task, "The checksum format is invalid");
}

/* *same_out: the file that is there has the checksum asked for. */
static bool checksum_matches(struct job *job, bool *same_out, struct error *err)
{
    char hex[HASH_HEX_MAX];

    if (!hash_hex_of_file(job->algorithm, job->dest, hex, err))
        return false;
    *same_out = strcmp(hex, job->checksum) == 0;
    return true;
}

/* --- the outcome --- */

static bool finish(struct job *job, const char *message, struct error *err)
{
    if (!file_arguments_apply(job->task, job->dest, &job->args->file, false, err))
        return false;
    result_message(job->task, "%s", message);
    return true;
}

static bool finish_existing(struct job *job, struct error *err)
{
    if (!finish(job, "file already exists", err))
        return false;
    if (job->task->result->changed)
        result_message(job->task, "file already exists but file attributes changed");
    return true;
}

/* The digest of the file that is to be replaced; *same_out: it is what has come. */
static bool compare_dest(struct job *job, bool *same_out, struct error *err)
{
    char hex[HASH_HEX_MAX];

    *same_out = false;
    result_set_string(job->task, "dest", job->dest);
    result_set_string(job->task, "checksum_src", job->sha1_hex);
    if (!path_exists(job->dest))
        return true;
    if (path_is_folder(job->dest))
        return error_set(err, "Destination %s is a directory", job->dest);
    if (!hash_hex_of_file(HASH_SHA1, job->dest, hex, err))
        return false;
    result_set_string(job->task, "checksum_dest", hex);
    *same_out = strcmp(hex, job->sha1_hex) == 0;
    return true;
}

/* Fails by result when the content is not what the checksum says: nothing has been replaced then. */
static bool verify(struct job *job)
{
    if (!job->checksum || strcmp(job->checksum, job->wanted_hex) == 0)
        return true;
    return result_fail(job->task, "The checksum for %s did not match %s; it was %s.", job->dest, job->checksum,
                       job->wanted_hex);
}

static bool settle(struct job *job, struct file_replace *replace, struct error *err)
{
    struct task_context *task = job->task;
    const char *backup = NULL;
    bool same = false;

    if (job->dest_is_folder) {
        job->dest = path_join(task->scratch, job->dest, answer_filename(job));
        if (!file_replace_retarget(replace, job->dest, err))
            return false;
    }
    result_set_string(task, "src", file_replace_temp_path(replace));
    if (!compare_dest(job, &same, err))
        return false;
    if (verify(job) && task->result->failed)
        return true;
    if (!same && change_wanted(task, "download %s to '%s'", job->url, job->dest)) {
        if (job->args->backup && path_exists(job->dest) &&
            !file_backup(task->system, task->scratch, job->dest, &backup, err))
            return false;
        if (!file_replace_commit(replace, err))
            return false;
    }
    result_set_string(task, "md5sum", job->md5_hex);
    result_set(task, "status_code",
               job->response.status ? value_int(task->scratch, job->response.status) : value_null());
    if (backup)
        result_set_string(task, "backup_file", backup);
    return finish(job, response_message(job), err);
}

/* tmp_dest: the bytes come there first, for folders beside which there is no room for them to grow. */
static bool copy_from_temp(struct job *job, int temp, struct file_replace *replace, struct error *err)
{
    if (lseek(temp, 0, SEEK_SET) < 0)
        return error_set_errno(err, "cannot read the temporary file");
    return file_data_copy(temp, file_replace_fd(replace), job->dest, err);
}

static bool download(struct job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct file_replace_options options = { .unsafe = job->args->file.unsafe_writes };
    FILE_REPLACE_SCOPED replace = NULL;
    FD_SCOPED temp = -1;
    bool usable = false;
    const char *first = job->dest_is_folder
                            ? path_join(task->scratch, job->dest, url_filename(task->scratch, job->args->url))
                            : job->dest;

    if (!file_replace_begin(task->system, task->scratch, first, &options, &replace, err))
        return false;
    job->fd = file_replace_fd(replace);
    if (job->args->tmp_dest) {
        temp = job->fd = open(job->args->tmp_dest, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (temp < 0)
            return error_set_errno(err, "failed to create temporary content file in '%s'", job->args->tmp_dest);
    }
    if (!transfer(job, NULL, modified_since(job), &usable, err))
        return false;
    if (!usable)
        return true;
    return (temp < 0 || copy_from_temp(job, temp, replace, err)) && settle(job, replace, err);
}

/* --- check mode --- */

/* The size the server announces differs from the file's: no need to fetch anything to know. */
static bool size_differs(const struct job *job)
{
    const char *length = http_header_get(&job->response, "Content-Length");
    struct stat info;
    int64_t size = 0;

    return length && !http_header_get(&job->response, "Content-Encoding") && text_to_int(length, &size) &&
           stat(job->dest, &info) == 0 && S_ISREG(info.st_mode) && info.st_size != size;
}

/* What comes is compared without being kept. *same_out: it is what is there. */
static bool fetch_to_compare(struct job *job, const char *since, bool *same_out, struct error *err)
{
    bool usable = false;

    if (!transfer(job, NULL, since, &usable, err))
        return false;
    *same_out = !usable;
    return !usable || (compare_dest(job, same_out, err) && verify(job));
}

/* Asks for the headers first; only a file of the same size is fetched, to be compared. */
static bool predict(struct job *job, struct error *err)
{
    struct task_context *task = job->task;
    bool usable = false, same = false;
    const char *since = modified_since(job);
    char hex[HASH_HEX_MAX];

    if (!transfer(job, "HEAD", since, &usable, err))
        return false;
    if (!usable)
        return true;
    if (job->dest_is_folder)
        job->dest = path_join(task->scratch, job->dest, answer_filename(job));
    result_set_string(task, "dest", job->dest);
    if (path_is_file(job->dest) && hash_hex_of_file(HASH_SHA1, job->dest, hex, err))
        result_set_string(task, "checksum_dest", hex);
    if (path_exists(job->dest) && !size_differs(job) && !fetch_to_compare(job, since, &same, err))
        return false;
    if (task->result->failed || job->response.status == 304)
        return true;
    if (!same)
        (void)change_wanted(task, "download %s to '%s'", job->url, job->dest);
    return finish(job, response_message(job), err);
}

/* --- start --- */

static bool refuse_arguments(struct task_context *task, const struct get_url_args *args)
{
    if (args->use_gssapi)
        return result_fail(task, "use_gssapi is not supported");
    if (value_count(args->ciphers) > 0)
        return result_fail(task, "ciphers is not supported: the system's policy chooses them");
    if (value_count(args->unredirected_headers) > 0)
        return result_fail(task, "unredirected_headers is not supported");
    if (args->tmp_dest && !path_exists(args->tmp_dest))
        return result_fail(task, "%s directory does not exist.", args->tmp_dest);
    if (args->tmp_dest && !path_is_folder(args->tmp_dest))
        return result_fail(task, "%s is a file but should be a directory.", args->tmp_dest);
    return true;
}

static bool check_dest(struct job *job)
{
    const char *folder = job->dest_is_folder ? job->dest : path_dirname(job->task->scratch, job->dest);

    if (!folder[0])
        folder = ".";
    if (!path_exists(folder))
        return result_fail(job->task, "Destination %s does not exist", folder);
    if (access(folder, W_OK) != 0 && !job->args->file.unsafe_writes)
        return result_fail(job->task, "Destination %s is not writable", folder);
    return true;
}

/* Everything up to the outcome; false only with err set. */
static bool run(struct job *job, struct error *err)
{
    bool same = false;

    if ((refuse_arguments(job->task, job->args) && job->task->result->failed) || !checksum_parse(job, err) ||
        job->task->result->failed)
        return job->task->result->failed;
    if (job->checksum && !job->dest_is_folder && !job->force && path_exists(job->dest)) {
        if (!checksum_matches(job, &same, err))
            return false;
        if (same)
            return finish_existing(job, err);
        job->force = true; /* the file may be newer than the server's and still be the wrong one */
    }
    if (check_dest(job) && job->task->result->failed)
        return true;
    return job->task->check_mode ? predict(job, err) : download(job, err);
}

static bool get_url_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct get_url_args *args = raw;
    struct job job = { .task = task,
                       .args = args,
                       .dest = args->dest,
                       .force = args->force,
                       .fd = -1,
                       .url = http_url_shown(task->scratch, args->url),
                       .dest_is_folder = path_is_folder(args->dest) };

    result_set_string(task, "url", job.url);
    result_set_string(task, "dest", job.dest);
    result_set_int(task, "elapsed", 0);
    result_set_string(task, "checksum_src", NULL);
    result_set_string(task, "checksum_dest", NULL);
    if (!run(&job, err)) {
        if (err->kind == ERROR_CANCELLED)
            return false;
        result_fail(task, "%s", err->text);
    }
    return file_arguments_describe(task, job.dest, err);
}

MODULE_DEFINE(get_url) = {
    .spec = { .name = "get_url",
              .summary = "Download a file",
              .args = get_url_spec,
              .args_size = sizeof(struct get_url_args) },
    .order = "msg status_code changed checksum_dest checksum_src dest elapsed url src md5sum backup_file",
    .run = get_url_run,
};
