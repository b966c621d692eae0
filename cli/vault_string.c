/* SPDX-License-Identifier: Apache-2.0 */
/* roost vault encrypt_string: texts as values that can be pasted into a YAML file. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/vault_verb.h"
#include "engine/command/ask.h"

#define INDENT 10

struct plain_text {
    const char *data;
    size_t length;
    const char *name, *source;
};

struct strings {
    struct vault_job *job;
    struct plain_text items[VAULT_WORDS_MAX + 2];
    size_t count;
};

static bool string_add(struct strings *strings, const struct plain_text *text, const char *empty, struct error *err)
{
    if (text->length == 0)
        return error_set_kind(err, ERROR_OPTIONS, "%s", empty);
    strings->items[strings->count++] = *text;
    return true;
}

static bool typed(struct arena *arena, const char *prompt, bool hidden, const char **out, struct error *err)
{
    if (ask_terminal(NULL, prompt, hidden, arena, out))
        return true;
    fputs(prompt, stderr);
    return ask_input(arena, out) || error_set(err, "there is nobody to type an answer");
}

static bool from_prompt(struct strings *strings, struct error *err)
{
    struct vault_job *job = strings->job;
    bool hidden = !job->options->show_input;
    const char *name = NULL, *text = NULL;

    if (!typed(job->arena, "Variable name (enter for no name): ", false, &name, err) ||
        !typed(job->arena, hidden ? "String to encrypt (hidden): " : "String to encrypt:", hidden, &text, err))
        return false;
    return string_add(strings,
                      &(struct plain_text){ text, strlen(text), *name == '\0' ? NULL : name, "the interactive prompt" },
                      "The plaintext provided from the prompt was empty, not encrypting", err);
}

static bool from_input(struct strings *strings, struct error *err)
{
    struct vault_bytes bytes = { 0 };
    bool shows = isatty(STDOUT_FILENO) == 1;

    if (shows)
        fputs("Reading plaintext input from stdin. (ctrl-d to end input, twice if your content does not already have "
              "a newline)\n",
              stderr);
    if (!vault_file_read(strings->job->arena, "-", &bytes, err))
        return false;
    if (shows && (bytes.length == 0 || bytes.data[bytes.length - 1] != '\n'))
        puts("\n");
    return string_add(strings,
                      &(struct plain_text){ bytes.data, bytes.length, strings->job->options->stdin_name, "stdin" },
                      "stdin was empty, not encrypting", err);
}

static bool from_words(struct strings *strings, struct error *err)
{
    const struct vault_options *options = strings->job->options;
    size_t used = 0, words = 0;

    for (size_t i = 0; i < options->words.count; i++)
        words += strcmp(options->words.items[i], "-") != 0;
    if (options->names.count > 0 && words > options->names.count)
        fprintf(stderr,
                "The number of --name options do not match the number of args.\nThe last named variable will be "
                "\"%s\". The rest will not have names.\n",
                options->names.items[options->names.count - 1]);
    for (size_t i = 0; i < options->words.count; i++) {
        const char *word = options->words.items[i];
        struct plain_text text = { word, strlen(word), NULL, "the command line args" };

        if (strcmp(word, "-") == 0)
            continue;
        text.name = used < options->names.count ? options->names.items[used] : NULL;
        used++;
        if (!string_add(strings, &text, "The plaintext provided from the command line args was empty, not encrypting",
                        err))
            return false;
    }
    return true;
}

static void block_add(struct text *out, const char *name, const struct text *envelope)
{
    const char *cursor = envelope->data, *line = NULL;
    size_t length = 0;

    text_printf(out, "%s%s!vault |", name == NULL ? "" : name, name == NULL ? "" : ": ");
    while (text_line(&cursor, envelope->data + envelope->length, &line, &length))
        text_printf(out, "\n%*s%.*s", INDENT, "", (int)length, line);
}

static bool strings_encrypt(struct strings *strings, struct text *out, struct error *err)
{
    struct vault_job *job = strings->job;

    for (size_t i = 0; i < strings->count; i++) {
        const struct plain_text *plain = &strings->items[i];
        struct text envelope = text_new(job->arena);

        if (!vault_encrypt(job->new_secrets, &job->target, plain->data, plain->length, &envelope, err))
            return false;
        if (strings->count > 1 && plain->name != NULL)
            fprintf(stderr, "# The encrypted version of variable (\"%s\", the string #%zu from %s).\n", plain->name,
                    i + 1, plain->source);
        else if (strings->count > 1)
            fprintf(stderr, "# The encrypted version of the string #%zu from %s.)\n", i + 1, plain->source);
        if (i > 0)
            text_add_char(out, '\n');
        block_add(out, plain->name, &envelope);
    }
    return true;
}

bool vault_encrypt_strings(struct vault_job *job, struct error *err)
{
    const struct vault_options *options = job->options;
    struct strings *strings = arena_new_of(job->arena, struct strings);
    bool reads_input = options->words.count == 0 || options->stdin_name != NULL;
    struct vault_write write = { .path = options->output == NULL ? "-" : options->output, .mode = S_IRUSR | S_IWUSR };
    struct text out = text_new(job->arena);

    strings->job = job;
    for (size_t i = 0; i < options->words.count; i++)
        reads_input = reads_input || strcmp(options->words.items[i], "-") == 0;
    if (options->prompt && reads_input && options->words.count > 0)
        return error_set_kind(err, ERROR_OPTIONS,
                              "The --prompt option is not supported if also reading input from stdin");
    if (options->prompt && !from_prompt(strings, err))
        return false;
    if (!options->prompt && reads_input && !from_input(strings, err))
        return false;
    if (!from_words(strings, err) || !strings_encrypt(strings, &out, err))
        return false;
    write.path = vault_file_real(job->arena, write.path);
    return vault_file_write(&write, out.data, out.length, err);
}
