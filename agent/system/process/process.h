/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running programs: no shell unless asked, no inherited descriptors, own process group (killed whole on timeout or
 * cancellation), output bounded by LIMIT_PROCESS_OUTPUT (the rest is read and dropped, `truncated` says so).
 * LC_ALL/LANG are left as they are unless `c_locale`.
 */
#pragma once

#include "agent/system/host/system.h"

struct process_request {
    /* NULL-terminated; argv[0] is looked up in PATH, then in /usr/local/sbin, /usr/sbin, /sbin */
    const char *const *argv;
    const char *folder;              /* chdir first, or NULL */
    const struct value *environment; /* map added on top of system->environment, or NULL */
    const char *input;               /* standard input, or NULL for /dev/null */
    size_t input_length;
    int64_t timeout_ms; /* 0: none but the system's deadline */
    bool c_locale;      /* LC_ALL=C for output that is parsed */
    int umask_bits;     /* -1: leave */
    /* process_start only: the path of a terminal that is the program's own and its descriptors 0, 1 and 2; its input and output
     * are then 3 and 4, and it has no pipe for errors. NULL: none. */
    const char *terminal;
};

struct process_result {
    int status; /* exit code; 128+n when killed by signal n (and `signal` = n) */
    int signal;
    bool timed_out;
    bool truncated;
    char *output, *errors; /* NUL-terminated, in arena */
    size_t output_length, errors_length;
    int64_t start_us, end_us; /* wall time */
};

/* False only if the program could not be started (kind ERROR_GENERIC, errno says why) or the system's task was
 * cancelled. */
bool process_run(const struct system *system, struct arena *arena, const struct process_request *request,
                 struct process_result *out, struct error *err);
/* Runs and requires status 0; the error names the command and the last line of its stderr. */
bool process_run_ok(const struct system *system, struct arena *arena, const struct process_request *request,
                    struct process_result *out, struct error *err);
#define PROCESS_ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define PROCESS(...) ((struct process_request){ .argv = PROCESS_ARGV(__VA_ARGS__), .c_locale = true, .umask_bits = -1 })
/* Absolute path of a program, or NULL. */
const char *process_find(const struct system *system, struct arena *arena, const char *name);
/* The same where it has to be there. NULL: error set, with Ansible's sentence, which says where it was looked for. */
const char *process_require(const struct system *system, struct arena *arena, const char *name, struct error *err);
