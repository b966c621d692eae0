/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the text of a source, and the names that files of models have. */
#include "common/model/model_source.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define NAME_MAX_LENGTH 96
#define REVISION_MAX_LENGTH 200
#define SHARD_TAIL_LENGTH 20 /* -00001-of-00003.gguf */

static bool is_name(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > NAME_MAX_LENGTH || text[0] == '.')
        return false;
    for (const char *at = text; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && strchr("-_.", *at) == NULL)
            return false;
    }
    return true;
}

static bool is_printable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    }
    return true;
}

bool model_path_is_safe(const char *path)
{
    if (path[0] == '\0' || path[0] == '/' || strlen(path) > 1024 || !is_printable(path))
        return false;
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        size_t length;

        part += *part == '/';
        length = strcspn(part, "/");
        if (length == 0 || length > 255 || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.'))
            return false;
    }
    return true;
}

static bool refuse(struct error *err, const char *text, const char *what)
{
    return error_set(err, "the source '%.200s' cannot be used: %s", text, what);
}

/* Takes "@REVISION" out of `rest`, which is what follows ORG/. */
static const char *take_revision(struct arena *arena, char *rest)
{
    size_t name = strcspn(rest, "/@");
    char *at = rest[name] == '@' ? rest + name : strrchr(rest, '@');
    char *revision, *end;

    if (at == NULL)
        return "main";
    revision = arena_copy(arena, at + 1);
    *at = '\0';
    if (at != rest + name)
        return revision;
    /* ORG/REPO@REVISION/FILE: branches of the kind refs/pr/7 have slashes of their own */
    end = revision;
    for (int parts = text_starts(revision, "refs/") ? 3 : 1; parts > 0 && end != NULL; parts--)
        end = strchr(end + (end != revision), '/');
    if (end != NULL) {
        memcpy(at, end, strlen(end) + 1); /* it is a copy of what stood here, and shorter */
        *end = '\0';
    }
    return revision;
}

static bool parse_hub(struct arena *arena, const char *text, struct model_source *out, struct error *err)
{
    char *rest = arena_copy(arena, text + strlen("hf://"));
    char *slash = strchr(rest, '/'), *path;
    struct model_source source = { .kind = MODEL_SOURCE_HUB, .shown = text };

    if (slash == NULL)
        return refuse(err, text, "expected hf://ORG/REPO[/FILE][@REVISION]");
    *slash = '\0';
    source.organisation = rest;
    source.revision = take_revision(arena, slash + 1);
    source.repository = slash + 1;
    path = strchr(slash + 1, '/');
    if (path != NULL)
        *path++ = '\0';
    source.path = path == NULL ? "" : path;
    if (path != NULL && text_ends(path, "/"))
        path[strlen(path) - 1] = '\0';
    if (!is_name(source.organisation) || !is_name(source.repository))
        return refuse(err, text, "organisation and repository are letters, digits, '-', '_' and '.'");
    if (source.path[0] != '\0' && !model_path_is_safe(source.path))
        return refuse(err, text, "this is no path in a repository");
    if (source.revision[0] == '\0' || strlen(source.revision) > REVISION_MAX_LENGTH ||
        !model_path_is_safe(source.revision))
        return refuse(err, text, "this is no revision");
    *out = source;
    return true;
}

static const char *shown_url(struct arena *arena, const char *url)
{
    const char *host = strstr(url, "://") + 3;
    const char *at = memrchr(host, '@', strcspn(host, "/?#"));
    const char *tail = at == NULL ? host : at + 1;

    return arena_printf(arena, "%.*s%.*s", (int)(host - url), url, (int)strcspn(tail, "?#"), tail);
}

bool model_source_parse(struct arena *arena, const char *text, struct model_source *out, struct error *err)
{
    static const char schemes[] = "it starts with hf://, https://, http:// or file://";

    if (!is_printable(text) || strlen(text) > 4096)
        return refuse(err, "...", "it holds what cannot be printed, or is too long");
    if (text_starts(text, "hf://"))
        return parse_hub(arena, text, out, err);
    if (text_starts(text, "https://") || text_starts(text, "http://")) {
        const char *shown = shown_url(arena, text);
        const char *name = path_basename(shown);

        if (strchr("/:", strstr(shown, "://")[3]) != NULL || !model_path_is_safe(name) ||
            strchr(strstr(shown, "://") + 3, '/') == NULL)
            return refuse(err, shown, "the URL names no file");
        *out = (struct model_source){ .kind = MODEL_SOURCE_URL,
                                      .shown = shown,
                                      .url = arena_copy(arena, text),
                                      .path = arena_copy(arena, name),
                                      .revision = "" };
        return true;
    }
    if (!text_starts(text, "file:///"))
        return refuse(err, text, schemes);
    *out = (struct model_source){ .kind = MODEL_SOURCE_FILE, .shown = text, .revision = "" };
    out->url = path_normalize(arena, text + strlen("file://"));
    out->path = path_basename(out->url);
    return out->path[0] != '\0' || refuse(err, text, "the path names no file");
}

bool model_source_is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

static bool read_digits(const char *text, int *out)
{
    int number = 0;

    for (int i = 0; i < 5; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *out = number;
    return true;
}

bool model_shard_parse(struct arena *arena, const char *path, struct model_shard *out)
{
    size_t length = strlen(path);
    const char *tail = path + length - SHARD_TAIL_LENGTH;
    struct model_shard shard = { 0 };

    if (length <= SHARD_TAIL_LENGTH || tail[0] != '-' || strncmp(tail + 6, "-of-", 4) != 0 ||
        strcmp(tail + 15, ".gguf") != 0 || !read_digits(tail + 1, &shard.number) ||
        !read_digits(tail + 10, &shard.count))
        return false;
    if (shard.number < 1 || shard.number > shard.count)
        return false;
    shard.stem = arena_copy_n(arena, path, (size_t)(tail - path));
    *out = shard;
    return true;
}

char *model_shard_path(struct arena *arena, const struct model_shard *shard, int number)
{
    return arena_printf(arena, "%s-%05d-of-%05d.gguf", shard->stem, number, shard->count);
}

bool model_path_is_gguf(const char *path)
{
    size_t length = strlen(path);

    return length > 5 && strcasecmp(path + length - 5, ".gguf") == 0;
}

bool model_path_is_projector(const char *path)
{
    return strncasecmp(path_basename(path), "mmproj", 6) == 0 && model_path_is_gguf(path);
}
