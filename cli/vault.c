/* SPDX-License-Identifier: Apache-2.0 */
/* roost vault: files and values that passwords encrypt, in Ansible's format and with ansible-vault's options and messages. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/vault_verb.h"
#include "cli/verb.h"
#include "common/base/text.h"
#include "engine/report/sinks.h"
#include "engine/run/run.h"

#define EXIT_USAGE 2 /* of Python's argparse, for what is no option */

static struct vault_write write_of(struct vault_job *job, const char *path)
{
    const char *output = job->options->output;
    struct vault_write write = { .path = output == NULL ? path : vault_file_real(job->arena, output),
                                 .mode = S_IRUSR | S_IWUSR };
    struct stat old;

    if (stat(write.path, &old) == 0) {
        write.owner = old.st_uid;
        write.group = old.st_gid;
        write.keeps_owner = true;
    }
    return write;
}

static bool encrypt_one(struct vault_job *job, const char *path, struct error *err)
{
    struct vault_bytes plain = { 0 };
    struct vault_write write;
    struct text envelope = { 0 };

    path = vault_file_real(job->arena, path);
    if (!vault_file_read(job->arena, path, &plain, err) || !vault_file_encrypt(job, &plain, &envelope, err))
        return false;
    write = write_of(job, path);
    write.shreds = true;
    return vault_file_write(&write, envelope.data, envelope.length, err);
}

static bool decrypt_one(struct vault_job *job, const char *path, struct error *err)
{
    struct vault_bytes envelope = { 0 };
    struct vault_write write;
    struct text plain = { 0 };
    size_t used = 0;

    path = vault_file_real(job->arena, path);
    if (!vault_file_read(job->arena, path, &envelope, err) ||
        !vault_file_decrypt(job, path, &envelope, &plain, &used, err))
        return false;
    write = write_of(job, path);
    return vault_file_write(&write, plain.data, plain.length, err);
}

static bool rekey_one(struct vault_job *job, const char *path, struct error *err)
{
    struct vault_bytes envelope = { 0 }, again;
    struct vault_write write;
    struct text plain = { 0 }, made = { 0 };
    struct stat old;
    size_t used = 0;

    path = vault_file_real(job->arena, path);
    if (stat(path, &old) != 0)
        return error_set_errno(err, "Unable to read source file (%s)", path);
    if (!vault_file_read(job->arena, path, &envelope, err) ||
        !vault_file_decrypt(job, path, &envelope, &plain, &used, err))
        return false;
    again = (struct vault_bytes){ plain.data, plain.length };
    if (!vault_file_encrypt(job, &again, &made, err))
        return false;
    write = (struct vault_write){ path, old.st_mode, old.st_uid, old.st_gid, true, false };
    return vault_file_write(&write, made.data, made.length, err);
}

/* Each file, or standard input where there is none. */
static bool each(struct vault_job *job, bool (*one)(struct vault_job *, const char *, struct error *),
                 const char *input, struct error *err)
{
    const struct vault_words *words = &job->options->words;

    if (words->count == 0 && input != NULL) {
        if (isatty(STDIN_FILENO) == 1)
            fprintf(stderr, "Reading %s input from stdin\n", input);
        return one(job, "-", err);
    }
    for (size_t i = 0; i < words->count; i++)
        if (!one(job, words->items[i], err))
            return false;
    return true;
}

static bool act(struct vault_job *job, struct error *err)
{
    const char *action = job->options->action;

    if (strcmp(action, "encrypt") == 0)
        return each(job, encrypt_one, "plaintext", err);
    if (strcmp(action, "decrypt") == 0)
        return each(job, decrypt_one, "ciphertext", err);
    if (strcmp(action, "rekey") == 0)
        return each(job, rekey_one, NULL, err);
    if (strcmp(action, "create") == 0)
        return vault_create(job, err);
    if (strcmp(action, "edit") == 0)
        return vault_edit(job, err);
    return strcmp(action, "view") == 0 ? vault_view(job, err) : vault_encrypt_strings(job, err);
}

static void tell_success(const char *action)
{
    bool shows = isatty(STDOUT_FILENO) == 1;

    if (shows && text_starts(action, "encrypt"))
        fputs("Encryption successful\n", stderr);
    if (shows && strcmp(action, "decrypt") == 0)
        fputs("Decryption successful\n", stderr);
    if (strcmp(action, "rekey") == 0)
        fputs("Rekey successful\n", stderr);
}

static int fail(const struct error *err)
{
    fflush(stdout);
    report_error(stderr, err, isatty(STDERR_FILENO) == 1);
    return err->kind == ERROR_OPTIONS ? RUN_OPTIONS : RUN_ERROR;
}

static int job_run(struct vault_job *job)
{
    struct error err = ERROR_INIT;
    mode_t mask = umask(077);
    bool ok = settings_load(job->arena, job->warnings, &job->settings, &err) && vault_keys_prepare(job, &err);

    vault_warnings_print(job);
    ok = ok && act(job, &err);
    if (ok)
        tell_success(job->options->action);
    umask(mask);
    if (job->new_secrets != job->secrets)
        vault_secrets_free(job->new_secrets);
    vault_secrets_free(job->secrets);
    return ok ? RUN_OK : fail(&err);
}

static int vault_run(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct vault_options *options = arena_new_of(arena, struct vault_options);
    struct vault_job job = { .arena = arena, .options = options, .warnings = value_list(arena) };
    struct error err = ERROR_INIT;
    bool is_usage = false;
    int exit_code = RUN_OK;

    if (!vault_options_parse(arena, argc, argv, options, &is_usage, &err)) {
        exit_code = fail(&err);
        exit_code = is_usage ? EXIT_USAGE : exit_code;
    } else if (options->help)
        fputs(vault_options_help(arena, options->action), stdout);
    else
        exit_code = job_run(&job);
    arena_free_secret(arena);
    return exit_code;
}

VERB_DEFINE(vault) = { "vault", "Encrypt and decrypt files and values as ansible-vault does",
                       "encrypt|decrypt|view|edit|rekey|create|encrypt_string [OPTIONS] [FILE...]", vault_run };
