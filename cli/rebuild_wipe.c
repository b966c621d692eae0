/* SPDX-License-Identifier: Apache-2.0 */
/* One wipe at a time. */
#include "cli/rebuild_wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/rebuild_child.h"
#include "cli/rebuild_journal.h"
#include "cli/rebuild_models.h"
#include "cli/rebuild_progress.h"
#include "cli/rebuild_reach.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define TRY_PAUSE_MS 200
/*
 * The command may hold secrets, and words of a program are everybody's to read: it comes in the environment. The shell holds the lock in
 * REBUILD_HAND; what it starts does not have it, so a machine that the command leaves running at the desk keeps nobody waiting. The last
 * words keep the shell from becoming the subshell.
 */
#define SHELL "c=$ROOST_WIPE; unset ROOST_WIPE; (eval \"$c\") 3>&-; exit $?"

/* Beside the rebuilds, as another rebuild of the host would hold it too; a name of the inventory may hold anything. */
static const char *lock_path(struct rebuild_call *call)
{
    char *name = arena_printf(call->arena, "wipe-%s.lock", call->node->host);

    for (char *at = name; *at != '\0'; at++)
        *at = *at == '/' ? '_' : *at;
    return path_join(call->arena, rebuild_journal_root(call->arena), name);
}

/* Until nobody else wipes this host. -1 (err): it took too long, or was interrupted. */
static int lock_take(struct rebuild_call *call, struct error *err)
{
    const char *path = lock_path(call);
    int64_t deadline_ms = clock_monotonic_ms() + call->rebuild->options.wait_s * 1000;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool is_good = fd >= 0 || error_set_errno(err, "cannot make the lock %s", path);

    while (is_good && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            is_good = error_set_errno(err, "cannot take the lock %s", path);
        } else if (clock_monotonic_ms() > deadline_ms) {
            is_good = error_set(err, "a wipe that was begun before has not ended within %lld s (who has %s open)",
                                (long long)call->rebuild->options.wait_s, path);
        } else {
            rebuild_progress_say(call, true, "a wipe that was begun before still runs: waiting for its end");
            is_good = rebuild_pause(TRY_PAUSE_MS) || error_set_kind(err, ERROR_CANCELLED, "interrupted");
        }
    }
    if (!is_good)
        fd_close(fd);
    return is_good ? fd : -1;
}

static bool program_run(struct rebuild_call *call, struct rebuild_child_end *out, struct error *err)
{
    const struct rebuild_node *node = call->node;
    const char *const argv[] = { "sh", "-c", SHELL, NULL };
    const char *const environment[] = { arena_printf(call->arena, "ROOST_NODE=%s", node->name),
                                        arena_printf(call->arena, "ROOST_HOST=%s", node->host),
                                        arena_printf(call->arena, "ROOST_ADDRESS=%s", node->address),
                                        arena_printf(call->arena, "ROOST_KEEP_MODELS=%s",
                                                     call->rebuild->options.keep_models ? "1" : ""),
                                        arena_printf(call->arena, "ROOST_WIPE=%s", node->wipe),
                                        NULL };
    FD_SCOPED lock = lock_take(call, err);

    if (lock < 0)
        return false;
    rebuild_note(call, "wiped", "begun"); /* whatever it was, it may be another machine from here on */
    return rebuild_child_run(
        call, &(struct rebuild_child){ .argv = argv, .environment = environment, .hand = lock, .outlives = true }, out,
        err);
}

bool rebuild_wipe(struct rebuild_call *call, struct error *err)
{
    struct rebuild_key_word told;
    struct rebuild_child_end end;

    if (call->node->wipe == NULL) {
        rebuild_tell(call, "taken as it is: there is no wipe command");
        return true;
    }
    if (!rebuild_reach_before(call, err) || (call->rebuild->options.keep_models && !rebuild_models_before(call, err)) ||
        !program_run(call, &end, err))
        return false;
    if (end.status != 0)
        return error_set(err, "the wipe command ended with %d: %s", end.status,
                         rebuild_child_sentence(call->arena, end.output));
    told = rebuild_key_printed(call->arena, end.output);
    rebuild_note(call, "wiped", "yes");
    if (told.key != NULL)
        rebuild_note(call, "told_key", told.key);
    if (told.fingerprint != NULL)
        rebuild_note(call, "told_fingerprint", told.fingerprint);
    rebuild_tell(call, "wiped%s", told.key != NULL || told.fingerprint != NULL ? ", and its host key was told" : "");
    return true;
}
