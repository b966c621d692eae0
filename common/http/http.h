/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP, HTTPS, FTP and file URLs as a client, through libcurl, which is loaded at the first transfer. A zeroed
 * request with a URL is a GET with all checks on. Nothing here knows about modules or results. Any HTTP
 * status is a response; an error means that there is none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct http_header {
    const char *name, *value;
};

enum http_follow {
    HTTP_FOLLOW_SAFE, /* redirects of GET and HEAD only: Ansible's "safe" */
    HTTP_FOLLOW_ALL,  /* of every method; 301, 302 and 303 turn POST into GET */
    HTTP_FOLLOW_NONE,
};

struct http_request {
    const char *url;
    const char *method; /* NULL: GET, or POST when there is a body */
    const struct http_header *headers;
    size_t header_count;
    const void *body;
    size_t body_length;
    int timeout_ms;      /* to connect, and without any data; 0: LIMIT_HTTP_TIMEOUT_MS */
    int64_t limit_bytes; /* of the body that is accepted; 0: no limit */
    const char *username, *password;
    bool force_basic; /* send the password without being asked for it */
    enum http_follow follow;
    bool insecure;       /* do not check the server's certificate */
    bool no_proxy;       /* ignore http_proxy and its sisters in the environment */
    bool use_netrc;      /* ~/.netrc when there is no username */
    const char *ca_path; /* file or folder; NULL: the system's */
    const char *client_cert, *client_key;
    const char *unix_socket;
    const char *accept_encoding; /* sent and decoded; "": all that libcurl knows; NULL: none */
    const char *agent;           /* User-Agent; NULL: roost/VERSION */
    const char *shown;           /* the URL in messages, for one that holds secrets; NULL: as http_url_shown */
    bool public_only;            /* do not connect to loopback, private and link-local addresses */
    bool keep_alive;        /* a peer that is gone without a word is noticed within half a minute (KEEP_ALIVE_RUN) */
    bool http1;             /* one request per connection at a time: several connections for several requests */
    const char *connect_to; /* "host:port" to dial ([] around IPv6) whatever the URL says; its name is verified */
    int deadline_ms; /* for the whole transfer; how fast it moves is then not looked at: for long polls. 0: none */
};

struct http_response {
    int status;                        /* 0 for URLs that are not HTTP */
    const char *reason;                /* "OK"; empty with HTTP/2 */
    const char *url;                   /* the last one, after redirects, without user and password */
    const struct http_header *headers; /* of the last response, in order, names as sent */
    size_t header_count;
    const char *etag, *last_modified; /* NULL when not sent */
    int64_t size_bytes;               /* of the body as given to the sink */
    int64_t elapsed_ms;
    bool peer_is_private; /* the address that answered (behind a proxy: the URL's, if it is one) is no public one */
};

/* Receives the body in pieces. False (with err set) ends the transfer. */
struct http_sink {
    bool (*write)(void *data, const char *bytes, size_t length, struct error *err);
    void *data;
};

/* `sink` may be NULL: the body is dropped. Texts of the response are in `arena`. */
bool http_download(struct arena *arena, const struct http_request *request, const struct http_sink *sink,
                   struct http_response *out, struct error *err);
/* The whole body in `arena`, NUL added behind it; bounded by request->limit_bytes or LIMIT_HTTP_BODY. */
bool http_fetch(struct arena *arena, const struct http_request *request, struct http_response *out, char **body_out,
                struct error *err);

/* The first header of that name in any case, or NULL. */
const char *http_header_get(const struct http_response *response, const char *name);
/* A time as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT"; NULL when it is beyond the calendar. */
const char *http_date(struct arena *arena, time_t time);
/* The URL as it may be shown: without user and password. */
char *http_url_shown(struct arena *arena, const char *url);
/* The URL's host is a loopback, private or other special address in any notation, or "localhost". Names are not resolved. */
bool http_host_is_private(struct arena *arena, const char *url);
