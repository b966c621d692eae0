/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the hub: /api/models/.../revision, /tree (in pages), and /resolve. */
#include "common/model/hub.h"

#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "common/http/http_url.h"
#include "common/json/json.h"
#include "common/model/digest.h"

#define TREE_PAGES_MAX 1000
#define TREE_FILES_MAX 100000
#define TREE_BYTES_MAX (64LL * 1024 * 1024) /* of all pages together */

char *hub_host_name(struct arena *arena, const char *endpoint)
{
    const char *host = strstr(endpoint, "://") + 3;
    char *name = arena_copy(arena, host);

    for (char *at = name; *at != '\0'; at++)
        *at = isalnum((unsigned char)*at) || *at == '.' || *at == '-' ? (char)tolower((unsigned char)*at) : '_';
    return name[0] == '.' ? arena_printf(arena, "_%s", name) : name;
}

static char *api_url(const struct hub *hub, const char *what, const char *revision)
{
    return arena_printf(hub->arena, "%s/api/models/%s/%s/%s/%s", hub->settings->endpoint, hub->source->organisation,
                        hub->source->repository, what, http_url_escape(hub->arena, revision, ""));
}

/* One JSON answer of the hub. */
static bool ask_json(const struct hub *hub, const char *url, const struct value **out, struct http_response *response,
                     struct error *err)
{
    const struct ask question = { .stay = true };
    struct answer answer;
    struct remote remote;

    if (hub->settings->offline)
        return error_set(err, "%s is not in the store, and HF_HUB_OFFLINE forbids to ask the hub", hub->source->shown);
    if (!remote_start(hub->arena, url, hub->settings->token, &remote, err) ||
        !ask(hub->arena, hub->settings, &question, &remote, &answer, err))
        return false;
    *response = answer.response;
    if (response->status != 200)
        return remote_refused(hub->arena, &remote, response, err);
    if (!json_read(hub->arena, answer.body, (size_t)response->size_bytes, NULL, out, err))
        return error_prefix(err, "%s: the answer is no JSON", remote.shown);
    return true;
}

bool hub_commit(const struct hub *hub, const char **commit_out, struct error *err)
{
    const struct value *answer = NULL;
    struct http_response response;
    const char *commit;

    if (digest_is_git(hub->source->revision)) {
        *commit_out = hub->source->revision;
        return true;
    }
    if (!ask_json(hub, api_url(hub, "revision", hub->source->revision), &answer, &response, err))
        return false;
    commit = value_map_text(answer, "sha");
    if (!digest_is_git(commit))
        return error_set(err, "the hub names no commit for %s (its sha is not 40 hexadecimal digits)",
                         hub->source->shown);
    *commit_out = arena_copy(hub->arena, commit);
    return true;
}

/* --- the tree --- */

static bool read_size(const struct value *map, int64_t *out)
{
    const struct value *size = value_map_get(map, "size");

    if (!value_is(size, VALUE_INT) || size->as.integer < 0)
        return false;
    *out = size->as.integer;
    return true;
}

/* One entry of a tree. Folders are left out. */
static bool read_entry(struct arena *arena, const struct value *entry, struct model_files *out, struct error *err)
{
    const struct value *lfs = value_map_get(entry, "lfs");
    const char *path = value_map_text(entry, "path"), *type = value_map_text(entry, "type");
    struct model_file file = { .path = path, .size = -1 };

    if (type != NULL && strcmp(type, "file") != 0)
        return true;
    if (path == NULL || strlen(path) != value_map_get(entry, "path")->as.string.length || !model_path_is_safe(path))
        return error_set(err, "the hub lists a file whose path cannot be used: '%.100s'",
                         path == NULL || !text_utf8_valid(path, strlen(path)) ? "?" : path);
    if (!read_size(value_is(lfs, VALUE_MAP) ? lfs : entry, &file.size))
        return error_set(err, "the hub gives no size for '%s'", path);
    if (value_is(lfs, VALUE_MAP)) {
        file.sha256 = value_map_text(lfs, "oid");
        if (!digest_is_sha256(file.sha256))
            return error_set(err, "the hub's digest of '%s' is no SHA-256: 64 hexadecimal digits are wanted", path);
    } else {
        file.git = value_map_text(entry, "oid");
        if (!digest_is_git(file.git))
            return error_set(err, "the hub gives no digest for '%s'", path);
    }
    if (out->count >= TREE_FILES_MAX)
        return error_set_kind(err, ERROR_LIMIT, "the repository has more than %d files", TREE_FILES_MAX);
    model_files_add(arena, out, &file);
    return true;
}

static bool read_entries(struct arena *arena, const struct value *list, struct model_files *out, struct error *err)
{
    if (!value_is(list, VALUE_LIST))
        return error_set(err, "the list of files is no list");
    for (size_t i = 0; i < value_count(list); i++) {
        if (!read_entry(arena, value_item(list, i), out, err))
            return false;
    }
    return true;
}

/* The URL of rel="next" in a Link header, or NULL. */
static char *next_link(struct arena *arena, const struct http_response *response)
{
    const char *link = http_header_get(response, "Link");
    const char *start = link == NULL ? NULL : strchr(link, '<'), *end;

    while (start != NULL) {
        end = strchr(start, '>');
        if (end == NULL)
            return NULL;
        size_t rest = strcspn(end, "<");
        const char *rel = memmem(end, rest, "next", 4);
        if (rel != NULL)
            return arena_copy_n(arena, start + 1, (size_t)(end - start - 1));
        start = strchr(end, '<');
    }
    return NULL;
}

/* Where the next page is: on the same hub, or nowhere, as the token goes there. */
static bool next_page(const struct hub *hub, const char *url, const char *link, char **out, struct error *err)
{
    char *joined = NULL, *origin = NULL, *own = NULL;

    if (!http_url_join(hub->arena, url, link, &joined, err) || !http_url_origin(hub->arena, joined, &origin, err) ||
        !http_url_origin(hub->arena, url, &own, err))
        return false;
    if (strcmp(origin, own) != 0)
        return error_set(err, "the hub's list of files goes on at another server (%s): refused", origin);
    *out = joined;
    return true;
}

bool hub_tree(const struct hub *hub, const char *commit, struct model_files *out, struct error *err)
{
    char *url = arena_printf(hub->arena, "%s?recursive=true", api_url(hub, "tree", commit)), *link;
    struct model_files files = { 0 };
    int64_t bytes = 0;

    for (int page = 0;; page++) {
        const struct value *answer = NULL;
        struct http_response response;

        if (page >= TREE_PAGES_MAX || bytes > TREE_BYTES_MAX)
            return error_set_kind(err, ERROR_LIMIT, "the hub's list of files has no end");
        if (!ask_json(hub, url, &answer, &response, err))
            return false;
        bytes += response.size_bytes;
        if (!read_entries(hub->arena, answer, &files, err))
            return error_prefix(err, "%s", hub->source->shown);
        link = next_link(hub->arena, &response);
        if (link == NULL)
            break;
        if (!next_page(hub, url, link, &url, err))
            return error_prefix(err, "%s", hub->source->shown);
    }
    *out = files;
    return true;
}

char *hub_tree_text(struct arena *arena, const struct model_files *files)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < files->count; i++) {
        const struct model_file *file = &files->items[i];
        struct value *entry = value_map(arena);

        value_map_put_string(arena, entry, "path", file->path);
        value_map_put_int(arena, entry, "size", file->size);
        if (file->sha256 != NULL) {
            struct value *lfs = value_map(arena);

            value_map_put_string(arena, lfs, "oid", file->sha256);
            value_map_put_int(arena, lfs, "size", file->size);
            value_map_put(arena, entry, "lfs", lfs);
        } else {
            value_map_put_string(arena, entry, "oid", file->git);
        }
        value_list_add(arena, list, entry);
    }
    return json_text(arena, list, JSON_COMPACT);
}

bool hub_tree_read(struct arena *arena, const char *text, size_t length, struct model_files *out, struct error *err)
{
    const struct value *list = NULL;

    return json_read(arena, text, length, NULL, &list, err) && read_entries(arena, list, out, err);
}

/* --- where a file is --- */

/* What a HEAD of resolve says of the file must be what the tree said. */
static bool check_resolved(const struct model_file *file, const struct http_response *response, struct error *err)
{
    const char *etag = http_header_get(response, "X-Linked-Etag"), *size = http_header_get(response, "X-Linked-Size");
    int64_t bytes = 0;

    if (size != NULL && (!text_to_int(size, &bytes) || bytes != file->size))
        return error_set(err,
                         "the hub contradicts itself: its list says %lld bytes for '%s', its file says another number",
                         (long long)file->size, file->path);
    if (etag == NULL || file->sha256 == NULL)
        return true;
    if (text_starts(etag, "W/"))
        etag += 2;
    etag += etag[0] == '"';
    if (strncmp(etag, file->sha256, 64) != 0 || strspn(etag + 64, "\"") != strlen(etag + 64))
        return error_set(err, "the hub contradicts itself: its list and its file give different digests for '%s'",
                         file->path);
    return true;
}

bool hub_resolve(const struct hub *hub, const char *commit, const struct model_file *file, struct remote *out,
                 struct error *err)
{
    const struct ask question = { .method = "HEAD", .stay = true };
    const char *url = arena_printf(
        hub->arena, "%s/%s/%s/resolve/%s/%s", hub->settings->endpoint, hub->source->organisation,
        hub->source->repository, http_url_escape(hub->arena, commit, ""), http_url_escape(hub->arena, file->path, "/"));
    struct answer answer;
    struct remote remote;

    if (!remote_start(hub->arena, url, hub->settings->token, &remote, err) ||
        !ask(hub->arena, hub->settings, &question, &remote, &answer, err))
        return false;
    if (answer.response.status != 200 && !remote_is_redirect(&answer.response))
        return remote_refused(hub->arena, &remote, &answer.response, err);
    if (!check_resolved(file, &answer.response, err))
        return false;
    if (remote_is_redirect(&answer.response) && !remote_follow(hub->arena, &remote, &answer.response, err))
        return false;
    *out = remote;
    return true;
}
