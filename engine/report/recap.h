/* SPDX-License-Identifier: Apache-2.0 */
/* The recap at the end of a playbook and what set_stats kept. Internal to engine/report. */
#pragma once

#include "engine/report/screen.h"

struct recap_row {
    const char *host;
    struct event_stats stats;
};

struct recap {
    struct recap_row *rows;
    size_t count, room;
    const struct value *custom; /* what set_stats kept: for the run, */
    struct value *host_custom;  /* and by host */
};

/* EVENT_STATS and EVENT_CUSTOM_STATS. */
void recap_keep(struct recap *recap, struct screen *screen, const struct event *event);
/* Prints and forgets the rows. */
void recap_show(struct recap *recap, struct screen *screen, bool check_mode);
