/* SPDX-License-Identifier: Apache-2.0 */
/* Making and remaking the signed manifests of nodes. */
#pragma once

#include "common/trust/bundle_manifest.h"
#include "controller/api/center.h"
#include "controller/store/store_bundle.h"

#define BUNDLE_MINIMUM_AGENT "0.1.0"
#define BUNDLE_LIFE_S ((int64_t)30 * 86400) /* of a manifest; it is signed anew when half of that is over */
#define BUNDLE_LIFE_MIN_S ((int64_t)60)
#define BUNDLE_LIFE_MAX_S ((int64_t)3650 * 86400)

struct bundle_wish {
    int64_t node_id;
    struct node_identity node;
    const char *playbook; /* as the publisher names it; "": withdrawn, without files */
    const char *created_by;
    const struct bundle_file *files;
    size_t files_count;
    int64_t now_us, life_us;
};

/* In the writer's thread. The version is larger than the node's last one and not below the microseconds of now, so that it
 * grows even over a restore of the store from an older backup. The node is told (work `bundle`). */
bool bundle_publish(struct store_connection *writer, struct arena *arena, const struct authority *authority,
                    const struct bundle_wish *wish, int64_t *version_out, struct error *err);
/* The same files, signed anew for the node as it is now. */
bool bundle_renew(struct store_connection *writer, struct arena *arena, const struct authority *authority,
                  const struct store_bundle *bundle, int64_t now_us, struct error *err);
/* The event and the line of the audit log for a bundle that was published or withdrawn by this call. */
bool bundle_tell(struct store_connection *writer, struct api_call *call, const struct bundle_wish *wish,
                 int64_t version, struct error *err);
/* A manifest without files in place of the bundle: signed like any other, so that an older one cannot be played back. */
struct bundle_wish bundle_withdrawal(const struct api_call *call, const struct store_bundle *bundle);
/* A node that is revoked: its bundle is withdrawn, if it has one, so that who comes in under its name later gets nothing of it
 * before it is published anew. In the writer's thread. */
bool bundle_withhold(struct store_connection *writer, struct api_call *call, int64_t node_id, struct error *err);
/* {node, playbook, version, ...} for answers. */
struct value *bundle_value(struct api_call *call, const struct store_bundle *bundle);
/* By the clock: signs anew what is half through its time, forgets files that nothing needs. Blocks; for the service's thread. */
bool bundle_step(struct center *center, int64_t now_us, struct error *err);
