/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task debugger: after a result that it is wanted for, asks what to do: look, change arguments and variables, do the task
 * again, go on, quit. Commands and prompts as in Ansible; expressions are those of templates.
 */
#pragma once

#include "engine/run/job.h"

/* What the user has changed for the task's next attempt. */
struct debug_changes {
    struct value *args, *vars; /* maps, or NULL */
};

enum debugger_next { DEBUGGER_GO_ON, DEBUGGER_REDO, DEBUGGER_QUIT };

/* apply_result, and what the debugger makes of it. *redo_out: the job's task is to be started again on its host, as if nothing had
 * been; run->changes holds what was changed for it. */
bool apply_debugged(struct run *run, struct job *job, bool *redo_out, struct error *err);

/* Whether the keyword `debugger`, the strategy or enable_task_debugger ask for it now. */
bool debugger_is_wanted(struct job *job);
/* Talks to the user until one of these is chosen. *changes_out outlives the job (step_arena). */
enum debugger_next debugger_talk(struct job *job, struct debug_changes **changes_out);

/* What a host was before a result was applied, to do the task again as if it had not been. */
struct host_memory;
struct host_memory *host_remember(struct run *run, struct job *job);
void host_restore(struct run *run, const struct host_memory *memory);
