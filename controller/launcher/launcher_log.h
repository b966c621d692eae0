/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/launcher: lines of pieces that somebody follows, in memory: the newest of each instance, for as long as it is followed. */
#pragma once

#include "controller/launcher/launcher.h"

#define LAUNCHER_LOG_INSTANCES 64
#define LAUNCHER_LOG_LINE 2000 /* bytes */

struct log_line {
    int64_t number, at_us;
    char *piece, *text;
};

struct log_instance {
    int64_t instance_id; /* 0: free */
    int64_t until_ms;    /* followed until then */
    int64_t last;        /* number of the newest line */
    struct log_line *lines;
    size_t begin, count;
};

/* Under the launcher's mutex. */
struct launcher_log {
    struct log_instance instances[LAUNCHER_LOG_INSTANCES];
};

void log_free(struct launcher_log *log);
bool log_is_followed(const struct launcher_log *log, int64_t instance_id, int64_t now_ms);
/* True: it was not followed before. */
bool log_follow(struct launcher_log *log, int64_t instance_id, int64_t until_ms, int64_t now_ms);
void log_add(struct launcher_log *log, int64_t instance_id, const char *piece, const struct value *lines);
