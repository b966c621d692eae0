/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner of this machine decides, in /etc/roost/agent.yml; without the file: only reports. */
#pragma once

#include "agent/daemon/schedule.h"
#include "common/base/arena.h"

#define DAEMON_CONFIG_PATH "/etc/roost/agent.yml"

enum daemon_policy {
    POLICY_REPORT, /* drift is told, never repaired unasked */
    POLICY_REPAIR,
    POLICY_WINDOW, /* repaired when a window is open */
};

struct daemon_config {
    enum daemon_policy policy;
    struct schedule_windows windows;
    const char *playbook; /* NULL: that of the bundle, if there is one */
    int64_t check_interval_us;
};

/* Texts live in `arena`. A missing file gives the defaults; one that is wrong in any part is an error. */
bool daemon_config_read(struct arena *arena, const char *path, struct daemon_config *out, struct error *err);
const char *daemon_policy_name(enum daemon_policy policy);
