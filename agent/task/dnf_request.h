/* SPDX-License-Identifier: Apache-2.0 */
/* What the tasks `dnf` and `yum` are asked for; dnf_request_run carries it out through the dnf program (4 or 5). Names
 * and defaults are those of ansible.builtin.dnf 2.14. */
#pragma once

#include "agent/task/module.h"

struct dnf_request {
    const struct value *names, *disablerepo, *enablerepo, *exclude, *enable_plugin, *disable_plugin;
    const char *state; /* absent installed latest present removed; NULL: present, or absent with autoremove */
    const char *list, *conf_file, *disable_excludes, *download_dir, *installroot, *releasever;
    int64_t lock_timeout;
    bool allow_downgrade, allowerasing, autoremove, bugfix, cacheonly, disable_gpg_check, download_only;
    bool install_repoquery, nobest, security, skip_broken, update_cache, update_only, validate_certs, sslverify;
    enum arg_tri install_weak_deps;
};

/* Rows for a module's arg table; `type_` has a member `struct dnf_request request`. */
#define DNF_ARG(type_, field_, kind_, ...) ARG_NAMED(#field_, type_, request.field_, kind_, __VA_ARGS__)
#define DNF_REQUEST_ARGUMENTS(type_)                                                                                   \
    ARG_NAMED("name", type_, request.names, ARG_LIST, .aliases = ARG_NAMES("pkg"),                                     \
              .help = "packages, name-version, files, URLs, @groups; * with state latest: all"),                       \
        DNF_ARG(type_, state, ARG_STRING, .choices = ARG_NAMES("absent", "installed", "latest", "present", "removed"), \
                .help = "what the packages should be; default: present, with autoremove absent"),                      \
        DNF_ARG(type_, list, ARG_STRING, .help = "only list: installed, updates, available, repos, or a package"),     \
        DNF_ARG(type_, allow_downgrade, ARG_BOOL, .default_text = "no", .help = "a lower version may be installed"),   \
        DNF_ARG(type_, allowerasing, ARG_BOOL, .default_text = "no", .help = "packages in the way may be removed"),    \
        DNF_ARG(type_, autoremove, ARG_BOOL, .default_text = "no", .help = "remove what nothing needs any more"),      \
        DNF_ARG(type_, bugfix, ARG_BOOL, .default_text = "no", .help = "with latest: bug fixes only"),                 \
        DNF_ARG(type_, cacheonly, ARG_BOOL, .default_text = "no", .help = "use what is in the cache, fetch nothing"),  \
        DNF_ARG(type_, conf_file, ARG_STRING, .help = "dnf's configuration file"),                                     \
        DNF_ARG(type_, disable_excludes, ARG_STRING, .help = "ignore excludes of: all, main, or a repository"),        \
        DNF_ARG(type_, disable_gpg_check, ARG_BOOL, .default_text = "no", .help = "take packages without signature"),  \
        DNF_ARG(type_, disable_plugin, ARG_LIST, .help = "plugins to do without"),                                     \
        DNF_ARG(type_, disablerepo, ARG_LIST, .help = "repositories to do without"),                                   \
        DNF_ARG(type_, download_only, ARG_BOOL, .default_text = "no", .help = "only download the packages"),           \
        DNF_ARG(type_, download_dir, ARG_STRING, .help = "with download_only: where to"),                              \
        DNF_ARG(type_, enable_plugin, ARG_LIST, .help = "plugins to use"),                                             \
        DNF_ARG(type_, enablerepo, ARG_LIST, .help = "repositories to use"),                                           \
        DNF_ARG(type_, exclude, ARG_LIST, .help = "packages to leave out of it"),                                      \
        DNF_ARG(type_, installroot, ARG_STRING, .default_text = "/", .help = "another root folder"),                   \
        DNF_ARG(type_, install_repoquery, ARG_BOOL, .default_text = "yes", .help = "no effect: dnf needs none"),       \
        DNF_ARG(type_, install_weak_deps, ARG_TRI, .default_text = "yes", .help = "install recommended packages"),     \
        DNF_ARG(type_, nobest, ARG_BOOL, .default_text = "no", .help = "older versions will do"),                      \
        DNF_ARG(type_, releasever, ARG_STRING, .help = "release of the distribution"),                                 \
        DNF_ARG(type_, security, ARG_BOOL, .default_text = "no", .help = "with latest: security fixes only"),          \
        DNF_ARG(type_, skip_broken, ARG_BOOL, .default_text = "no", .help = "skip what cannot be installed"),          \
        DNF_ARG(type_, update_cache, ARG_BOOL, .default_text = "no", .aliases = ARG_NAMES("expire-cache"),             \
                .help = "fetch the repositories' lists first"),                                                        \
        DNF_ARG(type_, update_only, ARG_BOOL, .default_text = "no", .help = "with latest: install nothing anew"),      \
        DNF_ARG(type_, validate_certs, ARG_BOOL, .default_text = "yes",                                                \
                .help = "check certificates when a package is given by URL"),                                          \
        DNF_ARG(type_, sslverify, ARG_BOOL, .default_text = "yes", .help = "check certificates of repositories"),      \
        DNF_ARG(type_, lock_timeout, ARG_INT, .default_text = "30",                                                    \
                .help = "seconds to wait for another dnf to finish")

#define DNF_REQUEST_RULES                                                                                              \
    {                                                                                                                  \
        .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("name", "list")                                                 \
    }

/* Fills the task's result. False: the node could not be read or a program not be started. */
bool dnf_request_run(struct task_context *task, const struct dnf_request *request, struct error *err);
