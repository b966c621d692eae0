/* SPDX-License-Identifier: Apache-2.0 */
/* Result fields of an HTTP answer. Headers never replace the fields that say how the task went. */
#include "agent/task/uri_result.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "agent/task/replace_encoding.h"
#include "agent/task/result.h"
#include "agent/task/uri_location.h"
#include "common/base/text.h"

static const char *field_name(struct arena *arena, const char *header)
{
    char *name = arena_copy(arena, header);

    for (char *at = name; *at; at++)
        *at = *at == '-' ? '_' : (char)tolower((unsigned char)*at);
    return name;
}

static void put_headers(struct task_context *task, const struct http_response *response, bool is_fine)
{
    static const char *const taken[] = { "failed",        "skipped", "warnings",    "deprecations", "exception",
                                         "diff",          "rc",      "changed",     "invocation",   "results",
                                         "ansible_facts", "content", "unreachable", "json",         NULL };

    for (size_t i = 0; i < response->header_count; i++) {
        const char *name = field_name(task->scratch, response->headers[i].name);
        const char *value = response->headers[i].value;
        const char *before = value_map_text(task->result->fields, name);
        if (text_in(name, taken))
            continue;
        /* Ansible joins repeated headers of good answers; of others the last one stays. */
        if (before && is_fine)
            value = arena_printf(task->scratch, "%s, %s", before, value);
        result_set_string(task, name, value);
    }
}

const char *uri_result_response(struct task_context *task, const char *url, const struct uri_answer *answer)
{
    const struct http_response *response = &answer->response;
    bool is_fine = response->status == 0 || (response->status >= 200 && response->status < 300);
    const char *length = http_header_get(response, "Content-Length");
    const char *location = http_header_get(response, "Location");
    const char *message = arena_printf(task->scratch, "OK (%s bytes)", length ? length : "unknown");

    put_headers(task, response, is_fine);
    if (!is_fine)
        message = arena_printf(task->scratch, "HTTP Error %d: %s", response->status,
                               answer->is_endless ? "too many redirects" : response->reason);
    if (is_fine) {
        result_set_string(task, "cookies_string", uri_cookies_text(&answer->cookies));
        result_set(task, "cookies", uri_cookies_map(&answer->cookies));
    }
    if (location)
        result_set_string(task, "location", uri_location(task->scratch, url, location));
    result_set_int(task, "status", response->status);
    result_set_string(task, "url", http_url_shown(task->scratch, is_fine ? answer->url : url));
    result_set_bool(task, "redirected", is_fine && answer->is_redirected);
    return message;
}

/* "application/vnd.api+json; charset=x" -> "json" */
static bool subtype_of(const char *type, char out[64])
{
    const char *slash = type ? strchr(type, '/') : NULL;
    size_t length = slash ? strcspn(slash + 1, ";, \t") : 0;

    if (length == 0 || length >= 64)
        return false;
    memcpy(out, slash + 1, length);
    out[length] = '\0';
    char *plus = strchr(out, '+');
    if (plus)
        memmove(out, plus + 1, strlen(plus));
    return true;
}

bool uri_result_is_json(const struct http_response *response)
{
    char subtype[64];

    return subtype_of(http_header_get(response, "Content-Type"), subtype) &&
           (strcasecmp(subtype, "json") == 0 || strcasecmp(subtype, "javascript") == 0);
}

const struct value *uri_result_text(struct arena *arena, const struct http_response *response, const char *body,
                                    size_t length)
{
    const char *type = http_header_get(response, "Content-Type");
    const char *charset = type ? strcasestr(type, "charset=") : NULL;
    enum replace_encoding encoding = REPLACE_UTF8;
    struct text text = text_new(arena);
    struct error ignored = ERROR_INIT;

    if (charset) {
        charset += strlen("charset=");
        charset += *charset == '"';
        (void)replace_encoding_find(arena_copy_n(arena, charset, strcspn(charset, "\"; ,")), &encoding);
    }
    if (encoding == REPLACE_UTF8 || !replace_encoding_read(encoding, body, length, &text, &ignored))
        return value_string_n(arena, body, length);
    return value_string_n(arena, text.data ? text.data : "", text.length);
}
