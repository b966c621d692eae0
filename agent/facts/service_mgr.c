/* SPDX-License-Identifier: Apache-2.0 */
/* What runs as the first process, or, where that says nothing (a container, an old init), what is installed to. */
#include <string.h>

#include "agent/facts/fact_support.h"
#include "common/base/path.h"

/* The first process's own name, unless it is "init" or a shell, which say nothing. */
static const char *first_process(const struct system *system, struct arena *arena)
{
    const char *name = fact_file(system, arena, "/proc/1/comm");

    if (!name)
        name = fact_link_name(system, arena, "/sbin/init");
    if (!name || strcmp(name, "init") == 0 || text_ends(name, "sh"))
        return NULL;
    if (strcmp(name, "procd") == 0)
        return "openwrt_init";
    if (strcmp(name, "runit-init") == 0)
        return "runit";
    if (strcmp(name, "svscan") == 0)
        return "svc";
    return strcmp(name, "openrc-init") == 0 ? "openrc" : path_basename(name);
}

static const char *installed_manager(const struct system *system, struct arena *arena, const struct value *facts)
{
    bool has_systemctl = fact_has_program(system, arena, "systemctl");

    if (text_equal(value_map_text(facts, "distribution"), "OpenWrt"))
        return "openwrt_init";
    if (has_systemctl && fact_exists(system, arena, "/run/systemd/system/"))
        return "systemd";
    if (fact_has_program(system, arena, "initctl") && fact_exists(system, arena, "/etc/init/"))
        return "upstart";
    if (fact_exists(system, arena, "/sbin/openrc"))
        return "openrc";
    if (has_systemctl && text_equal(fact_link_name(system, arena, "/sbin/init"), "systemd"))
        return "systemd";
    return fact_exists(system, arena, "/etc/init.d/") ? "sysvinit" : "service";
}

static bool service_mgr_collect(const struct system *system, struct arena *arena, struct value *facts,
                                struct error *err)
{
    const char *name = first_process(system, arena);

    (void)err;
    value_map_put_string(arena, facts, "service_mgr", name ? name : installed_manager(system, arena, facts));
    return true;
}

FACT_GROUP_DEFINE(service_mgr) = { .name = "service_mgr",
                                   .names = FACT_NAMES("min"),
                                   .collect = service_mgr_collect,
                                   .requires = FACT_NAMES("platform", "distribution") };
