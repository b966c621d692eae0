/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes: what can be asked of the controller, who may ask, what is taken and given. The server, the OpenAPI
 * document, docs/api.md and the test that knocks at every door read the same rows. One resource = one file that ends in
 * API_RESOURCE_DEFINE(NAME).
 */
#pragma once

#include "common/spec/arg_spec.h"

struct api_call;

enum api_access {
    API_PUBLIC = 1,
    API_NODE,         /* a node with a valid certificate, for its own things only */
    API_NODE_EXPIRED, /* the same; the certificate may have run out (to renew it) */
    API_VIEWER,       /* operators' tokens, each including the one before */
    API_OPERATOR,
    API_ADMIN,
    API_CLIENT, /* a key of the gateway; any operator's token */
};

/* A body that is handed on as it comes instead of being kept: for files. All of it happens in the HTTP thread. What answers
 * (api_reply...) and returns false ends the taking: what still comes is dropped, and the route's function does not run. */
struct api_sink {
    const char *content_type; /* "application/octet-stream" */
    size_t limit_bytes;
    /* Before the first byte, when it is known who asks; `expected`: the Content-Length, 0 when none was sent. */
    bool (*begin)(struct api_call *call, size_t expected);
    bool (*take)(struct api_call *call, const char *data, size_t length);
    void (*drop)(struct api_call *call); /* after begin, when the call is over, however it went */
};

struct api_route {
    enum api_access access;
    const char *method; /* GET, POST, PUT, PATCH, DELETE; GET answers HEAD too */
    const char *path;   /* "/api/v1/nodes/{name}": a part in braces takes one segment */
    void (*run)(struct api_call *call);
    const char *summary;           /* one sentence */
    const char *reply;             /* what a good answer holds, one sentence */
    const struct task_spec *query; /* parameters behind "?"; NULL: none are taken */
    const struct task_spec *body;  /* members of the JSON object; NULL: no body is taken */
    size_t body_limit_bytes;       /* 0: LIMIT_API_BODY */
    const struct api_sink *sink;   /* takes the body in place of `body` */
    bool is_page; /* for people: errors are pages, that of 401 has the login form; not in the API's document */
    /* The body is a form of such a page, application/x-www-form-urlencoded; a good answer leads there: "/nodes/{name}". */
    const char *form_back;
};

/* There is no access by omission: 0 does not compile. */
#define API_ROUTE(access_, method_, path_, run_, ...)                                                                  \
    {                                                                                                                  \
        .access = (enum api_access)((access_) / (int)sizeof(char[(access_) > 0 ? 1 : -1])), .method = (method_),       \
        .path = (path_), .run = (run_), __VA_ARGS__                                                                    \
    }

struct api_resource {
    const char *name;    /* "nodes" */
    const char *summary; /* one sentence */
    const struct api_route *routes;
    size_t count;
};

#define API_RESOURCE_DEFINE(name) const struct api_resource api_resource_##name

struct api_table {
    const struct api_resource *const *resources;
    size_t count;
};

#define API_PATH_VALUES 4 /* parts in braces of one path */

/* What a path's parts in braces were. The texts point into the path that was matched. */
struct api_match {
    const struct api_route *route; /* NULL: there is no such path, or not with this method */
    const char *values[API_PATH_VALUES];
    size_t lengths[API_PATH_VALUES];
    char allow[64]; /* the path's methods for a 405, "GET, HEAD, POST"; empty: no such path */
};

void api_match(const struct api_table *table, const char *method, const char *path, struct api_match *out);
/* "public", "node", ... as in the documents. */
const char *api_access_name(enum api_access access);
/* The OpenAPI 3.1 document of a table. */
const struct value *api_openapi(struct arena *arena, const struct api_table *table, const char *version);
/* The place of "{name}" among the path's parts in braces; -1: none. */
int api_path_index(const struct api_route *route, const char *name);
