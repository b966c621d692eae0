/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tasks `apt` and `package` are asked for, and who carries it out: apt_task_run on nodes with apt,
 * dnf_task_run on nodes with dnf. Names and defaults are those of ansible.builtin.apt 2.14.
 */
#pragma once

#include "agent/task/module.h"

struct package_request {
    const struct value *packages; /* list of "name", "name=version", "name>=version", globs; or NULL */
    const char *state;            /* present latest absent build-dep fixed; package also: installed removed */
    enum arg_tri update_cache;
    int64_t update_cache_retries, update_cache_retry_max_delay, cache_valid_time;
    const char *deb, *default_release, *upgrade, *dpkg_options;
    enum arg_tri install_recommends;
    bool purge, force, autoremove, autoclean, fail_on_autoremove, only_upgrade, force_apt_get, clean;
    bool allow_unauthenticated, allow_downgrade, allow_change_held_packages;
    int64_t policy_rc_d, lock_timeout;
};

/* Rows for a module's arg table; `type_` has a member `struct package_request request`. */
#define PACKAGE_ARG(type_, field_, kind_, ...) ARG_NAMED(#field_, type_, request.field_, kind_, __VA_ARGS__)
#define PACKAGE_REQUEST_ARGUMENTS(type_)                                                                               \
    ARG_NAMED("package", type_, request.packages, ARG_LIST, .aliases = ARG_NAMES("pkg", "name"),                       \
              .help = "packages: name, name=version, name>=version, or globs"),                                        \
        PACKAGE_ARG(type_, update_cache, ARG_TRI, .aliases = ARG_NAMES("update-cache"),                                \
                    .help = "fetch the lists of packages first"),                                                      \
        PACKAGE_ARG(type_, update_cache_retries, ARG_INT, .default_text = "5", .help = "tries to fetch the lists"),    \
        PACKAGE_ARG(type_, update_cache_retry_max_delay, ARG_INT, .default_text = "12",                                \
                    .help = "longest pause between tries, in seconds"),                                                \
        PACKAGE_ARG(type_, cache_valid_time, ARG_INT, .default_text = "0",                                             \
                    .help = "fetch the lists only if they are older than this many seconds"),                          \
        PACKAGE_ARG(type_, purge, ARG_BOOL, .default_text = "no", .help = "remove configuration files too"),           \
        PACKAGE_ARG(type_, deb, ARG_PATH, .help = "a .deb file on the node, or its URL; several with commas"),         \
        PACKAGE_ARG(type_, default_release, ARG_STRING, .aliases = ARG_NAMES("default-release"),                       \
                    .help = "release to prefer, as apt-get -t"),                                                       \
        PACKAGE_ARG(type_, install_recommends, ARG_TRI, .aliases = ARG_NAMES("install-recommends"),                    \
                    .help = "install recommended packages; absent: as the node is configured"),                        \
        PACKAGE_ARG(type_, force, ARG_BOOL, .default_text = "no", .help = "apt-get --force-yes: can break the node"),  \
        PACKAGE_ARG(type_, upgrade, ARG_STRING, .default_text = "no",                                                  \
                    .choices = ARG_NAMES("dist", "full", "no", "safe", "yes"), .help = "upgrade all packages"),        \
        PACKAGE_ARG(type_, dpkg_options, ARG_STRING, .default_text = "force-confdef,force-confold",                    \
                    .help = "options for dpkg, without --, with commas"),                                              \
        PACKAGE_ARG(type_, autoremove, ARG_BOOL, .default_text = "no", .help = "remove what nothing needs any more"),  \
        PACKAGE_ARG(type_, autoclean, ARG_BOOL, .default_text = "no", .help = "drop cached packages of old versions"), \
        PACKAGE_ARG(type_, fail_on_autoremove, ARG_BOOL, .default_text = "no", .help = "fail if a package would go"),  \
        PACKAGE_ARG(type_, policy_rc_d, ARG_INT,                                                                       \
                    .help = "exit code of a temporary policy-rc.d: 101 starts no services"),                           \
        PACKAGE_ARG(type_, only_upgrade, ARG_BOOL, .default_text = "no", .help = "upgrade, never install anew"),       \
        PACKAGE_ARG(type_, force_apt_get, ARG_BOOL, .default_text = "no", .help = "upgrade by apt-get, not aptitude"), \
        PACKAGE_ARG(type_, clean, ARG_BOOL, .default_text = "no", .help = "drop all cached packages"),                 \
        PACKAGE_ARG(type_, allow_unauthenticated, ARG_BOOL, .default_text = "no",                                      \
                    .aliases = ARG_NAMES("allow-unauthenticated"), .help = "take packages without signature"),         \
        PACKAGE_ARG(type_, allow_downgrade, ARG_BOOL, .default_text = "no",                                            \
                    .aliases = ARG_NAMES("allow-downgrade", "allow_downgrades", "allow-downgrades"),                   \
                    .help = "a lower version may replace a higher one"),                                               \
        PACKAGE_ARG(type_, allow_change_held_packages, ARG_BOOL, .default_text = "no",                                 \
                    .help = "held packages may change"),                                                               \
        PACKAGE_ARG(type_, lock_timeout, ARG_INT, .default_text = "60",                                                \
                    .help = "seconds to wait for another package manager to finish")

#define PACKAGE_REQUEST_RULES                                                                                          \
    {                                                                                                                  \
        .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("deb", "package", "upgrade")                                    \
    }

/* Both fill the task's result. False: the node could not be read or a program not be started. */
bool apt_task_run(struct task_context *task, const struct package_request *request, struct error *err);
bool dnf_task_run(struct task_context *task, const struct package_request *request, struct error *err);
