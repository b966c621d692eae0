/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes, groups and udev rules around the GPU. */
#include "agent/system/hardware/device_node.h"

#include <string.h>
#include <sys/stat.h>

#include "common/base/text.h"

#define NODES_MAX 1024

/* A line of passwd or group: fields parted by colons. */
struct record {
    char **fields;
    size_t count;
};

/* The first record of the files that holds `wanted` as field number `field`, and has `least` fields. */
struct record_search {
    const char *const *files; /* NULL-terminated */
    const char *wanted;
    size_t field, least;
};

/* Lines are taken apart only when the text is in them. */
static bool line_matches(struct arena *arena, const struct record_search *search, const char *line, size_t length,
                         struct record *out)
{
    if (memmem(line, length, search->wanted, strlen(search->wanted)) == NULL)
        return false;
    out->fields = text_split(arena, arena_copy_n(arena, line, length), ':', &out->count);
    return out->count >= search->least && out->count > search->field &&
           strcmp(out->fields[search->field], search->wanted) == 0;
}

static bool record_find(const struct sysfs *fs, const struct record_search *search, struct record *out)
{
    const char *line;
    size_t length;

    for (const char *const *file = search->files; *file != NULL; file++) {
        const char *cursor = sysfs_document(fs, *file, SYSFS_TEXT_MAX);
        const char *end = cursor != NULL ? cursor + strlen(cursor) : NULL;
        while (end != NULL && text_line(&cursor, end, &line, &length))
            if (line_matches(fs->arena, search, line, length, out))
                return true;
    }
    return false;
}

static const char *const user_files[] = { "/etc/passwd", "/usr/lib/passwd", NULL };
static const char *const group_files[] = { "/etc/group", "/usr/lib/group", NULL };

/* Nodes have few owners: a number is looked up once. */
struct node_list {
    const struct sysfs *fs;
    struct value *nodes, *users, *groups;
};

static const struct value *name_of(const struct sysfs *fs, struct value *known, const char *const *files, unsigned id)
{
    const char *number = arena_printf(fs->arena, "%u", id);
    struct record_search search = { .files = files, .wanted = number, .field = 2, .least = 3 };
    struct record record;

    if (value_map_get(known, number) == NULL)
        value_map_put_string(fs->arena, known, number, record_find(fs, &search, &record) ? record.fields[0] : NULL);
    return value_map_get(known, number);
}

static void node_add(const struct node_list *list, const char *path)
{
    const struct sysfs *fs = list->fs;
    struct value *map = value_map(fs->arena);
    struct stat status;

    if (value_count(list->nodes) >= NODES_MAX || lstat(system_path(fs->system, fs->arena, path), &status) != 0 ||
        S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode))
        return;
    sysfs_put(fs, map, "path", path);
    sysfs_put(fs, map, "owner", value_text(name_of(fs, list->users, user_files, status.st_uid)));
    sysfs_put(fs, map, "group", value_text(name_of(fs, list->groups, group_files, status.st_gid)));
    value_map_put_int(fs->arena, map, "uid", status.st_uid);
    value_map_put_int(fs->arena, map, "gid", status.st_gid);
    sysfs_put(fs, map, "mode", arena_printf(fs->arena, "%04o", (unsigned)(status.st_mode & 07777)));
    value_list_add(fs->arena, list->nodes, map);
}

static void folder_add(const struct node_list *list, const char *folder, const char *prefix)
{
    for (const char *const *name = sysfs_names(list->fs, folder); *name != NULL; name++)
        if (text_starts(*name, prefix))
            node_add(list, arena_printf(list->fs->arena, "%s/%s", folder, *name));
}

struct value *device_nodes(const struct sysfs *fs)
{
    struct node_list list = { fs, value_list(fs->arena), value_map(fs->arena), value_map(fs->arena) };

    node_add(&list, "/dev/kfd");
    folder_add(&list, "/dev/dri", "card");
    folder_add(&list, "/dev/dri", "render");
    folder_add(&list, "/dev/accel", "accel");
    folder_add(&list, "/dev", "nvidia");
    return list.nodes;
}

static struct value *members_of(struct arena *arena, const char *text)
{
    struct value *members = value_list(arena);

    for (char **name = text_split(arena, text, ',', NULL); *name != NULL; name++)
        if ((*name)[0] != '\0')
            value_list_add(arena, members, value_string(arena, *name));
    return members;
}

static struct value *group_value(const struct sysfs *fs, const char *name)
{
    struct record_search search = { .files = group_files, .wanted = name, .field = 0, .least = 4 };
    struct record record;
    int64_t gid;

    if (!record_find(fs, &search, &record) || !text_to_int(record.fields[2], &gid))
        return NULL;
    struct value *map = value_map(fs->arena);
    value_map_put_int(fs->arena, map, "gid", gid);
    value_map_put(fs->arena, map, "members", members_of(fs->arena, record.fields[3]));
    return map;
}

struct value *device_groups(const struct sysfs *fs, const char *const *names)
{
    struct value *map = value_map(fs->arena);

    for (; *names != NULL; names++) {
        struct value *group = group_value(fs, *names);
        if (group != NULL)
            value_map_put(fs->arena, map, *names, group);
    }
    return map;
}

static void rule_add(const struct sysfs *fs, struct value *list, const char *path)
{
    const char *cursor = sysfs_document(fs, path, SYSFS_FILE_MAX), *line;
    const char *end = cursor != NULL ? cursor + strlen(cursor) : NULL;
    size_t length;

    while (end != NULL && text_line(&cursor, end, &line, &length)) {
        const char *rule = text_trim(fs->arena, line, length);
        if (rule[0] == '#' || strstr(rule, "\"kfd\"") == NULL)
            continue;
        value_list_add(fs->arena, list, value_string(fs->arena, path));
        return;
    }
}

/* Of the distribution's folder only the files that are known to have such rules: there are a hundred others. */
struct value *device_rules(const struct sysfs *fs)
{
    static const char *const known[] = { "50-udev-default.rules", "70-kfd.rules", "70-amdgpu.rules" };
    struct value *list = value_list(fs->arena);

    for (const char *const *name = sysfs_names(fs, "/etc/udev/rules.d"); *name != NULL; name++)
        if (text_ends(*name, ".rules"))
            rule_add(fs, list, arena_printf(fs->arena, "/etc/udev/rules.d/%s", *name));
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        rule_add(fs, list, arena_printf(fs->arena, "/usr/lib/udev/rules.d/%s", known[i]));
    return list;
}
