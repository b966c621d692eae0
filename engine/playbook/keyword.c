/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyword table: name and the places where it may stand, in the order of enum keyword, and the same keywords in
 * the order of their names for look-up.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/playbook/keyword.h"

#define COMMON (IN_PLAY | IN_ROLE | IN_BLOCK | IN_TASK | IN_HANDLER)
#define TASKS (IN_TASK | IN_HANDLER)

struct keyword_entry {
    const char *name;
    unsigned places;
};

static const struct keyword_entry keyword_table[KEYWORD_COUNT] = {
    [KEYWORD_ANY_ERRORS_FATAL] = { "any_errors_fatal", COMMON },
    [KEYWORD_BECOME] = { "become", COMMON },
    [KEYWORD_BECOME_EXE] = { "become_exe", COMMON },
    [KEYWORD_BECOME_FLAGS] = { "become_flags", COMMON },
    [KEYWORD_BECOME_METHOD] = { "become_method", COMMON },
    [KEYWORD_BECOME_USER] = { "become_user", COMMON },
    [KEYWORD_CHECK_MODE] = { "check_mode", COMMON },
    [KEYWORD_COLLECTIONS] = { "collections", COMMON },
    [KEYWORD_CONNECTION] = { "connection", COMMON },
    [KEYWORD_DEBUGGER] = { "debugger", COMMON },
    [KEYWORD_DIFF] = { "diff", COMMON },
    [KEYWORD_ENVIRONMENT] = { "environment", COMMON },
    [KEYWORD_IGNORE_ERRORS] = { "ignore_errors", COMMON },
    [KEYWORD_IGNORE_UNREACHABLE] = { "ignore_unreachable", COMMON },
    [KEYWORD_MODULE_DEFAULTS] = { "module_defaults", COMMON },
    [KEYWORD_NAME] = { "name", COMMON },
    [KEYWORD_NO_LOG] = { "no_log", COMMON },
    [KEYWORD_PORT] = { "port", COMMON },
    [KEYWORD_REMOTE_USER] = { "remote_user", COMMON },
    [KEYWORD_RUN_ONCE] = { "run_once", COMMON },
    [KEYWORD_TAGS] = { "tags", COMMON },
    [KEYWORD_THROTTLE] = { "throttle", COMMON },
    [KEYWORD_TIMEOUT] = { "timeout", COMMON },
    [KEYWORD_VARS] = { "vars", COMMON },
    [KEYWORD_WHEN] = { "when", IN_ROLE | IN_BLOCK | TASKS },
    [KEYWORD_DELEGATE_TO] = { "delegate_to", IN_ROLE | IN_BLOCK | TASKS },
    [KEYWORD_DELEGATE_FACTS] = { "delegate_facts", IN_ROLE | IN_BLOCK | TASKS },
    [KEYWORD_NOTIFY] = { "notify", IN_BLOCK | TASKS },
    [KEYWORD_BLOCK] = { "block", IN_BLOCK },
    [KEYWORD_RESCUE] = { "rescue", IN_BLOCK },
    [KEYWORD_ALWAYS] = { "always", IN_BLOCK },
    [KEYWORD_ACTION] = { "action", TASKS },
    [KEYWORD_LOCAL_ACTION] = { "local_action", TASKS },
    [KEYWORD_ARGS] = { "args", TASKS },
    [KEYWORD_ASYNC] = { "async", TASKS },
    [KEYWORD_POLL] = { "poll", TASKS },
    [KEYWORD_CHANGED_WHEN] = { "changed_when", TASKS },
    [KEYWORD_FAILED_WHEN] = { "failed_when", TASKS },
    [KEYWORD_DELAY] = { "delay", TASKS },
    [KEYWORD_RETRIES] = { "retries", TASKS },
    [KEYWORD_UNTIL] = { "until", TASKS },
    [KEYWORD_LOOP] = { "loop", TASKS },
    [KEYWORD_LOOP_CONTROL] = { "loop_control", TASKS },
    [KEYWORD_REGISTER] = { "register", TASKS },
    [KEYWORD_LISTEN] = { "listen", IN_HANDLER },
    [KEYWORD_HOSTS] = { "hosts", IN_PLAY },
    [KEYWORD_GATHER_FACTS] = { "gather_facts", IN_PLAY },
    [KEYWORD_GATHER_SUBSET] = { "gather_subset", IN_PLAY },
    [KEYWORD_GATHER_TIMEOUT] = { "gather_timeout", IN_PLAY },
    [KEYWORD_FACT_PATH] = { "fact_path", IN_PLAY },
    [KEYWORD_FORCE_HANDLERS] = { "force_handlers", IN_PLAY },
    [KEYWORD_HANDLERS] = { "handlers", IN_PLAY },
    [KEYWORD_MAX_FAIL_PERCENTAGE] = { "max_fail_percentage", IN_PLAY },
    [KEYWORD_ORDER] = { "order", IN_PLAY },
    [KEYWORD_PRE_TASKS] = { "pre_tasks", IN_PLAY },
    [KEYWORD_TASKS] = { "tasks", IN_PLAY },
    [KEYWORD_POST_TASKS] = { "post_tasks", IN_PLAY },
    [KEYWORD_ROLES] = { "roles", IN_PLAY },
    [KEYWORD_SERIAL] = { "serial", IN_PLAY },
    [KEYWORD_STRATEGY] = { "strategy", IN_PLAY },
    [KEYWORD_VARS_FILES] = { "vars_files", IN_PLAY },
    [KEYWORD_VARS_PROMPT] = { "vars_prompt", IN_PLAY },
    [KEYWORD_USER] = { "user", IN_PLAY },
    [KEYWORD_ROLE] = { "role", IN_ROLE },
};

/* Sorted by name; the unit test looks every keyword up. */
static const unsigned char keyword_sorted[] = {
    KEYWORD_ACTION,
    KEYWORD_ALWAYS,
    KEYWORD_ANY_ERRORS_FATAL,
    KEYWORD_ARGS,
    KEYWORD_ASYNC,
    KEYWORD_BECOME,
    KEYWORD_BECOME_EXE,
    KEYWORD_BECOME_FLAGS,
    KEYWORD_BECOME_METHOD,
    KEYWORD_BECOME_USER,
    KEYWORD_BLOCK,
    KEYWORD_CHANGED_WHEN,
    KEYWORD_CHECK_MODE,
    KEYWORD_COLLECTIONS,
    KEYWORD_CONNECTION,
    KEYWORD_DEBUGGER,
    KEYWORD_DELAY,
    KEYWORD_DELEGATE_FACTS,
    KEYWORD_DELEGATE_TO,
    KEYWORD_DIFF,
    KEYWORD_ENVIRONMENT,
    KEYWORD_FACT_PATH,
    KEYWORD_FAILED_WHEN,
    KEYWORD_FORCE_HANDLERS,
    KEYWORD_GATHER_FACTS,
    KEYWORD_GATHER_SUBSET,
    KEYWORD_GATHER_TIMEOUT,
    KEYWORD_HANDLERS,
    KEYWORD_HOSTS,
    KEYWORD_IGNORE_ERRORS,
    KEYWORD_IGNORE_UNREACHABLE,
    KEYWORD_LISTEN,
    KEYWORD_LOCAL_ACTION,
    KEYWORD_LOOP,
    KEYWORD_LOOP_CONTROL,
    KEYWORD_MAX_FAIL_PERCENTAGE,
    KEYWORD_MODULE_DEFAULTS,
    KEYWORD_NAME,
    KEYWORD_NO_LOG,
    KEYWORD_NOTIFY,
    KEYWORD_ORDER,
    KEYWORD_POLL,
    KEYWORD_PORT,
    KEYWORD_POST_TASKS,
    KEYWORD_PRE_TASKS,
    KEYWORD_REGISTER,
    KEYWORD_REMOTE_USER,
    KEYWORD_RESCUE,
    KEYWORD_RETRIES,
    KEYWORD_ROLE,
    KEYWORD_ROLES,
    KEYWORD_RUN_ONCE,
    KEYWORD_SERIAL,
    KEYWORD_STRATEGY,
    KEYWORD_TAGS,
    KEYWORD_TASKS,
    KEYWORD_THROTTLE,
    KEYWORD_TIMEOUT,
    KEYWORD_UNTIL,
    KEYWORD_USER,
    KEYWORD_VARS,
    KEYWORD_VARS_FILES,
    KEYWORD_VARS_PROMPT,
    KEYWORD_WHEN,
};
_Static_assert(sizeof(keyword_sorted) == KEYWORD_COUNT, "every keyword once");

static int keyword_compare(const void *name, const void *entry)
{
    return strcmp(name, keyword_table[*(const unsigned char *)entry].name);
}

bool keyword_find(const char *name, unsigned places, enum keyword *out)
{
    const unsigned char *found = bsearch(name, keyword_sorted, KEYWORD_COUNT, 1, keyword_compare);

    if (found == NULL || (keyword_table[*found].places & places) == 0)
        return false;
    *out = (enum keyword) * found;
    return true;
}

const char *keyword_name(enum keyword keyword)
{
    return keyword_table[keyword].name;
}

const char *keyword_nearest(const char *name, unsigned places)
{
    const char *candidates[KEYWORD_COUNT];
    size_t count = 0;

    for (size_t i = 0; i < KEYWORD_COUNT; i++) {
        if ((keyword_table[i].places & places) != 0)
            candidates[count++] = keyword_table[i].name;
    }
    return text_nearest(name, candidates, count);
}
