/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which models this node has: names, paths, digests; of GGUF files also what they are. Headers are read only when the list has changed,
 * as they can be large.
 */
#include "agent/daemon/daemon_models.h"

#include <stdlib.h>
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/model/model_settings.h"
#include "common/model/model_shape_value.h"
#include "common/model/model_source.h"
#include "common/model/pull_value.h"
#include "common/trust/private_file.h"

#define MODELS_TOLD 1000
#define SHAPES_MAX ((size_t)512 * 1024) /* of one report: what is beyond is told without its shape */
#define REPORT_FORM "2 "                /* before the digest of what was told: another form is told again */
#define SMALL_FILE_MAX ((size_t)256)

static struct value *entry_value(struct arena *arena, const struct model_entry *entry)
{
    struct value *model = value_map(arena);

    value_map_put_string(arena, model, "name", entry->source);
    value_map_put_string(arena, model, "state", entry->missing == 0 ? "complete" : "incomplete");
    value_map_put_string(arena, model, "digest", entry->sha256);
    value_map_put_int(arena, model, "bytes", entry->size);
    value_map_put_string(arena, model, "path", entry->path);
    value_map_put_string(arena, model, "links", entry->links);
    return model;
}

static struct value *models_body(struct arena *arena, const struct model_entry *entries, size_t count)
{
    struct value *body = value_map(arena), *list = value_list(arena);

    for (size_t i = 0; i < count && i < MODELS_TOLD; i++)
        value_list_add(arena, list, entry_value(arena, &entries[i]));
    value_map_put(arena, body, "models", list);
    return body;
}

/* What cannot be read as a model is none: other files may lie in a store, too. */
static const struct value *shape_of(struct arena *arena, const struct model_entry *entry)
{
    ARENA_SCOPED scratch = arena_new();
    struct model_shape *shape = NULL;
    struct error ignored = ERROR_INIT;

    if (entry->missing > 0 || !model_path_is_gguf(entry->path) ||
        !model_shape_of_file(scratch, entry->path, &shape, &ignored))
        return NULL;
    return model_shape_value(arena, shape);
}

static struct value *shaped_body(struct arena *arena, const struct model_entry *entries, size_t count)
{
    struct value *body = value_map(arena), *list = value_list(arena);
    size_t used = 0;

    for (size_t i = 0; i < count && i < MODELS_TOLD; i++) {
        struct value *model = entry_value(arena, &entries[i]);
        const struct value *shape = used < SHAPES_MAX ? shape_of(arena, &entries[i]) : NULL;

        if (shape != NULL) {
            used += strlen(json_text(arena, shape, JSON_COMPACT));
            value_map_put(arena, model, "shape", value_copy(arena, shape));
        }
        value_list_add(arena, list, model);
    }
    value_map_put(arena, body, "models", list);
    return body;
}

static bool are_news(struct arena *arena, const char *path, const char *mark)
{
    struct error ignored = ERROR_INIT;
    struct der text;
    bool missing = false;

    return !private_file_read(arena, path, SMALL_FILE_MAX, &text, &missing, &ignored) || missing ||
           text.length != strlen(mark) || memcmp(text.data, mark, text.length) != 0;
}

void daemon_models_tell(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    const char *root = getenv("ROOST_MODELS_STORE"), *path = path_join(arena, daemon->identity.paths.folder, "models");
    const struct model_store store = { arena, root == NULL || root[0] == '\0' ? MODEL_STORE_DEFAULT : root };
    struct model_entry *entries = NULL;
    struct store_name *names = NULL;
    struct error err = ERROR_INIT;
    char hash[HASH_HEX_MAX];
    const char *text, *mark;
    size_t count = 0;

    if (!store_names(&store, "names", &names, &count, &err)) {
        daemon_trouble(daemon, err.text);
        return;
    }
    model_entries(&store, names, count, &entries, &count);
    text = json_text(arena, models_body(arena, entries, count), JSON_COMPACT);
    hash_hex_of(HASH_SHA256, text, strlen(text), hash);
    mark = arena_printf(arena, REPORT_FORM "%s", hash);
    if (!are_news(arena, path, mark))
        return;
    daemon_report(daemon, "models", shaped_body(arena, entries, count));
    daemon->is_bloated = true;
    if (!private_file_write(path, mark, strlen(mark), &err))
        daemon_trouble(daemon, err.text);
}
