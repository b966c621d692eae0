/* SPDX-License-Identifier: Apache-2.0 */
/* The placement document. */
#include "common/placement/placement.h"

#include <string.h>

#include "common/base/text.h"
#include "common/placement/piece_check.h"

#define LEASE_MAX ((int64_t)24 * 3600)

struct placement_args {
    int64_t epoch, lease_s;
    const struct value *pieces, *logs, *models, *share;
    bool measure;
};

static const struct arg_spec placement_args_table[] = {
    ARG(placement_args, epoch, ARG_INT, .required = true, .help = "grows with each change"),
    ARG(placement_args, lease_s, ARG_INT, .default_text = "30", .help = "seconds"),
    ARG(placement_args, pieces, ARG_RAW, .required = true, .help = "list of pieces"),
    ARG(placement_args, measure, ARG_BOOL, .help = "energy is to be sampled"),
    ARG(placement_args, logs, ARG_RAW, .help = "pieces that somebody follows"),
    ARG(placement_args, models, ARG_RAW, .help = "models to be fetched"),
    ARG(placement_args, share, ARG_RAW, .help = "models to be shared"),
    ARG_END,
};

static const struct task_spec placement_spec = { .name = "placement",
                                                 .summary = "What a node is to run",
                                                 .args = placement_args_table,
                                                 .args_size = sizeof(struct placement_args),
                                                 .any_args = true };

const struct placement_piece *placement_find(const struct placement *placement, const char *name)
{
    for (size_t i = 0; i < placement->pieces_count; i++) {
        if (text_equal(placement->pieces[i].name, name))
            return &placement->pieces[i];
    }
    return NULL;
}

bool placement_is_followed(const struct placement *placement, const char *name)
{
    for (size_t i = 0; i < value_count(placement->logs); i++) {
        if (text_equal(value_text(value_item(placement->logs, i)), name))
            return true;
    }
    return false;
}

static bool piece_take(struct arena *arena, const struct value *map, struct placement *out, struct error *err)
{
    struct placement_piece *piece = &out->pieces[out->pieces_count];
    const char *name = value_map_text(map, "name");
    struct error wrong = ERROR_INIT;

    if (name == NULL)
        return error_set(err, "it has no 'name'");
    if (!piece_text_check(value_map_get(map, "name"), "its name", err) || !piece_name_check(name, "its name", err))
        return false;
    if (placement_find(out, name) != NULL)
        return error_set(err, "there is another of its name, '%s'", name);
    *piece = (struct placement_piece){ .name = name, .written = map };
    if (!piece_bind(arena, map, &piece->piece, &wrong))
        piece->wrong = arena_copy(arena, wrong.text);
    out->pieces_count++;
    return true;
}

static bool pieces_take(struct arena *arena, const struct value *list, struct placement *out, struct error *err)
{
    size_t count = value_count(list);

    if (!value_is(list, VALUE_LIST))
        return error_set(err, "'pieces' must be a list, but it is a %s", value_kind_text(list));
    if (count > PIECES_MAX)
        return error_set(err, "'pieces' has %zu items; %d are the most", count, PIECES_MAX);
    out->pieces = arena_new_array(arena, struct placement_piece, count);
    for (size_t i = 0; i < count; i++) {
        if (!piece_take(arena, value_item(list, i), out, err))
            return error_prefix(err, "'pieces', item %zu", i + 1);
    }
    return true;
}

bool placement_bind(struct arena *arena, const struct value *map, struct placement *out, struct error *err)
{
    struct placement_args args = { .epoch = 0 };
    struct placement placement = { .epoch = 0 };

    if (!value_is(map, VALUE_MAP))
        return error_set(err, "a placement must be a map, but it is a %s", value_kind_text(map));
    if (!arg_bind_plain(arena, &placement_spec, map, "member", &args, err))
        return error_prefix(err, "placement");
    if (args.epoch < 0)
        return error_set(err, "placement: 'epoch' is %lld; it must not be negative", (long long)args.epoch);
    if (args.lease_s < 1 || args.lease_s > LEASE_MAX)
        return error_set(err, "placement: 'lease_s' is %lld; it must be 1 to %lld", (long long)args.lease_s,
                         (long long)LEASE_MAX);
    if (!piece_texts_check(args.logs, "logs", PIECES_MAX, err) || !pieces_take(arena, args.pieces, &placement, err))
        return error_prefix(err, "placement");
    placement.epoch = args.epoch;
    placement.lease_s = args.lease_s;
    placement.measure = args.measure;
    placement.logs = args.logs;
    placement.models = args.models;
    placement.share = args.share;
    *out = placement;
    return true;
}
