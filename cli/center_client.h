/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller as the operator's verbs see it: an account (address, token, CA) in ~/.config/roost/controller.json (0600), and
 * one request at a time. ROOST_CONTROLLER names another file.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/http/http.h"
#include "common/value/value.h"

struct center_account {
    const char *url; /* https://host:port */
    const char *token;
    const char *ca_pem;
};

/* This machine's name. */
const char *center_host_name(struct arena *arena);
/* No account would be overwritten. */
bool center_account_free(struct arena *arena, struct error *err);
/* Written whole, for this user only; *path_out is where. */
bool center_account_save(struct arena *arena, const struct center_account *account, const char **path_out,
                         struct error *err);

/* An account for somebody else, with this one's address and CA, at `path`: first whether nothing is in its way, then writing it. */
struct center_client;
bool center_account_may_be_given(struct center_client *client, const char *path, struct error *err);
bool center_account_give(struct center_client *client, const char *path, const char *token, struct error *err);

/* Some account is there, good or not. */
bool center_account_is_there(struct arena *arena);
/* "via" of the account: "ssh" or "controller", which way roost apply goes by itself; NULL: it does not say, or there is none. */
const char *center_account_via(struct arena *arena);

bool center_client_open(struct arena *arena, struct center_client **out, struct error *err);
const char *center_client_address(const struct center_client *client); /* "host:port" */
/* `body` NULL: none. An answer that is an error becomes one, with its sentence. */
bool center_client_ask(struct center_client *client, const char *method, const char *path, const struct value *body,
                       const struct value **out, struct error *err);
/* The same in two halves, for those who do several at a time: the request, whose texts are in `arena`, and what its answer means. */
struct center_sending {
    const char *method, *path, *type; /* `type` NULL: no body */
    const void *body;
    size_t length;
};
struct http_request center_client_request(const struct center_client *client, struct arena *arena,
                                          const struct center_sending *sending);
bool center_client_answer(const struct center_client *client, struct arena *arena, int status, const char *text,
                          const struct value **out, struct error *err);
/*
 * A stream (server-sent events), its bytes as they come. ENDED: the other side closed it; BROKEN (err): it cannot be reached, or
 * was silent for long, or fails for now: try again; REFUSED (err): trying again gives the same; STOPPED: `take` said false.
 */
enum center_stream_end { CENTER_STREAM_ENDED, CENTER_STREAM_BROKEN, CENTER_STREAM_REFUSED, CENTER_STREAM_STOPPED };
struct center_stream {
    const char *path;
    const char *last_id; /* Last-Event-ID, or NULL */
    bool (*take)(void *data, const char *bytes, size_t length);
    void *data;
};
enum center_stream_end center_client_stream(struct center_client *client, const struct center_stream *stream,
                                            struct error *err);
/* All pages of a list: "items" of GET path, followed by `next` through the parameter `cursor` ("after", "before"). */
bool center_client_list(struct center_client *client, const char *path, const char *cursor, const struct value **out,
                        struct error *err);
