/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans and carries out the unpacking of one archive. Asks no gate: the module does that between the two.
 */
#include "agent/task/unarchive_plan.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value.h"

static void plan_add(struct unarchive_plan *plan, struct arena *arena, const struct unarchive_member *member)
{
    if (plan->count == plan->capacity) {
        size_t wider = plan->capacity ? plan->capacity * 2 : 64;
        plan->members =
            arena_grow(arena, plan->members, plan->capacity * sizeof(*plan->members), wider * sizeof(*plan->members));
        plan->capacity = wider;
    }
    plan->members[plan->count++] = *member;
}

/* Kind-dependent parts of the request, known once the first header is read. */
static void learn_kind(struct unarchive_request *request, struct unarchive_plan *plan, struct archive_reader *reader)
{
    plan->is_zip = archive_reader_is_zip(reader);
    plan->is_gzip = archive_reader_is_gzip(reader);
    request->selection.is_zip = request->wishes.is_zip = plan->is_zip;
    if (plan->is_zip)
        request->wishes.same_owner = false;
}

/* A member by its path; NULL: the archive has none. */
static struct unarchive_member *plan_find(struct unarchive_plan *plan, const struct value *places, const char *path)
{
    const struct value *index = path ? value_map_get(places, path) : NULL;
    return index ? &plan->members[index->as.integer] : NULL;
}

static const struct value *plan_places(const struct unarchive_plan *plan, struct arena *arena)
{
    struct value *places = value_map(arena);

    for (size_t i = 0; i < plan->count; i++) {
        if (plan->members[i].member.path)
            value_map_put_int(arena, places, plan->members[i].member.path, (int64_t)i);
    }
    return places;
}

/* Of two members with one path the later one counts. */
static void drop_superseded(struct unarchive_plan *plan, struct arena *arena)
{
    const struct value *places = plan_places(plan, arena);
    size_t kept = 0;

    for (size_t i = 0; i < plan->count; i++) {
        const char *path = plan->members[i].member.path;
        if (!path || plan_find(plan, places, path) == &plan->members[i])
            plan->members[kept++] = plan->members[i];
    }
    plan->count = kept;
}

/* A file that is written anew loses its other names: they are made again. */
static void count_changes(const struct unarchive_request *request, struct unarchive_plan *plan)
{
    const struct value *places = plan_places(plan, request->wishes.arena);
    bool may_leave = request->wishes.keep_newer || request->wishes.skip_old;

    for (size_t i = 0; i < plan->count; i++) {
        struct unarchive_member *member = &plan->members[i];
        const struct unarchive_member *target = plan_find(plan, places, member->member.link);
        if (member->member.kind == ARCHIVE_HARDLINK && target && target->change && !member->change && !may_leave)
            member->change = ".fc......??";
        plan->changed += member->change != NULL;
    }
}

/* Does a folder above `path` come as a link in the archive itself? */
static const char *link_above(const struct value *links, struct arena *arena, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        const char *folder = arena_copy_n(arena, path, (size_t)(slash - path));
        if (value_map_get(links, folder))
            return folder;
    }
    return NULL;
}

static bool check_links(const struct unarchive_request *request, const struct unarchive_plan *plan, struct error *err)
{
    struct arena *arena = request->wishes.arena;
    struct value *links = value_map(arena);
    const char *where = NULL;
    ARCHIVE_TARGET_SCOPED target = NULL;

    if (!archive_target_open(arena, request->folder, &target, err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->members[i].member.kind == ARCHIVE_SYMLINK)
            value_map_put_bool(arena, links, plan->members[i].member.path, true);
    }
    for (size_t i = 0; i < plan->count; i++) {
        const char *path = plan->members[i].member.path;
        if (!path)
            continue;
        where = value_count(links) > 0 ? link_above(links, arena, path) : NULL;
        if (!where && (!plan->members[i].change || archive_target_is_safe(target, path, &where)))
            continue;
        return error_set(err, "'%s' would be written through '%s', which is a symbolic link or no folder", path, where);
    }
    return true;
}

/* A further name of a file that is neither unpacked nor there cannot be made. */
static bool check_hardlinks(const struct unarchive_request *request, struct unarchive_plan *plan, struct error *err)
{
    struct arena *arena = request->wishes.arena;
    const struct value *places = plan_places(plan, arena);
    struct stat info;

    for (size_t i = 0; i < plan->count; i++) {
        const struct archive_member *member = &plan->members[i].member;
        if (member->kind != ARCHIVE_HARDLINK || !plan->members[i].change || plan_find(plan, places, member->link))
            continue;
        if (lstat(path_join(arena, request->folder, member->link), &info) != 0)
            return error_set(err, "'%s' is another name of '%s', which is not unpacked", member->path, member->link);
    }
    return true;
}

/* Every name the user asked for must be there, as tar and unzip have it. */
static bool check_includes(const struct unarchive_request *request, const struct unarchive_plan *plan,
                           struct error *err)
{
    for (size_t i = 0; i < value_count(request->selection.include); i++) {
        bool found = false;
        for (size_t m = 0; m < plan->count && !found; m++)
            found = archive_include_matches(&request->selection, i, plan->members[m].member.name);
        if (!found)
            return error_set(err, "'%s' is not in the archive", value_text(value_item(request->selection.include, i)));
    }
    return true;
}

bool unarchive_plan_make(struct unarchive_request *request, struct unarchive_plan *plan, struct error *err)
{
    struct arena *arena = request->wishes.arena;
    struct unarchive_member next = { 0 };
    ARCHIVE_READER_SCOPED reader = NULL;
    bool more = true;

    if (!archive_reader_open(arena, request->fd, request->name, &reader, err))
        return false;
    for (;; next.number++) {
        bool fine = archive_reader_next(reader, request->strip, &next.member, &more, err);
        plan->is_archive = archive_reader_is_known(reader);
        if (!fine)
            return false;
        if (!more)
            break;
        plan->total++;
        if (plan->total == 1)
            learn_kind(request, plan, reader);
        if (!archive_selected(&request->selection, next.member.name))
            continue;
        next.change = NULL;
        if (next.member.path &&
            !archive_member_compare(&request->wishes, reader, &next.member, request->folder, &next.change, err))
            return false;
        plan_add(plan, arena, &next);
    }
    drop_superseded(plan, arena);
    count_changes(request, plan);
    return check_includes(request, plan, err) && check_hardlinks(request, plan, err) && check_links(request, plan, err);
}

static bool write_members(struct unarchive_request *request, const struct unarchive_plan *plan,
                          struct archive_target *target, struct error *err)
{
    struct archive_member member = { 0 };
    ARCHIVE_READER_SCOPED reader = NULL;
    bool more = true;
    size_t at = 0;

    if (!archive_reader_open(request->wishes.arena, request->fd, request->name, &reader, err))
        return false;
    for (size_t number = 0; at < plan->count; number++) {
        if (!archive_reader_next(reader, request->strip, &member, &more, err))
            return false;
        if (!more)
            return error_set(err, "archive '%s' changed while it was unpacked", request->name);
        if (number != plan->members[at].number)
            continue;
        const char *change = plan->members[at++].change;
        if (!member.path)
            continue;
        const struct archive_attributes attributes = archive_wishes_attributes(&request->wishes, &member);
        if (member.kind == ARCHIVE_FOLDER)
            archive_target_note_folder(target, member.path, &attributes);
        if (change && !archive_target_write(target, reader, &member, &attributes, err))
            return false;
    }
    return true;
}

bool unarchive_plan_carry_out(struct unarchive_request *request, const struct unarchive_plan *plan, struct error *err)
{
    struct error ignored = ERROR_INIT;
    ARCHIVE_TARGET_SCOPED target = NULL;

    if (!archive_target_open(request->wishes.arena, request->folder, &target, err))
        return false;
    if (write_members(request, plan, target, err))
        return archive_target_finish(target, err);
    (void)archive_target_finish(target,
                                &ignored); /* what was made shall at least be closed to others as it should be */
    return false;
}
