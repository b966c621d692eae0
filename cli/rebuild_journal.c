/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: made, found, read, written. */
#include "cli/rebuild_journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/rebuild_agree.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define FORMAT 1
#define JOURNAL "journal.json"
#define JOURNAL_MAX ((size_t)64 * 1024 * 1024)

const char *rebuild_journal_root(struct arena *arena)
{
    const char *state = getenv("XDG_STATE_HOME");

    return state != NULL && state[0] == '/' ? path_join(arena, state, "roost/rebuild")
                                            : path_expand_user(arena, "~/.local/state/roost/rebuild");
}

/* --- names --- */

bool rebuild_journal_new(struct rebuild *rebuild, struct error *err)
{
    const char *root = rebuild_journal_root(rebuild->arena);
    time_t now = (time_t)(rebuild->began_us / 1000000);
    struct tm utc;
    char stamp[32] = "";

    if (!folder_create(rebuild->arena, root, 0700, err))
        return error_prefix(err, "the folder of rebuilds");
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &utc);
    for (int i = 1; i < 100; i++) {
        rebuild->name = i == 1 ? arena_copy(rebuild->arena, stamp) : arena_printf(rebuild->arena, "%s-%d", stamp, i);
        rebuild->folder = path_join(rebuild->arena, root, rebuild->name);
        if (mkdir(rebuild->folder, 0700) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    return error_set_errno(err, "cannot make the folder %s", rebuild->folder);
}

static bool journal_read(struct arena *arena, const char *folder, const struct value **out, struct error *err)
{
    const char *path = path_join(arena, folder, JOURNAL);
    const struct value *format = NULL;
    struct der text = { 0 };

    if (!private_file_read(arena, path, JOURNAL_MAX, &text, NULL, err) ||
        !json_read(arena, (const char *)text.data, text.length, path, out, err))
        return false;
    format = value_map_get(*out, "format");
    return (value_is(format, VALUE_INT) && format->as.integer == FORMAT &&
            value_is(value_map_get(*out, "arguments"), VALUE_LIST) && value_map_text(*out, "folder") != NULL) ||
           error_set(err, "%s is no journal of this version of roost", path);
}

static int name_order(const void *a, const void *b)
{
    return -strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the folder, newest first, NULL at the end. */
static const char **journal_names(struct arena *arena, const char *root)
{
    const char **names = NULL;
    size_t count = 0, size = 64;
    DIR *folder = opendir(root);

    names = arena_new_array(arena, const char *, size + 1);
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        if (count == size) {
            names = arena_grow(arena, names, (size + 1) * sizeof(*names), (2 * size + 1) * sizeof(*names));
            size *= 2;
        }
        names[count++] = arena_copy(arena, entry->d_name);
    }
    if (folder != NULL)
        closedir(folder);
    qsort(names, count, sizeof(*names), name_order);
    names[count] = NULL;
    return names;
}

bool rebuild_journal_find(struct rebuild *rebuild, const struct value **out, struct error *err)
{
    const char *root = rebuild_journal_root(rebuild->arena);
    const char **names = journal_names(rebuild->arena, root);

    for (; *names != NULL; names++) {
        const char *folder = path_join(rebuild->arena, root, *names);

        if (!path_exists(path_join(rebuild->arena, folder, JOURNAL))) /* killed before anything was begun */
            continue;
        if (!journal_read(rebuild->arena, folder, out, err))
            return false;
        if (value_map_text(*out, "outcome") != NULL && !text_equal(value_map_text(*out, "outcome"), "failed"))
            break; /* the newest has ended well: older ones are overtaken */
        rebuild->name = *names;
        rebuild->folder = folder;
        rebuild->began_us = value_map_int(*out, "began_us", 0);
        rebuild->work_folder = value_map_text(*out, "folder");
        rebuild->arguments = value_map_get(*out, "arguments");
        return true;
    }
    return error_set(err, "there is no rebuild to go on with: the last one has ended, or there was none (%s)", root);
}

bool rebuild_journal_hold(const struct rebuild *rebuild, struct error *err)
{
    int fd = open(path_join(rebuild->arena, rebuild->folder, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return error_set_errno(err, "cannot make the lock in %s", rebuild->folder);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true; /* the descriptor stays open: the lock ends with the process */
    fd_close(fd);
    return error_set(err, "the rebuild %s is under way in another process", rebuild->name);
}

/* --- reading --- */

static void text_put(char *out, const char *text)
{
    snprintf(out, REBUILD_SENTENCE, "%s", text == NULL ? "" : text);
}

static void progress_restore(struct arena *arena, struct rebuild_progress *progress, const struct rebuild_step *steps,
                             size_t count, const struct value *told)
{
    const struct value *done = value_map_get(told, "steps"), *notes = value_map_get(told, "notes");

    progress->notes = value_map(arena);
    for (size_t i = 0; i < value_map_count(notes); i++)
        value_map_put_value(arena, progress->notes, value_copy(arena, value_pair_at(notes, i)->key),
                            value_copy(arena, value_pair_at(notes, i)->item));
    while (progress->step < count) {
        const struct value *mark = value_map_get(done, steps[progress->step].name);
        struct rebuild_mark *out = &progress->marks[progress->step];

        out->began_us = value_map_int(mark, "began_us", 0);
        out->ended_us = value_map_int(mark, "ended_us", 0);
        text_put(out->sentence, value_map_text(mark, "sentence"));
        if (out->ended_us == 0)
            break;
        progress->step++;
    }
    if (progress->step == count)
        progress->state = REBUILD_DONE;
}

void rebuild_journal_restore(struct rebuild *rebuild, const struct value *journal)
{
    const struct value *nodes = value_map_get(journal, "nodes"), *served = value_map_get(journal, "served");

    for (size_t i = 0; i < rebuild->count; i++)
        progress_restore(rebuild->journal_arena, &rebuild->nodes[i].progress, rebuild_node_steps,
                         rebuild_node_steps_count, value_map_get(nodes, rebuild->nodes[i].host));
    progress_restore(rebuild->journal_arena, &rebuild->cluster.progress, rebuild_cluster_steps,
                     rebuild_cluster_steps_count, value_map_get(journal, "cluster"));
    for (size_t i = 0; i < rebuild->count; i++) {
        if (rebuild->nodes[i].progress.state != REBUILD_DONE) { /* it is not the cluster that was accepted */
            rebuild->cluster.progress = (struct rebuild_progress){ .notes = rebuild->cluster.progress.notes };
            break;
        }
    }
    rebuild->served = value_is(served, VALUE_LIST) ? value_copy(rebuild->journal_arena, served) : NULL;
}

/* --- writing --- */

static struct value *progress_value(struct arena *arena, const struct rebuild_node *node,
                                    const struct rebuild_step *steps, size_t count)
{
    struct value *out = value_map(arena), *marks = value_map(arena);

    for (size_t i = 0; i < count; i++) {
        const struct rebuild_mark *mark = &node->progress.marks[i];
        struct value *item = value_map(arena);

        if (mark->began_us == 0)
            continue;
        value_map_put_int(arena, item, "began_us", mark->began_us);
        value_map_put_int(arena, item, "ended_us", mark->ended_us);
        value_map_put_string(arena, item, "sentence", mark->sentence);
        value_map_put(arena, marks, steps[i].name, item);
    }
    value_map_put(arena, out, "steps", marks);
    value_map_put(arena, out, "notes", node->progress.notes == NULL ? value_map(arena) : node->progress.notes);
    return out;
}

bool rebuild_journal_write(struct rebuild *rebuild, const char *outcome, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct value *out = value_map(arena), *nodes = value_map(arena);
    const char *text = NULL;

    value_map_put_int(arena, out, "format", FORMAT);
    value_map_put_int(arena, out, "began_us", rebuild->began_us);
    value_map_put_string(arena, out, "folder", rebuild->work_folder);
    value_map_put(arena, out, "arguments", rebuild->arguments);
    value_map_put_string(arena, out, "outcome", outcome);
    value_map_put(arena, out, "served", rebuild->served == NULL ? value_null() : rebuild->served);
    for (size_t i = 0; i < rebuild->count; i++) {
        const struct rebuild_node *node = &rebuild->nodes[i];
        struct value *item = progress_value(arena, node, rebuild_node_steps, rebuild_node_steps_count);

        value_map_put_string(arena, item, "address", node->address); /* what was agreed to */
        value_map_put_string(arena, item, "wipe", rebuild_wipe_digest(arena, node));
        value_map_put(arena, nodes, node->host, item);
    }
    value_map_put(arena, out, "nodes", nodes);
    value_map_put(arena, out, "cluster",
                  progress_value(arena, &rebuild->cluster, rebuild_cluster_steps, rebuild_cluster_steps_count));
    text = json_text(arena, out, JSON_COMPACT);
    return private_file_write(path_join(arena, rebuild->folder, JOURNAL), text, strlen(text), err) ||
           error_prefix(err, "the journal of the rebuild");
}

struct value *rebuild_journal_steps(struct arena *arena, const struct rebuild_progress *progress,
                                    const struct rebuild_step *steps, size_t count)
{
    struct value *out = value_map(arena);

    for (size_t i = 0; i < count; i++) {
        const struct rebuild_mark *mark = &progress->marks[i];
        struct value *item = value_map(arena);

        if (mark->began_us == 0)
            continue;
        value_map_put_string(arena, item, "began", clock_text_utc(arena, mark->began_us));
        if (mark->ended_us > 0)
            value_map_put_string(arena, item, "ended", clock_text_utc(arena, mark->ended_us));
        value_map_put_string(arena, item, "sentence", mark->sentence);
        value_map_put(arena, out, steps[i].name, item);
    }
    return out;
}
