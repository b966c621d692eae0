/* SPDX-License-Identifier: Apache-2.0 */
/* One transfer while it runs, shared by the files of common/http. */
#pragma once

#include "common/http/http.h"
#include "common/http/http_library.h"

struct http_transfer {
    struct http_library library;
    CURL *handle;
    struct curl_slist *headers, *connect_to;
    char message[CURL_ERROR_SIZE]; /* libcurl's own words */
    struct arena *arena;
    const struct http_request *request;
    const struct http_sink *sink;
    struct error *err;
    bool is_failed; /* err is set already: by the sink, or by a limit */
    /* called once, when the head is complete and the body begins; NULL: nobody asks */
    bool (*begin)(void *data, const struct http_response *head, struct error *err);
    bool is_begun;

    /* of the response that is coming in */
    const char *reason;
    struct http_header *received;
    size_t received_count, received_capacity, header_bytes;
    int64_t size_bytes;
};

/* Sets up a transfer whose library, arena, request, sink and err are set; what the server said, when it is over. */
bool http_transfer_prepare(struct http_transfer *transfer);
void http_transfer_answer(struct http_transfer *transfer, struct http_response *out);
void http_transfer_end(struct http_transfer *transfer);
const char *http_transfer_shown(const struct http_transfer *transfer);

/* libcurl's callbacks */
curl_socket_t http_open_public(void *transfer, curlsocktype purpose, struct curl_sockaddr *address);
size_t http_receive_header(char *data, size_t size, size_t count, void *transfer);
size_t http_receive_body(char *data, size_t size, size_t count, void *transfer);
/* What happened, in a sentence that starts with the URL. Always false. */
bool http_fail(struct http_transfer *transfer, CURLcode code);
