/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's account, and asking with it. */
#include "cli/center_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/http/http.h"
#include "common/json/json.h"
#include "common/trust/certificate.h"
#include "common/trust/private_file.h"

#define ACCOUNT_MAX ((size_t)64 * 1024)
#define ACCOUNT_FILE "controller.json"
#define ACCOUNT_FORM                                                                                                   \
    "{\"url\": \"https://HOST:PORT\", \"token\": \"...\"}, as `roost tokens add NAME --out FILE` writes it"
#define LIST_MAX 100000 /* rows that one verb prints */

struct center_client {
    struct arena *arena;
    const char *path; /* of the account */
    const char *url, *token, *address, *ca_path;
};

const char *center_host_name(struct arena *arena)
{
    char name[256] = "localhost";

    gethostname(name, sizeof(name) - 1);
    return arena_copy(arena, name);
}

/* --- the account --- */

static const char *config_folder(struct arena *arena)
{
    const char *config = getenv("XDG_CONFIG_HOME");

    return config != NULL && config[0] == '/' ? path_join(arena, config, "roost")
                                              : path_expand_user(arena, "~/.config/roost");
}

static const char *account_path(struct arena *arena)
{
    const char *named = getenv("ROOST_CONTROLLER");

    return named != NULL && *named != '\0' ? path_absolute(arena, named)
                                           : path_join(arena, config_folder(arena), ACCOUNT_FILE);
}

/* libcurl reads the CA from a file: it lies beside the account. */
static const char *ca_path_of(struct arena *arena, const char *account)
{
    return arena_printf(arena, "%s.ca.pem", account);
}

bool center_account_free(struct arena *arena, struct error *err)
{
    const char *path = account_path(arena);

    return !path_exists(path) ||
           error_set(
               err,
               "%s holds an account already, and its token is nowhere else: move it away, or name another file by "
               "ROOST_CONTROLLER",
               path);
}

static bool account_write(struct arena *arena, const char *path, const struct center_account *account,
                          struct error *err)
{
    struct value *map = value_map(arena);
    char *text = NULL;

    value_map_put_string(arena, map, "url", account->url);
    value_map_put_string(arena, map, "token", account->token);
    text = arena_printf(arena, "%s\n", json_text(arena, map, (struct json_style){ .indent = 2 }));
    return private_file_write(ca_path_of(arena, path), account->ca_pem, strlen(account->ca_pem), err) &&
           private_file_write(path, text, strlen(text), err);
}

bool center_account_save(struct arena *arena, const struct center_account *account, const char **path_out,
                         struct error *err)
{
    const char *path = account_path(arena);

    if (!folder_create(arena, path_dirname(arena, path), 0700, err) || !account_write(arena, path, account, err))
        return false;
    *path_out = path;
    return true;
}

bool center_account_may_be_given(struct center_client *client, const char *path, struct error *err)
{
    struct arena *arena = client->arena;
    const char *folder = path_dirname(arena, path_absolute(arena, path)), *ca_path = ca_path_of(arena, path);

    if (path_exists(path) || path_exists(ca_path))
        return error_set(err, "%s is there already", path_exists(path) ? path : ca_path);
    return (path_is_folder(folder) || error_set(err, "there is no folder '%s'", folder)) &&
           (access(folder, W_OK) == 0 || error_set(err, "'%s' cannot be written to: %s", folder, strerror(errno)));
}

bool center_account_give(struct center_client *client, const char *path, const char *token, struct error *err)
{
    struct center_account account = { .url = client->url, .token = token };
    char *ca_pem = NULL;
    size_t length = 0;

    if (!file_read(client->arena, client->ca_path, ACCOUNT_MAX, &ca_pem, &length, err))
        return false;
    account.ca_pem = ca_pem;
    return account_write(client->arena, path, &account, err);
}

bool center_account_is_there(struct arena *arena)
{
    return path_exists(account_path(arena));
}

const char *center_account_via(struct arena *arena)
{
    const struct value *map = NULL;
    struct der text = { 0 };
    struct error ignored = ERROR_INIT;
    bool missing = false;

    if (!private_file_read(arena, account_path(arena), ACCOUNT_MAX, &text, &missing, &ignored) || missing ||
        !json_read(arena, (const char *)text.data, text.length, NULL, &map, &ignored))
        return NULL;
    return value_map_text(map, "via");
}

static bool account_read(struct center_client *client, struct error *err)
{
    struct arena *arena = client->arena;
    const struct value *map = NULL;
    struct der text = { 0 };
    struct error unshown = ERROR_INIT;
    bool missing = false;

    if (!private_file_read(arena, client->path, ACCOUNT_MAX, &text, &missing, err))
        return false;
    if (missing)
        return error_set(
            err,
            "no controller is known here: %s is not there. `roost controller init` (with the controller's --state, if it is "
            "another than /var/lib/roost/controller) makes it on the "
            "controller; elsewhere copy it, with %s",
            client->path, client->ca_path);
    /* what cannot be read may be a token: no word of it is shown */
    if (!json_read(arena, (const char *)text.data, text.length, NULL, &map, &unshown))
        return error_set(err, "%s is no JSON: expected " ACCOUNT_FORM, client->path);
    client->url = value_map_text(map, "url");
    client->token = value_map_text(map, "token");
    if (client->url == NULL || client->token == NULL || !text_starts(client->url, "https://"))
        return error_set(err, "%s: expected " ACCOUNT_FORM, client->path);
    client->address = client->url + strlen("https://");
    return (strrchr(client->address, ':') != NULL || error_set(err, "%s: the url has no port", client->path)) &&
           (access(client->ca_path, R_OK) == 0 ||
            error_set(err, "the controller's CA certificate, %s, cannot be read: %s; it belongs beside the account",
                      client->ca_path, strerror(errno)));
}

const char *center_client_address(const struct center_client *client)
{
    return client->address;
}

bool center_client_open(struct arena *arena, struct center_client **out, struct error *err)
{
    struct center_client *client = arena_new_of(arena, struct center_client);

    client->arena = arena;
    client->path = account_path(arena);
    client->ca_path = ca_path_of(arena, client->path);
    if (!account_read(client, err))
        return false;
    *out = client;
    return true;
}

/* --- asking --- */

static bool answer_error(const struct value *answer, int status, struct error *err)
{
    const struct value *told = value_map_get(answer, "error");
    const char *message = value_map_text(told, "message");
    const char *who = message == NULL || !text_equal(value_map_text(told, "code"), "forbidden")
                          ? NULL
                          : strstr(message, " is for "); /* "POST /api/v1/... is for operator; NAME is viewer" */

    if (who != NULL)
        return error_set(err, "this needs the role %s", who + strlen(" is for "));
    return message != NULL ? error_set(err, "%s", message)
                           : error_set(err, "the controller answered with status %d", status);
}

struct http_request center_client_request(const struct center_client *client, struct arena *arena,
                                          const struct center_sending *sending)
{
    struct http_header *headers = arena_new_array(arena, struct http_header, 2);

    headers[0] = (struct http_header){ "Authorization", arena_printf(arena, "Bearer %s", client->token) };
    headers[1] = (struct http_header){ "Content-Type", sending->type };
    return (struct http_request){
        .url = arena_printf(arena, "https://" CERTIFICATE_SERVER_NAME "%s%s", strrchr(client->address, ':'),
                            sending->path),
        .shown = arena_printf(arena, "%s%s", client->url, sending->path),
        .connect_to = client->address,
        .method = sending->method,
        .headers = headers,
        .header_count = sending->type == NULL ? 1 : 2,
        .body = sending->body,
        .body_length = sending->length,
        .ca_path = client->ca_path,
        .follow = HTTP_FOLLOW_NONE,
        .no_proxy = true,
    };
}

bool center_client_answer(const struct center_client *client, struct arena *arena, int status, const char *text,
                          const struct value **out, struct error *err)
{
    if (!json_read(arena, text, strlen(text), NULL, out, err))
        return error_prefix(err, "%s answered with status %d and no JSON", client->url, status);
    return status < 400 || answer_error(*out, status, err);
}

bool center_client_ask(struct center_client *client, const char *method, const char *path, const struct value *body,
                       const struct value **out, struct error *err)
{
    const char *text = body == NULL ? NULL : json_text(client->arena, body, JSON_COMPACT);
    const struct center_sending sending = { method, path, text == NULL ? NULL : "application/json", text,
                                            text == NULL ? 0 : strlen(text) };
    const struct http_request request = center_client_request(client, client->arena, &sending);
    struct http_response response;
    char *answer = NULL;

    return http_fetch(client->arena, &request, &response, &answer, err) &&
           center_client_answer(client, client->arena, response.status, answer, out, err);
}

/* --- streams --- */

#define STREAM_SILENCE_MS 45000 /* three heartbeats */

struct streaming {
    const struct center_stream *stream;
    struct text head; /* its begin: an answer that is an error is short */
    bool stopped;
};

static bool stream_take(void *data, const char *bytes, size_t length, struct error *err)
{
    struct streaming *streaming = data;

    if (streaming->head.length < ACCOUNT_MAX)
        text_add_n(&streaming->head, bytes, length < ACCOUNT_MAX ? length : ACCOUNT_MAX);
    streaming->stopped = !streaming->stream->take(streaming->stream->data, bytes, length);
    return !streaming->stopped || error_set(err, "stopped");
}

enum center_stream_end center_client_stream(struct center_client *client, const struct center_stream *stream,
                                            struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct streaming streaming = { .stream = stream, .head = text_new(arena) };
    const struct http_header headers[] = {
        { "Authorization", arena_printf(arena, "Bearer %s", client->token) },
        { "Last-Event-ID", stream->last_id },
    };
    const struct http_request request = {
        .url =
            arena_printf(arena, "https://" CERTIFICATE_SERVER_NAME "%s%s", strrchr(client->address, ':'), stream->path),
        .shown = arena_printf(arena, "%s%s", client->url, stream->path),
        .connect_to = client->address,
        .headers = headers,
        .header_count = stream->last_id == NULL ? 1 : 2,
        .timeout_ms = STREAM_SILENCE_MS,
        .ca_path = client->ca_path,
        .follow = HTTP_FOLLOW_NONE,
        .no_proxy = true,
    };
    struct http_response response;
    const struct value *answer = NULL;
    struct error ignored = ERROR_INIT;

    if (!http_download(arena, &request, &(struct http_sink){ stream_take, &streaming }, &response, err))
        return streaming.stopped ? CENTER_STREAM_STOPPED : CENTER_STREAM_BROKEN;
    if (response.status < 400)
        return CENTER_STREAM_ENDED;
    (void)json_read(arena, streaming.head.data, streaming.head.length, NULL, &answer, &ignored);
    answer_error(answer, response.status, err);
    return response.status < 500 ? CENTER_STREAM_REFUSED : CENTER_STREAM_BROKEN;
}

/* --- lists --- */

static const char *next_path(struct arena *arena, const char *path, const char *cursor, const struct value *next)
{
    const char *text =
        value_is(next, VALUE_INT) ? arena_printf(arena, "%lld", (long long)next->as.integer) : value_text(next);

    return arena_printf(arena, "%s%c%s=%s", path, strchr(path, '?') == NULL ? '?' : '&', cursor, text);
}

bool center_client_list(struct center_client *client, const char *path, const char *cursor, const struct value **out,
                        struct error *err)
{
    struct value *all = value_list(client->arena);
    const struct value *page = NULL;
    const char *asked = path;

    do {
        const struct value *items = NULL, *next = NULL;

        if (!center_client_ask(client, NULL, asked, NULL, &page, err))
            return false;
        items = value_map_get(page, "items");
        for (size_t i = 0; i < value_count(items); i++)
            value_list_add(client->arena, all, value_item(items, i));
        next = value_map_get(page, "next");
        asked = value_is(next, VALUE_NULL) || next == NULL ? NULL : next_path(client->arena, path, cursor, next);
    } while (asked != NULL && value_count(all) < LIST_MAX);
    *out = all;
    return true;
}
