/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running ssh-keygen. Without a terminal it reads a passphrase from standard input, unless it finds a graphical
 * display to ask on: that is taken from its environment.
 */
#include "agent/system/account/ssh_keygen.h"

#include <string.h>

#include "agent/system/file/word_list.h"
#include "agent/system/process/process.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define HEADER_MAX ((size_t)1024 * 1024)

bool ssh_keygen_find(const struct system *system, struct arena *arena, struct ssh_keygen *out)
{
    const char *path = process_find(system, arena, "ssh-keygen");

    if (path)
        *out = (struct ssh_keygen){ .system = system, .arena = arena, .path = path };
    return path != NULL;
}

static bool run(const struct ssh_keygen *keygen, const char *const *words, const char *input,
                struct process_result *out, struct error *err)
{
    static const char *const before[] = {
        "env", "-u", "DISPLAY", "-u", "WAYLAND_DISPLAY", "-u", "SSH_ASKPASS_REQUIRE"
    };
    struct word_list argv = word_list_new(keygen->arena);

    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        word_list_add(&argv, before[i]);
    word_list_add(&argv, keygen->path);
    for (; *words; words++)
        word_list_add(&argv, *words);
    const struct process_request request = { .argv = argv.items,
                                             .input = input,
                                             .input_length = input ? strlen(input) : 0,
                                             .c_locale = true,
                                             .umask_bits = -1 };
    return process_run(keygen->system, keygen->arena, &request, out, err);
}

static bool must(const struct ssh_keygen *keygen, const struct process_result *got, struct error *err)
{
    const char *why = text_trim(keygen->arena, got->errors, got->errors_length);

    if (got->status == 0)
        return true;
    if (!*why)
        why = text_trim(keygen->arena, got->output, got->output_length);
    return error_set(err, "%s", *why ? why : "ssh-keygen failed");
}

bool ssh_keygen_make(const struct ssh_keygen *keygen, const char *path, const struct ssh_key_wish *wish,
                     struct error *err)
{
    struct word_list words = word_list_new(keygen->arena);
    struct process_result got = { 0 };
    const char *input = NULL;

    word_list_add(&words, "-q");
    if (keygen->passphrase)
        input = arena_printf(keygen->arena, "%s\n%s\n", keygen->passphrase, keygen->passphrase);
    else
        word_list_add_pair(&words, "-N", "");
    if (text_equal(wish->format, "pkcs1"))
        word_list_add_pair(&words, "-m", "PEM");
    else if (text_equal(wish->format, "pkcs8"))
        word_list_add_pair(&words, "-m", "PKCS8");
    if (wish->size > 0)
        word_list_add_pair(&words, "-b", arena_printf(keygen->arena, "%lld", (long long)wish->size));
    word_list_add_pair(&words, "-t", wish->type);
    word_list_add_pair(&words, "-C", wish->comment ? wish->comment : "");
    word_list_add_pair(&words, "-f", path);
    return run(keygen, words.items, input, &got, err) && must(keygen, &got, err);
}

/* --- looking --- */

static const char *format_of(struct arena *arena, const char *path)
{
    static const char *const formats[][2] = {
        { "-----BEGIN OPENSSH PRIVATE KEY-----", "SSH" },     { "-----BEGIN PRIVATE KEY-----", "PKCS8" },
        { "-----BEGIN ENCRYPTED PRIVATE KEY-----", "PKCS8" }, { "-----BEGIN RSA PRIVATE KEY-----", "PKCS1" },
        { "-----BEGIN EC PRIVATE KEY-----", "PKCS1" },        { "-----BEGIN DSA PRIVATE KEY-----", "PKCS1" },
    };
    char *data = NULL;
    size_t length = 0;
    struct error ignored = ERROR_INIT;

    if (file_read(arena, path, HEADER_MAX, &data, &length, &ignored))
        for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
            if (text_starts(data, formats[i][0]))
                return formats[i][1];
    return "";
}

/* The key's fingerprint line; of a file that keeps it encrypted, by way of its public half. */
static bool fingerprint(const struct ssh_keygen *keygen, const char *path, struct process_result *out)
{
    struct error ignored = ERROR_INIT;
    const struct ssh_public_key *key;

    if (run(keygen, PROCESS_ARGV("-l", "-f", path), NULL, out, &ignored) && out->status == 0)
        return true;
    key = keygen->passphrase ? ssh_keygen_public(keygen, path) : NULL;
    if (!key)
        return false;
    const char *line = arena_printf(keygen->arena, "%s %s %s\n", key->type, key->data, key->comment);
    return run(keygen, PROCESS_ARGV("-l", "-f", "-"), line, out, &ignored) && out->status == 0;
}

bool ssh_keygen_look(const struct ssh_keygen *keygen, const char *path, struct ssh_private_key *out)
{
    struct arena *arena = keygen->arena;
    struct process_result got = { 0 };
    int64_t size = 0;

    if (!fingerprint(keygen, path, &got))
        return false;
    /* "256 SHA256:... the comment (ED25519)" */
    const char *line = text_trim(arena, got.output, got.output_length);
    struct word_list words = word_list_split(arena, line, strlen(line));
    if (words.count < 3 || !text_to_int(words.items[0], &size))
        return false;
    const char *type = words.items[words.count - 1];
    size_t length = strlen(type);
    if (length < 3 || type[0] != '(')
        return false;
    *out = (struct ssh_private_key){ .size = size,
                                     .type = text_lower(arena_copy_n(arena, type + 1, length - 2)),
                                     .fingerprint = words.items[1],
                                     .format = format_of(arena, path) };
    return true;
}

const struct ssh_public_key *ssh_public_key_read(struct arena *arena, const char *text, size_t length)
{
    struct ssh_public_key *key = arena_new_of(arena, struct ssh_public_key);
    char *line = text_trim(arena, text, length);
    char *data = strchr(line, ' '), *comment = data ? strchr(data + 1, ' ') : NULL;

    if (!data)
        return NULL;
    *data = '\0';
    if (comment)
        *comment = '\0';
    *key = (struct ssh_public_key){ .type = line, .data = data + 1, .comment = comment ? comment + 1 : "" };
    return key;
}

/* -P with no passphrase keeps ssh-keygen from asking. */
bool ssh_keygen_is_open(const struct ssh_keygen *keygen, const char *path)
{
    struct process_result got = { 0 };
    struct error ignored = ERROR_INIT;

    return run(keygen, PROCESS_ARGV("-P", "", "-y", "-f", path), NULL, &got, &ignored) && got.status == 0;
}

const struct ssh_public_key *ssh_keygen_public(const struct ssh_keygen *keygen, const char *path)
{
    struct process_result got = { 0 };
    struct error ignored = ERROR_INIT;
    bool is_run;

    if (keygen->passphrase && !ssh_keygen_is_open(keygen, path))
        is_run = run(keygen, PROCESS_ARGV("-y", "-f", path), arena_printf(keygen->arena, "%s\n", keygen->passphrase),
                     &got, &ignored);
    else
        is_run = run(keygen, PROCESS_ARGV("-P", "", "-y", "-f", path), NULL, &got, &ignored);
    if (!is_run || got.status != 0 || got.output_length > SSH_PUBLIC_KEY_MAX)
        return NULL;
    return ssh_public_key_read(keygen->arena, got.output, got.output_length);
}

bool ssh_keygen_comment(const struct ssh_keygen *keygen, const char *path, const char *comment, struct error *err)
{
    struct process_result got = { 0 };

    return run(keygen, PROCESS_ARGV("-q", "-c", "-P", "", "-C", comment, "-f", path), NULL, &got, err) &&
           must(keygen, &got, err);
}
