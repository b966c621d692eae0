/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keywords of plays, roles, blocks, tasks and handlers: one table drives parsing, the check for unknown
 * keywords and inheritance. Sets are those of ansible-core 2.14 (facts: FieldAttributes).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum keyword {
    /* common to play, role, block, task */
    KEYWORD_ANY_ERRORS_FATAL,
    KEYWORD_BECOME,
    KEYWORD_BECOME_EXE,
    KEYWORD_BECOME_FLAGS,
    KEYWORD_BECOME_METHOD,
    KEYWORD_BECOME_USER,
    KEYWORD_CHECK_MODE,
    KEYWORD_COLLECTIONS,
    KEYWORD_CONNECTION,
    KEYWORD_DEBUGGER,
    KEYWORD_DIFF,
    KEYWORD_ENVIRONMENT,
    KEYWORD_IGNORE_ERRORS,
    KEYWORD_IGNORE_UNREACHABLE,
    KEYWORD_MODULE_DEFAULTS,
    KEYWORD_NAME,
    KEYWORD_NO_LOG,
    KEYWORD_PORT,
    KEYWORD_REMOTE_USER,
    KEYWORD_RUN_ONCE,
    KEYWORD_TAGS,
    KEYWORD_THROTTLE,
    KEYWORD_TIMEOUT,
    KEYWORD_VARS,
    /* block, task, role entry */
    KEYWORD_WHEN,
    KEYWORD_DELEGATE_TO,
    KEYWORD_DELEGATE_FACTS,
    KEYWORD_NOTIFY,
    /* block */
    KEYWORD_BLOCK,
    KEYWORD_RESCUE,
    KEYWORD_ALWAYS,
    /* task */
    KEYWORD_ACTION,
    KEYWORD_LOCAL_ACTION,
    KEYWORD_ARGS,
    KEYWORD_ASYNC,
    KEYWORD_POLL,
    KEYWORD_CHANGED_WHEN,
    KEYWORD_FAILED_WHEN,
    KEYWORD_DELAY,
    KEYWORD_RETRIES,
    KEYWORD_UNTIL,
    KEYWORD_LOOP,
    KEYWORD_LOOP_CONTROL,
    KEYWORD_REGISTER,
    KEYWORD_LISTEN /* handler only */,
    /* play */
    KEYWORD_HOSTS,
    KEYWORD_GATHER_FACTS,
    KEYWORD_GATHER_SUBSET,
    KEYWORD_GATHER_TIMEOUT,
    KEYWORD_FACT_PATH,
    KEYWORD_FORCE_HANDLERS,
    KEYWORD_HANDLERS,
    KEYWORD_MAX_FAIL_PERCENTAGE,
    KEYWORD_ORDER,
    KEYWORD_PRE_TASKS,
    KEYWORD_TASKS,
    KEYWORD_POST_TASKS,
    KEYWORD_ROLES,
    KEYWORD_SERIAL,
    KEYWORD_STRATEGY,
    KEYWORD_VARS_FILES,
    KEYWORD_VARS_PROMPT,
    KEYWORD_USER /* alias of remote_user */,
    /* role entry */
    KEYWORD_ROLE,
    KEYWORD_COUNT
};

enum keyword_place { IN_PLAY = 1, IN_ROLE = 2, IN_BLOCK = 4, IN_TASK = 8, IN_HANDLER = 16 };

bool keyword_find(const char *name, unsigned places, enum keyword *out);
const char *keyword_name(enum keyword keyword);
const char *keyword_nearest(const char *name, unsigned places); /* or NULL */
