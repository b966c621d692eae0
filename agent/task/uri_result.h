/* SPDX-License-Identifier: Apache-2.0 */
/* What a task of the module uri says of an answer: Ansible's fields. */
#pragma once

#include "agent/task/task_context.h"
#include "agent/task/uri_exchange.h"

/* Headers (in lower case, with _ for -), status, url, redirected, cookies, and "msg" (returned too). */
const char *uri_result_response(struct task_context *task, const char *url, const struct uri_answer *answer);
/* Is the answer JSON, by its Content-Type? */
bool uri_result_is_json(const struct http_response *response);
/* The body as UTF-8 text, by the charset of the Content-Type. */
const struct value *uri_result_text(struct arena *arena, const struct http_response *response, const char *body,
                                    size_t length);
