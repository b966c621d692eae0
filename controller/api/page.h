/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the dashboard's routes share: answering with a page (controller/pages renders it), its headers, and the small forms of
 * data that all templates know: a time with its age, a figure that is known, stale or unknown.
 */
#pragma once

#include <stdint.h>

#include "controller/api/center.h"

#define PAGE_SESSION_COOKIE "roost_session"

/* `data` may be NULL; title, user, now and the like are put in here. */
void page_reply(struct api_call *call, int status, const char *name, const char *title, struct value *data);
/* What api_reply_error gives for a page: the login form for 401, else the sentence. */
void page_problem(struct api_call *call, int status, const char *message);
/* 303 to the route's form_back, its parts in braces filled. */
void page_go_back(struct api_call *call);
/* Set by page_reply itself; for assets. */
void page_security_headers(struct api_call *call);

/* "12 s ago", "in 3 d". */
const char *page_age_text(struct arena *arena, int64_t at_us, int64_t now_us);
/* {iso, text}; null for 0 (never). */
void page_put_time(struct api_call *call, struct value *map, const char *key, int64_t at_us);
/* A node's address on the dashboard. */
const char *page_node_url(struct arena *arena, const char *name);
/* The link to a next page: `path` with the parameters that are not NULL. Ends with a NULL name. */
struct page_parameter {
    const char *name, *value;
};
const char *page_link(struct arena *arena, const char *path, const struct page_parameter *parameters);
/* A unified diff as a list of {kind, text}; kinds: add, del, at, same. Ends after some hundred lines with a sentence. */
const struct value *page_diff(struct arena *arena, const char *diff);
/* The word of a verdict for people, and the class by which it is drawn: ok, drift, failed, lost, waiting, revoked, unknown. */
const char *page_verdict_word(const char *verdict);
const char *page_verdict_class(const char *verdict);

/* page_form.c: application/x-www-form-urlencoded as a map of texts. */
bool page_form_read(struct arena *arena, const char *text, size_t length, const struct value **out, struct error *err);
/* Whether an Origin header names the host that was asked: "https://HOST" against "HOST". */
bool page_origin_matches(const char *origin, const char *host);
/* Where a login may lead: a path of this site. */
bool page_path_is_local(const char *path);
