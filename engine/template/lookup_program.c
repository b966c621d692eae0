/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups that run programs or ask the network; all on the control side. */
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#include "common/base/command.h"
#include "common/base/text.h"
#include "common/http/http.h"
#include "engine/template/lookup.h"
#include "engine/template/strings.h"

/* --- pipe and lines --- */

static bool run_shell(struct eval *eval, const struct value *term, const char *name, struct command_output *out)
{
    const char *command = lookup_term(eval, term);
    const char *argv[] = { "/bin/sh", "-c", command, NULL };

    if (command == NULL || !command_output(eval->arena, argv, NULL, out, eval->err))
        return false;
    if (out->status == 0)
        return true;
    return eval_fail(eval, "lookup_plugin.%s(%s) returned %d", name, command,
                     WIFEXITED(out->status) ? WEXITSTATUS(out->status) : 128 + WTERMSIG(out->status)) != NULL;
}

static const struct value *lookup_pipe(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        struct command_output out;

        if (!run_shell(eval, terms->as.list.items[i], "pipe", &out))
            return NULL;
        value_list_add(eval->arena, list,
                       strings_strip(eval, eval_string(eval, out.output, out.output_length), NULL, false, true));
    }
    return list;
}

static const struct value *lookup_lines(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        struct command_output out;
        const struct value *lines;

        if (!run_shell(eval, terms->as.list.items[i], "lines", &out))
            return NULL;
        lines = strings_splitlines(eval, out.output, out.output_length, false);
        for (size_t k = 0; k < lines->as.list.count; k++)
            value_list_add(eval->arena, list, lines->as.list.items[k]);
    }
    return list;
}

/* --- url --- */

/* A map as header lines. False: error set. */
static bool url_headers(struct eval *eval, const struct value *map, struct http_request *request)
{
    struct http_header *headers;

    if (map == NULL || map->kind == VALUE_NULL)
        return true;
    if (map->kind != VALUE_MAP)
        return eval_fail(eval, "lookup 'url': headers must be a dictionary, not %s", eval_type(map)) != NULL;
    headers = arena_new_array(eval->arena, struct http_header, map->as.map.count + 3);
    for (size_t i = 0; i < map->as.map.count; i++) {
        headers[i].name = lookup_term(eval, map->as.map.pairs[i].key);
        headers[i].value = lookup_term(eval, map->as.map.pairs[i].item);
        if (headers[i].name == NULL || headers[i].value == NULL)
            return false;
        if (strpbrk(headers[i].name, "\r\n") != NULL || strpbrk(headers[i].value, "\r\n") != NULL)
            return eval_fail(eval, "lookup 'url': the header '%s' holds a line break", headers[i].name) != NULL;
    }
    request->headers = headers;
    request->header_count = map->as.map.count;
    return true;
}

/* Fresh, past all caches. */
static void url_force(struct eval *eval, struct http_request *request)
{
    struct http_header *headers = arena_new_array(eval->arena, struct http_header, request->header_count + 1);

    if (request->header_count > 0)
        memcpy(headers, request->headers, request->header_count * sizeof(*headers));
    headers[request->header_count++] = (struct http_header){ "cache-control", "no-cache" };
    request->headers = headers;
}

static bool url_follow(struct eval *eval, const char *wish, enum http_follow *out)
{
    static const struct {
        const char *name;
        enum http_follow follow;
    } choices[] = { { "urllib2", HTTP_FOLLOW_SAFE }, { "safe", HTTP_FOLLOW_SAFE }, { "all", HTTP_FOLLOW_ALL },
                    { "yes", HTTP_FOLLOW_ALL },      { "none", HTTP_FOLLOW_NONE }, { "no", HTTP_FOLLOW_NONE } };

    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        if (strcasecmp(choices[i].name, wish) == 0) {
            *out = choices[i].follow;
            return true;
        }
    return eval_fail(eval, "lookup 'url': follow_redirects must be one of: urllib2, all, safe, none, not %s", wish) !=
           NULL;
}

/* An option of the call, or one of the variables that Ansible names for it. NULL: neither. */
static const struct value *url_option(struct eval *eval, const struct value *options, const char *name)
{
    const struct value *found = value_map_get(options, name);
    const char *variable = arena_printf(eval->arena, "ansible_lookup_url_%s", name);

    if (strcmp(name, "http_agent") == 0)
        variable = "ansible_lookup_url_agent";
    if (found == NULL && !eval_variable(eval, variable, strlen(variable), &found))
        error_clear(eval->err);
    return found;
}

static const char *url_text(struct eval *eval, const struct value *options, const char *name, const char *fallback)
{
    const struct value *found = url_option(eval, options, name);

    return found == NULL || found->kind == VALUE_NULL ? fallback : lookup_term(eval, found);
}

static bool url_flag(struct eval *eval, const struct value *options, const char *name, bool fallback)
{
    const struct value *found = url_option(eval, options, name);
    bool flag = fallback;

    if (value_is(found, VALUE_STRING))
        return text_to_bool(found->as.string.data, &flag) ? flag : fallback;
    return found == NULL ? fallback : value_truthy(found);
}

static bool url_request(struct eval *eval, const struct value *options, struct http_request *out)
{
    const char *timeout = url_text(eval, options, "timeout", "10");
    const char *follow = url_text(eval, options, "follow_redirects", "urllib2");
    double seconds = 0;

    *out = (struct http_request){ .username = lookup_option(options, "username", NULL),
                                  .password = lookup_option(options, "password", NULL),
                                  .insecure = !lookup_flag(options, "validate_certs", true),
                                  .no_proxy = !lookup_flag(options, "use_proxy", true),
                                  .use_netrc = lookup_flag(options, "use_netrc", true),
                                  .force_basic = url_flag(eval, options, "force_basic_auth", false),
                                  .agent = url_text(eval, options, "http_agent", "ansible-httpget"),
                                  .ca_path = url_text(eval, options, "ca_path", NULL),
                                  .unix_socket = url_text(eval, options, "unix_socket", NULL) };
    if (timeout == NULL || follow == NULL || out->agent == NULL || eval->err->text[0] != '\0')
        return false;
    if (url_flag(eval, options, "use_gssapi", false) || url_text(eval, options, "ciphers", NULL) != NULL)
        return eval_fail(eval, "lookup 'url': use_gssapi and ciphers are not supported") != NULL;
    if (!text_to_real(timeout, &seconds) || !(seconds > 0) || seconds > 1e6)
        return eval_fail(eval, "lookup 'url': timeout must be a number of seconds, not '%s'", timeout) != NULL;
    out->timeout_ms = (int)(seconds * 1000);
    if (!url_follow(eval, follow, &out->follow) || !url_headers(eval, value_map_get(options, "headers"), out))
        return false;
    if (url_flag(eval, options, "force", false))
        url_force(eval, out);
    return true;
}

static bool url_term(struct eval *eval, const struct http_request *request, bool split, struct value *list)
{
    struct http_response response;
    struct error err = ERROR_INIT;
    const struct value *lines;
    char *body = NULL;

    if (!http_fetch(eval->arena, request, &response, &body, &err))
        return eval_fail(eval, "Failed lookup url for %s : %s", http_url_shown(eval->arena, request->url), err.text) !=
               NULL;
    if (response.status >= 400)
        return eval_fail(eval, "Received HTTP error for %s : HTTP Error %d: %s",
                         http_url_shown(eval->arena, request->url), response.status, response.reason) != NULL;
    if (!split)
        value_list_add(eval->arena, list, eval_string(eval, body, (size_t)response.size_bytes));
    lines = split ? strings_splitlines(eval, body, (size_t)response.size_bytes, false) : NULL;
    for (size_t k = 0; k < value_count(lines); k++)
        value_list_add(eval->arena, list, lines->as.list.items[k]);
    return true;
}

static const struct value *lookup_url(struct eval *eval, const struct value *terms, const struct value *options)
{
    bool split = lookup_flag(options, "split_lines", true);
    struct value *list = eval_list(eval);
    struct http_request request;

    if (!url_request(eval, options, &request))
        return NULL;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        request.url = lookup_term(eval, terms->as.list.items[i]);
        if (request.url == NULL || !url_term(eval, &request, split, list))
            return NULL;
    }
    return list;
}

const struct lookup lookups_program[] = {
    { "pipe", lookup_pipe },
    { "lines", lookup_lines },
    { "url", lookup_url },
    { .name = NULL },
};
