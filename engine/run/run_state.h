/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of engine/run share: the run, its hosts, the play (batch) it is in. */
#pragma once

#include <poll.h>

#include "engine/run/iterator.h"
#include "engine/run/run.h"
#include "engine/vars/vars.h"

struct link;
struct job;
struct run_places;
struct debug_changes;

/* A role on one host in the current play. */
struct role_progress {
    const struct role *role; /* the identity of all its mentions */
    bool had_task, is_complete;
};

struct run_host {
    struct inventory_host *host;
    struct event_stats stats;
    bool is_counted;                /* appears in the recap */
    bool is_failed, is_unreachable; /* since when it takes no further part (failed: until the next play) */
    int removals;                   /* how often it was taken out of the current play */
    size_t index;                   /* in the batch */
    struct iterator_position position, ahead;
    const struct node *next;    /* task at `ahead` */
    const struct node *current; /* task of this round, or NULL */
    bool is_included;           /* gets the blocks being included now */
    bool is_busy;               /* strategy free: at a task, or waiting for what it included */
    struct role_progress *roles;
    size_t role_count, role_capacity;
    struct value *custom_stats;
};

struct run_handler {
    const struct node *node;
    const char *name; /* templated once; NULL: not yet, or it cannot be */
    bool is_named;    /* templating was tried */
    bool is_listed;   /* can be notified; included ones only run where they were included */
    bool *notified;   /* by index in the batch */
};

struct play_run {
    struct arena *arena; /* dies with the batch */
    const struct play *play;
    struct vars_play *vars; /* what the variables know of the play */
    struct plan plan;
    struct plan_tags tags;
    struct iterator_play iterator;
    struct run_host **hosts; /* the batch */
    size_t host_count;
    struct run_handler *handlers; /* every handler known, in load order */
    const struct node **listed;
    size_t handler_count, handler_capacity, listed_count;
    bool in_handlers, end_play, break_play;
    bool is_free, is_pinned, debugs; /* the strategy; none of them: linear. debugs: every failure is asked about */
    double max_fail_percentage;      /* below 0: none */
    const struct value *gathers;     /* gather_facts with its template filled in; NULL: not written */
    const char **titles;             /* strategy free: of tasks, by their number, as the first host made them */
    size_t title_count;
};

/* A delegate_to name that no inventory knows. Its number is LIMIT_HOSTS or more. */
struct made_host {
    struct made_host *next;
    struct inventory_host host;
};

/* Memory of a job whose call was cancelled: the connection may look at it until it is closed. */
struct buried {
    struct buried *next;
    struct arena *arena;
};

struct run {
    struct arena *arena;
    const struct run_options *options;
    struct vars_world *vars;
    struct run_host **hosts; /* by inventory number */
    size_t host_capacity;
    struct play_run *play;
    struct link *links;
    struct buried *buried;
    struct job *idle, *active; /* jobs kept for reuse; jobs under way */
    size_t active_count;
    uint64_t sequence;
    int forks;
    const char *start_at_task; /* still looked for */
    struct run_places *places; /* only these tasks; NULL: all */
    const char *omit;          /* text that stands for an omitted argument */
    struct value *warnings;    /* collected by loaders and templates; shown and forgotten after each step */
    struct value *notes;       /* the same, of -vv and more; NULL: nobody wants them */
    const char *task_title;    /* of the task that was announced last */
    struct arena *step_arena;  /* emptied between tasks */
    unsigned rounds;
    bool step_mode;
    bool is_quit;                  /* the user has ended the run from the debugger */
    struct debug_changes *changes; /* for the job that is started next; or NULL */
    struct value *custom_stats;
    struct made_host *made;
    struct pollfd *poll_list;
    size_t poll_capacity;
};

struct run_host *run_host_of(struct run *run, const struct inventory_host *host);
bool run_is_interrupted(const struct run *run);

/* Settings of ansible.cfg by their names there; values are texts. */
const char *setting_text(const struct run *run, const char *key);
bool setting_bool(const struct run *run, const char *key, bool fallback);
int setting_int(const struct run *run, const char *key, int fallback);
