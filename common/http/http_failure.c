/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why there is no response, in a sentence. libcurl's own words are added where they say more.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/http/http_transfer.h"

struct http_reason {
    const char *text;
    CURLcode code;
    bool has_detail; /* libcurl's message follows */
};

static const struct http_reason *reason_of(CURLcode code)
{
    static const struct http_reason reasons[] = {
        { "this kind of URL is not supported", CURLE_UNSUPPORTED_PROTOCOL, false },
        { "this is not a URL", CURLE_URL_MALFORMAT, false },
        { "the host name cannot be resolved", CURLE_COULDNT_RESOLVE_HOST, true },
        { "the proxy's host name cannot be resolved", CURLE_COULDNT_RESOLVE_PROXY, true },
        { "the transfer broke off", CURLE_PARTIAL_FILE, true },
        { "the server closed the connection without an answer", CURLE_GOT_NOTHING, false },
        { "the connection broke while sending", CURLE_SEND_ERROR, true },
        { "the connection broke while receiving", CURLE_RECV_ERROR, true },
        { "too many redirects", CURLE_TOO_MANY_REDIRECTS, false },
        { "the server's certificate is not trusted", CURLE_PEER_FAILED_VERIFICATION, true },
        { "the TLS handshake failed", CURLE_SSL_CONNECT_ERROR, true },
        { "the CA certificates cannot be read", CURLE_SSL_CACERT_BADFILE, true },
        { "the client certificate cannot be used", CURLE_SSL_CERTPROBLEM, true },
        { "the file cannot be read", CURLE_FILE_COULDNT_READ_FILE, false },
        { "there is no such file", CURLE_REMOTE_FILE_NOT_FOUND, false },
        { "access was denied", CURLE_REMOTE_ACCESS_DENIED, false },
        { "user name or password were not accepted", CURLE_LOGIN_DENIED, false },
        { "the answer cannot be decompressed", CURLE_BAD_CONTENT_ENCODING, true },
        { "no memory", CURLE_OUT_OF_MEMORY, false },
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].code == code)
            return &reasons[i];
    }
    return NULL;
}

/* "connection refused", from the system's error number where libcurl knows it. */
static const char *connect_text(struct http_transfer *transfer)
{
    char reason[256];
    long number = 0;

    transfer->library.easy_getinfo(transfer->handle, CURLINFO_OS_ERRNO, &number);
    if (number == 0)
        return arena_printf(transfer->arena, "no connection: %s", transfer->message);
    return arena_printf(transfer->arena, "no connection: %s", strerror_r((int)number, reason, sizeof(reason)));
}

static const char *timeout_text(struct http_transfer *transfer)
{
    int timeout = transfer->request->timeout_ms > 0 ? transfer->request->timeout_ms : LIMIT_HTTP_TIMEOUT_MS;
    curl_off_t connected = 0;

    transfer->library.easy_getinfo(transfer->handle, CURLINFO_CONNECT_TIME_T, &connected);
    if (connected == 0)
        return arena_printf(transfer->arena, "no connection within %g seconds (timeout)", timeout / 1000.0);
    return arena_printf(transfer->arena, "no data for %g seconds (timeout)", timeout / 1000.0);
}

static const char *failure_text(struct http_transfer *transfer, CURLcode code)
{
    const struct http_reason *reason = reason_of(code);
    bool has_message = transfer->message[0] != '\0';

    if (code == CURLE_COULDNT_CONNECT)
        return connect_text(transfer);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return timeout_text(transfer);
    if (reason == NULL)
        return has_message ? transfer->message : transfer->library.easy_strerror(code);
    if (!reason->has_detail || !has_message)
        return reason->text;
    return arena_printf(transfer->arena, "%s (%s)", reason->text, transfer->message);
}

bool http_fail(struct http_transfer *transfer, CURLcode code)
{
    if (transfer->is_failed)
        return false;
    return error_set_kind(transfer->err, ERROR_GENERIC, "%s: %s", http_transfer_shown(transfer),
                          failure_text(transfer, code));
}

char *http_url_shown(struct arena *arena, const char *url)
{
    const char *host = strstr(url, "://"), *end, *at;

    if (host == NULL)
        return arena_copy(arena, url);
    host += 3;
    end = host + strcspn(host, "/?#");
    at = memrchr(host, '@', (size_t)(end - host));
    if (at == NULL)
        return arena_copy(arena, url);
    return arena_printf(arena, "%.*s%s", (int)(host - url), url, at + 1);
}
