/* SPDX-License-Identifier: Apache-2.0 */
/* What is promised on nodes: by pieces that are there or on their way, and by places whose pieces are not made yet. */
#include <string.h>

#include "common/base/text.h"
#include "controller/launcher/plan_input_parts.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_piece.h"

struct place_lists {
    struct gathering *gathering;
    struct store_instance *instances;
    size_t instances_count;
    struct store_piece *pieces;
    size_t pieces_count;
    struct plan_held *held, *past;
    size_t held_count, past_count;
};

static bool is_anew(const struct plan_input_options *options, int64_t instance_id)
{
    for (size_t i = 0; i < options->anew_count; i++) {
        if (options->anew[i] == instance_id)
            return true;
    }
    return false;
}

static const struct store_instance *instance_of(const struct place_lists *lists, int64_t id)
{
    for (size_t i = 0; i < lists->instances_count; i++) {
        if (lists->instances[i].id == id)
            return &lists->instances[i];
    }
    return NULL;
}

/* All that it takes at the start it has taken. */
static bool is_serving(const struct store_piece *piece, const struct store_instance *instance)
{
    return instance != NULL && piece->is_wanted && piece->attempt == instance->attempt &&
           text_equal(piece->state, "running") && text_equal(instance->state, "serving");
}

/* What the node saw the piece take. Pages of files are not its own: they are available, as the node counts. */
static void piece_seen(const struct place_lists *lists, const struct store_piece *piece, struct plan_held *held)
{
    const struct gathered_node *node = gathered_node_find(lists->gathering, piece->node_id);
    const struct value *pieces = node == NULL ? NULL : value_map_get(node->memory, "pieces");

    for (size_t i = 0; i < value_count(pieces); i++) {
        const struct value *seen = value_item(pieces, i);

        if (!text_equal(value_map_text(seen, "name"), piece->name))
            continue;
        held->gpu_seen = gathered_bytes(seen, "gtt");
        held->vram_seen = gathered_bytes(seen, "vram");
        held->host_seen = gathered_bytes(seen, "anon");
        held->is_hidden = value_map_true(seen, "compute") && is_serving(piece, instance_of(lists, piece->instance_id));
    }
}

/* "chat" of "chat.0.head", for a piece whose instance is gone. */
static const char *workload_of(struct arena *arena, const char *piece)
{
    return arena_copy_n(arena, piece, strcspn(piece, "."));
}

static void take_pieces(struct place_lists *lists)
{
    struct gathering *gathering = lists->gathering;

    for (size_t i = 0; i < lists->pieces_count; i++) {
        const struct store_piece *piece = &lists->pieces[i];
        const struct store_instance *instance = instance_of(lists, piece->instance_id);
        bool is_going = instance == NULL || !piece->is_wanted || is_anew(gathering->options, instance->id);
        struct plan_held held = {
            .workload = instance != NULL ? instance->workload : workload_of(gathering->arena, piece->name),
            .replica = is_going ? -1 : instance->replica,
            .node = piece->node,
            .role = piece->role,
            .gpu = (uint64_t)(piece->gpu > 0 ? piece->gpu : 0),
            .host = (uint64_t)(piece->host > 0 ? piece->host : 0),
            .port = piece->port,
        };

        piece_seen(lists, piece, &held);
        lists->held[lists->held_count++] = held;
    }
}

/* An instance's pieces come with their places: those that are counted already. */
static bool has_piece(const struct place_lists *lists, int64_t instance_id, const char *node)
{
    for (size_t i = 0; i < lists->pieces_count; i++) {
        if (lists->pieces[i].instance_id == instance_id && text_equal(lists->pieces[i].node, node) &&
            lists->pieces[i].is_wanted)
            return true;
    }
    return false;
}

static void take_plan(struct place_lists *lists, const struct store_instance *instance, const struct value *parts)
{
    bool anew = is_anew(lists->gathering->options, instance->id);

    for (size_t i = 0; i < value_count(parts) && i < WORKLOAD_NODES_MAX; i++) {
        const struct value *part = value_item(parts, i);
        const struct value *port = value_map_get(part, "port");
        struct plan_held held = { .workload = instance->workload,
                                  .replica = instance->replica,
                                  .node = value_map_text(part, "node"),
                                  .role = value_map_text(part, "role"),
                                  .gpu = gathered_bytes(part, "gpu"),
                                  .host = gathered_bytes(part, "host"),
                                  .port = value_is(port, VALUE_INT) ? port->as.integer : 0 };

        if (held.node == NULL)
            continue;
        if (anew)
            lists->past[lists->past_count++] = held;
        else if (!has_piece(lists, instance->id, held.node))
            lists->held[lists->held_count++] = held;
    }
}

bool gather_places(struct gathering *gathering)
{
    const struct store_piece_filter all = { 0 };
    struct place_lists lists = { .gathering = gathering };
    struct arena *arena = gathering->arena;
    const struct value **parts;
    size_t room = 0;

    if (!store_instance_list(gathering->connection, arena, 0, &lists.instances, &lists.instances_count,
                             gathering->err) ||
        !store_piece_list(gathering->connection, arena, &all, &lists.pieces, &lists.pieces_count, gathering->err))
        return false;
    parts = arena_new_array(arena, const struct value *, lists.instances_count + 1);
    for (size_t i = 0; i < lists.instances_count; i++) {
        parts[i] = value_map_get(gathered_json(arena, lists.instances[i].plan), "parts");
        room += value_count(parts[i]);
    }
    lists.held = arena_new_array(arena, struct plan_held, room + lists.pieces_count + 1);
    lists.past = arena_new_array(arena, struct plan_held, room + 1);
    take_pieces(&lists);
    for (size_t i = 0; i < lists.instances_count; i++)
        take_plan(&lists, &lists.instances[i], parts[i]);
    gathering->out->held = lists.held;
    gathering->out->held_count = lists.held_count;
    gathering->out->past = lists.past;
    gathering->out->past_count = lists.past_count;
    return true;
}
