/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apt_key: keys that apt trusts for every repository. Follows ansible.builtin.apt_key, but edits the keyrings itself:
 * neither apt-key (gone from newer releases) nor gpg is needed on the node.
 */
#include <string.h>

#include "agent/system/package/keyring.h"
#include "agent/task/module.h"
#include "agent/task/repository.h"
#include "common/base/fd.h"
#include "common/base/text.h"

#define KEY_FILE_LIMIT (16 * 1024 * 1024)
#define SHORT_DIGITS 8
#define LONG_DIGITS 16
#define KEYSERVER_TRIES 5

struct apt_key_args {
    const char *id, *url, *data, *file, *keyring, *keyserver, *state;
    bool validate_certs;
};

static const struct arg_spec apt_key_args[] = {
    ARG(apt_key_args, id, ARG_STRING, .help = "ID of the key: 8, 16 or more digits"),
    ARG(apt_key_args, url, ARG_STRING, .help = "where to get the key"),
    ARG(apt_key_args, data, ARG_STRING, .help = "the key itself"),
    ARG(apt_key_args, file, ARG_PATH, .help = "file on the node that holds the key"),
    ARG(apt_key_args, keyring, ARG_PATH, .help = "keyring to use; default: /etc/apt/trusted.gpg"),
    ARG(apt_key_args, validate_certs, ARG_BOOL, .default_text = "yes", .help = "check the server's certificate"),
    ARG(apt_key_args, keyserver, ARG_STRING, .help = "key server to ask for the ID"),
    ARG(apt_key_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the key is trusted"),
    ARG_END,
};

static const struct arg_rule apt_key_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("data", "file", "keyserver", "url") },
    { .kind = ARG_RULE_END },
};

struct key_job {
    struct task_context *task;
    const struct apt_key_args *args;
    const char *id; /* upper case, without 0x */
    size_t digits;  /* how many are compared */
    char *data;     /* of the key; NULL: not fetched yet */
    size_t length;
    struct keyring keyring;
};

/* --- getting the key --- */

static const char *keyserver_url(struct key_job *job)
{
    const char *server = job->args->keyserver, *scheme = strstr(server, "://");
    struct arena *arena = job->task->scratch;
    const char *host = scheme != NULL ? scheme + 3 : server;
    bool is_web = text_starts(server, "http://") || text_starts(server, "https://");
    bool is_safe = text_starts(server, "hkps://") || text_starts(server, "https://");
    /* hkp has a port of its own */
    const char *port = is_web || is_safe || strchr(host, ':') != NULL ? "" : ":11371";
    size_t length = strcspn(host, "/");

    return arena_printf(arena, "%s://%.*s%s/pks/lookup?op=get&options=mr&search=0x%s", is_safe ? "https" : "http",
                        (int)length, host, port, job->id);
}

static bool keyserver_ask(struct key_job *job, struct error *err)
{
    const struct apt_key_args *args = job->args;
    struct error failure = ERROR_INIT;

    for (int i = 0; i < KEYSERVER_TRIES; i++) {
        error_clear(&failure);
        if (repository_download(job->task, keyserver_url(job), args->validate_certs, &job->data, &job->length,
                                &failure))
            return true;
        if (failure.kind == ERROR_CANCELLED || text_starts(failure.text, "HTTP Error 404"))
            break;
    }
    if (text_starts(failure.text, "HTTP Error 404"))
        return error_set(err, "Key %s not found on keyserver %s", job->id, args->keyserver);
    return error_set(err, "Error fetching key %s from keyserver: %s: %s", job->id, args->keyserver, failure.text);
}

static bool key_fetch(struct key_job *job, struct error *err)
{
    const struct apt_key_args *args = job->args;

    if (job->data != NULL)
        return true;
    if (args->data != NULL) {
        job->data = arena_copy(job->task->scratch, args->data);
        job->length = strlen(args->data);
        return true;
    }
    if (args->file != NULL)
        return file_read(job->task->scratch, system_path(job->task->system, job->task->scratch, args->file),
                         KEY_FILE_LIMIT, &job->data, &job->length, err);
    if (args->url != NULL)
        return repository_download(job->task, args->url, args->validate_certs, &job->data, &job->length, err) ||
               error_prefix(err, "Failed to download key at %s", args->url);
    if (args->keyserver != NULL)
        return keyserver_ask(job, err);
    return error_set(err, "No key to add: one of data, file, url and keyserver is needed");
}

static bool key_parse(struct key_job *job, struct gpg_keys *out, struct error *err)
{
    const char *from = job->args->file != NULL ? job->args->file : "inline data";

    if (!key_fetch(job, err))
        return false;
    if (gpg_keys_parse(job->task->scratch, job->data, job->length, out, err) && out->count > 0)
        return true;
    return error_set(err, "Unable to extract key from '%s': %s", from,
                     err->text[0] != '\0' ? err->text : "there is none in it");
}

/* --- its ID --- */

static bool id_find(struct key_job *job, const char **out, struct error *err)
{
    const struct apt_key_args *args = job->args;
    struct gpg_keys keys;

    *out = args->id;
    if (args->id != NULL && args->id[0] != '\0')
        return true;
    if (args->keyserver != NULL)
        return error_set(err, "Missing key_id, required with keyserver.");
    if (args->data == NULL && args->file == NULL && args->url == NULL)
        return error_set(err, "Invalid key_id");
    if (!key_parse(job, &keys, err))
        return false;
    *out = keys.items[0].id;
    return true;
}

static bool id_use(struct key_job *job, const char *id, struct error *err)
{
    struct task_context *task = job->task;
    char *upper = arena_copy(task->scratch, id);
    size_t length;

    (void)text_upper(upper);
    upper += text_starts(upper, "0X") ? 2 : 0;
    length = strlen(upper);
    if (upper[strspn(upper, "0123456789ABCDEF")] != '\0' ||
        (length != SHORT_DIGITS && length != LONG_DIGITS && length <= LONG_DIGITS))
        return error_set(err, "Invalid key_id");
    job->id = upper;
    job->digits = length < LONG_DIGITS ? length : LONG_DIGITS;
    result_set_string(task, "id", id);
    result_set_string(task, "short_id", upper + length - SHORT_DIGITS);
    result_set_string(task, "fp", upper + length - job->digits);
    result_set_string(task, "key_id", upper);
    return true;
}

/* --- the keyring --- */

static bool list_has(const struct value *ids, const char *id)
{
    for (size_t i = 0; i < value_count(ids); i++) {
        if (strcmp(value_text(value_item(ids, i)), id) == 0)
            return true;
    }
    return false;
}

static const char *compared_id(const struct key_job *job)
{
    return job->id + strlen(job->id) - job->digits;
}

static bool is_trusted(const struct keyring *keyring, const struct key_job *job, bool with_expired)
{
    return list_has(keyring_ids(job->task->scratch, keyring, job->digits, with_expired), compared_id(job));
}

static bool keyring_look(struct key_job *job, const char *field, struct error *err)
{
    struct task_context *task = job->task;

    if (!keyring_read(task->system, task->scratch, job->args->keyring, &job->keyring, err))
        return false;
    result_set(task, field, keyring_ids(task->scratch, &job->keyring, job->digits, false));
    return true;
}

static bool key_add(struct key_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *keyring = job->args->keyring != NULL ? job->args->keyring : "the keyring of apt";
    struct keyring_file file = { .exists = true };
    const struct keyring more = { .files = &file, .count = 1 };

    if (is_trusted(&job->keyring, job, false) || !change_wanted(task, "add key %s to %s", job->id, keyring))
        return true;
    if (!key_parse(job, &file.keys, err))
        return false;
    if (!is_trusted(&more, job, false))
        return error_set(err,
                         "failed to add the key: %s is not in what was given, or has expired (check that the id is "
                         "correct and *not* a subkey)",
                         job->id);
    return keyring_add(task->system, task->scratch, &job->keyring, &file.keys, err) && keyring_look(job, "after", err);
}

static bool key_remove(struct key_job *job, struct error *err)
{
    struct task_context *task = job->task;

    if (!is_trusted(&job->keyring, job, true) || !change_wanted(task, "remove key %s", job->id))
        return true;
    return keyring_remove(task->system, task->scratch, &job->keyring, compared_id(job), err) &&
           keyring_look(job, "after", err);
}

static bool apt_key_run(struct task_context *task, const void *raw, struct error *err)
{
    struct key_job job = { .task = task, .args = raw };
    const char *id = NULL;

    if (!id_find(&job, &id, err) || !id_use(&job, id, err) || !keyring_look(&job, "before", err))
        return false;
    return strcmp(job.args->state, "absent") == 0 ? key_remove(&job, err) : key_add(&job, err);
}

MODULE_DEFINE(apt_key) = {
    .spec = {
        .name = "apt_key",
        .summary = "Add and remove keys that apt trusts",
        .args = apt_key_args,
        .rules = apt_key_rules,
        .args_size = sizeof(struct apt_key_args),
    },
    .run = apt_key_run,
};
