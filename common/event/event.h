/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in a run, as records. The engine emits them in order; sinks (console, JSON lines, tee,
 * later the controller's store) show or keep them. All pointers are borrowed for the call only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/value/value.h"

enum event_kind {
    EVENT_RUN_START,
    EVENT_PLAY_START,     /* name */
    EVENT_NO_HOSTS,       /* play has no hosts: "skipping: no hosts matched" */
    EVENT_TASK_START,     /* name; is_handler; first time a host starts it */
    EVENT_INCLUDE_RESULT, /* an include task went well on a host: what it asked for is in result; before EVENT_INCLUDE */
    EVENT_INCLUDE,        /* included: path for hosts (message, hosts in result list) */
    EVENT_HOST_START,     /* host */
    EVENT_ITEM,           /* one loop item's outcome: host, outcome, result, item_label */
    EVENT_RESULT,         /* the outcome of a task on a host */
    EVENT_RETRY,          /* until: attempts left in result */
    EVENT_HANDLER_NOTIFIED,
    EVENT_NO_HOSTS_LEFT,
    EVENT_WARNING,    /* message; outcome failed: rather an error than a warning */
    EVENT_DEPRECATED, /* message */
    EVENT_MESSAGE,    /* free text of an action (pause): message; with a host: a line of the default callback alone */
    EVENT_PROGRESS,   /* long task on a host: message */
    EVENT_VERBOSE,    /* message for people who asked for more with -v; host or NULL */
    EVENT_CUSTOM_STATS, /* what set_stats kept for the run: result; before EVENT_STATS, where a host's own are in result */
    EVENT_STATS,        /* one per host at the end, see struct event_stats */
    EVENT_RUN_END,
};

enum event_outcome { OUTCOME_OK, OUTCOME_CHANGED, OUTCOME_FAILED, OUTCOME_SKIPPED, OUTCOME_UNREACHABLE };

struct event_stats {
    int ok, changed, unreachable, failed, skipped, rescued, ignored;
};

struct event {
    enum event_kind kind;
    uint64_t sequence; /* numbered from 1 in each run */
    int64_t wall_us;
    const char *name; /* play or task, as shown: "role : task" */
    const char *host;
    const char *delegate;     /* delegated host or NULL */
    const char *action;       /* module name of a task */
    const char *action_text;  /* as it was written, perhaps with its collection; or NULL */
    const char *role;         /* the role that the task belongs to, or NULL */
    const struct value *args; /* EVENT_TASK_START: as written, templates and all; NULL when the task is no_log */
    const char *path;         /* file and line of the task */
    int line;
    enum event_outcome outcome;
    bool is_handler;
    bool ignored; /* failed, but ignore_errors */
    bool no_log;
    bool check_mode;
    bool diff_mode;             /* the task's diff should be shown */
    const char *item_label;     /* text of the loop item, already masked */
    bool has_items;             /* EVENT_RESULT of a loop: items were shown before */
    const struct value *result; /* masked by the engine when no_log */
    const char *message;
    struct event_stats stats;
    uint32_t task;      /* node->number: whether two events are of the same task; 0: go by name, path and line */
    size_t host_count;  /* EVENT_PLAY_START: hosts of the play (or of the batch) */
    bool free_strategy; /* free, host_pinned: EVENT_TASK_START shows no banner, the first result does */
};

/*
 * What sinks read from `result`, beside the module's own fields (all optional):
 *   _ansible_verbose_always, _ansible_verbose_override   set by the action (debug, pause ...)
 *   _ansible_delegated_vars.ansible_host                 address behind `delegate`
 *   warnings (strings), deprecations ({msg, version, date, collection_name}), exception, diff (map or list of maps)
 *   (with diff_mode, an EVENT_ITEM carries its own diff: it is shown before the item's line)
 *   retries, attempts                                    in EVENT_RETRY
 *   _ansible_changes                                     sentences: what differs, shown where there is no diff to show
 * EVENT_INCLUDE: message is the path (or role), result the list of host names, item_label the loop item or NULL.
 * EVENT_DEPRECATED: message is the bare sentence; result may hold version, date, collection_name. EVENT_RUN_START: path is
 * the playbook's. EVENT_RESULT of an unreachable host: ignored stands for ignore_unreachable.
 */

const char *event_kind_name(enum event_kind kind);
/* Whether there is a kind of this name: what others tell may be called anything. */
bool event_kind_exists(const char *name);
const char *event_outcome_name(enum event_outcome outcome);
/* The record as a map for JSON lines: only fields that are set. */
const struct value *event_to_value(struct arena *arena, const struct event *event);

/* A consumer of events. One function: sinks never fail a run. */
struct event_sink {
    void (*emit)(struct event_sink *sink, const struct event *event);
    void (*close)(struct event_sink *sink); /* flush; may be NULL */
    void (*tick)(struct event_sink *sink);  /* about once a second while the run waits; may be NULL */
};
