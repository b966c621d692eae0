/* SPDX-License-Identifier: Apache-2.0 */
/* firewalld through its own programs: firewall-cmd while it runs, firewall-offline-cmd for the files when it does not. */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"

struct firewall {
    const struct system *system;
    struct arena *arena;
    bool is_offline;
    const char *zone; /* never NULL: the default zone, if none was asked for */
};

/* `zone` may be NULL. False where there is no firewalld. */
bool firewall_open(const struct system *system, struct arena *arena, const char *zone, struct firewall *out,
                   struct error *err);
/* What `option` prints, or its answer to a --query: *yes_out (may be NULL) by exit status. The error is firewalld's own
 * words, without "Error: ". `permanent`: the stored configuration instead of the running one. */
bool firewall_ask(const struct firewall *firewall, bool permanent, const char *option, bool *yes_out,
                  const char **text_out, struct error *err);
/* `timeout_s`: how long it is to last; 0: for good. */
bool firewall_tell(const struct firewall *firewall, bool permanent, const char *option, int64_t timeout_s,
                   struct error *err);
/* Options that do not belong to a zone (--new-zone, --get-zones); always the stored configuration. */
bool firewall_tell_stored(const struct firewall *firewall, const char *option, const char **text_out,
                          struct error *err);
