/* SPDX-License-Identifier: Apache-2.0 */
/* From the JSON of a publisher to what is signed. */
#include "controller/api/bundle_body.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/trust/bundle_rules.h"
#include "controller/store/store_node.h"

struct bundle_body {
    const char *playbook;
    const struct value *files, *nodes;
    int64_t expires_s;
};

static const struct arg_spec bundle_body_args[] = {
    ARG(bundle_body, playbook, ARG_STRING, .required = true, .help = "its name, as people know it"),
    ARG(bundle_body, expires_s, ARG_INT, .default_text = "2592000",
        .help = "how long a node may go without hearing from the controller; signed anew when half of it is over"),
    ARG(bundle_body, files, ARG_VALUES, .required = true,
        .help = "list of {path, sha256, bytes, mode}: for every node"),
    ARG(bundle_body, nodes, ARG_VALUES, .required = true, .help = "list of {node, files}: files for this node alone"),
    ARG_END,
};
const struct task_spec bundle_body_spec = { .name = "bundle",
                                            .args = bundle_body_args,
                                            .args_size = sizeof(struct bundle_body) };

static bool refuse(struct api_call *call, const char *code, const char *message)
{
    api_reply_error(call, 400, code, "%s", message);
    return false;
}

/* Rules of paths are the manifest's; here: the file is there, as large as is said. */
static bool file_read_one(struct api_call *call, const struct value *given, struct bundle_file *out)
{
    const struct value *bytes = value_map_get(given, "bytes"), *mode = value_map_get(given, "mode");
    int64_t size = 0;

    out->path = value_map_text(given, "path");
    out->sha256 = value_map_text(given, "sha256");
    if (out->path == NULL || out->sha256 == NULL || !value_is(bytes, VALUE_INT) || !value_is(mode, VALUE_INT) ||
        mode->as.integer < 0 || mode->as.integer > 0777)
        return refuse(call, "bad_file", "a file needs path, sha256, bytes and mode (0 to 0777)");
    out->size = bytes->as.integer;
    out->mode = (unsigned)mode->as.integer;
    if (!file_store_hold(center_of(call)->files, out->sha256, &size)) {
        api_reply_error(call, 409, "file_missing", "file %.80s ('%s') is not here: send it first", out->sha256,
                        out->path);
        return false;
    }
    return size == out->size || refuse(call, "bad_file",
                                       arena_printf(call->arena, "'%s' has %lld bytes, not %lld", out->path,
                                                    (long long)size, (long long)out->size));
}

static bool files_read(struct api_call *call, const struct value *given, struct bundle_file *out)
{
    for (size_t i = 0; i < value_count(given); i++) {
        if (!file_read_one(call, value_item(given, i), &out[i]))
            return false;
    }
    return true;
}

static bool node_find(struct api_call *call, const char *name, struct bundle_wish *out)
{
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;

    if (name == NULL)
        return refuse(call, "bad_member", "an entry of nodes needs node and files");
    if (!store_node_by_name(center_of(call)->reader, call->arena, name, &node, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (node == NULL || node->state != STORE_NODE_ACTIVE) {
        api_reply_error(call, node == NULL ? 404 : 409, node == NULL ? "node_unknown" : "node_not_active",
                        node == NULL ? "there is no node '%s'" : "node '%s' has not joined, or was revoked", name);
        return false;
    }
    out->node_id = node->id;
    out->node = (struct node_identity){ node->name, node->generation };
    return true;
}

/* What a node would refuse is not signed for it. */
static bool wish_check(struct api_call *call, struct bundle_wish *wish, struct bundle_file *files)
{
    const struct bundle_manifest manifest = { .version = 1,
                                              .node = wish->node,
                                              .created_us = wish->now_us,
                                              .expires_us = wish->now_us + wish->life_us,
                                              .minimum_agent = BUNDLE_MINIMUM_AGENT,
                                              .files = files,
                                              .files_count = wish->files_count };
    struct error err = ERROR_INIT;

    if (wish->files_count > 0)
        qsort(files, wish->files_count, sizeof(*files), bundle_rules_order);
    wish->files = files;
    return bundle_rules_check(&manifest, &err) || refuse(call, "bad_bundle", err.text);
}

/* `common` are read already; each node's list is they and its own. */
static bool node_read(struct api_call *call, const struct value *given, const struct bundle_wish *common,
                      struct bundle_wish *out)
{
    const struct value *own = value_map_get(given, "files");
    size_t count = common->files_count + value_count(own);
    struct bundle_file *files = arena_new_array(call->arena, struct bundle_file, count + 1);

    *out = *common;
    if (!node_find(call, value_map_text(given, "node"), out) || !files_read(call, own, files + common->files_count))
        return false;
    if (common->files_count > 0)
        memcpy(files, common->files, common->files_count * sizeof(*files));
    out->files_count = count;
    return wish_check(call, out, files);
}

static bool is_named_twice(const struct bundle_wish *wishes, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        if (wishes[i].node_id == wishes[count - 1].node_id)
            return true;
    }
    return false;
}

static bool body_check(struct api_call *call, const struct bundle_body *body)
{
    if (*body->playbook == '\0' || strlen(body->playbook) > LIMIT_BUNDLE_PATH)
        return refuse(call, "bad_member", "playbook: expected a name");
    if (body->expires_s < BUNDLE_LIFE_MIN_S || body->expires_s > BUNDLE_LIFE_MAX_S)
        return refuse(call, "bad_member",
                      arena_printf(call->arena, "expires_s is %lld: from %lld to %lld are possible",
                                   (long long)body->expires_s, (long long)BUNDLE_LIFE_MIN_S,
                                   (long long)BUNDLE_LIFE_MAX_S));
    if (value_count(body->nodes) == 0 || value_count(body->nodes) > BUNDLE_NODES_MAX)
        return refuse(call, "bad_member",
                      arena_printf(call->arena, "nodes: from 1 to %d in one request", BUNDLE_NODES_MAX));
    return value_count(body->files) <= LIMIT_BUNDLE_FILES ||
           refuse(call, "bad_member", arena_printf(call->arena, "files: %d at most", LIMIT_BUNDLE_FILES));
}

bool bundle_body_read(struct api_call *call, struct bundle_wish **out, size_t *count_out)
{
    const struct bundle_body *body = call->body;
    size_t count = value_count(body->nodes);
    struct bundle_wish *wishes = arena_new_array(call->arena, struct bundle_wish, count + 1);
    struct bundle_file *files = arena_new_array(call->arena, struct bundle_file, value_count(body->files) + 1);
    const struct bundle_wish common = { .playbook = body->playbook,
                                        .created_by = call->identity.name,
                                        .files = files,
                                        .files_count = value_count(body->files),
                                        .now_us = clock_wall_us(),
                                        .life_us = body->expires_s * 1000000 };

    if (!body_check(call, body) || !files_read(call, body->files, files))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!node_read(call, value_item(body->nodes, i), &common, &wishes[i]))
            return false;
        if (is_named_twice(wishes, i + 1))
            return refuse(call, "bad_member", arena_printf(call->arena, "node %s is named twice", wishes[i].node.name));
    }
    *out = wishes;
    *count_out = count;
    return true;
}
