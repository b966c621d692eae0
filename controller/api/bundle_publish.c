/* SPDX-License-Identifier: Apache-2.0 */
/* Versions, signatures, and what follows from them: rows, work for the node, files forgotten. */
#include "controller/api/bundle_publish.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/json/json.h"
#include "common/trust/bundle_text.h"
#include "controller/store/store_node.h"
#include "controller/store/store_node_work.h"

static bool node_tell(struct store_connection *writer, int64_t node_id, int64_t now_us, struct error *err)
{
    const struct store_node_work work = { .kind = "bundle", .created_us = now_us };
    int64_t number = 0;

    return store_node_work_drop(writer, node_id, work.kind, err) &&
           store_node_work_add(writer, node_id, &work, &number, err);
}

bool bundle_publish(struct store_connection *writer, struct arena *arena, const struct authority *authority,
                    const struct bundle_wish *wish, int64_t *version_out, struct error *err)
{
    struct bundle_manifest manifest = { .node = wish->node,
                                        .version = wish->now_us,
                                        .created_us = wish->now_us,
                                        .expires_us = wish->now_us + wish->life_us,
                                        .minimum_agent = BUNDLE_MINIMUM_AGENT,
                                        .files = wish->files,
                                        .files_count = wish->files_count };
    struct store_bundle bundle = { .node_id = wish->node_id,
                                   .generation = wish->node.generation,
                                   .created_us = manifest.created_us,
                                   .expires_us = manifest.expires_us,
                                   .created_by = wish->created_by,
                                   .playbook = wish->playbook };
    const char **hashes = arena_new_array(arena, const char *, wish->files_count + 1);
    struct store_bundle *known = NULL;
    struct der text = { 0 };

    if (!store_bundle_get(writer, arena, wish->node_id, &known, err))
        return false;
    if (known != NULL && known->version >= manifest.version)
        manifest.version = known->version + 1;
    if (!bundle_manifest_sign(arena, &manifest, authority->signing_key, &text, err))
        return error_prefix(err, "the bundle of node %s", wish->node.name);
    bundle.version = manifest.version;
    bundle.manifest = arena_copy_n(arena, (const char *)text.data, text.length);
    for (size_t i = 0; i < wish->files_count; i++)
        hashes[i] = wish->files[i].sha256;
    *version_out = manifest.version;
    return store_bundle_set(writer, &bundle, hashes, wish->files_count, err) &&
           node_tell(writer, wish->node_id, wish->now_us, err);
}

/* Behind the line with the signature; what the store holds was signed here. */
static bool manifest_of(struct arena *arena, const struct store_bundle *bundle, struct bundle_manifest *out,
                        struct error *err)
{
    const char *json = strchr(bundle->manifest, '\n');

    return (json != NULL &&
            bundle_text_read(arena, (struct der){ (const unsigned char *)json + 1, strlen(json + 1) }, out, err)) ||
           error_prefix(err, "the manifest that is kept for node %s", bundle->node);
}

bool bundle_renew(struct store_connection *writer, struct arena *arena, const struct authority *authority,
                  const struct store_bundle *bundle, int64_t now_us, struct error *err)
{
    struct bundle_wish wish = { .node_id = bundle->node_id,
                                .node = { bundle->node, bundle->node_generation },
                                .playbook = bundle->playbook,
                                .created_by = bundle->created_by,
                                .now_us = now_us,
                                .life_us = bundle->expires_us - bundle->created_us };
    struct bundle_manifest manifest;
    int64_t version = 0;

    if (!manifest_of(arena, bundle, &manifest, err))
        return false;
    wish.files = manifest.files;
    wish.files_count = manifest.files_count;
    return bundle_publish(writer, arena, authority, &wish, &version, err);
}

bool bundle_tell(struct store_connection *writer, struct api_call *call, const struct bundle_wish *wish,
                 int64_t version, struct error *err)
{
    struct value *detail = value_map(call->arena);
    const struct center_event event = {
        .kind = "bundle.published", .node_id = wish->node_id, .node = wish->node.name, .detail = detail
    };

    value_map_put_int(call->arena, detail, "version", version);
    value_map_put_string(call->arena, detail, "playbook", *wish->playbook == '\0' ? NULL : wish->playbook);
    value_map_put_string(call->arena, detail, "by", call->identity.name);
    return center_event_add(writer, call->arena, &event, err) &&
           center_audit(writer, call, *wish->playbook == '\0' ? "bundle.withdraw" : "bundle.publish", wish->node.name,
                        json_text(call->arena, detail, JSON_COMPACT), err);
}

struct bundle_wish bundle_withdrawal(const struct api_call *call, const struct store_bundle *bundle)
{
    return (struct bundle_wish){ .node_id = bundle->node_id,
                                 .node = { bundle->node, bundle->node_generation },
                                 .playbook = "",
                                 .created_by = call->identity.name,
                                 .now_us = clock_wall_us(),
                                 .life_us = BUNDLE_LIFE_S * 1000000 };
}

bool bundle_withhold(struct store_connection *writer, struct api_call *call, int64_t node_id, struct error *err)
{
    struct store_bundle *bundle = NULL;
    struct bundle_wish wish;
    int64_t version = 0;

    if (!store_bundle_get(writer, call->arena, node_id, &bundle, err))
        return false;
    if (bundle == NULL || *bundle->playbook == '\0')
        return true;
    wish = bundle_withdrawal(call, bundle);
    return bundle_publish(writer, call->arena, center_of(call)->authority, &wish, &version, err) &&
           bundle_tell(writer, call, &wish, version, err);
}

struct value *bundle_value(struct api_call *call, const struct store_bundle *bundle)
{
    struct value *out = value_map(call->arena);
    bool is_withdrawn = *bundle->playbook == '\0';

    value_map_put_string(call->arena, out, "node", bundle->node);
    value_map_put_string(call->arena, out, "playbook", is_withdrawn ? NULL : bundle->playbook);
    value_map_put_bool(call->arena, out, "withdrawn", is_withdrawn);
    value_map_put_int(call->arena, out, "version", bundle->version);
    value_map_put_int(call->arena, out, "taken_version", bundle->taken_version);
    value_map_put_string(call->arena, out, "state",
                         bundle->taken_version != bundle->version ? "waiting"
                         : is_withdrawn                           ? "withdrawn"
                                                                  : "taken");
    center_put_time(call, out, "taken_at", bundle->taken_us);
    value_map_put_int(call->arena, out, "files", bundle->file_count);
    value_map_put_string(call->arena, out, "created_by", bundle->created_by);
    center_put_time(call, out, "created", bundle->created_us);
    center_put_time(call, out, "expires", bundle->expires_us);
    return out;
}

/* --- by the clock --- */

struct renewal {
    struct arena *arena;
    struct center *center;
    struct store_bundle *bundles;
    size_t count;
    int64_t now_us;
};

static bool renewal_run(struct store_connection *writer, void *data, struct error *err)
{
    struct renewal *renewal = data;

    if (!store_bundle_due(writer, renewal->arena, renewal->now_us, &renewal->bundles, &renewal->count, err))
        return false;
    for (size_t i = 0; i < renewal->count; i++) {
        if (!bundle_renew(writer, renewal->arena, renewal->center->authority, &renewal->bundles[i], renewal->now_us,
                          err))
            return false;
    }
    return true;
}

/* What was signed is due no more, so this ends. */
static bool renew_all(struct center *center, int64_t now_us, struct error *err)
{
    struct renewal renewal = { .center = center, .now_us = now_us, .count = STORE_BUNDLE_DUE };
    bool ok = true;

    while (ok && renewal.count == STORE_BUNDLE_DUE) {
        renewal.arena = arena_new();
        ok = store_write_wait(center->store, renewal_run, &renewal, err);
        for (size_t i = 0; ok && i < renewal.count; i++)
            api_wake(center->server, api_topic("work", renewal.bundles[i].node_id));
        arena_free(renewal.arena);
    }
    return ok;
}

struct forgetting {
    struct center *center;
    struct store_connection *writer;
    int64_t now_us;
};

/* What cannot be looked up stays. */
static bool is_used(void *data, const char *sha256)
{
    struct forgetting *forgetting = data;
    struct error err = ERROR_INIT;
    bool used = true;

    return !store_file_used(forgetting->writer, sha256, &used, &err) || used;
}

/* In the writer's thread, so that nothing is published between looking and removing. */
static bool forget_run(struct store_connection *writer, void *data, struct error *err)
{
    struct forgetting *forgetting = data;
    const struct file_store_use use = { is_used, forgetting, forgetting->now_us };
    size_t count = 0;

    forgetting->writer = writer;
    return file_store_forget(forgetting->center->files, &use, &count, err);
}

bool bundle_step(struct center *center, int64_t now_us, struct error *err)
{
    struct forgetting forgetting = { .center = center, .now_us = now_us };

    return renew_all(center, now_us, err) && store_write_wait(center->store, forget_run, &forgetting, err);
}
