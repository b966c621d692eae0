/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `roost vault`, as ansible-vault has them. */
#include <string.h>

#include "cli/vault_verb.h"
#include "common/base/text.h"

enum { ENCRYPT = 1, DECRYPT = 2, VIEW = 4, EDIT = 8, CREATE = 16, REKEY = 32, STRING = 64 };
#define EVERY (ENCRYPT | DECRYPT | VIEW | EDIT | CREATE | REKEY | STRING)
#define MAKES (ENCRYPT | EDIT | CREATE | REKEY | STRING)

static const struct {
    const char *name;
    unsigned bit;
    const char *help;
} actions[] = {
    { "create", CREATE, "make a new encrypted file in an editor" },
    { "decrypt", DECRYPT, "decrypt files, or standard input" },
    { "edit", EDIT, "change encrypted files in an editor" },
    { "view", VIEW, "show what is in encrypted files" },
    { "encrypt", ENCRYPT, "encrypt files, or standard input" },
    { "encrypt_string", STRING, "encrypt words, as values for YAML files" },
    { "rekey", REKEY, "give encrypted files another password" },
};

enum kind { FLAG, TEXT, WORDS, IGNORED };

struct row {
    const char *name, *other;
    char letter;
    enum kind kind;
    unsigned use;
    size_t offset;
    const char *value, *help;
};

#define AT(field) offsetof(struct vault_options, field)
static const struct row rows[] = {
    { "vault-id", NULL, 0, WORDS, EVERY, AT(ids), "ID", "a password: [LABEL@]FILE, [LABEL@]PROGRAM or [LABEL@]prompt" },
    { "vault-password-file", "vault-pass-file", 0, WORDS, EVERY, AT(files), "FILE", "file or program that gives it" },
    { "ask-vault-password", "ask-vault-pass", 'J', FLAG, EVERY, AT(ask), NULL, "ask for it" },
    { "encrypt-vault-id", NULL, 0, TEXT, MAKES, AT(encrypt_id), "LABEL", "which of them encrypts" },
    { "new-vault-id", NULL, 0, TEXT, REKEY, AT(new_id), "ID", "the new password" },
    { "new-vault-password-file", NULL, 0, TEXT, REKEY, AT(new_file), "FILE", "file or program that gives the new one" },
    { "output", NULL, 0, TEXT, ENCRYPT | DECRYPT | STRING, AT(output), "FILE", "write there; - is standard output" },
    { "prompt", NULL, 'p', FLAG, STRING, AT(prompt), NULL, "ask for the text" },
    { "show-input", NULL, 0, FLAG, STRING, AT(show_input), NULL, "show it while it is typed" },
    { "name", NULL, 'n', WORDS, STRING, AT(names), "NAME", "name of the variable; once for each text" },
    { "stdin-name", NULL, 0, TEXT, STRING, AT(stdin_name), "NAME", "name of the variable from standard input" },
    { "verbose", NULL, 'v', IGNORED, EVERY, 0, NULL, "for ansible-vault's sake" },
    { "help", NULL, 'h', FLAG, EVERY, AT(help), NULL, "this text" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static unsigned bit_of(const char *action)
{
    for (size_t i = 0; action != NULL && i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(actions[i].name, action) == 0)
            return actions[i].bit;
    return 0;
}

static bool word_add(struct vault_words *words, const char *word, struct error *err)
{
    if (words->count >= VAULT_WORDS_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "more than %d words", VAULT_WORDS_MAX);
    words->items[words->count++] = word;
    return true;
}

static bool store(const struct row *row, const char *value, struct vault_options *out, struct error *err)
{
    void *target = (char *)out + row->offset;

    if (row->kind == FLAG)
        *(bool *)target = true;
    if (row->kind == TEXT)
        *(const char **)target = value;
    return row->kind != WORDS || word_add(target, value, err);
}

/* A whole name, or the beginning of one only. */
static const struct row *find_long(const char *name, unsigned use, struct error *err)
{
    const char *names[ROW_COUNT], *nearest;
    const struct row *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if ((rows[i].use & use) == 0)
            continue;
        names[count++] = rows[i].name;
        if (text_equal(rows[i].name, name) || text_equal(rows[i].other, name))
            return &rows[i];
        if (text_starts(rows[i].name, name) && found != NULL) {
            error_set_kind(err, ERROR_OPTIONS, "ambiguous option: --%s could match --%s, --%s", name, found->name,
                           rows[i].name);
            return NULL;
        }
        if (text_starts(rows[i].name, name) || (rows[i].other != NULL && text_starts(rows[i].other, name)))
            found = &rows[i];
    }
    nearest = text_nearest(name, names, count);
    if (found == NULL)
        error_set_kind(err, ERROR_OPTIONS, "unrecognized arguments: --%s%s%s%s", name,
                       nearest == NULL ? "" : ", did you mean '--", nearest == NULL ? "" : nearest,
                       nearest == NULL ? "" : "'?");
    return found;
}

static const struct row *find_letter(char letter, unsigned use, struct error *err)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].letter == letter && (rows[i].use & use) != 0)
            return &rows[i];
    error_set_kind(err, ERROR_OPTIONS, "unrecognized arguments: -%c", letter);
    return NULL;
}

struct cursor {
    struct arena *arena;
    int argc, at;
    char **argv;
    unsigned use;
};

static bool with_value(struct cursor *cursor, const struct row *row, const char *value, struct vault_options *out,
                       struct error *err)
{
    bool takes = row->kind == TEXT || row->kind == WORDS;

    if (!takes && value != NULL)
        return error_set_kind(err, ERROR_OPTIONS, "argument --%s: ignored explicit argument '%s'", row->name, value);
    if (takes && value == NULL && cursor->at + 1 < cursor->argc)
        value = cursor->argv[++cursor->at];
    if (takes && value == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "argument --%s: expected one argument", row->name);
    return store(row, value, out, err);
}

static bool read_long(struct cursor *cursor, const char *word, struct vault_options *out, struct error *err)
{
    size_t length = strcspn(word, "=");
    const struct row *row = find_long(arena_copy_n(cursor->arena, word, length), cursor->use, err);

    return row != NULL && with_value(cursor, row, word[length] == '=' ? word + length + 1 : NULL, out, err);
}

static bool read_letters(struct cursor *cursor, const char *letters, struct vault_options *out, struct error *err)
{
    for (; *letters != '\0'; letters++) {
        const struct row *row = find_letter(*letters, cursor->use, err);

        if (row == NULL)
            return false;
        if (row->kind == TEXT || row->kind == WORDS)
            return with_value(cursor, row, letters[1] != '\0' ? letters + 1 : NULL, out, err);
        if (!store(row, NULL, out, err))
            return false;
    }
    return true;
}

/* What Ansible checks after the words are read: another exit code. */
static bool check(const struct vault_options *options, struct error *err)
{
    for (size_t i = 0; i < options->ids.count; i++)
        if (strchr(options->ids.items[i], ';') != NULL)
            return error_set_kind(err, ERROR_OPTIONS,
                                  "'%s' is not a valid vault id. The character ';' is not allowed in vault ids",
                                  options->ids.items[i]);
    if (options->output != NULL && options->words.count > 1)
        return error_set_kind(err, ERROR_OPTIONS, "At most one input file may be used with the --output option");
    return true;
}

static bool exclusive(const struct vault_options *options, struct error *err)
{
    if (options->ask && options->files.count > 0)
        return error_set_kind(err, ERROR_OPTIONS,
                              "argument --vault-password-file: not allowed with argument --ask-vault-password");
    if (options->new_id != NULL && options->new_file != NULL)
        return error_set_kind(err, ERROR_OPTIONS,
                              "argument --new-vault-id: not allowed with argument --new-vault-password-file");
    return true;
}

/* The first word that is no option names the action. */
static bool action_find(int argc, char **argv, int *at_out, struct vault_options *out, struct error *err)
{
    const char *names[sizeof(actions) / sizeof(actions[0])], *nearest;

    for (int i = 1; i < argc && out->action == NULL; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            out->help = true;
        if (argv[i][0] != '-') {
            out->action = argv[i];
            *at_out = i;
        }
    }
    if (out->help || bit_of(out->action) != 0)
        return true;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        names[i] = actions[i].name;
    nearest = out->action == NULL ? NULL : text_nearest(out->action, names, sizeof(names) / sizeof(names[0]));
    if (out->action == NULL)
        return error_set_kind(err, ERROR_OPTIONS, "the following arguments are required: action (%s)",
                              "create, decrypt, edit, view, encrypt, encrypt_string, rekey");
    return error_set_kind(err, ERROR_OPTIONS, "argument action: invalid choice: '%s'%s%s%s", out->action,
                          nearest == NULL ? "" : ", did you mean '", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "'?");
}

bool vault_options_parse(struct arena *arena, int argc, char **argv, struct vault_options *out, bool *usage_out,
                         struct error *err)
{
    struct cursor cursor = { arena, argc, 1, argv, EVERY };
    bool only_words = false, ok = true;
    int action_at = 0;

    *usage_out = true;
    if (!action_find(argc, argv, &action_at, out, err) || out->help)
        return err->text[0] == '\0';
    cursor.use = bit_of(out->action);
    for (; ok && cursor.at < argc; cursor.at++) {
        const char *word = argv[cursor.at];

        if (cursor.at == action_at)
            continue;
        if (!only_words && strcmp(word, "--") == 0)
            only_words = true;
        else if (!only_words && text_starts(word, "--"))
            ok = read_long(&cursor, word + 2, out, err);
        else if (!only_words && word[0] == '-' && word[1] != '\0')
            ok = read_letters(&cursor, word + 1, out, err);
        else
            ok = word_add(&out->words, word, err);
    }
    if (!ok || !exclusive(out, err))
        return false;
    *usage_out = false;
    return check(out, err);
}

const char *vault_options_help(struct arena *arena, const char *action)
{
    unsigned use = bit_of(action);
    struct text out = text_new(arena);

    text_printf(&out, "usage: roost vault %s [OPTIONS] [%s...]\n\n", use == 0 ? "ACTION" : action,
                use == STRING ? "TEXT" : "FILE");
    for (size_t i = 0; use == 0 && i < sizeof(actions) / sizeof(actions[0]); i++)
        text_printf(&out, "  %-16s %s\n", actions[i].name, actions[i].help);
    for (size_t i = 0; use != 0 && i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        const char *letter = row->letter == '\0' ? "    " : arena_printf(arena, "-%c, ", row->letter);

        if ((row->use & use) != 0)
            text_printf(&out, "  %s--%-30s %s\n", letter,
                        arena_printf(arena, "%s%s%s", row->name, row->value == NULL ? "" : " ",
                                     row->value == NULL ? "" : row->value),
                        row->help);
    }
    return out.data;
}
