/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding request bodies as Python's json, urllib and email do. Files of a form are read here. */
#include "agent/task/uri_body.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

#define BASE64_LINE 76
#define FORM_TYPE "application/x-www-form-urlencoded"

/* --- application/x-www-form-urlencoded --- */

static void quote(struct text *out, const char *data)
{
    for (const char *at = data; *at; at++) {
        if (isalnum((unsigned char)*at) || strchr("_.-~", *at))
            text_add_char(out, *at);
        else if (*at == ' ')
            text_add_char(out, '+');
        else
            text_printf(out, "%%%02X", (unsigned)(unsigned char)*at);
    }
}

static void add_field(struct text *out, const struct value *key, const struct value *item)
{
    if (value_is(item, VALUE_NULL))
        return;
    if (out->length > 0)
        text_add_char(out, '&');
    quote(out, value_to_text(out->arena, key));
    text_add_char(out, '=');
    quote(out, value_to_text(out->arena, item));
}

/* A list gives the field once for each item, a mapping once for each key. */
static void add_fields(struct text *out, const struct value *key, const struct value *item)
{
    if (item->kind != VALUE_LIST && item->kind != VALUE_MAP) {
        add_field(out, key, item);
        return;
    }
    for (size_t i = 0; i < value_count(item); i++)
        add_field(out, key, item->kind == VALUE_LIST ? value_item(item, i) : value_pair_at(item, i)->key);
}

static bool form_add(struct text *out, const struct value *body, struct error *err)
{
    for (size_t i = 0; i < value_count(body); i++) {
        if (body->kind == VALUE_MAP) {
            add_fields(out, value_pair_at(body, i)->key, value_pair_at(body, i)->item);
            continue;
        }
        const struct value *pair = value_item(body, i);
        if (!value_is(pair, VALUE_LIST) || value_count(pair) != 2)
            return error_set(err, "failed to parse body as form_urlencoded: item %zu is no pair of name and value",
                             i + 1);
        add_fields(out, value_item(pair, 0), value_item(pair, 1));
    }
    return true;
}

/* --- multipart/form-data --- */

static const char *mime_of(const char *filename)
{
    static const struct {
        const char *extension, *type;
    } types[] = {
        { ".bin", "application/octet-stream" },
        { ".bz2", "application/octet-stream" },
        { ".conf", "text/plain" },
        { ".css", "text/css" },
        { ".csv", "text/csv" },
        { ".gif", "image/gif" },
        { ".htm", "text/html" },
        { ".html", "text/html" },
        { ".jpeg", "image/jpeg" },
        { ".jpg", "image/jpeg" },
        { ".js", "application/javascript" },
        { ".json", "application/json" },
        { ".md", "text/markdown" },
        { ".mp3", "audio/mpeg" },
        { ".mp4", "video/mp4" },
        { ".pdf", "application/pdf" },
        { ".png", "image/png" },
        { ".py", "text/x-python" },
        { ".sh", "application/x-sh" },
        { ".svg", "image/svg+xml" },
        { ".tar", "application/x-tar" },
        { ".txt", "text/plain" },
        { ".wav", "audio/x-wav" },
        { ".xml", "text/xml" },
        { ".zip", "application/zip" },
    };
    const char *extension = path_extension(filename);

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].extension, extension) == 0)
            return types[i].type;
    return "application/octet-stream";
}

static void add_quoted(struct text *out, const char *name, const char *value)
{
    text_printf(out, "; %s=\"", name);
    for (const char *at = value; *at; at++) {
        if (*at == '"' || *at == '\\')
            text_add_char(out, '\\');
        text_add_char(out, *at == '\r' || *at == '\n' ? ' ' : *at);
    }
    text_add_char(out, '"');
}

static void add_head(struct text *out, const char *type, bool is_base64, const char *name, const char *filename)
{
    if (is_base64)
        text_add(out, "Content-Transfer-Encoding: base64\r\n");
    text_printf(out, "Content-Type: %s\r\nContent-Disposition: form-data", type);
    add_quoted(out, "name", name);
    if (filename)
        add_quoted(out, "filename", path_basename(filename));
    text_add(out, "\r\n\r\n");
}

/* `there`: its content, or NULL: it is read. */
static bool add_file(struct text *out, const char *filename, const struct value *there, struct error *err)
{
    char *read = NULL;
    size_t length = 0;

    if (!there && !file_read(out->arena, filename, LIMIT_HTTP_BODY, &read, &length, err))
        return false;
    const char *data = there ? there->as.string.data : read;
    if (there)
        length = there->as.string.length;
    const char *encoded = base64_encode(out->arena, data, length);
    for (size_t left = strlen(encoded); left > 0;) {
        size_t line = left < BASE64_LINE ? left : BASE64_LINE;
        text_add_n(out, encoded, line);
        text_add(out, "\r\n");
        encoded += line;
        left -= line;
    }
    text_add(out, "\r\n");
    return true;
}

/* The text of a map's key; NULL when it is absent or empty. */
static const char *part_text(struct arena *arena, const struct value *map, const char *key)
{
    const struct value *item = value_map_get(map, key);
    const char *text = !item || value_is(item, VALUE_NULL) ? NULL : value_to_text(arena, item);

    return text && text[0] ? text : NULL;
}

static bool add_part(struct text *out, const char *name, const struct value *item, const struct value *there,
                     struct error *err)
{
    const char *text = value_text(item);

    if (text) {
        add_head(out, "text/plain", false, name, NULL);
        text_printf(out, "%s\r\n", text);
        return true;
    }
    if (!value_is(item, VALUE_MAP))
        return error_set(
            err, "failed to parse body as form-multipart: value must be a string, or mapping, cannot be type %s",
            value_kind_text(item));
    const char *filename = part_text(out->arena, item, "filename");
    const char *content = part_text(out->arena, item, "content");
    const char *type = part_text(out->arena, item, "mime_type");
    if (!filename && !content)
        return error_set(
            err, "failed to parse body as form-multipart: at least one of filename or content must be provided");
    if (type && strpbrk(type, "\r\n"))
        return error_set(err, "the mime_type of '%s' holds a line break", name);
    add_head(out, type ? type : mime_of(filename ? filename : ""), !content, name, filename);
    if (!content)
        return add_file(out, filename, there, err);
    text_printf(out, "%s\r\n", content);
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool multipart_make(struct arena *arena, const struct value *body, const struct value *files,
                           struct uri_body *out, struct error *err)
{
    size_t count = value_count(body);
    const char **names = arena_new_array(arena, const char *, count + 1);
    struct text parts = text_new(arena);
    char hex[HASH_HEX_MAX];

    if (!value_is(body, VALUE_MAP))
        return error_set(err, "failed to parse body as form-multipart: Mapping is required, cannot be type %s",
                         value_kind_text(body));
    for (size_t i = 0; i < count; i++)
        names[i] = value_to_text(arena, value_pair_at(body, i)->key);
    qsort(names, count, sizeof(*names), compare_keys);
    /* A boundary that follows from the content cannot be part of it. */
    const char *whole = json_text(arena, body, JSON_COMPACT);
    const char *boundary =
        arena_printf(arena, "===============%.32s==", hash_hex_of(HASH_SHA256, whole, strlen(whole), hex));
    for (size_t i = 0; i < count; i++) {
        text_printf(&parts, "--%s\r\n", boundary);
        if (!add_part(&parts, names[i], value_map_get(body, names[i]), value_map_get(files, names[i]), err))
            return false;
    }
    text_printf(&parts, "--%s--\r\n", boundary);
    *out = (struct uri_body){ parts.data, parts.length,
                              arena_printf(arena, "multipart/form-data; boundary=\"%s\"", boundary) };
    return true;
}

static bool form_make(struct arena *arena, const struct value *body, struct uri_body *out, struct error *err)
{
    struct text form = text_new(arena);

    text_add(&form, "");
    if (!form_add(&form, body, err))
        return false;
    *out = (struct uri_body){ form.data ? form.data : "", form.length, FORM_TYPE };
    return true;
}

bool uri_body_make(struct arena *arena, const char *format, const struct value *body, const struct value *files,
                   struct uri_body *out, struct error *err)
{
    bool is_absent = !body || body->kind == VALUE_NULL;
    const char *type = NULL;

    if (strcmp(format, "form-multipart") == 0)
        return multipart_make(arena, body, files, out, err);
    if (strcmp(format, "json") == 0) {
        type = "application/json";
        if (is_absent || body->kind != VALUE_STRING) {
            const char *json = is_absent ? "null" : json_text(arena, body, JSON_PYTHON);
            *out = (struct uri_body){ json, strlen(json), type };
            return true;
        }
    } else if (strcmp(format, "form-urlencoded") == 0) {
        type = FORM_TYPE;
        if (!is_absent && (body->kind == VALUE_LIST || body->kind == VALUE_MAP))
            return form_make(arena, body, out, err);
    }
    const char *text = is_absent ? NULL : value_to_text(arena, body);
    *out = (struct uri_body){ text, text ? strlen(text) : 0, type };
    return true;
}
