/* SPDX-License-Identifier: Apache-2.0 */
/* yum_repository: one repository in a .repo file of dnf or yum. Follows ansible.builtin.yum_repository. */
#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/package/repo_file.h"
#include "agent/system/file/text_file.h"
#include "agent/system/file/word_list.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct yum_repository_args {
    const char *bandwidth, *cost, *deltarpm_metadata_percentage, *deltarpm_percentage, *description;
    const char *failovermethod, *file_name, *gpgcakey, *http_caching, *include, *ip_resolve, *keepcache;
    const char *metadata_expire, *metadata_expire_filter, *metalink, *mirrorlist, *mirrorlist_expire, *name;
    const char *password, *priority, *proxy, *proxy_password, *proxy_username, *reposdir, *retries;
    const char *sslcacert, *sslclientcert, *sslclientkey, *state, *throttle, *timeout, *ui_repoid_vars;
    const char *username;
    enum arg_tri async_, enabled, enablegroups, gpgcheck, keepalive, module_hotfixes, protect, repo_gpgcheck;
    enum arg_tri s3_enabled, skip_if_unavailable, ssl_check_cert_permissions, sslverify;
    const struct value *baseurl, *exclude, *gpgkey, *includepkgs, *params;
    struct file_arguments file;
};

#define ROW(field_, kind_, ...) ARG(yum_repository_args, field_, kind_, __VA_ARGS__)

/* Sorted: the options come into the file in this order. */
static const struct arg_spec yum_repository_args[] = {
    ARG_NAMED("async", yum_repository_args, async_, ARG_TRI, .help = "fetch packages in the background"),
    ROW(bandwidth, ARG_STRING, .help = "bytes a second this repository may use"),
    ROW(baseurl, ARG_LIST, .help = "where the repository is"),
    ROW(cost, ARG_STRING, .help = "relative cost of using it"),
    ROW(deltarpm_metadata_percentage, ARG_STRING, .help = "when metadata of delta packages is worth it"),
    ROW(deltarpm_percentage, ARG_STRING, .help = "when a delta package is worth it"),
    ROW(description, ARG_STRING, .help = "name for people: the option \"name\" of the file"),
    ROW(enabled, ARG_TRI, .help = "whether the repository is used"),
    ROW(enablegroups, ARG_TRI, .help = "whether its groups are used"),
    ROW(exclude, ARG_LIST, .help = "packages not to use"),
    ROW(failovermethod, ARG_STRING, .choices = ARG_NAMES("roundrobin", "priority"),
        .help = "order in which URLs are tried"),
    ARG_NAMED("file", yum_repository_args, file_name, ARG_STRING,
              .help = "name of the file without .repo; default: the name"),
    ROW(gpgcakey, ARG_STRING, .help = "key that signs keys"),
    ROW(gpgcheck, ARG_TRI, .help = "check signatures of packages"),
    ROW(gpgkey, ARG_LIST, .help = "where the keys are"),
    ROW(http_caching, ARG_STRING, .choices = ARG_NAMES("all", "packages", "none"),
        .help = "what caches on the way may keep"),
    ROW(include, ARG_STRING, .help = "another file to read"),
    ROW(includepkgs, ARG_LIST, .help = "use these packages only"),
    ROW(ip_resolve, ARG_STRING, .choices = ARG_NAMES("4", "6", "IPv4", "IPv6", "whatever"),
        .help = "kind of addresses to use"),
    ROW(keepalive, ARG_TRI, .help = "keep connections open"),
    ROW(keepcache, ARG_STRING, .choices = ARG_NAMES("0", "1"), .help = "keep packages after they are installed"),
    ROW(metadata_expire, ARG_STRING, .help = "age at which metadata is fetched again"),
    ROW(metadata_expire_filter, ARG_STRING,
        .choices = ARG_NAMES("never", "read-only:past", "read-only:present", "read-only:future"),
        .help = "which commands care for that age"),
    ROW(metalink, ARG_STRING, .help = "URL of a metalink file"),
    ROW(mirrorlist, ARG_STRING, .help = "URL of a list of mirrors"),
    ROW(mirrorlist_expire, ARG_STRING, .help = "age at which that list is fetched again"),
    ROW(module_hotfixes, ARG_TRI, .help = "use its packages although a module has others"),
    ROW(name, ARG_STRING, .required = true, .help = "ID of the repository"),
    ROW(params, ARG_MAP, .help = "refused, as in Ansible: every option has an argument of its own"),
    ROW(password, ARG_STRING, .no_log = true, .help = "password for the repository"),
    ROW(priority, ARG_STRING, .help = "priority, 1 to 99"),
    ROW(protect, ARG_TRI, .help = "packages of it are not replaced by those of others"),
    ROW(proxy, ARG_STRING, .help = "URL of a proxy, or _none_"),
    ROW(proxy_password, ARG_STRING, .no_log = true, .help = "password for the proxy"),
    ROW(proxy_username, ARG_STRING, .help = "user for the proxy"),
    ROW(repo_gpgcheck, ARG_TRI, .help = "check the signature of the metadata"),
    ROW(reposdir, ARG_PATH, .default_text = "/etc/yum.repos.d", .help = "folder of the files"),
    ROW(retries, ARG_STRING, .help = "tries to fetch a file"),
    ROW(s3_enabled, ARG_TRI, .help = "the repository is in S3"),
    ROW(skip_if_unavailable, ARG_TRI, .help = "go on without it when it cannot be had"),
    ROW(ssl_check_cert_permissions, ARG_TRI, .help = "check the permissions of certificate files"),
    ROW(sslcacert, ARG_STRING, .aliases = ARG_NAMES("ca_cert"), .help = "certificates of authorities"),
    ROW(sslclientcert, ARG_STRING, .aliases = ARG_NAMES("client_cert"), .help = "this client's certificate"),
    ROW(sslclientkey, ARG_STRING, .aliases = ARG_NAMES("client_key"), .help = "this client's key"),
    ROW(sslverify, ARG_TRI, .aliases = ARG_NAMES("validate_certs"), .help = "check the server's certificate"),
    ROW(state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("present", "absent"),
        .help = "whether the repository is in the file"),
    ROW(throttle, ARG_STRING, .help = "bytes a second, or a share of bandwidth"),
    ROW(timeout, ARG_STRING, .help = "seconds to wait for a connection"),
    ROW(ui_repoid_vars, ARG_STRING, .help = "variables that name the repository in messages"),
    ROW(username, ARG_STRING, .help = "user for the repository"),
    FILE_ARGUMENTS(yum_repository_args),
    ARG_END,
};

struct repository_job {
    struct task_context *task;
    const struct yum_repository_args *args;
    const char *path;
};

/* Arguments that are no options of the file. */
static bool is_option(const char *name)
{
    static const char *const others[] = { "description", "file", "params", "reposdir", "state", NULL };

    return !text_in(name, others);
}

/* The option's text; NULL: not given. The option `name` is the description: the name itself heads the section. */
static const char *option_value(struct repository_job *job, const struct arg_spec *arg)
{
    const void *at = (const char *)job->args + arg->offset;
    bool is_words = strcmp(arg->name, "exclude") == 0 || strcmp(arg->name, "includepkgs") == 0;

    if (strcmp(arg->name, "name") == 0)
        return job->args->description;
    if (arg->type == ARG_TRI) {
        enum arg_tri tri = *(const enum arg_tri *)at;
        return tri == ARG_UNSET ? NULL : tri == ARG_TRUE ? "1" : "0";
    }
    if (arg->type == ARG_LIST) {
        const struct value *list = *(const struct value *const *)at;
        return list != NULL ? word_list_join_values(job->task->scratch, list, is_words ? " " : "\n") : NULL;
    }
    return *(const char *const *)at;
}

/* As in Ansible a section that is there already moves to the end, all its options new. */
static void section_set(struct repository_job *job, struct value *sections)
{
    struct arena *arena = job->task->scratch;
    struct value *section = value_map(arena);

    for (const struct arg_spec *arg = yum_repository_args; strcmp(arg->name, "mode") != 0; arg++) {
        const char *value = is_option(arg->name) ? option_value(job, arg) : NULL;
        if (value != NULL)
            value_map_put_string(arena, section, arg->name, value);
    }
    value_map_remove(arena, sections, value_string(arena, job->args->name));
    value_map_put(arena, sections, job->args->name, section);
}

static bool file_write(struct repository_job *job, const struct value *sections, struct error *err)
{
    struct task_context *task = job->task;
    struct file_replace_options options = { .unsafe = job->args->file.unsafe_writes };

    if (value_count(sections) == 0)
        return text_file_remove(task->system, task->scratch, job->path, err);
    return file_replace_text(task->system, task->scratch, job->path, repo_file_text(task->scratch, sections), &options,
                             err);
}

/* Ansible reports the difference without diff mode too. */
static void describe(struct repository_job *job, const char *before, const char *after)
{
    struct task_context *task = job->task;
    struct value *diff = value_map(task->scratch);

    value_map_put_string(task->scratch, diff, "before_header", job->path);
    value_map_put_string(task->scratch, diff, "before", before);
    value_map_put_string(task->scratch, diff, "after_header", job->path);
    value_map_put_string(task->scratch, diff, "after", after);
    value_list_add(task->scratch, task->result->diff, diff);
    result_set_string(task, "repo", job->args->name);
    result_set_string(task, "state", job->args->state);
}

static bool arguments_check(const struct yum_repository_args *args, bool is_present, struct error *err)
{
    if (args->params != NULL && value_count(args->params) > 0)
        return error_set(err, "The params option to yum_repository was removed in Ansible 2.5 since it circumvents "
                              "Ansible's option handling");
    if (is_present && args->baseurl == NULL && args->metalink == NULL && args->mirrorlist == NULL)
        return error_set(err, "Parameter 'baseurl', 'metalink' or 'mirrorlist' is required.");
    if (is_present && args->description == NULL)
        return error_set(err, "Parameter 'description' is required.");
    return true;
}

static bool repository_change(struct repository_job *job, bool is_present, struct error *err)
{
    struct task_context *task = job->task;
    struct value *sections = value_map(task->scratch);
    char *text = NULL;

    if (!text_file_read(task->system, task->scratch, job->path, &text, err))
        return false;
    if (text != NULL && !repo_file_parse(task->scratch, text, &sections, err))
        return error_prefix(err, "'%s'", job->path);
    const char *before = repo_file_shown(task->scratch, sections);
    if (is_present)
        section_set(job, sections);
    else
        value_map_remove(task->scratch, sections, value_string(task->scratch, job->args->name));
    const char *after = repo_file_shown(task->scratch, sections);
    describe(job, before, after);
    if (strcmp(before, after) != 0 &&
        change_wanted(task, "write repository '%s' to '%s'", job->args->name, job->path) &&
        !file_write(job, sections, err))
        return false;
    return !path_is_file(system_path(task->system, task->scratch, job->path)) ||
           file_arguments_apply(task, job->path, &job->args->file, true, err);
}

static bool yum_repository_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct yum_repository_args *args = raw;
    struct repository_job job = { .task = task, .args = args };
    const char *file = args->file_name != NULL ? args->file_name : args->name;
    bool is_present = strcmp(args->state, "present") == 0;

    if (!arguments_check(args, is_present, err))
        return false;
    if (!path_is_folder(system_path(task->system, task->scratch, args->reposdir)))
        return error_set(err, "Repo directory '%s' does not exist.", args->reposdir);
    job.path = path_join(task->scratch, args->reposdir, arena_printf(task->scratch, "%s.repo", file));
    return repository_change(&job, is_present, err);
}

MODULE_DEFINE(yum_repository) = {
    .spec = {
        .name = "yum_repository",
        .summary = "Add and remove repositories of dnf and yum",
        .args = yum_repository_args,
        .args_size = sizeof(struct yum_repository_args),
    },
    .run = yum_repository_run,
};
