/* SPDX-License-Identifier: Apache-2.0 */
/* All that a pass decides by: rows of the store, declarations, who was heard when. */
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/launcher/launcher_internal.h"
#include "controller/store/store_node.h"

#include <math.h>
#include <string.h>

/* --- declarations --- */

static void declared_read(struct declared *declared, const struct store_workload *row)
{
    const struct value *map = NULL;
    struct error err = ERROR_INIT;

    arena_reset(declared->arena);
    declared->id = row->id;
    declared->revision = row->revision;
    declared->is_readable = json_read(declared->arena, row->declaration, strlen(row->declaration), NULL, &map, &err) &&
                            workload_bind(declared->arena, map, &declared->workload, &err);
    declared->wrong = declared->is_readable ? NULL : arena_copy(declared->arena, err.text);
}

const struct declared *declared_of(struct launcher *launcher, const struct store_workload *row)
{
    struct declared *declared = launcher->declared;

    while (declared != NULL && declared->id != row->id)
        declared = declared->next;
    if (declared == NULL) {
        struct arena *own = arena_new();

        declared = arena_new_of(own, struct declared);
        *declared = (struct declared){ .next = launcher->declared, .own = own, .arena = arena_new(), .revision = -1 };
        launcher->declared = declared;
    }
    declared->is_seen = true;
    if (declared->id != row->id || declared->revision != row->revision)
        declared_read(declared, row);
    return declared;
}

/* --- watches --- */

struct watch *watch_of(struct launcher *launcher, int64_t id)
{
    struct watch *watch = launcher->watches;
    struct arena *own = NULL;

    while (watch != NULL && watch->id != id)
        watch = watch->next;
    if (watch != NULL)
        return watch;
    own = arena_new();
    watch = arena_new_of(own, struct watch);
    *watch = (struct watch){ .next = launcher->watches, .own = own, .id = id, .probe_ms = (double)NAN };
    pthread_mutex_lock(&launcher->mutex);
    launcher->watches = watch;
    pthread_mutex_unlock(&launcher->mutex);
    return watch;
}

/* --- what is gone is forgotten --- */

static void declared_free(struct declared *declared)
{
    arena_free(declared->arena);
    arena_free(declared->own); /* it lies there itself */
}

static void declared_tidy(struct launcher *launcher)
{
    for (struct declared **at = &launcher->declared, *declared = *at; declared != NULL; declared = *at) {
        if (declared->is_seen) {
            declared->is_seen = false;
            at = &declared->next;
            continue;
        }
        *at = declared->next;
        declared_free(declared);
    }
}

static bool is_watched(const struct launcher *launcher, int64_t id)
{
    const struct watch *watch = launcher->watches;

    while (watch != NULL && watch->id != id)
        watch = watch->next;
    return watch != NULL;
}

/* One that waits for an answer stays until it has come. */
void view_tidy(struct launcher *launcher)
{
    declared_tidy(launcher);
    pthread_mutex_lock(&launcher->mutex);
    for (struct watch **at = &launcher->watches, *watch = *at; watch != NULL; watch = *at) {
        if (watch->is_seen || watch->probing != NULL || watch->measuring != NULL) {
            at = &watch->next;
            continue;
        }
        *at = watch->next;
        arena_free(watch->own);
    }
    for (size_t i = launcher->suspects_count; i > 0; i--) {
        if (!is_watched(launcher, launcher->suspects[i - 1]))
            launcher->suspects[i - 1] = launcher->suspects[--launcher->suspects_count];
    }
    pthread_mutex_unlock(&launcher->mutex);
}

/* --- nodes --- */

static bool nodes_read(struct launcher *launcher, struct error *err)
{
    struct view *view = &launcher->view;
    struct store_node_filter filter = { .limit = LIMIT_STORE_PAGE };

    do {
        struct store_node_page page;

        if (!store_node_page(launcher->reader, launcher->pass, &filter, &page, err))
            return false;
        view->nodes = arena_grow(launcher->pass, view->nodes, view->nodes_count * sizeof(struct view_node),
                                 (view->nodes_count + page.count + 1) * sizeof(struct view_node));
        for (size_t i = 0; i < page.count; i++)
            view->nodes[view->nodes_count++] =
                (struct view_node){ .id = page.nodes[i].id,
                                    .generation = page.nodes[i].generation,
                                    .name = page.nodes[i].name,
                                    .is_active = page.nodes[i].state == STORE_NODE_ACTIVE,
                                    .gone_ms = LAUNCHER_SILENT_MS,
                                    .boot_id = page.nodes[i].boot_id };
        filter.after = page.next;
    } while (filter.after != NULL);
    return true;
}

static struct view_node *node_find(const struct view *view, int64_t id)
{
    for (size_t i = 0; i < view->nodes_count; i++) {
        if (view->nodes[i].id == id)
            return &view->nodes[i];
    }
    return NULL;
}

const struct view_node *view_node_find(const struct launcher *launcher, int64_t id)
{
    return node_find(&launcher->view, id);
}

const struct store_workload *view_workload_find(const struct launcher *launcher, int64_t id)
{
    for (size_t i = 0; i < launcher->view.workloads_count; i++) {
        if (launcher->view.workloads[i].id == id)
            return &launcher->view.workloads[i];
    }
    return NULL;
}

static bool placements_read(struct launcher *launcher, struct error *err)
{
    struct store_placement *placements = NULL;
    size_t count = 0;

    if (!store_placement_list(launcher->reader, launcher->pass, &placements, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct view_node *node = node_find(&launcher->view, placements[i].node_id);

        if (node == NULL)
            continue;
        node->placement = &placements[i];
        node->gone_ms = lease_gone_ms(&placements[i]);
        node->is_drained = placements[i].is_drained;
        node->drained_by = placements[i].drained_by;
    }
    return true;
}

/* Silence counts from the controller's start at the earliest. */
static void nodes_listen(struct launcher *launcher)
{
    int64_t now_ms = clock_monotonic_ms();

    for (size_t i = 0; i < launcher->view.pieces_count; i++) {
        const struct store_piece *piece = &launcher->view.pieces[i];
        struct view_node *node = node_find(&launcher->view, piece->node_id);

        if (node != NULL && piece->is_due && strstr(piece->body, "\"lease\":true") != NULL)
            node->has_lease = true;
    }
    for (size_t i = 0; i < launcher->view.nodes_count; i++) {
        struct view_node *node = &launcher->view.nodes[i];
        int64_t heard_ms = launcher->options.heard_ms == NULL
                               ? now_ms
                               : launcher->options.heard_ms(launcher->options.heard_data, node->id);

        heard_ms = heard_ms < launcher->opened_ms ? launcher->opened_ms : heard_ms;
        node->silent_ms = now_ms > heard_ms ? now_ms - heard_ms : 0;
    }
}

bool view_is_heard(void *data, struct arena *arena, int64_t node_id, const char **why_not)
{
    const struct launcher *launcher = data;
    const struct view_node *node = view_node_find(launcher, node_id);
    int64_t limit_ms = node != NULL && node->has_lease ? node->gone_ms : LAUNCHER_SILENT_MS;

    if (node != NULL && node->silent_ms < limit_ms)
        return true;
    *why_not = node == NULL ? "it is not known"
                            : arena_printf(arena, "not heard for %lld s", (long long)(node->silent_ms / 1000));
    return false;
}

bool view_read(struct launcher *launcher, struct error *err)
{
    const struct store_piece_filter all = { 0 };
    struct view *view = &launcher->view;
    bool ok = false;

    *view = (struct view){ .workloads = NULL };
    if (!store_snapshot_begin(launcher->reader, err))
        return false;
    ok = store_workload_list(launcher->reader, launcher->pass, &view->workloads, &view->workloads_count, err) &&
         store_instance_list(launcher->reader, launcher->pass, 0, &view->instances, &view->instances_count, err) &&
         store_piece_list(launcher->reader, launcher->pass, &all, &view->pieces, &view->pieces_count, err) &&
         nodes_read(launcher, err) && placements_read(launcher, err);
    store_snapshot_end(launcher->reader);
    if (ok)
        nodes_listen(launcher);
    return ok;
}

void view_free(struct launcher *launcher)
{
    for (struct declared *declared = launcher->declared, *next = NULL; declared != NULL; declared = next) {
        next = declared->next;
        declared_free(declared);
    }
    for (struct watch *watch = launcher->watches, *next = NULL; watch != NULL; watch = next) {
        next = watch->next;
        arena_free(watch->own);
    }
    launcher->declared = NULL;
    launcher->watches = NULL;
}
