/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a place: where and why; or why not, with the terms of both sums. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/model/memory_need_compute.h"
#include "common/model/memory_need_fit.h"
#include "controller/planner/plan_parts.h"

#define TERM_LEAST (50ULL * 1024 * 1024) /* what is less is not worth a term */

bool plan_refuse(struct plan_place *place, const char *code, const char *sentence)
{
    place->is_placed = false;
    place->code = code;
    place->sentence = sentence;
    place->parts = NULL;
    place->parts_count = 0;
    return false;
}

const char *plan_texts(struct arena *arena, const char *const *texts, size_t count)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < count && i < PLAN_NODES_TOLD; i++)
        text_printf(&out, "%s%s", i == 0 ? "" : "; ", texts[i]);
    if (count > PLAN_NODES_TOLD)
        text_printf(&out, "; and %zu more", count - PLAN_NODES_TOLD);
    return out.data;
}

/* --- the terms of a node's room --- */

struct terms {
    const struct planner *planner;
    const struct plan_room *room;
    bool is_gpu; /* of the GPU's memory, else the host's */
    struct text out;
    uint64_t left; /* of the total */
};

static void term(struct terms *terms, uint64_t bytes, const char *what)
{
    terms->left = terms->left > bytes ? terms->left - bytes : 0;
    if (bytes >= TERM_LEAST)
        text_printf(&terms->out, " - %s %s", memory_size_text(terms->planner->arena, bytes), what);
}

static uint64_t share_of(const struct terms *terms, uint64_t gpu, uint64_t host)
{
    bool is_host_only = !terms->room->has_gpu || terms->room->is_shared;

    return terms->is_gpu ? gpu : host + (is_host_only ? gpu : 0);
}

static void term_workloads(struct terms *terms)
{
    const struct planner *planner = terms->planner;
    struct arena *arena = planner->arena;
    const struct plan_node *node = terms->room->node;

    for (size_t i = 0; i < planner->input->held_count; i++) {
        const struct plan_held *held = &planner->input->held[i];

        if (text_equal(held->node, node->name))
            term(terms, share_of(terms, held->gpu, held->host), arena_printf(arena, "held by '%s'", held->workload));
    }
    for (size_t i = 0; i < planner->plan->count; i++) {
        const struct plan_place *place = &planner->plan->places[i];

        for (size_t j = 0; j < place->parts_count; j++) {
            if (place->parts[j].node == node)
                term(terms, share_of(terms, place->parts[j].gpu, place->parts[j].host),
                     arena_printf(arena, "for '%s'", place->workload->name));
        }
    }
}

/* "ai-1 has 71.0 GiB free = 112.0 GiB of GTT - 1.0 GiB margin - 40.0 GiB held by 'chat'" */
static const char *room_text(const struct planner *planner, const struct plan_room *room, bool is_gpu)
{
    struct arena *arena = planner->arena;
    uint64_t free_bytes = is_gpu ? room->gpu_free : room->host_free;
    uint64_t total = is_gpu ? room->gpu_total : room->node->memory_total;
    struct terms terms = { planner, room, is_gpu, text_new(arena), total };

    text_printf(&terms.out, "%s has %s free = %s of %s", room->node->name, memory_size_text(arena, free_bytes),
                memory_size_text(arena, total), is_gpu ? room->gpu_name : "host memory");
    term(&terms, is_gpu ? room->margin : room->reserve, is_gpu ? "that stay free" : "for the system");
    term_workloads(&terms);
    term(&terms, room->gpu_orphan, "that no process holds");
    if (terms.left > free_bytes)
        term(&terms, terms.left - free_bytes, "in use besides");
    return terms.out.data;
}

/* What was refused: as on one node, or on as many as it must have. */
struct refused {
    const struct plan_peak *peak; /* NULL: it is estimated */
    uint64_t gpu, host;
};

static struct refused refused_of(const struct plan_search *search, const struct plan_room *room)
{
    const struct plan_need *need = search->need;
    bool has_gpu = room->has_gpu && !need->is_cpu;
    const struct plan_peak *peak = plan_peak_find(search, plan_node_build(room->node, search->rule->programs[0]),
                                                  search->least > 1 ? search->least : 1, has_gpu);

    return (struct refused){ .peak = peak,
                             .gpu = peak != NULL ? peak->gpu
                                    : has_gpu    ? need->gpu
                                                 : 0,
                             .host = peak != NULL    ? peak->host
                                     : room->has_gpu ? need->gpu_host
                                                     : need->host };
}

static const char *refused_text(const struct plan_search *search, const struct plan_room *room)
{
    struct arena *arena = search->planner->arena;
    struct refused refused = refused_of(search, room);

    if (refused.peak == NULL)
        return plan_need_text(arena, search->need, room->has_gpu);
    if (refused.gpu == 0)
        return arena_printf(arena, "%s (measured)", memory_size_text(arena, refused.host));
    return arena_printf(arena, "%s = %s on the GPU + %s of host memory (measured)",
                        memory_size_text(arena, memory_plus(refused.gpu, refused.host)),
                        memory_size_text(arena, refused.gpu), memory_size_text(arena, refused.host));
}

/* Is it the GPU's memory that is short there, or the host's? */
static bool is_gpu_short(const struct plan_search *search, const struct plan_room *room)
{
    struct refused refused = refused_of(search, room);

    if (!room->has_gpu || room->gpu_total == UINT64_MAX || search->need->is_cpu)
        return false;
    if (refused.gpu > room->gpu_free)
        return true;
    if (memory_plus(refused.host, room->is_shared ? refused.gpu : 0) > room->host_free)
        return false;
    return room->is_shared && room->gpu_free <= room->host_free;
}

static int roomiest(const void *left, const void *right)
{
    const struct plan_room *const *a = left, *const *b = right;
    uint64_t room_a = plan_room_capacity(*a, 0), room_b = plan_room_capacity(*b, 0);

    if (room_a != room_b)
        return room_a > room_b ? -1 : 1;
    return strcmp((*a)->node->name, (*b)->node->name);
}

static struct plan_room **rooms_sorted(const struct plan_search *search)
{
    struct plan_room **rooms = arena_new_array(search->planner->arena, struct plan_room *, search->count + 1);

    for (size_t i = 0; i < search->count; i++)
        rooms[i] = &search->planner->rooms[search->rooms[i]];
    qsort(rooms, search->count, sizeof(*rooms), roomiest);
    return rooms;
}

static const char *together_text(const struct plan_search *search, struct plan_room **rooms)
{
    struct arena *arena = search->planner->arena;
    uint64_t sum = 0;

    if (search->need->declared > 0)
        return " (it is declared for each node)";
    if (search->most < 2)
        return search->rule->is_cluster && search->count > 1 ? ""
               : search->count > 1 ? arena_printf(arena, "; the engine %s works on one node", search->rule->engine)
                                   : "";
    for (size_t i = 0; i < search->most; i++)
        sum = memory_plus(sum, plan_room_capacity(rooms[i], 0));
    return arena_printf(arena, "; %d nodes together have %s, of which each part needs its own buffers",
                        (int)search->most, memory_size_text(arena, sum));
}

static const char *memory_text(const struct plan_search *search)
{
    struct arena *arena = search->planner->arena;
    struct plan_room **rooms = rooms_sorted(search);
    const char **texts = arena_new_array(arena, const char *, PLAN_NODES_TOLD);
    size_t told = search->count < PLAN_NODES_TOLD ? search->count : PLAN_NODES_TOLD;
    struct text out = text_new(arena);

    for (size_t i = 0; i < told; i++)
        texts[i] = room_text(search->planner, rooms[i], is_gpu_short(search, rooms[i]));
    text_printf(&out, "it needs %s%s; %s", refused_text(search, rooms[0]),
                search->need->is_guess ? " (its header is not known)" : "", plan_texts(arena, texts, told));
    if (search->count > told)
        text_printf(&out, "; and %zu more with less", search->count - told);
    text_add(&out, together_text(search, rooms));
    return out.data;
}

/* --- memory that a reboot would give back --- */

/* The nodes whose orphaned memory would make room, or NULL. The rooms are as before afterwards. */
static const char *reboot_text(struct plan_search *search)
{
    struct planner *planner = search->planner;
    struct arena *arena = planner->arena;
    size_t count = planner->input->nodes_count;
    struct plan_room *saved = arena_new_array(arena, struct plan_room, count + 1);
    struct plan_search trial = *search;
    struct text out = text_new(arena);
    bool is_placed;

    for (size_t i = 0; i < count; i++) {
        saved[i] = planner->rooms[i];
        planner->rooms[i].gpu_free += planner->rooms[i].gpu_total == UINT64_MAX ? 0 : planner->rooms[i].gpu_orphan;
        planner->rooms[i].host_free += planner->rooms[i].gpu_orphan;
    }
    trial.is_trial = true;
    trial.rooms = arena_new_array(arena, size_t, search->count + 1);
    memcpy(trial.rooms, search->rooms, search->count * sizeof(size_t));
    is_placed = (trial.least <= 1 && plan_single(&trial)) || (trial.most > 1 && plan_cluster(&trial));
    for (size_t i = 0; i < count; i++)
        planner->rooms[i] = saved[i];
    for (size_t i = 0; is_placed && i < search->place->parts_count; i++) {
        const struct plan_room *room = plan_room_of(planner, search->place->parts[i].node);

        if (room->gpu_orphan > 0)
            text_printf(&out, "%s%s on %s", out.length == 0 ? "" : ", ", memory_size_text(arena, room->gpu_orphan),
                        room->node->name);
    }
    return out.length > 0 ? out.data : NULL;
}

static bool has_orphan(const struct plan_search *search)
{
    for (size_t i = 0; i < search->count; i++) {
        if (search->planner->rooms[search->rooms[i]].gpu_orphan > 0)
            return true;
    }
    return false;
}

bool plan_refuse_memory(struct plan_search *search)
{
    const char *reboot = has_orphan(search) ? reboot_text(search) : NULL;
    const char *text;

    search->place->parts_count = 0; /* of the trial */
    if (reboot != NULL) {
        text = arena_printf(search->planner->arena,
                            "%s; it would fit with the GTT that no process holds (%s): a reboot is owed there",
                            memory_text(search), reboot);
        return plan_refuse(search->place, "reboot_owed", text);
    }
    if (search->broken != NULL)
        return plan_refuse(search->place, "bad_count", search->broken);
    return plan_refuse(search->place, "no_memory", memory_text(search));
}

/* --- placed --- */

static const char *part_text(struct arena *arena, const struct plan_part *part)
{
    struct text out = text_new(arena);

    text_add(&out, part->node->name);
    if (part->layers > 0)
        text_printf(&out, " %d layer%s,", (int)part->layers, part->layers == 1 ? "" : "s");
    if (part->gpu > 0)
        text_printf(&out, " %s on the GPU and", memory_size_text(arena, part->gpu));
    text_printf(&out, " %s of host memory", memory_size_text(arena, part->host));
    return out.data;
}

void plan_tell_placed(struct plan_search *search)
{
    struct plan_place *place = search->place;
    struct arena *arena = search->planner->arena;
    const char **texts = arena_new_array(arena, const char *, place->parts_count);
    const char *how = place->is_measured           ? "measured"
                      : search->need->declared > 0 ? "declared"
                      : search->need->is_guess     ? "estimated from its size: its header is not known"
                                                   : "estimated";

    place->code = "placed";
    for (size_t i = 0; i < place->parts_count; i++)
        texts[i] = part_text(arena, &place->parts[i]);
    if (place->parts_count == 1) {
        place->sentence =
            arena_printf(arena, "on %s (%s)%s", texts[0], how,
                         plan_node_has_model(place->parts[0].node, search->need) ? "; the model is there" : "");
        return;
    }
    place->sentence =
        arena_printf(arena, "%s, over %zu nodes of build %s: %s (%s)",
                     search->least > 1 ? "as declared" : "no node has room for all of it", place->parts_count,
                     place->build == NULL || place->build[0] == '\0' ? "-" : place->build,
                     plan_texts(arena, texts, place->parts_count), how);
}
