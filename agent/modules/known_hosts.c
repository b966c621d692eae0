/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known_hosts: keys of other hosts, in the file ssh keeps them in. Follows ansible.builtin.known_hosts; hashed names are
 * understood here, so the node needs no ssh-keygen.
 */
#include <string.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/account/ssh_known_hosts.h"
#include "agent/system/file/text_file.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct known_hosts_args {
    const char *name, *key, *path, *state;
    bool hash_host;
};

static const struct arg_spec known_hosts_args[] = {
    ARG(known_hosts_args, name, ARG_STRING, .required = true, .aliases = ARG_NAMES("host"), .help = "the host"),
    ARG(known_hosts_args, key, ARG_STRING, .help = "the line for the file: names, type and key"),
    ARG(known_hosts_args, path, ARG_PATH, .default_text = "~/.ssh/known_hosts", .help = "the file"),
    ARG(known_hosts_args, hash_host, ARG_BOOL, .default_text = "no", .help = "hide the host's name in the file"),
    ARG(known_hosts_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the key is in the file"),
    ARG_END,
};

struct hosts_job {
    struct task_context *task;
    const struct known_hosts_args *args;
    const char *host; /* in lower case */
    const char *key;  /* the line to add, hashed if wanted; NULL: none */
    const char *before;
};

static bool key_prepare(struct hosts_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *key = job->args->key, *comma = strchr(job->host, ',');
    struct known_host line;

    if (key == NULL || key[0] == '\0') {
        if (strcmp(job->args->state, "absent") != 0)
            return error_set(err, "No key specified when adding a host");
        return true;
    }
    if (comma != NULL && comma > job->host)
        return error_set(err,
                         "Comma separated list of names is not supported. Please pass a single name to lookup in the "
                         "known_hosts file.");
    key = text_trim(arena, key, strlen(key));
    if (!known_host_parse(arena, key, strlen(key), &line))
        return error_set(err, "the key is no line of a known_hosts file: names, type and key are needed");
    if (job->args->hash_host) {
        if (!known_host_hash(arena, job->host, &line.names, err))
            return false;
        key = known_host_line(arena, &line);
    }
    if (!known_host_matches(arena, &line, job->host))
        return error_set(err, "Host parameter does not match hashed host field in supplied key");
    job->key = arena_printf(arena, "%s\n", key);
    return true;
}

static bool is_hashed(const char *names)
{
    return text_starts(names, "|1|");
}

static bool is_same(const struct known_host *wanted, const struct known_host *line)
{
    bool same_names =
        is_hashed(wanted->names) && is_hashed(line->names) ? true : strcmp(wanted->names, line->names) == 0;

    return same_names && text_equal(wanted->marker, line->marker) && strcmp(wanted->type, line->type) == 0 &&
           strcmp(wanted->key, line->key) == 0;
}

enum decision { KEEP, DROP, FOUND };

/* The first line of the host with the key's type decides: it is the key itself, or stands in its place. */
static enum decision decide(struct hosts_job *job, const struct known_host *line, const struct known_host *wanted,
                            bool *decided)
{
    if (!known_host_matches(job->task->scratch, line, job->host))
        return KEEP;
    if (wanted == NULL)
        return line->marker != NULL ? KEEP : DROP;
    if (*decided || strcmp(line->type, wanted->type) != 0)
        return KEEP;
    *decided = true;
    if (!is_same(wanted, line))
        return DROP;
    return strcmp(job->args->state, "absent") == 0 ? DROP : FOUND;
}

static char *edited(struct hosts_job *job)
{
    struct arena *arena = job->task->scratch;
    const char *cursor = job->before, *end = cursor + strlen(cursor), *raw;
    struct text out = text_new(arena);
    struct known_host wanted, line;
    bool has_key = job->key != NULL && known_host_parse(arena, job->key, strlen(job->key), &wanted);
    bool is_found = false, decided = false;
    size_t length;

    while (text_line(&cursor, end, &raw, &length)) {
        enum decision decision = KEEP;

        if (known_host_parse(arena, raw, length, &line))
            decision = decide(job, &line, has_key ? &wanted : NULL, &decided);
        is_found = is_found || decision == FOUND;
        if (decision != DROP)
            text_add_n(&out, raw, (size_t)(cursor - raw));
    }
    if (strcmp(job->args->state, "absent") == 0 || is_found)
        return out.data;
    if (out.length > 0 && out.data[out.length - 1] != '\n')
        text_add_char(&out, '\n');
    text_add(&out, job->key);
    return out.data;
}

static void describe(struct hosts_job *job, const char *after, bool exists)
{
    const struct known_hosts_args *args = job->args;
    struct task_context *task = job->task;
    struct value *diff = value_map(task->scratch);

    /* Ansible reports the difference without diff mode too. */
    value_map_put_string(task->scratch, diff, "before_header", exists ? args->path : "/dev/null");
    value_map_put_string(task->scratch, diff, "after_header", args->path);
    value_map_put_string(task->scratch, diff, "before", job->before);
    value_map_put_string(task->scratch, diff, "after", after);
    value_list_add(task->scratch, task->result->diff, diff);
    result_set_string(task, "name", args->name);
    result_set_string(task, "key", args->key);
    result_set_string(task, "path", args->path);
    result_set_bool(task, "hash_host", args->hash_host);
    result_set_string(task, "state", args->state);
}

static bool known_hosts_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct known_hosts_args *args = raw;
    struct hosts_job job = { .task = task, .args = args };
    struct file_replace_options options = { .mode = 0644 };
    const char *real = system_path(task->system, task->scratch, args->path);
    char *before = NULL, *host = arena_copy(task->scratch, args->name);

    job.host = text_lower(host);
    if (!key_prepare(&job, err) || !text_file_read(task->system, task->scratch, args->path, &before, err))
        return false;
    job.before = before != NULL ? before : "";
    const char *after = edited(&job);
    describe(&job, after, before != NULL);
    if (strcmp(job.before, after) != 0 && change_wanted(task, "write '%s'", args->path) &&
        !file_replace_text(task->system, task->scratch, args->path, after, &options, err))
        return error_prefix(err, "Failed to write to file %s", args->path);
    /* Ansible describes the file of every result that has a `path`; its state then hides the one asked for. */
    return !path_exists(real) || file_arguments_describe(task, args->path, err);
}

MODULE_DEFINE(known_hosts) = {
    .spec = {
        .name = "known_hosts",
        .summary = "Keys of other hosts that ssh trusts",
        .args = known_hosts_args,
        .args_size = sizeof(struct known_hosts_args),
    },
    .order = "path name key hash_host state diff changed",
    .run = known_hosts_run,
};
