/* SPDX-License-Identifier: Apache-2.0 */
/* rpm_key: keys that rpm trusts. Follows ansible.builtin.rpm_key, but reads keys itself: no gpg is needed on the node. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/package/gpg_key.h"
#include "agent/system/process/process.h"
#include "agent/task/module.h"
#include "agent/task/repository.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define KEY_FILE_LIMIT (16 * 1024 * 1024)
#define SHORT_DIGITS 8

struct rpm_key_args {
    const char *key, *fingerprint, *state;
    bool validate_certs;
};

static const struct arg_spec rpm_key_args[] = {
    ARG(rpm_key_args, key, ARG_STRING, .required = true, .help = "URL or file of the key; with absent also its ID"),
    ARG(rpm_key_args, fingerprint, ARG_STRING, .help = "the fingerprint the key must have"),
    ARG(rpm_key_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether rpm trusts the key"),
    ARG(rpm_key_args, validate_certs, ARG_BOOL, .default_text = "yes", .help = "check the server's certificate"),
    ARG_END,
};

struct key_job {
    struct task_context *task;
    const struct rpm_key_args *args;
    const char *id; /* upper case, without 0x */
    char *data;     /* NULL: only the ID is given */
    size_t length;
    struct gpg_keys keys; /* in data */
};

static char upper_letter(char c)
{
    return (char)toupper((unsigned char)c);
}

static char *upper(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) == NULL)
            text_add_char(&out, upper_letter(*text));
    }
    return out.data;
}

static bool is_id(const char *text)
{
    text += text_starts(text, "0x") || text_starts(text, "0X") ? 2 : 0;
    return strspn(text, "0123456789abcdefABCDEF") >= SHORT_DIGITS;
}

static bool key_load(struct key_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const char *key = job->args->key, *real = system_path(task->system, task->scratch, key);

    if (strstr(key, "://") != NULL) {
        if (!repository_download(task, key, job->args->validate_certs, &job->data, &job->length, err))
            return error_prefix(err, "failed to fetch key at %s , error was", key);
        if (!gpg_is_armored(job->data, job->length))
            return error_set(err, "Not a public key: %s", key);
    } else if (is_id(key)) {
        job->id = upper(task->scratch, key);
        job->id += text_starts(job->id, "0X") ? 2 : 0;
        return true;
    } else if (!path_is_file(real)) {
        return error_set(err, "Not a valid key %s", key);
    } else if (!file_read(task->scratch, real, KEY_FILE_LIMIT, &job->data, &job->length, err)) {
        return false;
    }
    if (!gpg_keys_parse(task->scratch, job->data, job->length, &job->keys, err) || job->keys.count == 0)
        return error_set(err, "Not a valid key %s: %s", key, err->text[0] != '\0' ? err->text : "there is none in it");
    job->id = job->keys.items[0].id;
    return true;
}

/* rpm keeps each key as a package whose description is the armored key. */
static bool key_is_trusted(struct key_job *job, bool *out, struct error *err)
{
    struct task_context *task = job->task;
    struct process_result result;
    struct gpg_keys keys = { .count = 0 };

    *out = false;
    if (process_require(task->system, task->scratch, "rpm", err) == NULL)
        return false;
    if (!process_run(task->system, task->scratch, &PROCESS("rpm", "-q", "gpg-pubkey", "--qf", "%{description}\n"),
                     &result, err))
        return false;
    if (result.status != 0)
        return true; /* no key is there */
    if (!gpg_keys_parse(task->scratch, result.output, result.output_length, &keys, err))
        return error_prefix(err, "the keys of rpm");
    for (size_t i = 0; i < keys.count && !*out; i++)
        *out = strstr(keys.items[i].id, job->id) != NULL || strcmp(keys.items[i].fingerprint, job->id) == 0;
    return true;
}

static bool rpm_run(struct key_job *job, const struct process_request *request, struct error *err)
{
    struct process_result result;

    if (!process_run(job->task->system, job->task->scratch, request, &result, err))
        return false;
    return result.status == 0 || error_set(err, "%s", result.errors[0] != '\0' ? result.errors : result.output);
}

static bool key_import(struct key_job *job, struct error *err)
{
    char path[] = "/tmp/roost-key-XXXXXX";
    FD_SCOPED fd = mkostemp(path, O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, "making a temporary file for the key");
    bool done = fd_write_all(fd, job->data, job->length, err) && rpm_run(job, &PROCESS("rpm", "--import", path), err);
    (void)unlink(path);
    return done;
}

static bool key_present(struct key_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *wanted = job->args->fingerprint;

    if (job->data == NULL)
        return error_set(err, "When importing a key, a valid file must be given");
    if (wanted != NULL && wanted[0] != '\0' && strcmp(upper(arena, wanted), job->keys.items[0].fingerprint) != 0)
        return error_set(err, "The specified fingerprint, '%s', does not match the key fingerprint '%s'",
                         upper(arena, wanted), job->keys.items[0].fingerprint);
    return !change_wanted(job->task, "import key %s into rpm", job->id) || key_import(job, err);
}

static bool key_absent(struct key_job *job, struct error *err)
{
    size_t length = strlen(job->id);
    char *name = arena_printf(job->task->scratch, "gpg-pubkey-%s", job->id + length - SHORT_DIGITS);

    (void)text_lower(name);
    return !change_wanted(job->task, "remove key %s from rpm", job->id) ||
           rpm_run(job, &PROCESS("rpm", "--erase", "--allmatches", name), err);
}

static bool rpm_key_run(struct task_context *task, const void *raw, struct error *err)
{
    struct key_job job = { .task = task, .args = raw, .id = "" };
    bool is_present = strcmp(job.args->state, "present") == 0, is_trusted = false;

    if (!key_load(&job, err) || !key_is_trusted(&job, &is_trusted, err))
        return false;
    if (is_trusted == is_present)
        return true;
    return is_present ? key_present(&job, err) : key_absent(&job, err);
}

MODULE_DEFINE(rpm_key) = {
    .spec = {
        .name = "rpm_key",
        .summary = "Add and remove keys that rpm trusts",
        .args = rpm_key_args,
        .args_size = sizeof(struct rpm_key_args),
    },
    .run = rpm_key_run,
};
