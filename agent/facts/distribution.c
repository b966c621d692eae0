/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which distribution this is, with Ansible's names for it. os-release tells most; the release files of older or
 * renamed distributions are asked in the order Ansible asks them, and the first that is recognised names the
 * distribution.
 */
#include <ctype.h>
#include <regex.h>
#include <string.h>

#include "agent/facts/fact_support.h"

struct distribution {
    const struct system *system;
    struct arena *arena;
    struct value *facts;
    const char *os_release;
    const char *data, *path; /* the release file under question */
};

static void put(struct distribution *dist, const char *key, const char *text)
{
    value_map_put_string(dist->arena, dist->facts, key, text);
}

static const char *major_of(struct arena *arena, const char *version)
{
    return arena_copy_n(arena, version, strcspn(version, "."));
}

/* First group of an extended regular expression, or NULL. */
static const char *capture(struct arena *arena, const char *text, const char *pattern)
{
    regex_t regex;
    regmatch_t groups[3];
    const char *found = NULL;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
        return NULL;
    if (regexec(&regex, text, 3, groups, 0) == 0 && groups[1].rm_so >= 0)
        found = arena_copy_n(arena, text + groups[1].rm_so, (size_t)(groups[1].rm_eo - groups[1].rm_so));
    regfree(&regex);
    return found;
}

/* --- what os-release alone says: the guess that files below refine --- */

static const char *guess_name(struct distribution *dist)
{
    const char *id = fact_shell_value(dist->arena, dist->os_release, "ID");

    if (!id || !id[0])
        return "OtherLinux";
    if (strcmp(id, "amzn") == 0)
        return "Amazon";
    if (strcmp(id, "rhel") == 0)
        return "Redhat";
    if (strcmp(id, "ol") == 0)
        return "Oracle";
    char *name = arena_copy(dist->arena, strcmp(id, "opensuse-leap") == 0 ? "opensuse" : id);
    for (char *c = name; *c; c++)
        *c = *c == ' ' ? '_' : (char)tolower((unsigned char)*c);
    name[0] = (char)toupper((unsigned char)name[0]);
    return name;
}

static size_t dots(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '.';
    return count;
}

/* Debian's os-release has no minor version: debian_version has. CentOS tells it in centos-release. */
static const char *guess_version(struct distribution *dist)
{
    const char *id = fact_shell_value(dist->arena, dist->os_release, "ID");
    const char *version = fact_shell_value(dist->arena, dist->os_release, "VERSION_ID");
    const char *best = NULL;

    if (text_equal(id, "debian"))
        best = fact_file(dist->system, dist->arena, "/etc/debian_version");
    else if (text_equal(id, "centos"))
        best = capture(dist->arena, dist->data ? dist->data : "", "release ([0-9]+(\\.[0-9]+)?)");
    if (best && (!version || !version[0] || dots(best) > dots(version)))
        version = best;
    return version ? version : "";
}

/* NULL when nothing names the release. */
static const char *guess_release(struct distribution *dist)
{
    const char *name = fact_shell_value(dist->arena, dist->os_release, "VERSION_CODENAME");
    const char *version = fact_shell_value(dist->arena, dist->os_release, "VERSION");

    if (!name)
        name = fact_shell_value(dist->arena, dist->os_release, "UBUNTU_CODENAME");
    if (!name && version)
        name = capture(dist->arena, version, "\\(([^0-9)]+)\\)");
    if (!name && version)
        name = capture(dist->arena, version, ",[ ]*([^0-9]+)");
    return name;
}

static void put_guess(struct distribution *dist)
{
    dist->data = fact_file(dist->system, dist->arena, "/etc/centos-release");
    const char *version = guess_version(dist), *release = guess_release(dist);

    put(dist, "distribution", guess_name(dist));
    put(dist, "distribution_version", version[0] ? version : "NA");
    put(dist, "distribution_release", release ? release : "NA");
    put(dist, "distribution_major_version", version[0] ? major_of(dist->arena, version) : "NA");
}

static void put_version(struct distribution *dist, const char *version, bool with_major)
{
    if (!version)
        return;
    put(dist, "distribution_version", version);
    if (with_major)
        put(dist, "distribution_major_version", major_of(dist->arena, version));
}

/* --- recognisers: true when the file is this distribution's --- */

static bool is_debian(struct distribution *dist)
{
    const char *release = capture(dist->arena, dist->data, "PRETTY_NAME=[^(]+ \\(?([^)]+)\\)");
    const char *version = fact_file(dist->system, dist->arena, "/etc/debian_version");
    const char *minor = version ? capture(dist->arena, version, "[0-9]+\\.([0-9]+)") : NULL;

    put(dist, "distribution", "Debian");
    if (release)
        put(dist, "distribution_release", release);
    if (minor)
        put(dist, "distribution_minor_version", minor);
    return true;
}

struct derivative {
    const char *word; /* in the release file */
    const char *name;
    const char *release; /* pattern, or NULL */
    const char *version; /* pattern, or NULL */
    bool major_is_version;
};

/* Distributions made from Debian, in the order in which their words decide. */
static const struct derivative derivatives[] = {
    { "Ubuntu", "Ubuntu", NULL, NULL, false },
    { "SteamOS", "SteamOS", NULL, NULL, false },
    { "Kali", "Kali", "DISTRIB_RELEASE=(.*)", NULL, false },
    { "Parrot", "Parrot", "DISTRIB_RELEASE=(.*)", NULL, false },
    { "Devuan", "Devuan", "PRETTY_NAME=\"?[^(\"]+ \\(?([^) \"]+)\\)?", "VERSION_ID=\"(.*)\"", true },
    { "Cumulus", "Cumulus Linux", "VERSION=\"(.*)\"", "VERSION_ID=(.*)", false },
    { "Mint", "Linux Mint", NULL, "VERSION_ID=\"(.*)\"", false },
    { "UOS", "Uos", "VERSION_CODENAME=\"?([^\"]+)\"?", "VERSION_ID=\"(.*)\"", false },
    { "Uos", "Uos", "VERSION_CODENAME=\"?([^\"]+)\"?", "VERSION_ID=\"(.*)\"", false },
    { "uos", "Uos", "VERSION_CODENAME=\"?([^\"]+)\"?", "VERSION_ID=\"(.*)\"", false },
    { "Deepin", "Deepin", "VERSION_CODENAME=\"?([^\"]+)\"?", "VERSION_ID=\"(.*)\"", false },
    { "deepin", "Deepin", "VERSION_CODENAME=\"?([^\"]+)\"?", "VERSION_ID=\"(.*)\"", false },
};

static bool is_debian_like(struct distribution *dist)
{
    if (strstr(dist->data, "Debian") || strstr(dist->data, "Raspbian"))
        return is_debian(dist);
    for (size_t i = 0; i < sizeof derivatives / sizeof derivatives[0]; i++) {
        const struct derivative *derivative = &derivatives[i];
        if (!strstr(dist->data, derivative->word))
            continue;
        const char *release = derivative->release ? capture(dist->arena, dist->data, derivative->release) : NULL;
        const char *version = derivative->version ? capture(dist->arena, dist->data, derivative->version) : NULL;
        put(dist, "distribution", derivative->name);
        if (release)
            put(dist, "distribution_release", release);
        put_version(dist, version, true);
        if (version && derivative->major_is_version)
            put(dist, "distribution_major_version", version);
        return true;
    }
    return false;
}

static bool is_amazon(struct distribution *dist)
{
    if (!strstr(dist->data, "Amazon"))
        return false;
    put(dist, "distribution", "Amazon");
    const char *version = capture(
        dist->arena, dist->data, strcmp(dist->path, "/etc/os-release") == 0 ? "VERSION_ID=\"(.*)\"" : " ([0-9]+)( |$)");
    put_version(dist, version, strcmp(dist->path, "/etc/os-release") == 0);
    if (version && strcmp(dist->path, "/etc/os-release") == 0)
        put(dist, "distribution_minor_version", strchr(version, '.') ? strchr(version, '.') + 1 : "NA");
    return true;
}

static bool is_arch(struct distribution *dist)
{
    if (!strstr(dist->data, "Arch Linux"))
        return false;
    put(dist, "distribution", "Archlinux");
    return true;
}

static bool is_suse(struct distribution *dist)
{
    if (!strcasestr(dist->data, "suse"))
        return false;
    const char *name = fact_shell_value(dist->arena, dist->data, "NAME");
    const char *version = capture(dist->arena, dist->data, "^VERSION_ID=\"?([0-9]+\\.?[0-9]*)\"?");
    const char *release = capture(dist->arena, dist->data, "^VERSION_ID=\"?[0-9]+\\.?([0-9]*)\"?");
    if (name)
        put(dist, "distribution", name);
    put_version(dist, version, true);
    if (release && strcasestr(dist->data, "open"))
        put(dist, "distribution_release", release);
    else if (release && strcasestr(dist->data, "enterprise"))
        put(dist, "distribution_release", release[0] ? release : "0");
    if (text_equal(fact_link_name(dist->system, dist->arena, "/etc/products.d/baseproduct"), "SLES_SAP.prod"))
        put(dist, "distribution", "SLES_SAP");
    return true;
}

static bool is_alpine(struct distribution *dist)
{
    put(dist, "distribution", "Alpine");
    put(dist, "distribution_version", dist->data);
    return true;
}

static bool is_centos(struct distribution *dist)
{
    bool is_stream = strstr(dist->data, "CentOS Stream") != NULL;

    if (!is_stream && !strstr(dist->data, "TencentOS Server"))
        return false;
    put(dist, "distribution", is_stream ? "CentOS" : "TencentOS");
    if (is_stream)
        put(dist, "distribution_release", "Stream");
    return true;
}

/* Red Hat's own file, which its relatives fill with their own name. */
static bool search_name(struct distribution *dist, const char *name, const char *search)
{
    if (strstr(dist->data, search)) {
        put(dist, "distribution", name);
        put(dist, "distribution_file_search_string", search);
    } else {
        put(dist, "distribution", arena_copy_n(dist->arena, dist->data, strcspn(dist->data, " \t\n")));
    }
    return true;
}

static bool is_redhat(struct distribution *dist)
{
    return search_name(dist, "RedHat", "Red Hat");
}

static bool is_oracle(struct distribution *dist)
{
    return search_name(dist, "OracleLinux", "Oracle Linux");
}

static bool is_alt(struct distribution *dist)
{
    return search_name(dist, "Altlinux", "ALT");
}

static bool is_openwrt(struct distribution *dist)
{
    const char *release = capture(dist->arena, dist->data, "DISTRIB_CODENAME=\"(.*)\"");

    if (!strstr(dist->data, "OpenWrt"))
        return false;
    put(dist, "distribution", "OpenWrt");
    put_version(dist, capture(dist->arena, dist->data, "DISTRIB_RELEASE=\"(.*)\""), false);
    if (release)
        put(dist, "distribution_release", release);
    return true;
}

static bool is_flatcar(struct distribution *dist)
{
    if (!text_equal(fact_shell_value(dist->arena, dist->data, "ID"), "flatcar"))
        return false;
    put(dist, "distribution", "Flatcar");
    put_version(dist, fact_shell_value(dist->arena, dist->data, "VERSION"), true);
    return true;
}

static bool is_any(struct distribution *dist)
{
    const char *name = fact_shell_value(dist->arena, dist->data, "NAME");
    const char *version = fact_shell_value(dist->arena, dist->data, "VERSION");

    if (name)
        put(dist, "distribution", name);
    if (version && text_equal(value_map_text(dist->facts, "distribution_version"), "NA"))
        put(dist, "distribution_version", version);
    return true;
}

static const struct {
    const char *path, *variety;
    bool (*recognise)(struct distribution *dist); /* NULL: the file's existence decides, even when empty */
} release_files[] = {
    { "/etc/altlinux-release", "Altlinux", is_alt },
    { "/etc/oracle-release", "OracleLinux", is_oracle },
    { "/etc/centos-release", "CentOS", is_centos },
    { "/etc/redhat-release", "RedHat", is_redhat },
    { "/etc/openwrt_release", "OpenWrt", is_openwrt },
    { "/etc/os-release", "Amazon", is_amazon },
    { "/etc/system-release", "Amazon", is_amazon },
    { "/etc/alpine-release", "Alpine", is_alpine },
    { "/etc/arch-release", "Archlinux", NULL },
    { "/etc/os-release", "Archlinux", is_arch },
    { "/etc/os-release", "SUSE", is_suse },
    { "/etc/os-release", "Debian", is_debian_like },
    { "/etc/lsb-release", "Debian", is_debian_like },
    { "/etc/os-release", "Flatcar", is_flatcar },
    { "/etc/os-release", "NA", is_any },
};

static void put_from_files(struct distribution *dist)
{
    for (size_t i = 0; i < sizeof release_files / sizeof release_files[0]; i++) {
        dist->path = release_files[i].path;
        dist->data = fact_file(dist->system, dist->arena, dist->path);
        bool is_marker = !release_files[i].recognise && fact_exists(dist->system, dist->arena, dist->path);
        bool is_known = dist->data && release_files[i].recognise && release_files[i].recognise(dist);
        if (!is_marker && !is_known)
            continue;
        if (is_marker)
            put(dist, "distribution", release_files[i].variety);
        put(dist, "distribution_file_path", dist->path);
        put(dist, "distribution_file_variety", release_files[i].variety);
        if (is_known)
            value_map_put_bool(dist->arena, dist->facts, "distribution_file_parsed", true);
        return;
    }
}

static const char *const redhat_family[] = { "RedHat",
                                             "RHEL",
                                             "Fedora",
                                             "CentOS",
                                             "Scientific",
                                             "SLC",
                                             "Ascendos",
                                             "CloudLinux",
                                             "PSBM",
                                             "OracleLinux",
                                             "OVS",
                                             "OEL",
                                             "Amazon",
                                             "Virtuozzo",
                                             "XenServer",
                                             "Alibaba",
                                             "EulerOS",
                                             "openEuler",
                                             "AlmaLinux",
                                             "Rocky",
                                             "TencentOS",
                                             "EuroLinux",
                                             "Kylin Linux Advanced Server",
                                             NULL };
static const char *const debian_family[] = { "Debian",     "Ubuntu",  "Raspbian",         "Neon", "KDE neon",
                                             "Linux Mint", "SteamOS", "Devuan",           "Kali", "Cumulus Linux",
                                             "Pop!_OS",    "Parrot",  "Pardus GNU/Linux", "Uos",  "Deepin",
                                             "OSMC",       NULL };
static const char *const suse_family[] = { "SuSE",     "SLES",       "SLED",          "openSUSE", "openSUSE Tumbleweed",
                                           "SLES_SAP", "SUSE_LINUX", "openSUSE Leap", NULL };
static const char *const arch_family[] = { "Archlinux", "Antergos", "Manjaro", NULL };
static const char *const gentoo_family[] = { "Gentoo", "Funtoo", NULL };

static const char *family_of(const char *name)
{
    if (text_in(name, redhat_family))
        return "RedHat";
    if (text_in(name, debian_family))
        return "Debian";
    if (text_in(name, suse_family))
        return "Suse";
    if (text_in(name, arch_family))
        return "Archlinux";
    return text_in(name, gentoo_family) ? "Gentoo" : name;
}

static bool distribution_collect(const struct system *system, struct arena *arena, struct value *facts,
                                 struct error *err)
{
    struct distribution dist = { .system = system, .arena = arena, .facts = facts };

    (void)err;
    dist.os_release = fact_file(system, arena, "/etc/os-release");
    if (!dist.os_release)
        dist.os_release = fact_file(system, arena, "/usr/lib/os-release");
    put_guess(&dist);
    put_from_files(&dist);
    put(&dist, "os_family", family_of(value_map_text(facts, "distribution")));
    return true;
}

FACT_GROUP_DEFINE(distribution) = {
    .name = "distribution",
    .names = FACT_NAMES("min", "distribution_version", "distribution_release", "distribution_major_version",
                        "os_family"),
    .collect = distribution_collect,
};
