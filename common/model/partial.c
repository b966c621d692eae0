/* SPDX-License-Identifier: Apache-2.0 */
/* The partial file, its lock, and its journal. */
#include "common/model/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"

#define SLOT_SIZE 512 /* one sector: written whole or not at all, and checked all the same */
#define LOCK_POLL_MS 250

static const char slot_magic[8] = "RoostMJ1";

struct slot {
    char magic[8];
    uint64_t sequence;
    int64_t length;
    uint32_t words[8];
    char identity[DIGEST_HEX], check[DIGEST_HEX];
};

static void slot_check(const struct slot *slot, char out[DIGEST_HEX])
{
    struct digest digest;

    digest_start(&digest);
    digest_add(&digest, slot, offsetof(struct slot, check));
    digest_hex(&digest, out);
}

static bool slot_read(int fd, int index, struct slot *out)
{
    char check[DIGEST_HEX];

    if (pread(fd, out, sizeof(*out), (off_t)index * SLOT_SIZE) != (ssize_t)sizeof(*out) ||
        memcmp(out->magic, slot_magic, sizeof(slot_magic)) != 0)
        return false;
    slot_check(out, check);
    return memcmp(check, out->check, DIGEST_HEX) == 0 && out->length >= 0 && out->length % DIGEST_BLOCK == 0;
}

/* True: the file at the path is the one that is open, and not one that was renamed away meanwhile. */
static bool is_same_file(int fd, const char *path)
{
    struct stat open_info, path_info;

    return fstat(fd, &open_info) == 0 && lstat(path, &path_info) == 0 && open_info.st_dev == path_info.st_dev &&
           open_info.st_ino == path_info.st_ino;
}

/* Waits for the lock. *again_out: the file is gone, as whoever had it has finished. */
static bool lock_wait(struct partial *partial, const struct model_settings *settings, bool *again_out,
                      struct error *err)
{
    bool told = false;

    while (flock(partial->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set_errno(err, "cannot lock '%s'", partial->path);
        if (!told)
            model_note(settings, "another process is fetching the same file: waiting for it");
        told = true;
        if (!model_pause(settings, LOCK_POLL_MS, err))
            return false;
    }
    *again_out = !is_same_file(partial->fd, partial->path);
    return true;
}

bool partial_open(const struct model_store *store, const char *key, const struct model_settings *settings,
                  struct partial *out, struct error *err)
{
    struct partial partial = { .store = store, .fd = -1, .journal_fd = -1 };
    bool again = true;

    partial.path = store_path(store, path_join(store->arena, "partial", key));
    partial.journal_path = arena_printf(store->arena, "%s.journal", partial.path);
    while (again) {
        fd_close(partial.fd);
        partial.fd = open(partial.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (partial.fd < 0)
            return error_set_errno(err, "cannot open '%s'", partial.path);
        if (!lock_wait(&partial, settings, &again, err)) {
            fd_close(partial.fd);
            return false;
        }
    }
    partial.journal_fd = open(partial.journal_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (partial.journal_fd < 0) {
        error_set_errno(err, "cannot open '%s'", partial.journal_path);
        fd_close(partial.fd);
        return false;
    }
    *out = partial;
    return true;
}

/* False: it may still speak of data. */
static bool journal_forget(struct partial *partial)
{
    struct stat info;
    bool speaks = fstat(partial->journal_fd, &info) != 0 || info.st_size > 0;

    memset(&partial->verified, 0, sizeof(partial->verified));
    if (ftruncate(partial->journal_fd, 0) == 0 && (!speaks || fdatasync(partial->journal_fd) == 0))
        return true;
    (void)unlink(partial->journal_path);
    return false;
}

void partial_restart(struct partial *partial)
{
    /* the journal first, and on the disk: it must never speak of data that is gone */
    if (journal_forget(partial) && ftruncate(partial->fd, 0) != 0)
        (void)unlink(partial->journal_path);
}

bool partial_resume(struct partial *partial, const char *identity, struct error *err)
{
    const struct slot *newest = NULL;
    struct slot slots[2];
    struct digest digest;
    struct stat info;

    digest_start(&digest);
    digest_add(&digest, identity, strlen(identity));
    digest_hex(&digest, partial->identity);
    if (fstat(partial->fd, &info) != 0)
        return error_set_errno(err, "cannot look at '%s'", partial->path);
    for (int i = 0; i < 2; i++) {
        if (slot_read(partial->journal_fd, i, &slots[i]) && (newest == NULL || slots[i].sequence > newest->sequence))
            newest = &slots[i];
    }
    if (newest == NULL || memcmp(newest->identity, partial->identity, DIGEST_HEX) != 0 ||
        newest->length > info.st_size) {
        if (partial->keeps_behind)
            (void)journal_forget(partial);
        else
            partial_restart(partial);
        return true;
    }
    partial->sequence = newest->sequence;
    partial->verified.length = newest->length;
    memcpy(partial->verified.words, newest->words, sizeof(newest->words));
    /* what lies behind has not been verified */
    if (!partial->keeps_behind && ftruncate(partial->fd, newest->length) != 0)
        return error_set_errno(err, "cannot shorten '%s'", partial->path);
    return true;
}

bool partial_checkpoint(struct partial *partial, const struct digest_state *state, struct error *err)
{
    char sector[SLOT_SIZE] = { 0 };
    struct slot slot;

    memset(&slot, 0, sizeof(slot));
    memcpy(slot.magic, slot_magic, sizeof(slot_magic));
    slot.sequence = partial->sequence + 1;
    slot.length = state->length;
    memcpy(slot.words, state->words, sizeof(slot.words));
    memcpy(slot.identity, partial->identity, DIGEST_HEX);
    slot_check(&slot, slot.check);
    memcpy(sector, &slot, sizeof(slot));
    if (fdatasync(partial->fd) != 0)
        return error_set_errno(err, "cannot write '%s' to the disk", partial->path);
    if (pwrite(partial->journal_fd, sector, SLOT_SIZE, (off_t)(slot.sequence % 2) * SLOT_SIZE) != SLOT_SIZE ||
        fdatasync(partial->journal_fd) != 0)
        return error_set_errno(err, "cannot write '%s'", partial->journal_path);
    partial->sequence = slot.sequence;
    partial->verified = *state;
    return true;
}

bool partial_commit(struct partial *partial, const char *sha256, struct error *err)
{
    const char *blob = store_blob(partial->store, sha256);

    if (fchmod(partial->fd, 0444) != 0 || fsync(partial->fd) != 0)
        return error_set_errno(err, "cannot write '%s' to the disk", partial->path);
    if (rename(partial->path, blob) != 0)
        return error_set_errno(err, "cannot make '%s' a verified file", partial->path);
    (void)unlink(partial->journal_path);
    return folder_sync(path_dirname(partial->store->arena, blob), err);
}

void partial_discard(struct partial *partial)
{
    (void)unlink(partial->journal_path);
    (void)unlink(partial->path);
    partial_close(partial);
}

void partial_close(struct partial *partial)
{
    fd_close(partial->fd);
    fd_close(partial->journal_fd);
    partial->fd = partial->journal_fd = -1;
}
