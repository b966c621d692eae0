/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups that run programs, make passwords or ask the network; all on the control side. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/command.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/http/http.h"
#include "engine/template/filter.h"
#include "engine/template/lookup.h"
#include "engine/template/strings.h"

/* --- pipe and lines --- */

static bool run_shell(struct eval *eval, const struct value *term, const char *name, struct command_output *out)
{
    const char *command = lookup_term(eval, term);
    const char *argv[] = { "/bin/sh", "-c", command, NULL };

    if (command == NULL || !command_output(eval->arena, argv, NULL, out, eval->err))
        return false;
    if (out->status == 0)
        return true;
    return eval_fail(eval, "lookup_plugin.%s(%s) returned %d", name, command,
                     WIFEXITED(out->status) ? WEXITSTATUS(out->status) : 128 + WTERMSIG(out->status)) != NULL;
}

static const struct value *lookup_pipe(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        struct command_output out;

        if (!run_shell(eval, terms->as.list.items[i], "pipe", &out))
            return NULL;
        value_list_add(eval->arena, list,
                       strings_strip(eval, eval_string(eval, out.output, out.output_length), NULL, false, true));
    }
    return list;
}

static const struct value *lookup_lines(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        struct command_output out;
        const struct value *lines;

        if (!run_shell(eval, terms->as.list.items[i], "lines", &out))
            return NULL;
        lines = strings_splitlines(eval, out.output, out.output_length, false);
        for (size_t k = 0; k < lines->as.list.count; k++)
            value_list_add(eval->arena, list, lines->as.list.items[k]);
    }
    return list;
}

/* --- url --- */

static const struct value *lookup_url(struct eval *eval, const struct value *terms, const struct value *options)
{
    bool split = lookup_flag(options, "split_lines", true);
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        struct http_request request = { .url = lookup_term(eval, terms->as.list.items[i]),
                                        .username = lookup_option(options, "username", NULL),
                                        .password = lookup_option(options, "password", NULL),
                                        .insecure = !lookup_flag(options, "validate_certs", true) };
        struct http_response response;
        const struct value *lines;
        char *body = NULL;

        if (request.url == NULL || !http_fetch(eval->arena, &request, &response, &body, eval->err))
            return NULL;
        if (response.status >= 400)
            return eval_fail(eval, "Received HTTP error for %s : HTTP Error %d: %s",
                             http_url_shown(eval->arena, request.url), response.status, response.reason);
        if (!split) {
            value_list_add(eval->arena, list, eval_string(eval, body, (size_t)response.size_bytes));
            continue;
        }
        lines = strings_splitlines(eval, body, (size_t)response.size_bytes, false);
        for (size_t k = 0; k < lines->as.list.count; k++)
            value_list_add(eval->arena, list, lines->as.list.items[k]);
    }
    return list;
}

/* --- password --- */

#define PASSWORD_LENGTH_MAX 1024

struct password {
    const char *path;
    int64_t length;
    const char *characters, *encrypt;
};

static const char *named_characters(const char *name)
{
    static const struct {
        const char *name, *set;
    } sets[] = {
        { "digits", "0123456789" },
        { "ascii_lowercase", "abcdefghijklmnopqrstuvwxyz" },
        { "ascii_uppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
        { "ascii_letters", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" },
        { "hexdigits", "0123456789abcdefABCDEF" },
        { "octdigits", "01234567" },
        { "punctuation", "!#$%&()*+,-./:;<=>?@[\\]^_`{|}~" },
        { "whitespace", " \t\n\r\v\f" },
    };

    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        if (strcmp(sets[i].name, name) == 0)
            return sets[i].set;
    return name;
}

/* "ascii_letters,digits" or a list of such; ",," is a comma. Quotes are never used. */
static const char *character_set(struct eval *eval, const struct value *specification)
{
    struct text all = text_new(eval->arena), out = text_new(eval->arena);

    for (size_t i = 0; value_is(specification, VALUE_LIST) && i < specification->as.list.count; i++)
        text_add(&all, named_characters(value_text(specification->as.list.items[i]) != NULL
                                            ? value_text(specification->as.list.items[i])
                                            : ""));
    if (value_is(specification, VALUE_STRING)) {
        const char *text = specification->as.string.data;

        if (strstr(text, ",,") != NULL)
            text_add_char(&all, ',');
        for (char **part = text_split(eval->arena, text, ',', NULL); *part != NULL; part++)
            if (**part != '\0')
                text_add(&all, named_characters(*part));
    }
    for (const char *c = all.data; *c != '\0'; c++)
        if (*c != '"' && *c != '\'')
            text_add_char(&out, *c);
    return out.data;
}

static bool set_password_option(struct eval *eval, struct password *out, const char *key, const struct value *value)
{
    const char *text = value_text(value);

    if (strcmp(key, "length") == 0)
        return value->kind == VALUE_INT ? (out->length = value->as.integer, true)
                                        : text != NULL && text_to_int(text, &out->length);
    if (strcmp(key, "chars") == 0) {
        out->characters = character_set(eval, value);
        return true;
    }
    if (strcmp(key, "encrypt") == 0) {
        out->encrypt = text;
        return true;
    }
    return false;
}

/* "path length=20 chars=digits" and the options beside it. */
static bool read_password_term(struct eval *eval, const char *term, const struct value *options, struct password *out)
{
    char **words = text_split(eval->arena, term, ' ', NULL);
    struct text path = text_new(eval->arena);
    static const struct value standard = { .kind = VALUE_STRING, .as.string = { "ascii_letters,digits,.,:-_", 26 } };

    *out = (struct password){ .length = 20, .characters = character_set(eval, &standard) };
    for (size_t i = 0; i < value_count(options); i++)
        if (!set_password_option(eval, out, value_text(value_pair_at(options, i)->key),
                                 value_pair_at(options, i)->item))
            return eval_fail(eval, "Unrecognized parameter(s) given to password lookup: %s",
                             value_text(value_pair_at(options, i)->key)) != NULL;
    for (; *words != NULL; words++) {
        char *equals = strchr(*words, '=');

        if (equals == NULL) {
            text_printf(&path, "%s%s", path.length > 0 ? " " : "", *words);
            continue;
        }
        *equals = '\0';
        if (!set_password_option(eval, out, *words, eval_text(eval, equals + 1)))
            return eval_fail(eval, "Unrecognized parameter(s) given to password lookup: %s", *words) != NULL;
    }
    out->path = path_expand_user(eval->arena, path.data);
    if (out->length < 1 || out->length > PASSWORD_LENGTH_MAX || *out->characters == '\0')
        return eval_fail(eval, "a password needs a length from 1 to %d and some characters", PASSWORD_LENGTH_MAX) !=
               NULL;
    return true;
}

static const char *new_password(struct eval *eval, const struct password *wanted)
{
    struct text out = text_new(eval->arena);
    size_t count = strlen(wanted->characters), limit = 256 - 256 % (count > 256 ? 256 : count);

    while ((int64_t)out.length < wanted->length) {
        unsigned char byte = 0;

        if (getrandom(&byte, 1, 0) != 1) {
            eval_fail(eval, "no random numbers can be had");
            return NULL;
        }
        if (byte < limit)
            text_add_char(&out, wanted->characters[byte % count]);
    }
    return out.data;
}

static bool make_folders(struct eval *eval, const char *folder)
{
    if (*folder == '\0' || path_is_folder(folder))
        return true;
    if (!make_folders(eval, path_dirname(eval->arena, folder)))
        return false;
    return mkdir(folder, 0700) == 0 || errno == EEXIST || error_set_errno(eval->err, "cannot make folder '%s'", folder);
}

/* Created whole under a name of its own, then linked: of two runs at once the second takes the first one's password. */
static const char *store_password(struct eval *eval, const struct password *wanted, const char *password)
{
    const char *temporary = arena_printf(eval->arena, "%s.%d.new", wanted->path, (int)getpid());
    const char *line = arena_printf(eval->arena, "%s\n", password);

    if (!make_folders(eval, path_dirname(eval->arena, wanted->path)))
        return NULL;
    FD_SCOPED fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set_errno(eval->err, "cannot write '%s'", temporary);
        return NULL;
    }
    bool ok = fd_write_all(fd, line, strlen(line), eval->err) && fsync(fd) == 0;
    bool linked = ok && link(temporary, wanted->path) == 0;
    if (ok && !linked && errno != EEXIST)
        ok = error_set_errno(eval->err, "cannot write '%s'", wanted->path);
    unlink(temporary);
    return ok ? password : NULL;
}

static const char *stored_password(struct eval *eval, const struct password *wanted, bool *failed_out)
{
    char *data = NULL;
    size_t length = 0;

    *failed_out = false;
    if (strcmp(wanted->path, "/dev/null") == 0 || !path_exists(wanted->path))
        return NULL;
    *failed_out = !file_read(eval->arena, wanted->path, LIMIT_SOURCE_FILE, &data, &length, eval->err);
    if (*failed_out)
        return NULL;
    data = text_trim(eval->arena, data, length);
    char *salt = strstr(data, " salt=");
    if (salt != NULL)
        *salt = '\0';
    return data;
}

static const struct value *one_password(struct eval *eval, const struct password *wanted)
{
    bool failed = false;
    const char *text = stored_password(eval, wanted, &failed);
    const struct value *made, *kind[1];

    if (failed)
        return NULL;
    if (text == NULL) {
        text = new_password(eval, wanted);
        if (text != NULL && strcmp(wanted->path, "/dev/null") != 0 && store_password(eval, wanted, text) != NULL)
            text = stored_password(eval, wanted, &failed); /* ours, or that of a run that was quicker */
        else if (text != NULL && strcmp(wanted->path, "/dev/null") != 0)
            return NULL;
    }
    if (text == NULL)
        return NULL;
    made = value_mark(eval->arena, eval_text(eval, text), VALUE_SECRET, 0);
    if (wanted->encrypt == NULL)
        return made;
    kind[0] = eval_text(eval, wanted->encrypt);
    struct call_args args = { .items = kind, .count = 1 };
    return filter_run(eval, filter_find("password_hash"), made, &args);
}

static const struct value *lookup_password(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *term = lookup_term(eval, terms->as.list.items[i]);
        struct password wanted;
        const struct value *made;

        if (term == NULL || !read_password_term(eval, term, options, &wanted))
            return NULL;
        made = one_password(eval, &wanted);
        if (made == NULL)
            return NULL;
        value_list_add(eval->arena, list, made);
    }
    return list;
}

const struct lookup lookups_program[] = {
    { "pipe", lookup_pipe },         { "lines", lookup_lines }, { "url", lookup_url },
    { "password", lookup_password }, { .name = NULL },
};
