/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lookup password: a random password that is kept in a file, with the salt (and ident) of its hash behind it. The file is
 * created whole under a name of its own, then linked: of two runs at once the second takes the first one's password.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/lookup.h"
#include "engine/template/lookup_table.h"
#include "engine/template/python_random.h"

#define PASSWORD_LENGTH_MAX 1024
#define SALT_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./"
#define STANDARD_CHARACTERS "ascii_letters,digits,.,:-_"

struct password {
    const char *path;
    int64_t length;
    const char *characters, *encrypt, *ident;
    const struct value *seed;
};

/* What the file holds. */
struct stored {
    const char *text, *salt, *ident;
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

static bool set_option(struct eval *eval, struct password *out, const char *key, const struct value *value)
{
    const char *text = value_text(value);

    if (strcmp(key, "length") == 0) {
        if (value->kind == VALUE_INT)
            return out->length = value->as.integer, true;
        return (text != NULL && text_to_int(text, &out->length)) ||
               eval_fail(eval, "invalid literal for int() with base 10: '%s'", text == NULL ? "" : text) != NULL;
    }
    if (strcmp(key, "chars") == 0)
        out->characters = character_set(eval, value);
    else if (strcmp(key, "encrypt") == 0)
        out->encrypt = text == NULL || *text == '\0' ? NULL : text;
    else if (strcmp(key, "ident") == 0)
        out->ident = text == NULL || *text == '\0' ? NULL : text;
    else if (strcmp(key, "seed") == 0)
        out->seed = value->kind == VALUE_NULL ? NULL : value;
    else
        return eval_fail(eval, "Unrecognized parameter(s) given to password lookup: %s", key) != NULL;
    return true;
}

static bool set_options(struct eval *eval, struct password *out, const struct value *options)
{
    for (size_t i = 0; i < value_count(options); i++)
        if (!set_option(eval, out, value_text(value_pair_at(options, i)->key), value_pair_at(options, i)->item))
            return false;
    return true;
}

/* Relative to the playbook. */
static const char *password_path(struct eval *eval, const char *written)
{
    const char *path = path_expand_user(eval->arena, written);
    const struct value *folder = NULL;

    if (*path == '/')
        return path;
    if (!eval_variable(eval, "playbook_dir", strlen("playbook_dir"), &folder))
        error_clear(eval->err);
    return value_text(folder) == NULL ? path : path_join(eval->arena, value_text(folder), path);
}

/* "path length=20 chars=digits" and the options beside it; blanks may stand in the path. */
static bool read_term(struct eval *eval, const char *term, const struct value *options, struct password *out)
{
    const char *blank = strchr(term, ' '), *path = term, *rest;
    struct value *inner = value_map(eval->arena);

    *out = (struct password){ .length = 20, .characters = character_set(eval, eval_text(eval, STANDARD_CHARACTERS)) };
    if (blank != NULL) {
        path = arena_copy_n(eval->arena, term, (size_t)(blank - term));
        rest = table_pairs(eval, blank + 1, inner);
        if (*rest != '\0')
            path = arena_printf(eval->arena, "%s %s", path, rest);
        if (!text_starts(term, path))
            return eval_fail(eval, "Unrecognized value after key=value parameters given to password lookup") != NULL;
    }
    if (!set_options(eval, out, options) || !set_options(eval, out, inner))
        return false;
    out->path = password_path(eval, path);
    if (out->length < 0 || out->length > PASSWORD_LENGTH_MAX || *out->characters == '\0')
        return eval_fail(eval, "a password needs a length of at most %d and some characters", PASSWORD_LENGTH_MAX) !=
               NULL;
    return true;
}

static const char *random_text(struct eval *eval, struct random *random, const char *characters, int64_t length)
{
    struct text out = text_new(eval->arena);
    size_t bytes = strlen(characters), count = text_utf8_count(characters, bytes);

    for (int64_t i = 0; i < length; i++) {
        size_t at = text_utf8_offset(characters, bytes, (size_t)random_below(random, count)), end = at;

        text_utf8_next(characters, bytes, &end);
        text_add_n(&out, characters + at, end - at);
    }
    return out.data;
}

static const char *new_password(struct eval *eval, const struct password *wanted)
{
    struct random random = random_from_system();

    if (wanted->seed != NULL && !random_from_seed(eval->arena, wanted->seed, &random)) {
        eval_fail_type(eval, "The only supported seed types are: None,\nint, float, str, bytes, and bytearray.");
        return NULL;
    }
    return random_text(eval, &random, wanted->characters, wanted->length);
}

/* --- the file --- */

static bool make_folders(struct eval *eval, const char *folder)
{
    if (*folder == '\0' || path_is_folder(folder))
        return true;
    if (!make_folders(eval, path_dirname(eval->arena, folder)))
        return false;
    return mkdir(folder, 0700) == 0 || errno == EEXIST || error_set_errno(eval->err, "cannot make folder '%s'", folder);
}

/* Under its name as a whole; a new file does not replace one that has come up meanwhile. */
static bool store(struct eval *eval, const struct password *wanted, const struct stored *stored, bool is_new)
{
    const char *temporary = arena_printf(eval->arena, "%s.%d.new", wanted->path, (int)getpid()), *line;

    line = arena_printf(eval->arena, "%s%s%s%s%s\n", stored->text,
                        stored->salt == NULL ? "" : " salt=", stored->salt == NULL ? "" : stored->salt,
                        stored->ident == NULL ? "" : " ident=", stored->ident == NULL ? "" : stored->ident);
    if (!make_folders(eval, path_dirname(eval->arena, wanted->path)))
        return false;
    FD_SCOPED fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(eval->err, "cannot write '%s'", temporary);
    bool ok = fd_write_all(fd, line, strlen(line), eval->err) && fsync(fd) == 0;
    bool placed = ok && (is_new ? link(temporary, wanted->path) : rename(temporary, wanted->path)) == 0;
    if (ok && !placed && (!is_new || errno != EEXIST))
        ok = error_set_errno(eval->err, "cannot write '%s'", wanted->path);
    unlink(temporary);
    return ok;
}

static char *last_part(char *text, const char *mark)
{
    char *found = NULL;

    for (char *at = text; (at = strstr(at, mark)) != NULL; at++)
        found = at;
    return found;
}

/* False: error set. A file that is not there leaves everything NULL. */
static bool load(struct eval *eval, const struct password *wanted, struct stored *out)
{
    char *data = NULL, *salt, *ident;
    size_t length = 0;

    *out = (struct stored){ 0 };
    if (strcmp(wanted->path, "/dev/null") == 0 || !path_exists(wanted->path))
        return true;
    if (!file_read(eval->arena, wanted->path, LIMIT_SOURCE_FILE, &data, &length, eval->err))
        return false;
    while (length > 0 && strchr(" \t\r\n\f\v", data[length - 1]) != NULL)
        data[--length] = '\0';
    salt = last_part(data, " salt=");
    ident = salt == NULL ? NULL : last_part(salt, " ident=");
    if (ident != NULL)
        *ident = '\0';
    if (salt != NULL)
        *salt = '\0';
    *out = (struct stored){ data, salt == NULL ? NULL : salt + strlen(" salt="),
                            ident == NULL ? NULL : ident + strlen(" ident=") };
    return true;
}

/* What a hash of this type needs beside the password. */
static void complete(struct eval *eval, const struct password *wanted, struct stored *stored)
{
    bool is_bcrypt = strcmp(wanted->encrypt, "bcrypt") == 0;
    bool is_sha = text_starts(wanted->encrypt, "sha") && text_ends(wanted->encrypt, "_crypt");
    struct random random = random_from_system();

    if (stored->salt == NULL)
        stored->salt = random_text(eval, &random, SALT_CHARACTERS, is_bcrypt ? 22 : is_sha ? 16 : 8);
    if (stored->ident == NULL)
        stored->ident = wanted->ident != NULL ? wanted->ident : is_bcrypt ? "2b" : NULL;
}

static const struct value *hashed(struct eval *eval, const struct password *wanted, const struct stored *stored,
                                  const struct value *password)
{
    const struct value *items[5] = { eval_text(eval, wanted->encrypt), eval_text(eval, stored->salt), value_null(),
                                     value_null(),
                                     stored->ident == NULL ? value_null() : eval_text(eval, stored->ident) };
    struct call_args args = { .items = items, .count = 5 };

    return filter_run(eval, filter_find("password_hash"), password, &args);
}

static const struct value *one_password(struct eval *eval, const struct password *wanted)
{
    struct stored stored, before;
    const struct value *made;

    if (!load(eval, wanted, &stored))
        return NULL;
    before = stored;
    if (stored.text == NULL && (stored.text = new_password(eval, wanted)) == NULL)
        return NULL;
    if (wanted->ident != NULL && stored.ident != NULL && strcmp(wanted->ident, stored.ident) != 0)
        return eval_fail(eval, "The ident parameter provided (%s) does not match the stored one (%s).", stored.ident,
                         wanted->ident);
    if (wanted->encrypt != NULL)
        complete(eval, wanted, &stored);
    if (strcmp(wanted->path, "/dev/null") != 0 &&
        (before.text == NULL || before.salt != stored.salt || before.ident != stored.ident)) {
        if (!store(eval, wanted, &stored, before.text == NULL))
            return NULL;
        if (before.text == NULL &&
            (!load(eval, wanted, &stored) || stored.text == NULL)) /* of the run that was quicker */
            return eval->err->text[0] != '\0' ? NULL : eval_fail(eval, "'%s' has vanished", wanted->path);
        if (wanted->encrypt != NULL)
            complete(eval, wanted, &stored);
    }
    made = value_mark(eval->arena, eval_text(eval, stored.text), VALUE_SECRET, 0);
    return wanted->encrypt == NULL ? made : hashed(eval, wanted, &stored, made);
}

static const struct value *lookup_password(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *term = lookup_term(eval, terms->as.list.items[i]);
        struct password wanted;
        const struct value *made;

        if (term == NULL || !read_term(eval, term, options, &wanted))
            return NULL;
        made = one_password(eval, &wanted);
        if (made == NULL)
            return NULL;
        value_list_add(eval->arena, list, made);
    }
    return list;
}

const struct lookup lookups_password[] = {
    { "password", lookup_password },
    { .name = NULL },
};
