/* SPDX-License-Identifier: Apache-2.0 */
/* Samples and models, told when something else has woken the daemon: they need no wake-up of their own. */
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/model/model_settings.h"
#include "common/model/pull_value.h"
#include "common/trust/private_file.h"

#define SAMPLE_MS 55000                 /* the long poll ends every minute */
#define SAMPLE_AWAY_MS (10 * 60 * 1000) /* the spool is for what matters more */
#define MODELS_MS (5 * 60 * 1000)
#define MODELS_TOLD 1000
#define SMALL_FILE_MAX ((size_t)256)

static void sample_tell(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    const struct system system = { .root = "" };
    const struct sysfs fs = { .system = &system, .arena = arena };

    daemon_report(daemon, "sample", sample_read(&fs, &daemon->energy, clock_wall_us()));
}

/* --- models --- */

static struct value *models_body(struct arena *arena, const struct model_entry *entries, size_t count)
{
    struct value *body = value_map(arena), *list = value_list(arena);

    for (size_t i = 0; i < count && i < MODELS_TOLD; i++) {
        struct value *model = value_map(arena);

        value_map_put_string(arena, model, "name", entries[i].source);
        value_map_put_string(arena, model, "state", entries[i].missing == 0 ? "complete" : "incomplete");
        value_map_put_string(arena, model, "digest", entries[i].sha256);
        value_map_put_int(arena, model, "bytes", entries[i].size);
        value_list_add(arena, list, model);
    }
    value_map_put(arena, body, "models", list);
    return body;
}

static bool are_news(struct arena *arena, const char *path, const char *hash)
{
    struct error ignored = ERROR_INIT;
    struct der text;
    bool missing = false;

    return !private_file_read(arena, path, SMALL_FILE_MAX, &text, &missing, &ignored) || missing ||
           text.length != strlen(hash) || memcmp(text.data, hash, text.length) != 0;
}

static void models_tell(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    const char *root = getenv("ROOST_MODELS_STORE"), *path = path_join(arena, daemon->identity.paths.folder, "models");
    const struct model_store store = { arena, root == NULL || root[0] == '\0' ? MODEL_STORE_DEFAULT : root };
    struct model_entry *entries = NULL;
    struct store_name *names = NULL;
    struct error err = ERROR_INIT;
    char hash[HASH_HEX_MAX];
    struct value *body;
    const char *text;
    size_t count = 0;

    if (!store_names(&store, "names", &names, &count, &err)) {
        daemon_trouble(daemon, err.text);
        return;
    }
    model_entries(&store, names, count, &entries, &count);
    body = models_body(arena, entries, count);
    text = json_text(arena, body, JSON_COMPACT);
    hash_hex_of(HASH_SHA256, text, strlen(text), hash);
    if (!are_news(arena, path, hash))
        return;
    daemon_report(daemon, "models", body);
    if (!private_file_write(path, hash, strlen(hash), &err))
        daemon_trouble(daemon, err.text);
}

void daemon_sample_step(struct daemon *daemon)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_connected = uplink_is_connected(daemon->uplink);

    if (daemon->is_stopping ||
        (daemon->sampled_ms > 0 && now_ms - daemon->sampled_ms < (is_connected ? SAMPLE_MS : SAMPLE_AWAY_MS)))
        return;
    daemon->sampled_ms = now_ms;
    sample_tell(daemon);
    if (daemon->models_ms > 0 && now_ms - daemon->models_ms < MODELS_MS)
        return;
    daemon->models_ms = now_ms;
    models_tell(daemon);
}
