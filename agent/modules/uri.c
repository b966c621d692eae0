/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri: one HTTP request, and whether its answer is the expected one. There is no check mode: what a request does
 * to a server cannot be foretold.
 */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/system/file/file_data.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_temp.h"
#include "agent/task/content_arguments.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "agent/task/uri_body.h"
#include "agent/task/uri_exchange.h"
#include "agent/task/uri_location.h"
#include "agent/task/uri_result.h"
#include "agent/task/url_failure.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

/* What a result can hold. */
#define CONTENT_MAX ((size_t)LIMIT_FRAME / 2)

struct uri_args {
    const char *url, *dest, *url_username, *url_password, *body_format, *src, *method, *follow_redirects, *creates;
    const char *removes, *unix_socket, *ca_path, *http_agent, *client_cert, *client_key;
    const struct value *body, *status_code, *headers, *unredirected_headers, *ciphers, *content_files;
    bool return_content, remote_src, force, use_proxy, validate_certs, force_basic_auth, use_gssapi, decompress,
        use_netrc;
    int64_t timeout;
    struct content_arguments offer;
    struct file_arguments file;
};

static const struct arg_spec uri_spec[] = {
    ARG(uri_args, url, ARG_STRING, .required = true, .help = "where to: http or https"),
    ARG(uri_args, method, ARG_STRING, .default_text = "GET", .help = "GET, POST, PUT, DELETE, PATCH, ..."),
    ARG(uri_args, body, ARG_RAW, .help = "what to send"),
    ARG(uri_args, body_format, ARG_STRING, .default_text = "raw",
        .choices = ARG_NAMES("form-urlencoded", "json", "raw", "form-multipart"),
        .help = "how a list or mapping is encoded, and the Content-Type"),
    ARG(uri_args, src, ARG_PATH,
        .help = "file to send instead of a body: of the centre, searched in files/; of the node with remote_src"),
    ARG(uri_args, remote_src, ARG_BOOL, .default_text = "no", .help = "src and files of a form are on the node"),
    ARG(uri_args, status_code, ARG_LIST, .default_text = "200", .help = "statuses that are a success"),
    ARG(uri_args, return_content, ARG_BOOL, .default_text = "no", .help = "give the answer's body as `content`"),
    ARG(uri_args, dest, ARG_PATH, .help = "file, or existing folder, for the answer's body"),
    ARG(uri_args, creates, ARG_PATH, .help = "do nothing if this exists"),
    ARG(uri_args, removes, ARG_PATH, .help = "do nothing unless this exists"),
    ARG(uri_args, headers, ARG_MAP, .help = "headers to send"),
    ARG(uri_args, follow_redirects, ARG_STRING, .default_text = "safe",
        .choices = ARG_NAMES("all", "no", "none", "safe", "urllib2", "yes"),
        .help = "safe: only those of GET and HEAD"),
    ARG(uri_args, unredirected_headers, ARG_LIST, .help = "headers that a redirect does not get"),
    ARG(uri_args, timeout, ARG_INT, .default_text = "30", .help = "seconds to connect, and without any data"),
    ARG(uri_args, force, ARG_BOOL, .default_text = "no", .help = "ask caches for a fresh answer"),
    ARG(uri_args, url_username, ARG_STRING, .aliases = ARG_NAMES("user"), .help = "user name for the server"),
    ARG(uri_args, url_password, ARG_STRING, .no_log = true, .aliases = ARG_NAMES("password"),
        .help = "password for the server"),
    ARG(uri_args, force_basic_auth, ARG_BOOL, .default_text = "no", .help = "send the password without being asked"),
    ARG(uri_args, use_netrc, ARG_BOOL, .default_text = "yes", .help = "look in ~/.netrc for a password"),
    ARG(uri_args, validate_certs, ARG_BOOL, .default_text = "yes", .help = "check the server's certificate"),
    ARG(uri_args, ca_path, ARG_PATH, .help = "PEM file, or folder, of the authorities to trust"),
    ARG(uri_args, client_cert, ARG_PATH, .help = "PEM file of the client's certificate"),
    ARG(uri_args, client_key, ARG_PATH, .help = "PEM file of the client's key"),
    ARG(uri_args, unix_socket, ARG_PATH, .help = "connect to this socket instead of the URL's host"),
    ARG(uri_args, use_proxy, ARG_BOOL, .default_text = "yes", .help = "use the proxy that the environment names"),
    ARG(uri_args, http_agent, ARG_STRING, .default_text = "ansible-httpget", .help = "User-Agent header"),
    ARG(uri_args, decompress, ARG_BOOL, .default_text = "yes", .help = "unpack what the server sends gzip-encoded"),
    ARG(uri_args, use_gssapi, ARG_BOOL, .default_text = "no", .help = "refused: there is no GSSAPI here"),
    ARG(uri_args, ciphers, ARG_LIST, .help = "refused: the system's policy chooses the ciphers"),
    CONTENT_ARGUMENTS(uri_args),
    ARG_NAMED("_content_files", uri_args, content_files, ARG_VALUES, .internal = true,
              .help = "files of a form at the engine: field, id, size, sha256"),
    FILE_ARGUMENTS(uri_args),
    ARG_END,
};

static const struct arg_rule uri_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("body", "src") },
    { .kind = ARG_RULE_END },
};

/* One request. The answer's body goes to a nameless file: it may be large. */
struct job {
    struct task_context *task;
    const struct uri_args *args;
    const char *method;
    struct uri_body body;
    struct uri_answer answer;
    int fd;
    size_t length; /* of the answer's body */
};

/* --- the request --- */

static bool has_header(const struct value *headers, const char *name)
{
    for (size_t i = 0; i < value_count(headers); i++) {
        const char *key = value_text(value_pair_at(headers, i)->key);
        if (key && strcasecmp(key, name) == 0)
            return true;
    }
    return false;
}

/* The time of the file that is there, as HTTP writes it. NULL: ask for it in any case. */
static const char *modified_since(const struct job *job)
{
    struct stat info;

    if (!job->args->dest || job->args->force || stat(job->args->dest, &info) != 0 || !S_ISREG(info.st_mode))
        return NULL;
    return http_date(job->task->scratch, info.st_mtim.tv_sec);
}

static void request_headers(const struct job *job, struct http_request *request)
{
    struct arena *arena = job->task->scratch;
    const struct value *given = job->args->headers;
    struct http_header *headers = arena_new_array(arena, struct http_header, value_count(given) + 2);
    bool is_multipart = strcmp(job->args->body_format, "form-multipart") == 0;
    const char *since = modified_since(job);
    size_t count = 0;

    for (size_t i = 0; i < value_count(given); i++) {
        const char *name = value_to_text(arena, value_pair_at(given, i)->key);
        if (!is_multipart || strcasecmp(name, "Content-Type") != 0)
            headers[count++] = (struct http_header){ name, value_to_text(arena, value_pair_at(given, i)->item) };
    }
    if (job->body.content_type && (is_multipart || !has_header(given, "Content-Type")))
        headers[count++] = (struct http_header){ "Content-Type", job->body.content_type };
    if (job->args->force)
        headers[count++] = (struct http_header){ "Cache-Control", "no-cache" };
    else if (since)
        headers[count++] = (struct http_header){ "If-Modified-Since", since };
    request->headers = headers;
    request->header_count = count;
}

static bool restart(void *data, struct error *err)
{
    struct job *job = data;

    job->length = 0;
    return (lseek(job->fd, 0, SEEK_SET) == 0 && ftruncate(job->fd, 0) == 0) ||
           error_set_errno(err, "cannot use the temporary file");
}

static bool receive(void *data, const char *bytes, size_t length, struct error *err)
{
    struct job *job = data;

    if (system_is_cancelled(job->task->system))
        return error_set_kind(err, ERROR_CANCELLED, "cancelled");
    job->length += length;
    return fd_write_all(job->fd, bytes, length, err);
}

static enum http_follow follow_of(const struct job *job)
{
    const char *follow = job->args->follow_redirects;

    if (strcmp(follow, "all") == 0 || strcmp(follow, "yes") == 0)
        return HTTP_FOLLOW_ALL;
    if (strcmp(follow, "none") == 0 || strcmp(follow, "no") == 0)
        return HTTP_FOLLOW_NONE;
    return strcmp(follow, "urllib2") == 0 && strcmp(job->method, "POST") == 0 ? HTTP_FOLLOW_ALL : HTTP_FOLLOW_SAFE;
}

static bool exchange(struct job *job, struct error *err)
{
    const struct uri_args *args = job->args;
    struct uri_exchange exchange = {
        .request = { .url = args->url,
                     .method = job->method,
                     .body = job->body.data,
                     .body_length = job->body.length,
                     .timeout_ms = (int)(args->timeout * 1000),
                     .username = args->url_username,
                     .password = args->url_password,
                     .force_basic = args->force_basic_auth,
                     .insecure = !args->validate_certs,
                     .no_proxy = !args->use_proxy,
                     .use_netrc = args->use_netrc,
                     .ca_path = args->ca_path,
                     .client_cert = args->client_cert,
                     .client_key = args->client_key,
                     .unix_socket = args->unix_socket,
                     .accept_encoding = args->decompress ? "identity" : NULL,
                     .agent = args->http_agent },
        .follow = follow_of(job),
        .unredirected = args->unredirected_headers,
        .sink = { receive, job },
        .restart = restart,
    };

    request_headers(job, &exchange.request);
    return uri_exchange_run(job->task->scratch, &exchange, &job->answer, err);
}

/* --- the body that is sent --- */

static bool receive_file(struct job *job, const struct content_arguments *file, char **data_out, size_t *length_out,
                         struct error *err)
{
    struct task_context *task = job->task;
    char hex[HASH_HEX_MAX];
    size_t size = file->size > 0 ? (size_t)file->size : 0;
    FD_SCOPED fd = file_temp_open(err);

    if (fd < 0)
        return false;
    if (size > LIMIT_HTTP_BODY)
        return error_set_kind(err, ERROR_LIMIT, "'%s' is larger than the %d bytes that can be sent", file->name,
                              LIMIT_HTTP_BODY);
    if (!task_content_receive(task, file->id, fd, err))
        return false;
    char *data = arena_alloc(task->scratch, size + 1);
    if (lseek(fd, 0, SEEK_SET) != 0 || !fd_read_all(fd, data, size, length_out, err))
        return error_prefix(err, "'%s' cannot be read", file->name);
    if (!text_equal(hash_hex_of(HASH_SHA256, data, *length_out, hex), file->sha256))
        return error_set(err, "'%s' did not arrive as it was sent", file->name);
    *data_out = data;
    return true;
}

static bool load_src(struct job *job, struct error *err)
{
    const struct uri_args *args = job->args;
    char *data = NULL;

    if (args->offer.id != ARG_INT_UNSET) {
        if (!receive_file(job, &args->offer, &data, &job->body.length, err))
            return false;
        job->body.data = data;
        return true;
    }
    if (!args->remote_src)
        return error_set(err,
                         "src is a file of the control side, which did not send it; remote_src names one of the node");
    if (access(args->src, R_OK) != 0)
        return error_set(err, "Unable to open source file %s", args->src);
    if (!file_read(job->task->scratch, args->src, LIMIT_HTTP_BODY, &data, &job->body.length, err))
        return false;
    job->body.data = data;
    return true;
}

/* The files that the control side offers, by their fields. */
static bool receive_files(struct job *job, struct value *files, struct error *err)
{
    const struct value *offers = job->args->content_files;

    for (size_t i = 0; i < value_count(offers); i++) {
        const struct value *offer = value_item(offers, i);
        const char *field = value_map_text(offer, "field");
        const struct content_arguments file = { .id = value_map_int(offer, "id", 0),
                                                .size = value_map_int(offer, "size", 0),
                                                .sha256 = value_map_text(offer, "sha256"),
                                                .name = field };
        char *data = NULL;
        size_t length = 0;
        if (!field || !receive_file(job, &file, &data, &length, err))
            return field != NULL ? false : error_set(err, "_content_files is for the control side only");
        value_map_put(job->task->scratch, files, field, value_string_borrow(job->task->scratch, data, length));
    }
    return true;
}

/* Without remote_src a form's files are those that the control side sent. */
static bool check_files(const struct job *job, const struct value *files, struct error *err)
{
    const struct value *body = job->args->body;

    if (strcmp(job->args->body_format, "form-multipart") != 0 || job->args->remote_src)
        return true;
    for (size_t i = 0; i < value_count(body) && body->kind == VALUE_MAP; i++) {
        const struct value *part = value_pair_at(body, i)->item;
        if (value_map_get(files, value_to_text(job->task->scratch, value_pair_at(body, i)->key)))
            continue;
        const struct value *content = value_map_get(part, "content");
        if (value_map_text(part, "filename") && (!content || !value_truthy(content)))
            return error_set(
                err,
                "form-multipart: '%s' is a file of the control side, which did not send it; remote_src names "
                "one of the node",
                value_map_text(part, "filename"));
    }
    return true;
}

static bool make_body(struct job *job, struct error *err)
{
    struct value *files = value_map(job->task->scratch);

    if (job->args->src || job->args->offer.id != ARG_INT_UNSET)
        return load_src(job, err);
    return receive_files(job, files, err) && check_files(job, files, err) &&
           uri_body_make(job->task->scratch, job->args->body_format, job->args->body, files, &job->body, err);
}

/* --- the answer --- */

static bool is_expected(const struct job *job, int status)
{
    int64_t wanted = 0;

    for (size_t i = 0; i < value_count(job->args->status_code); i++)
        if (text_to_int(value_text(value_item(job->args->status_code, i)), &wanted) && wanted == status)
            return true;
    return false;
}

static const char *wanted_text(const struct job *job)
{
    struct text out = text_new(job->task->scratch);

    text_add_char(&out, '[');
    for (size_t i = 0; i < value_count(job->args->status_code); i++)
        text_printf(&out, "%s%s", i > 0 ? ", " : "", value_text(value_item(job->args->status_code, i)));
    text_add_char(&out, ']');
    return out.data;
}

static bool write_dest(struct job *job, const char *dest, struct error *err)
{
    struct task_context *task = job->task;
    const struct file_replace_options options = { .unsafe = job->args->file.unsafe_writes };
    char new_hash[HASH_HEX_MAX], old_hash[HASH_HEX_MAX] = "";
    FILE_REPLACE_SCOPED replace = NULL;

    if (lseek(job->fd, 0, SEEK_SET) != 0 || !hash_hex_of_fd(HASH_SHA256, job->fd, new_hash, err) ||
        (path_is_file(dest) && !hash_hex_of_file(HASH_SHA256, dest, old_hash, err)))
        return false;
    /* As with Ansible: an answer that goes to a file is a change, even if the file has this content already. */
    if (!change_wanted(task, "write the answer to '%s'", dest))
        return true;
    if (strcmp(new_hash, old_hash) != 0) {
        if (lseek(job->fd, 0, SEEK_SET) != 0)
            return error_set_errno(err, "cannot read the answer again");
        if (!file_replace_begin(task->system, task->scratch, dest, &options, &replace, err) ||
            !file_data_copy(job->fd, file_replace_fd(replace), dest, err) || !file_replace_commit(replace, err))
            return error_prefix(err, "failed to write '%s'", dest);
    }
    return file_arguments_apply(task, dest, &job->args->file, false, err);
}

static bool keep_dest(struct job *job, bool expected, struct error *err)
{
    const struct http_response *response = &job->answer.response;
    const char *dest = job->args->dest;

    if (!dest)
        return true;
    if (path_is_folder(dest))
        dest = path_join(
            job->task->scratch, dest,
            uri_filename(job->task->scratch, job->answer.url, http_header_get(response, "Content-Disposition")));
    if (expected && response->status != 304 && !write_dest(job, dest, err))
        return false;
    result_set_string(job->task, "path", dest);
    return file_arguments_describe(job->task, dest, err);
}

/* content and json, where they are wanted or known. */
static bool put_content(struct job *job, bool expected, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const struct http_response *response = &job->answer.response;
    bool is_json = uri_result_is_json(response);
    struct error ignored = ERROR_INIT;
    const struct value *parsed = NULL;
    size_t got = 0;

    bool is_error = response->status < 200 || response->status >= 300;
    if (!is_json && !job->args->return_content && expected && !is_error)
        return true;
    if (job->length > CONTENT_MAX) {
        if (!job->args->return_content)
            return true;
        return error_set_kind(err, ERROR_LIMIT, "the answer's %zu bytes are more than a result can hold", job->length);
    }
    char *body = arena_alloc(arena, job->length + 1);
    if (lseek(job->fd, 0, SEEK_SET) != 0 || !fd_read_all(job->fd, body, job->length, &got, err))
        return error_prefix(err, "cannot read the answer again");
    const struct value *text = uri_result_text(arena, response, body, got);
    if (is_json && json_read(arena, text->as.string.data, text->as.string.length, NULL, &parsed, &ignored))
        result_set(job->task, "json", parsed);
    if (job->args->return_content)
        result_set(job->task, "content", text);
    else if (!is_json && expected) /* Ansible's name for it when the status is an error that was asked for */
        result_set(job->task, "body", text);
    return true;
}

/* There was no answer. */
static bool no_answer(struct job *job, const struct error *problem)
{
    struct task_context *task = job->task;

    result_set_int(task, "status", -1);
    result_set_string(task, "url", http_url_shown(task->scratch, job->args->url));
    result_set_bool(task, "redirected", false);
    if (job->args->return_content)
        result_set_string(task, "content", "");
    const char *message = arena_printf(task->scratch, "Request failed: %s",
                                       url_failure_text(task->scratch, job->args->url, problem->text));
    result_set_bool(task, "changed", false);
    if (!is_expected(job, -1))
        return result_fail(task, "Status code was -1 and not %s: %s", wanted_text(job), message);
    result_message(task, "%s", message);
    return true;
}

static bool perform(struct job *job, struct error *err)
{
    struct task_context *task = job->task;
    int64_t start = clock_monotonic_ms();
    bool answered = exchange(job, err);

    result_set_int(task, "elapsed", (clock_monotonic_ms() - start) / 1000);
    if (!answered)
        return err->kind == ERROR_CANCELLED ? false : no_answer(job, err);
    int status = job->answer.response.status;
    bool expected = is_expected(job, status);
    const char *message = uri_result_response(task, job->args->url, &job->answer);
    if (!keep_dest(job, expected, err) || !put_content(job, expected, err))
        return false;
    if (!expected)
        result_set_bool(task, "changed", false); /* Ansible's says so in any case, before it fails */
    if (!expected)
        return result_fail(task, "Status code was %d and not %s: %s", status, wanted_text(job), message);
    result_message(task, "%s", message);
    return true;
}

/* --- start --- */

static bool check_method(struct job *job, struct error *err)
{
    char *method = text_upper(arena_copy(job->task->scratch, job->args->method));
    bool is_word = method[0] != '\0' && method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';

    if (!is_word)
        return error_set(err, "Parameter 'method' needs to be a single word in uppercase, like GET or POST.");
    job->method = method;
    return true;
}

static bool check_arguments(struct job *job, struct error *err)
{
    const struct uri_args *args = job->args;
    int64_t number = 0;

    if (!check_method(job, err))
        return false;
    if (args->use_gssapi)
        return error_set(err, "use_gssapi is not supported");
    if (value_count(args->ciphers) > 0)
        return error_set(err, "ciphers is not supported: the system's policy chooses them");
    for (size_t i = 0; i < value_count(args->status_code); i++)
        if (!text_to_int(value_text(value_item(args->status_code, i)), &number))
            return error_set(err, "status_code '%s' is no number", value_text(value_item(args->status_code, i)));
    return true;
}

static bool uri_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct uri_args *args = raw;
    FD_SCOPED fd = -1;
    struct job job = { .task = task, .args = args, .method = args->method };

    if (!check_arguments(&job, err))
        return false;
    if (args->creates && path_exists(args->creates)) {
        result_set_string(task, "stdout", arena_printf(task->scratch, "skipped, since '%s' exists", args->creates));
        return true;
    }
    if (args->removes && !path_exists(args->removes)) {
        result_set_string(task, "stdout",
                          arena_printf(task->scratch, "skipped, since '%s' does not exist", args->removes));
        return true;
    }
    fd = file_temp_open(err);
    job.fd = fd;
    return fd >= 0 && make_body(&job, err) && perform(&job, err);
}

MODULE_DEFINE(uri) = {
    .spec = { .name = "uri",
              .summary = "Send an HTTP request and look at its answer",
              .args = uri_spec,
              .rules = uri_rules,
              .args_size = sizeof(struct uri_args) },
    .check_mode = MODULE_CHECK_SKIP,
    .order = "content redirected url status * elapsed changed path json",
    .run = uri_run,
};
