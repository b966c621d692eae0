/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through /proc for users of blobs; units of systemd are in store_use_units.c. Processes come and go meanwhile: what cannot be read has ended. */
#include "common/model/store_use_parts.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/model_source.h"

#define WORDS_MAX (4 * 1024 * 1024)
#define MAPS_MAX (64 * 1024 * 1024)

struct blob {
    const char *sha256;
    dev_t device;
    ino_t inode;
};

static void add_user(struct use_scan *scan, const char *sha256)
{
    struct arena *arena = scan->store->arena;
    struct store_users *users = scan->users;
    struct store_user user = { .pid = scan->pid };

    if (store_user_of(users, sha256) != NULL)
        return;
    user.sha256 = arena_copy(arena, sha256);
    user.command = arena_copy(arena, scan->command);
    if (users->count == users->capacity) {
        size_t wider = users->capacity == 0 ? 16 : users->capacity * 2;

        users->items = arena_grow(arena, users->items, users->capacity * sizeof(user), wider * sizeof(user));
        users->capacity = wider;
    }
    users->items[users->count++] = user;
}

/* ".../blobs/sha256/HEX", perhaps with " (deleted)" behind it. */
static void look_at_path(struct use_scan *scan, const char *path)
{
    const char *hex = strstr(path, "/blobs/sha256/");
    char *digest;

    if (hex == NULL)
        return;
    digest = arena_copy_n(scan->scratch, hex + 14, strnlen(hex + 14, 64));
    if (digest_is_sha256(digest))
        add_user(scan, digest);
}

static void look_at_inode(struct use_scan *scan, dev_t device, ino_t inode)
{
    for (size_t i = 0; i < scan->blob_count; i++) {
        if (scan->blobs[i].device == device && scan->blobs[i].inode == inode)
            add_user(scan, scan->blobs[i].sha256);
    }
}

static const char *proc_path(const struct use_scan *scan, const char *name)
{
    return arena_printf(scan->scratch, "/proc/%d/%s", scan->pid, name);
}

/* "START-END PERM OFFSET MAJOR:MINOR INODE   PATH" */
static void look_at_map(struct use_scan *scan, const char *line)
{
    const char *path = strchr(line, '/'), *at = line;
    unsigned long major_number, minor_number, inode;
    char *end;

    if (path != NULL)
        look_at_path(scan, path);
    for (int field = 0; field < 3 && at != NULL; field++) {
        at = strchr(at, ' ');
        at = at == NULL ? NULL : at + strspn(at, " ");
    }
    if (at == NULL)
        return;
    major_number = strtoul(at, &end, 16);
    minor_number = *end == ':' ? strtoul(end + 1, &end, 16) : 0;
    inode = strtoul(end, &end, 10);
    if (inode != 0)
        look_at_inode(scan, makedev((unsigned)major_number, (unsigned)minor_number), (ino_t)inode);
}

static void look_at_maps(struct use_scan *scan)
{
    struct error ignored = ERROR_INIT;
    const char *cursor, *line;
    char *data = NULL;
    size_t size = 0, length;

    if (!file_read(scan->scratch, proc_path(scan, "maps"), MAPS_MAX, &data, &size, &ignored))
        return;
    cursor = data;
    while (text_line(&cursor, data + size, &line, &length))
        look_at_map(scan, arena_copy_n(scan->scratch, line, length));
}

static void look_at_files(struct use_scan *scan)
{
    const char *folder = proc_path(scan, "fd");
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *path = path_join(scan->scratch, folder, entry->d_name);
        char target[LIMIT_PATH];
        ssize_t length = readlink(path, target, sizeof(target) - 1);
        struct stat info;

        if (length <= 0 || target[0] != '/')
            continue;
        target[length] = '\0';
        look_at_path(scan, target);
        if (stat(path, &info) == 0)
            look_at_inode(scan, info.st_dev, info.st_ino);
    }
    if (dir != NULL)
        closedir(dir);
}

/* Engines that take a folder of several files need all of them. */
static void look_at_folder(struct use_scan *scan, const char *path)
{
    const struct model_store store = { scan->scratch, scan->store->root };
    char *root = realpath(store.root, NULL);
    size_t length = root == NULL ? 0 : strlen(root), count = 0;
    struct error ignored = ERROR_INIT;
    struct store_name *names = NULL;

    if (length > 0 && strncmp(path, root, length) == 0 && path[length] == '/' &&
        store_folder_of(&store, path + length + 1) != NULL &&
        store_names(&store, path + length + 1, &names, &count, &ignored)) {
        for (size_t i = 0; i < count; i++)
            add_user(scan, names[i].sha256);
    }
    free(root);
}

static void look_at_target(struct use_scan *scan, const char *path)
{
    char *target = realpath(path, NULL);

    if (target != NULL) {
        look_at_path(scan, target);
        look_at_folder(scan, target);
    }
    free(target);
}

/* The blob behind a file's name, and behind all shards of the same model. */
static void look_at_name(struct use_scan *scan, const char *path)
{
    struct model_shard shard;

    if (strlen(path) >= LIMIT_PATH)
        return;
    look_at_path(scan, path);
    look_at_target(scan, path);
    if (!model_shard_parse(scan->scratch, path, &shard) || !path_exists(path))
        return;
    for (int number = 1; number <= shard.count; number++) {
        const char *sibling = model_shard_path(scan->scratch, &shard, number);

        if (!path_exists(sibling))
            return;
        look_at_target(scan, sibling);
    }
}

/* A word that names a file, from the root or from where the process is; perhaps with something before it. */
void use_scan_word(struct use_scan *scan, const char *word)
{
    const char *path = strchr(word, '/'), *equals = strchr(word, '=');
    const char *name = equals == NULL ? word : equals + 1;

    if (path != NULL)
        look_at_name(scan, path);
    if (name[0] != '/' && model_path_is_gguf(name))
        look_at_name(scan, path_join(scan->scratch, scan->folder, name));
}

/* cmdline and environ: words that end in NUL. */
static void look_at_words(struct use_scan *scan, const char *name)
{
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t size = 0;

    if (!file_read(scan->scratch, proc_path(scan, name), WORDS_MAX, &data, &size, &ignored))
        return;
    for (size_t at = 0; at < size; at += strlen(data + at) + 1)
        use_scan_word(scan, data + at);
}

static void look_at_process(struct use_scan *scan)
{
    struct error ignored = ERROR_INIT;
    char *name = NULL;
    size_t length = 0;

    scan->command = "?";
    scan->folder = proc_path(scan, "cwd");
    if (file_read(scan->scratch, proc_path(scan, "comm"), 256, &name, &length, &ignored))
        scan->command = text_trim(scan->scratch, name, length);
    look_at_maps(scan);
    look_at_files(scan);
    look_at_words(scan, "cmdline");
    look_at_words(scan, "environ");
}

static bool load_blobs(struct use_scan *scan, struct error *err)
{
    char **entries;
    size_t count;

    if (!store_entries(scan->store, "blobs/sha256", &entries, &count, err))
        return false;
    scan->blobs = arena_new_array(scan->store->arena, struct blob, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct stat info;

        if (digest_is_sha256(entries[i]) && stat(store_blob(scan->store, entries[i]), &info) == 0)
            scan->blobs[scan->blob_count++] = (struct blob){ entries[i], info.st_dev, info.st_ino };
    }
    return true;
}

bool store_users_find(const struct model_store *store, struct store_users *out, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct use_scan scan = { .store = store, .scratch = scratch, .users = out };
    struct dirent *entry;
    DIR *dir;

    if (!load_blobs(&scan, err))
        return false;
    dir = opendir("/proc");
    if (dir == NULL)
        return error_set_errno(err, "cannot see which processes run");
    while ((entry = readdir(dir)) != NULL) {
        int64_t pid = 0;

        if (!isdigit((unsigned char)entry->d_name[0]) || !text_to_int(entry->d_name, &pid) || pid == getpid())
            continue;
        scan.pid = (int)pid;
        look_at_process(&scan);
        arena_reset(scratch);
    }
    closedir(dir);
    return use_scan_units(&scan, err);
}

const struct store_user *store_user_of(const struct store_users *users, const char *sha256)
{
    for (size_t i = 0; i < users->count; i++) {
        if (strcmp(users->items[i].sha256, sha256) == 0)
            return &users->items[i];
    }
    return NULL;
}

bool store_blob_is_locked(const struct model_store *store, const char *sha256)
{
    FD_SCOPED fd = open(store_blob(store, sha256), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;
}
