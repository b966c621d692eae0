/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transfer: the request's fields become libcurl's options, the last response becomes the answer.
 */
#include "common/http/http.h"

#include <string.h>
#include <strings.h>

#include "common/base/keep_alive.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/http/http_address.h"
#include "common/http/http_transfer.h"

#ifndef ROOST_VERSION
#define ROOST_VERSION "unknown"
#endif

#define set_option(transfer, option, value)                                                                            \
    ((transfer)->library.easy_setopt((transfer)->handle, (option), (value)) == CURLE_OK)

void http_transfer_end(struct http_transfer *transfer)
{
    if (transfer->headers != NULL)
        transfer->library.slist_free_all(transfer->headers);
    if (transfer->connect_to != NULL)
        transfer->library.slist_free_all(transfer->connect_to);
    if (transfer->handle != NULL)
        transfer->library.easy_cleanup(transfer->handle);
}

const char *http_transfer_shown(const struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;

    return request->shown != NULL ? request->shown : http_url_shown(transfer->arena, request->url);
}

static bool refuse(const struct http_transfer *transfer, const char *what)
{
    return error_set(transfer->err, "%s: %s", http_transfer_shown(transfer), what);
}

static bool add_header(struct http_transfer *transfer, const char *line)
{
    struct curl_slist *longer = transfer->library.slist_append(transfer->headers, line);

    if (longer == NULL)
        return refuse(transfer, "no memory");
    transfer->headers = longer;
    return true;
}

static bool set_headers(struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;

    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        bool is_empty = header->value[0] == '\0';

        /* a line break would smuggle in a header of its own */
        if (strpbrk(header->name, "\r\n:") != NULL || strpbrk(header->value, "\r\n") != NULL)
            return refuse(transfer,
                          arena_printf(transfer->arena, "header '%s' holds a line break or colon", header->name));
        if (!add_header(transfer,
                        arena_printf(transfer->arena, is_empty ? "%s;%s" : "%s: %s", header->name, header->value)))
            return false;
    }
    /* libcurl would wait for "100 Continue" before a larger body */
    return add_header(transfer, "Expect:") &&
           (set_option(transfer, CURLOPT_HTTPHEADER, transfer->headers) || refuse(transfer, "headers cannot be set"));
}

/* True: the method may be repeated for a redirect without harm. */
static bool is_safe(const char *method)
{
    return strcasecmp(method, "GET") == 0 || strcasecmp(method, "HEAD") == 0;
}

static bool set_method(struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;
    const char *method = request->method != NULL ? request->method : request->body != NULL ? "POST" : "GET";
    bool follows = request->follow == HTTP_FOLLOW_ALL || (request->follow == HTTP_FOLLOW_SAFE && is_safe(method));
    bool done = set_option(transfer, CURLOPT_FOLLOWLOCATION, follows ? 1L : 0L) &&
                set_option(transfer, CURLOPT_MAXREDIRS, (long)LIMIT_HTTP_REDIRECTS);

    if (request->body != NULL || strcasecmp(method, "POST") == 0)
        done = done && set_option(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length) &&
               set_option(transfer, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
    if (strcasecmp(method, "HEAD") == 0)
        done = done && set_option(transfer, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "POST") != 0 && (request->body != NULL || strcmp(method, "GET") != 0))
        done = done && set_option(transfer, CURLOPT_CUSTOMREQUEST, method);
    return done || refuse(transfer, "this method cannot be used");
}

static bool set_login(struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;
    unsigned long kinds = request->force_basic ? CURLAUTH_BASIC : CURLAUTH_BASIC | CURLAUTH_DIGEST;

    if (request->username == NULL) {
        if (request->use_netrc)
            (void)set_option(transfer, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
        return true;
    }
    return (set_option(transfer, CURLOPT_USERNAME, request->username) &&
            set_option(transfer, CURLOPT_PASSWORD, request->password == NULL ? "" : request->password) &&
            set_option(transfer, CURLOPT_HTTPAUTH, kinds)) ||
           refuse(transfer, "user and password cannot be set");
}

/* libcurl may have been built on another distribution than it runs on. */
static const char *system_certificates(void)
{
    static const char *const files[] = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem" };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (path_is_file(files[i]))
            return files[i];
    }
    return NULL;
}

static bool set_tls(struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;
    const char *certificates = request->ca_path != NULL ? request->ca_path : system_certificates();
    bool is_folder = certificates != NULL && path_is_folder(certificates);
    bool done = set_option(transfer, CURLOPT_SSL_VERIFYPEER, request->insecure ? 0L : 1L) &&
                set_option(transfer, CURLOPT_SSL_VERIFYHOST, request->insecure ? 0L : 2L);

    if (certificates != NULL)
        done = done && set_option(transfer, is_folder ? CURLOPT_CAPATH : CURLOPT_CAINFO, certificates);
    /* libcurl's own default for the other one would be trusted beside the CA that was asked for */
    if (request->ca_path != NULL)
        done = done && set_option(transfer, is_folder ? CURLOPT_CAINFO : CURLOPT_CAPATH, (const char *)NULL);
    if (request->client_cert != NULL)
        done = done && set_option(transfer, CURLOPT_SSLCERT, request->client_cert);
    if (request->client_key != NULL)
        done = done && set_option(transfer, CURLOPT_SSLKEY, request->client_key);
    return done || refuse(transfer, "TLS cannot be set up");
}

/* libcurl looks at the speed each second: a transfer that waits for long must not. */
static bool set_patience(struct http_transfer *transfer, long timeout)
{
    const struct http_request *request = transfer->request;

    if (request->deadline_ms > 0)
        return set_option(transfer, CURLOPT_TIMEOUT_MS, (long)request->deadline_ms);
    return set_option(transfer, CURLOPT_LOW_SPEED_LIMIT, 1L) &&
           set_option(transfer, CURLOPT_LOW_SPEED_TIME, (timeout + 999) / 1000);
}

static bool set_connect_to(struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;

    if (request->connect_to == NULL)
        return true;
    transfer->connect_to =
        transfer->library.slist_append(NULL, arena_printf(transfer->arena, "::%s", request->connect_to));
    return transfer->connect_to != NULL && set_option(transfer, CURLOPT_CONNECT_TO, transfer->connect_to);
}

static int keep_alive_wanted(void *data, curl_socket_t fd, curlsocktype purpose)
{
    (void)data;
    (void)purpose;
    keep_alive_set(fd, KEEP_ALIVE_RUN);
    return CURL_SOCKOPT_OK;
}

static bool set_connection(struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;
    long timeout = request->timeout_ms > 0 ? request->timeout_ms : LIMIT_HTTP_TIMEOUT_MS;
    const char *agent = request->agent != NULL ? request->agent : "roost/" ROOST_VERSION;
    bool done = set_option(transfer, CURLOPT_URL, request->url) && set_option(transfer, CURLOPT_NOSIGNAL, 1L) &&
                set_option(transfer, CURLOPT_CONNECTTIMEOUT_MS, timeout) && set_patience(transfer, timeout) &&
                set_option(transfer, CURLOPT_USERAGENT, agent) && set_connect_to(transfer);

    /* older libraries do not know these two; their defaults for redirects are as strict */
    (void)set_option(transfer, CURLOPT_PROTOCOLS_STR, "http,https,ftp,file");
    (void)set_option(transfer, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    if (request->no_proxy)
        done = done && set_option(transfer, CURLOPT_PROXY, "");
    if (request->keep_alive)
        done = done && set_option(transfer, CURLOPT_SOCKOPTFUNCTION, keep_alive_wanted);
    if (request->unix_socket != NULL)
        done = done && set_option(transfer, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    if (request->accept_encoding != NULL)
        done = done && set_option(transfer, CURLOPT_ACCEPT_ENCODING, request->accept_encoding);
    return done || refuse(transfer, "the connection cannot be set up");
}

/* What only large downloads ask for. */
static bool set_limits(struct http_transfer *transfer)
{
    const struct http_request *request = transfer->request;
    bool done = true;

    if (request->http1)
        done = set_option(transfer, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (!request->public_only)
        return done || refuse(transfer, "the limits cannot be set");
    if (http_host_is_private(transfer->arena, request->url))
        return refuse(transfer, "this is a private address, and not where a public server may send us");
    /* behind a proxy the address we connect to is the proxy's, and names are resolved by it */
    if (!http_has_proxy(request))
        done = done && set_option(transfer, CURLOPT_OPENSOCKETFUNCTION, http_open_public) &&
               set_option(transfer, CURLOPT_OPENSOCKETDATA, transfer);
    return done || refuse(transfer, "the limits cannot be set");
}

static bool set_callbacks(struct http_transfer *transfer)
{
    return (set_option(transfer, CURLOPT_ERRORBUFFER, transfer->message) &&
            set_option(transfer, CURLOPT_HEADERFUNCTION, http_receive_header) &&
            set_option(transfer, CURLOPT_HEADERDATA, transfer) &&
            set_option(transfer, CURLOPT_WRITEFUNCTION, http_receive_body) &&
            set_option(transfer, CURLOPT_WRITEDATA, transfer)) ||
           refuse(transfer, "the transfer cannot be set up");
}

bool http_transfer_prepare(struct http_transfer *transfer)
{
    transfer->handle = transfer->library.easy_init();
    if (transfer->handle == NULL)
        return refuse(transfer, "libcurl cannot be started");
    return set_callbacks(transfer) && set_connection(transfer) && set_method(transfer) && set_headers(transfer) &&
           set_login(transfer) && set_tls(transfer) && set_limits(transfer);
}

static bool peer_is_private(struct http_transfer *transfer, const char *url)
{
    const char *peer = NULL;

    if (http_has_proxy(transfer->request))
        return http_host_is_private(transfer->arena, url);
    transfer->library.easy_getinfo(transfer->handle, CURLINFO_PRIMARY_IP, &peer);
    return peer != NULL && http_address_is_private(peer);
}

void http_transfer_answer(struct http_transfer *transfer, struct http_response *out)
{
    const char *url = NULL;
    curl_off_t elapsed_us = 0;
    long status = 0;

    transfer->library.easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status);
    transfer->library.easy_getinfo(transfer->handle, CURLINFO_EFFECTIVE_URL, &url);
    transfer->library.easy_getinfo(transfer->handle, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    if (url == NULL)
        url = transfer->request->url;
    *out = (struct http_response){
        .status = (int)status,
        .reason = transfer->reason == NULL ? "" : transfer->reason,
        .url = http_url_shown(transfer->arena, url),
        .headers = transfer->received,
        .header_count = transfer->received_count,
        .size_bytes = transfer->size_bytes,
        .elapsed_ms = (int64_t)elapsed_us / 1000,
        .peer_is_private = peer_is_private(transfer, url),
    };
    out->etag = http_header_get(out, "ETag");
    out->last_modified = http_header_get(out, "Last-Modified");
}

bool http_download(struct arena *arena, const struct http_request *request, const struct http_sink *sink,
                   struct http_response *out, struct error *err)
{
    __attribute__((cleanup(http_transfer_end))) struct http_transfer transfer = {
        .arena = arena, .request = request, .sink = sink, .err = err
    };
    CURLcode code;

    if (!http_library_load(&transfer.library, err) || !http_transfer_prepare(&transfer))
        return false;
    code = transfer.library.easy_perform(transfer.handle);
    if (code != CURLE_OK)
        return http_fail(&transfer, code);
    http_transfer_answer(&transfer, out);
    return true;
}

static bool fetch_write(void *data, const char *bytes, size_t length, struct error *err)
{
    (void)err;
    text_add_n(data, bytes, length);
    return true;
}

bool http_fetch(struct arena *arena, const struct http_request *request, struct http_response *out, char **body_out,
                struct error *err)
{
    struct http_request bounded = *request;
    struct text body = text_new(arena);
    struct http_sink sink = { .write = fetch_write, .data = &body };

    if (bounded.limit_bytes <= 0)
        bounded.limit_bytes = LIMIT_HTTP_BODY;
    if (!http_download(arena, &bounded, &sink, out, err))
        return false;
    *body_out = body.data;
    return true;
}

const char *http_date(struct arena *arena, time_t time)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct tm utc;

    if (!gmtime_r(&time, &utc))
        return NULL;
    return arena_printf(arena, "%s, %02d %s %d %02d:%02d:%02d GMT", days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon],
                        utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}
