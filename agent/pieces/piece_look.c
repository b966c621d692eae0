/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. RemainAfterExit keeps units that have ended by themselves in sight: "active" and "exited". */
#include "agent/pieces/piece_look.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "common/base/text.h"

#define CODE_EXITED 1 /* CLD_EXITED; KILLED and DUMPED are 2 and 3 */

const char *piece_state_name(enum piece_state state)
{
    static const char *const names[] = {
        [PIECE_STARTING] = "starting", [PIECE_RUNNING] = "running", [PIECE_ENDED] = "ended",
        [PIECE_FAILED] = "failed",     [PIECE_REFUSED] = "refused", [PIECE_STOPPING] = "stopping",
        [PIECE_GONE] = "gone",
    };

    return names[state];
}

static int64_t number_of(const struct value *properties, const char *name, int64_t otherwise)
{
    const char *text = value_map_text(properties, name);
    int64_t number = 0;

    return text != NULL && text_to_int(text, &number) ? number : otherwise;
}

static const char *text_of(const struct value *properties, const char *name)
{
    const char *text = value_map_text(properties, name);

    return text == NULL ? "" : text;
}

void piece_now_read(const struct value *properties, struct piece_now *out)
{
    int64_t code = number_of(properties, "ExecMainCode", 0), status = number_of(properties, "ExecMainStatus", 0);

    *out = (struct piece_now){ .is_loaded = strcmp(text_of(properties, "LoadState"), "loaded") == 0,
                               .active = text_of(properties, "ActiveState"),
                               .sub = text_of(properties, "SubState"),
                               .result = text_of(properties, "Result"),
                               .control_group = value_map_text(properties, "ControlGroup"),
                               .pid = number_of(properties, "MainPID", 0),
                               .exit_code = code == CODE_EXITED ? status : -1,
                               .signal = code > CODE_EXITED ? status : -1,
                               .restarts = number_of(properties, "NRestarts", 0),
                               .memory_peak = number_of(properties, "MemoryPeak", 0) };
}

bool piece_look(struct unit_manager *manager, const char *name, struct piece_now *out, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct value *properties = NULL;

    if (!unit_show(manager, piece_unit(scratch, name), &properties, err))
        return false;
    piece_now_read(properties, out);
    return true;
}

bool piece_now_is_down(const struct piece_now *now)
{
    return !now->is_loaded || strcmp(now->active, "inactive") == 0 || strcmp(now->active, "failed") == 0;
}

static const char *end_sentence(struct arena *arena, const struct piece_now *now)
{
    static const char *const reasons[][2] = {
        { "timeout", "its time was up" },
        { "oom-kill", "the kernel ran out of memory for it" },
        { "resources", "systemd could not start it: a resource was not available" },
        { "start-limit-hit", "it was started too often in too short a time" },
        { "protocol", "it did not begin as its unit demands" },
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strcmp(now->result, reasons[i][0]) == 0)
            return reasons[i][1];
    }
    if (now->signal > 0) {
        const char *name = sigabbrev_np((int)now->signal);

        return arena_printf(arena, "signal %" PRId64 " (%s) ended it", now->signal, name == NULL ? "?" : name);
    }
    if (now->exit_code >= 200 && now->exit_code <= 243) /* systemd's own, systemd.exec(5) */
        return arena_printf(arena, "systemd could not start it (status %" PRId64 " of systemd.exec(5))",
                            now->exit_code);
    return arena_printf(arena, "it ended with exit code %" PRId64, now->exit_code);
}

static enum piece_state active_judge(struct arena *arena, const struct piece_now *now, bool is_job, const char **out)
{
    if (strcmp(now->sub, "exited") != 0)
        return PIECE_RUNNING;
    if (is_job)
        return PIECE_ENDED;
    *out = arena_printf(arena, "%s, though it is to run on", end_sentence(arena, now));
    return PIECE_FAILED;
}

bool piece_now_judge(struct arena *arena, const struct piece_now *now, bool is_job, enum piece_state *state_out,
                     const char **sentence_out)
{
    *sentence_out = NULL;
    if (strcmp(now->active, "active") == 0 || strcmp(now->active, "reloading") == 0) {
        *state_out = active_judge(arena, now, is_job, sentence_out);
    } else if (strcmp(now->active, "activating") == 0) {
        bool again = strcmp(now->sub, "auto-restart") == 0;

        *state_out = is_job && !again ? PIECE_RUNNING : PIECE_STARTING;
        if (again)
            *sentence_out = arena_printf(arena, "%s; it is started again", end_sentence(arena, now));
    } else if (strcmp(now->active, "deactivating") == 0) {
        *state_out = PIECE_STOPPING;
    } else if (strcmp(now->active, "failed") == 0) {
        *state_out = PIECE_FAILED;
        *sentence_out = end_sentence(arena, now);
    } else {
        return false;
    }
    return true;
}
