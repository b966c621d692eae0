/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openssh_keypair: a private key and its public half in PATH and PATH.pub, by the node's ssh-keygen. Follows
 * community.crypto.openssh_keypair.
 */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "agent/system/account/ssh_keygen.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_temp.h"
#include "agent/system/file/file_tree.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define PASSPHRASE_MIN 5

struct openssh_keypair_args {
    const char *state, *type, *path, *comment, *regenerate, *passphrase, *private_key_format, *backend;
    int64_t size;
    bool force;
    struct file_arguments file;
};

static const struct arg_spec openssh_keypair_spec[] = {
    ARG(openssh_keypair_args, path, ARG_PATH, .required = true,
        .help = "the private key's file; the public key's has .pub behind it"),
    ARG(openssh_keypair_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("present", "absent"),
        .help = "whether both files are there"),
    ARG(openssh_keypair_args, type, ARG_STRING, .default_text = "rsa",
        .choices = ARG_NAMES("rsa", "dsa", "rsa1", "ecdsa", "ed25519"), .help = "kind of key"),
    ARG(openssh_keypair_args, size, ARG_INT,
        .help = "bits: rsa 1024 or more (default 4096), ecdsa 256, 384 or 521, dsa 1024; ed25519 ignores it"),
    ARG(openssh_keypair_args, comment, ARG_STRING, .help = "comment in the public key"),
    ARG(openssh_keypair_args, passphrase, ARG_STRING, .no_log = true,
        .help = "encrypts a new private key, opens one that is there"),
    ARG(openssh_keypair_args, private_key_format, ARG_STRING, .default_text = "auto",
        .choices = ARG_NAMES("auto", "pkcs1", "pkcs8", "ssh"),
        .help = "format of the private key's file; only with backend cryptography or a passphrase"),
    ARG(openssh_keypair_args, backend, ARG_STRING, .default_text = "auto",
        .choices = ARG_NAMES("auto", "cryptography", "opensshbin"),
        .help = "whose rules hold for passphrases and formats; the work is ssh-keygen's in any case"),
    ARG(openssh_keypair_args, regenerate, ARG_STRING, .default_text = "partial_idempotence",
        .choices = ARG_NAMES("never", "fail", "partial_idempotence", "full_idempotence", "always"),
        .help = "when a key that is there may be replaced"),
    ARG(openssh_keypair_args, force, ARG_BOOL, .default_text = "no", .help = "the same as regenerate: always"),
    FILE_ARGUMENTS(openssh_keypair_args),
    ARG_END,
};

struct job {
    struct task_context *task;
    const struct openssh_keypair_args *args;
    struct ssh_keygen keygen;
    struct ssh_key_wish wish;
    const char *path, *public_path, *regenerate;
    bool is_library; /* the rules of the backend cryptography hold */
};

/* One look at the files. */
struct pair {
    const struct ssh_private_key *private_key; /* NULL: not there, or not to be read */
    const struct ssh_public_key *public_key;
};

/* --- what is asked for --- */

static bool check_size(struct job *job, struct error *err)
{
    const char *type = job->wish.type;
    bool is_given = job->args->size != ARG_INT_UNSET;
    int64_t size = job->args->size;

    if (strcmp(type, "ed25519") == 0) {
        job->wish.size = 256;
        return true;
    }
    if (strcmp(type, "dsa") == 0) {
        job->wish.size = is_given ? size : 1024;
        return job->wish.size == 1024 ||
               error_set(err, "DSA keys must be exactly 1024 bits as specified by FIPS 186-2.");
    }
    if (strcmp(type, "ecdsa") == 0) {
        job->wish.size = is_given ? size : 256;
        return job->wish.size == 256 || job->wish.size == 384 || job->wish.size == 521 ||
               error_set(err, "For ECDSA keys, size determines the key length by selecting from one of three elliptic "
                              "curve sizes: 256, 384 or 521 bits. Attempting to use bit lengths other than these three "
                              "values for ECDSA keys will cause this module to fail.");
    }
    job->wish.size = is_given ? size : 4096;
    return job->wish.size >= 1024 ||
           error_set(err, "For RSA keys, the minimum size is 1024 bits and the default is 4096 bits. Attempting to use "
                          "bit lengths under 1024 will cause the module to fail.");
}

static bool check_format(const struct job *job, struct error *err)
{
    const char *format = job->args->private_key_format;
    bool is_pem = strcmp(format, "pkcs1") == 0 || strcmp(format, "pkcs8") == 0;

    if (!job->is_library && strcmp(format, "auto") != 0)
        return error_set(
            err, "'auto' is the only valid option for 'private_key_format' when 'backend' is not 'cryptography'");
    if (is_pem && strcmp(job->args->type, "ed25519") == 0)
        return error_set(err,
                         "ssh-keygen writes ed25519 keys in OpenSSH's own format only: private_key_format "
                         "'%s' is not possible",
                         format);
    if (job->is_library && strcmp(job->args->type, "rsa1") == 0)
        return error_set(err, "RSA1 keys are not supported by the cryptography backend");
    return true;
}

static bool check_path(const struct job *job, struct error *err)
{
    const char *folder = path_dirname(job->task->scratch, job->path);

    if (!path_is_folder(*folder ? folder : ".")) {
        result_set_string(job->task, "name", *folder ? folder : ".");
        return error_set(err, "The directory %s does not exist or the file is not a directory", *folder ? folder : ".");
    }
    if (path_is_folder(job->path))
        return error_set(err, "%s is a directory. Please specify a path to a file.", job->path);
    return true;
}

static bool check_arguments(struct job *job, struct error *err)
{
    const struct openssh_keypair_args *args = job->args;
    struct task_context *task = job->task;
    const char *passphrase = args->passphrase && *args->passphrase ? args->passphrase : NULL;

    if (!ssh_keygen_find(task->system, task->scratch, &job->keygen))
        return error_set(err, "Cannot find the OpenSSH binary in the PATH");
    if (passphrase && strpbrk(passphrase, "\r\n"))
        return error_set(err, "a passphrase of more than one line cannot be given to ssh-keygen");
    if (passphrase && strlen(passphrase) < PASSPHRASE_MIN)
        return error_set(err, "ssh-keygen takes no passphrase of fewer than %d characters", PASSPHRASE_MIN);
    job->is_library = strcmp(args->backend, "cryptography") == 0 || (strcmp(args->backend, "auto") == 0 && passphrase);
    job->keygen.passphrase = job->is_library ? passphrase : NULL;
    job->wish =
        (struct ssh_key_wish){ .type = args->type, .format = args->private_key_format, .comment = args->comment };
    job->path = args->path;
    job->public_path = arena_printf(task->scratch, "%s.pub", args->path);
    job->regenerate = args->force ? "always" : args->regenerate;
    return check_format(job, err) && check_size(job, err) && check_path(job, err);
}

/* --- what is there --- */

static struct pair look(const struct job *job)
{
    struct arena *arena = job->task->scratch;
    struct ssh_private_key *key = arena_new_of(arena, struct ssh_private_key);
    struct pair pair = { 0 };
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    /* With the rules of the library a key that cannot be opened is no key. */
    if (path_exists(job->path) && ssh_keygen_look(&job->keygen, job->path, key) &&
        (!job->is_library || ssh_keygen_public(&job->keygen, job->path)))
        pair.private_key = key;
    if (pair.private_key && !job->is_library)
        key->format = "";
    if (file_read(arena, job->public_path, SSH_PUBLIC_KEY_MAX, &data, &length, &ignored))
        pair.public_key = ssh_public_key_read(arena, data, length);
    return pair;
}

static bool is_readable(const struct job *job)
{
    bool is_open = ssh_keygen_is_open(&job->keygen, job->path);

    return job->keygen.passphrase ? !is_open : is_open;
}

static bool is_as_wished(const struct job *job, const struct ssh_private_key *key)
{
    const char *format = job->wish.format;

    if (key->size != job->wish.size || strcmp(key->type, job->wish.type) != 0)
        return false;
    return !job->is_library || strcmp(format, "auto") == 0 || strcasecmp(format, key->format) == 0;
}

/* *out: whether a new key is to be made. */
static bool decide(const struct job *job, const struct pair *pair, bool *out, struct error *err)
{
    const char *when = job->regenerate;
    bool is_careful = text_in(when, ARG_NAMES("never", "fail", "partial_idempotence"));

    if (is_careful && path_exists(job->path) && (!pair->private_key || !is_readable(job)))
        return error_set(err, "Unable to read the key. The key is protected with a passphrase or broken. Will not "
                              "proceed. To force regeneration, call the module with `generate` set to "
                              "`full_idempotence` or `always`, or with `force=true`.");
    *out = !pair->private_key || strcmp(when, "always") == 0;
    if (*out || strcmp(when, "never") == 0)
        return true;
    *out = !is_as_wished(job, pair->private_key) || (!is_careful && !is_readable(job));
    if (*out && strcmp(when, "fail") == 0)
        return error_set(err,
                         "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module "
                         "with `generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with "
                         "`force=true`.");
    return true;
}

static bool is_public_right(const struct job *job, const struct pair *pair)
{
    const struct ssh_public_key *there = pair->public_key, *right = ssh_keygen_public(&job->keygen, job->path);
    const char *comment = job->args->comment;

    return there && right && strcmp(there->type, right->type) == 0 && strcmp(there->data, right->data) == 0 &&
           (!comment || strcmp(comment, there->comment) == 0);
}

/* --- changes --- */

static bool install(const struct job *job, const char *from, const char *to, mode_t mode, struct error *err)
{
    const struct file_replace_options options = { .mode = mode, .unsafe = job->args->file.unsafe_writes };

    return file_replace_from(job->task->system, job->task->scratch, to, from, &options, err);
}

static bool make_pair(const struct job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct error ignored = ERROR_INIT;
    const char *folder =
        file_temp_folder(arena, path_join(arena, path_dirname(arena, job->path), ".roost-key-XXXXXX"), err);

    if (!folder)
        return false;
    const char *fresh = path_join(arena, folder, "key");
    bool done = ssh_keygen_make(&job->keygen, fresh, &job->wish, err) && install(job, fresh, job->path, 0600, err) &&
                install(job, arena_printf(arena, "%s.pub", fresh), job->public_path, 0644, err);
    (void)file_tree_remove(folder, &ignored);
    return done;
}

/* As Ansible: the public key's file has no comment then, unless one is asked for. With a passphrase only this file
 * gets it. */
static bool restore_public(const struct job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const struct file_replace_options options = { .mode = 0644, .unsafe = job->args->file.unsafe_writes };
    const struct ssh_public_key *right = ssh_keygen_public(&job->keygen, job->path);
    const char *comment = job->args->comment;
    bool has_comment = comment && *comment;

    if (!right)
        return error_set(err, "The public key is missing or does not match the private key. Unable to regenerate the "
                              "public key.");
    const char *text = arena_printf(arena, "%s %s%s%s\n", right->type, right->data, has_comment ? " " : "",
                                    has_comment ? comment : "");
    if (!file_replace_text(job->task->system, arena, job->public_path, text, &options, err))
        return false;
    return !has_comment || job->is_library || ssh_keygen_comment(&job->keygen, job->path, comment, err);
}

static bool present(const struct job *job, const struct pair *before, struct error *err)
{
    struct task_context *task = job->task;
    bool is_new = false;

    if (!decide(job, before, &is_new, err))
        return false;
    if (is_new) {
        if (change_wanted(task, "make an %s key of %lld bits in '%s'", job->wish.type, (long long)job->wish.size,
                          job->path) &&
            !make_pair(job, err))
            return false;
    } else if (!is_public_right(job, before)) {
        if (change_wanted(task, "put the public key into '%s'", job->public_path) && !restore_public(job, err))
            return false;
    }
    return file_arguments_apply(task, job->path, &job->args->file, false, err) &&
           file_arguments_apply(task, job->public_path, &job->args->file, false, err);
}

static bool absent(const struct job *job, struct error *err)
{
    if (path_exists(job->path) && change_wanted(job->task, "remove '%s'", job->path) &&
        !file_tree_remove(job->path, err))
        return false;
    if (path_exists(job->public_path) && change_wanted(job->task, "remove '%s'", job->public_path) &&
        !file_tree_remove(job->public_path, err))
        return false;
    return true;
}

/* --- result --- */

static const struct value *as_map(struct arena *arena, const struct pair *pair)
{
    struct value *map = value_map(arena);

    if (pair->private_key) {
        value_map_put_int(arena, map, "size", pair->private_key->size);
        value_map_put_string(arena, map, "type", pair->private_key->type);
        value_map_put_string(arena, map, "fingerprint", pair->private_key->fingerprint);
        value_map_put_string(arena, map, "format", pair->private_key->format);
    }
    if (pair->public_key) {
        value_map_put_string(arena, map, "comment", pair->public_key->comment);
        value_map_put_string(arena, map, "public_key", pair->public_key->data);
    }
    return map;
}

static void describe(const struct job *job, const struct pair *before, const struct pair *after)
{
    struct task_context *task = job->task;
    const struct ssh_private_key *key = after->private_key ? after->private_key : before->private_key;
    const struct ssh_public_key *public_key = after->public_key ? after->public_key : before->public_key;

    result_set_int(task, "size", job->wish.size);
    result_set_string(task, "type", job->wish.type);
    result_set_string(task, "filename", job->path);
    result_set_string(task, "fingerprint", key ? key->fingerprint : "");
    result_set_string(task, "public_key",
                      public_key ? arena_printf(task->scratch, "%s %s", public_key->type, public_key->data) : "");
    result_set_string(task, "comment", public_key ? public_key->comment : "");
    result_diff_values(task, as_map(task->scratch, before), as_map(task->scratch, after));
}

static bool openssh_keypair_run(struct task_context *task, const void *raw, struct error *err)
{
    struct job job = { .task = task, .args = raw };
    struct pair after = { 0 };

    if (!check_arguments(&job, err))
        return false;
    const struct pair before = look(&job);
    if (strcmp(job.args->state, "present") == 0) {
        if (!present(&job, &before, err))
            return false;
        after = look(&job);
    } else if (!absent(&job, err)) {
        return false;
    }
    describe(&job, &before, &after);
    return true;
}

MODULE_DEFINE(openssh_keypair) = {
    .spec = { .name = "openssh_keypair",
              .summary = "Make SSH key pairs",
              .args = openssh_keypair_spec,
              .args_size = sizeof(struct openssh_keypair_args) },
    .run = openssh_keypair_run,
};
