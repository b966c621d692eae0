/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package: packages by whatever manager the node has. apt and dnf are supported; a node with another one is
 * refused by its name. The work is in agent/task (apt_task_run, dnf_task_run).
 */
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/task/module.h"
#include "agent/task/package_request.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define OS_RELEASE_LIMIT 65536

struct package_args {
    const char *use;
    struct package_request request;
};

static const struct arg_spec package_args[] = {
    ARG_NAMED("state", package_args, request.state, ARG_STRING, .default_text = "present",
              .help = "present, absent, latest; more where the package manager knows more"),
    ARG(package_args, use, ARG_STRING, .default_text = "auto", .help = "package manager: auto, apt or dnf"),
    PACKAGE_REQUEST_ARGUMENTS(package_args),
    ARG_END,
};

static const struct arg_rule package_rules[] = {
    PACKAGE_REQUEST_RULES,
    { .kind = ARG_RULE_END },
};

static bool os_release_names(const char *text, const char *word)
{
    const char *cursor = text, *line;
    size_t length;

    while (text_line(&cursor, text + strlen(text), &line, &length)) {
        if (strncmp(line, "ID=", 3) != 0 && strncmp(line, "ID_LIKE=", 8) != 0)
            continue;
        const char *found = memmem(line, length, word, strlen(word));
        if (found != NULL)
            return true;
    }
    return false;
}

/* Fedora may have apt installed and Debian dnf: the distribution's own manager wins. */
static const char *manager_of_distribution(struct task_context *task)
{
    char *text = NULL;
    size_t length = 0;
    struct error ignored = ERROR_INIT;
    const char *path = system_path(task->system, task->scratch, "/etc/os-release");

    if (!file_read(task->scratch, path, OS_RELEASE_LIMIT, &text, &length, &ignored))
        return NULL;
    if (os_release_names(text, "debian") || os_release_names(text, "ubuntu"))
        return "apt";
    if (os_release_names(text, "fedora") || os_release_names(text, "rhel") || os_release_names(text, "centos"))
        return "dnf";
    return NULL;
}

static const char *manager_find(struct task_context *task)
{
    static const char *const programs[][2] = {
        { "apt-get", "apt" },   { "dnf", "dnf" },   { "yum", "yum" },        { "zypper", "zypper" },
        { "pacman", "pacman" }, { "apk", "apk" },   { "emerge", "portage" }, { "xbps-install", "xbps" },
        { "swupd", "swupd" },   { "opkg", "opkg" }, { "nix-env", "nix" },    { "eopkg", "eopkg" },
    };
    const char *manager = manager_of_distribution(task);

    for (size_t i = 0; manager == NULL && i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (process_find(task->system, task->scratch, programs[i][0]) != NULL)
            manager = programs[i][1];
    }
    return manager;
}

static bool package_run(struct task_context *task, const void *raw, struct error *err)
{
    static const char *const apt_states[] = { "absent", "build-dep", "fixed", "latest", "present", NULL };
    const struct package_args *args = raw;
    const char *manager = strcmp(args->use, "auto") == 0 ? manager_find(task) : args->use;

    if (manager == NULL)
        return error_set(err, "Could not detect which package manager to use. Try setting the \"use\" option.");
    if (strcmp(manager, "dnf") == 0)
        return dnf_task_run(task, &args->request, err);
    if (strcmp(manager, "apt") != 0)
        return error_set(err, "package manager '%s' is not supported, only apt and dnf are", manager);
    if (!text_in(args->request.state, apt_states))
        return error_set(err, "value of state must be one of: absent, build-dep, fixed, latest, present, got: %s",
                         args->request.state);
    return apt_task_run(task, &args->request, err);
}

MODULE_DEFINE(package) = {
    .spec = {
        .name = "package",
        .summary = "Install, upgrade and remove packages with the node's own package manager",
        .args = package_args,
        .rules = package_rules,
        .args_size = sizeof(struct package_args),
    },
    .run = package_run,
};
