/* SPDX-License-Identifier: Apache-2.0 */
/* The package manager that the distribution means its users to use; other managers may be installed beside it. */
#include <string.h>

#include "agent/facts/fact_support.h"

static const struct {
    const char *path, *name;
} managers[] = {
    { "/usr/bin/rpm-ostree", "atomic_container" },
    { "/usr/bin/yum", "yum" },
    { "/usr/bin/dnf", "dnf" },
    { "/usr/bin/apt-get", "apt" },
    { "/usr/bin/zypper", "zypper" },
    { "/usr/sbin/urpmi", "urpmi" },
    { "/usr/bin/pacman", "pacman" },
    { "/bin/opkg", "opkg" },
    { "/usr/local/bin/brew", "homebrew" },
    { "/sbin/apk", "apk" },
    { "/usr/bin/emerge", "portage" },
    { "/usr/bin/pkg", "pkg5" },
    { "/usr/bin/xbps-install", "xbps" },
    { "/usr/bin/swupd", "swupd" },
    { "/usr/sbin/sorcery", "sorcery" },
};

static const char *redhat_manager(const struct system *system, struct arena *arena, const struct value *facts)
{
    const char *name = value_map_text(facts, "distribution"),
               *version = value_map_text(facts, "distribution_major_version");
    int64_t major = 0;
    bool has_yum = fact_exists(system, arena, "/usr/bin/yum");

    if (fact_exists(system, arena, "/run/ostree-booted"))
        return "atomic_container";
    if (!version || !text_to_int(version, &major))
        return "dnf";
    int64_t first_dnf = text_equal(name, "Fedora") ? 23 : text_equal(name, "Amazon") ? 2022 : 8;
    bool is_yum = major < first_dnf;
    return is_yum && (has_yum || first_dnf == 8) ? "yum" : "dnf";
}

static bool pkg_mgr_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *family = value_map_text(facts, "os_family"), *name = "unknown";

    (void)err;
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++)
        if (fact_exists(system, arena, managers[i].path) &&
            !(text_equal(family, "Altlinux") && strcmp(managers[i].path, "/usr/bin/pkg") == 0))
            name = managers[i].name;
    if (text_equal(family, "RedHat"))
        name = redhat_manager(system, arena, facts);
    else if (text_equal(family, "Debian"))
        name = "apt";
    else if (text_equal(family, "Altlinux") && strcmp(name, "apt") == 0)
        name = "apt_rpm";
    value_map_put_string(arena, facts, "pkg_mgr", name);
    return true;
}

FACT_GROUP_DEFINE(pkg_mgr) = {
    .name = "pkg_mgr", .names = FACT_NAMES("min"), .collect = pkg_mgr_collect, .requires = FACT_NAMES("distribution")
};
