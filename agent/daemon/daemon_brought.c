/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. A session that was killed leaves no word of its end: of it models are told a little later, programs at the next look. */
#include "agent/daemon/daemon_brought.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/daemon_models.h"
#include "agent/daemon/watch.h"
#include "agent/session/session_note.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define END_MS 300         /* after a session's end: the next one may come at once */
#define UNDER_WAY_MS 30000 /* a session that goes on, or was killed: its models are told so late */
#define END_MARK " end\n"

static const char *note_path(struct arena *arena)
{
    const char *folder = getenv(SESSION_NOTE_FOLDER);

    return folder != NULL && folder[0] == '/' ? path_join(arena, folder, "runs") : SESSION_NOTE_PATH;
}

bool daemon_brought_open(struct daemon *daemon, struct error *err)
{
    const char *path = note_path(daemon->arena);
    struct error ignored = ERROR_INIT; /* where nothing can be watched the timed looks are left */

    if (!watch_open(&daemon->brought.notes, err))
        return false;
    (void)watch_set(daemon->brought.notes, &path, 1, &ignored);
    return true;
}

void daemon_brought_close(struct daemon *daemon)
{
    watch_close(daemon->brought.notes);
}

int daemon_brought_fd(const struct daemon *daemon)
{
    return watch_fd(daemon->brought.notes);
}

int64_t daemon_brought_due_ms(const struct daemon *daemon)
{
    return daemon->brought.due_ms == 0 ? INT64_MAX : daemon->brought.due_ms;
}

void daemon_brought_look(struct daemon *daemon)
{
    daemon_pieces_look(daemon);
    daemon_models_tell(daemon);
}

/* The last line is of a session that has ended. */
static bool has_ended(struct arena *arena)
{
    char tail[sizeof(END_MARK)] = "";
    FD_SCOPED fd = open(note_path(arena), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    ssize_t length = (ssize_t)strlen(END_MARK);

    return fd >= 0 && fstat(fd, &info) == 0 && info.st_size > (off_t)length &&
           pread(fd, tail, (size_t)length, info.st_size - (off_t)length) == length && strcmp(tail, END_MARK) == 0;
}

void daemon_brought_take(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct daemon_brought *brought = &daemon->brought;
    struct watch_touched touched = { .count = 0 };
    struct error ignored = ERROR_INIT;
    int64_t now_ms = clock_monotonic_ms();

    if (!watch_take(brought->notes, arena, &touched, &ignored) || (touched.count == 0 && !touched.all))
        return;
    if (has_ended(arena)) {
        brought->has_ended = true;
        brought->due_ms = now_ms + END_MS;
    } else if (brought->due_ms == 0) {
        brought->due_ms = now_ms + UNDER_WAY_MS;
    }
}

void daemon_brought_step(struct daemon *daemon)
{
    struct daemon_brought *brought = &daemon->brought;

    if (brought->due_ms == 0 || clock_monotonic_ms() < brought->due_ms || daemon->is_stopping)
        return;
    brought->due_ms = 0;
    if (brought->has_ended)
        daemon_brought_look(daemon);
    else
        daemon_models_tell(daemon);
    brought->has_ended = false;
}
