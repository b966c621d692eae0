/* SPDX-License-Identifier: Apache-2.0 */
/* Options of `roost models`, signals, and the line of progress on a terminal. */
#include "cli/models_options.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define SHOW_MS 200

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_NUMBER, OPTION_SECONDS, OPTION_SIZE };

/* Without such a source among those given, the option would do nothing. */
enum option_need { FOR_ANY, FOR_HUB, FOR_NETWORK };

struct option_row {
    const char *name, *value, *help; /* value: how --help names it */
    unsigned use;
    enum option_kind kind;
    enum option_need need;
    size_t offset;
};

#define OPTION(name_, value_, use_, kind_, need_, field_, help_)                                                       \
    {                                                                                                                  \
        name_, value_, help_, use_, kind_, need_, offsetof(struct models_command, field_)                              \
    }

static const struct option_row option_rows[] = {
    OPTION("--store", "DIR", MODELS_ALL, OPTION_TEXT, FOR_ANY, settings.store,
           "root of the store (ROOST_MODELS_STORE; else " MODEL_STORE_DEFAULT ")"),
    OPTION("--endpoint", "URL", MODELS_NAMING, OPTION_TEXT, FOR_HUB, settings.endpoint, "the hub (HF_ENDPOINT)"),
    OPTION("--name", "NAME", MODELS_PULL, OPTION_TEXT, FOR_ANY, request.name,
           "also link STORE/links/NAME to its folder"),
    OPTION("--include", "PATTERN", MODELS_PULL, OPTION_LIST, FOR_ANY, patterns, "only files that fit; may be repeated"),
    OPTION("--checksum", "SHA256", MODELS_PULL, OPTION_LIST, FOR_ANY, checksums,
           "what the file must have; one per file"),
    OPTION("--no-mmproj", NULL, MODELS_PULL, OPTION_FLAG, FOR_ANY, no_projector,
           "leave the projector beside a model alone"),
    OPTION("--update", NULL, MODELS_PULL, OPTION_FLAG, FOR_ANY, request.update, "ask whether there is something newer"),
    OPTION("--connections", "N", MODELS_PULL, OPTION_NUMBER, FOR_NETWORK, settings.connections, "per file (4)"),
    OPTION("--limit-rate", "SIZE", MODELS_PULL, OPTION_SIZE, FOR_NETWORK, settings.rate_bytes,
           "per second over all: 20M"),
    OPTION("--retries", "N", MODELS_PULL, OPTION_NUMBER, FOR_NETWORK, settings.retries,
           "tries without any progress (10)"),
    OPTION("--timeout", "SECONDS", MODELS_PULL, OPTION_SECONDS, FOR_NETWORK, settings.timeout_ms,
           "to connect, and without any data (30)"),
    OPTION("--token-file", "FILE", MODELS_PULL, OPTION_TEXT, FOR_HUB, token_file,
           "holds the hub's token (HF_TOKEN, HF_TOKEN_PATH, HF_HOME/token)"),
    OPTION("--partial", NULL, MODELS_GC, OPTION_FLAG, FOR_ANY, partials, "unfinished downloads too"),
    OPTION("--check", NULL, MODELS_PULL | MODELS_GC | MODELS_RM, OPTION_FLAG, FOR_ANY, check,
           "only say what would be done"),
    OPTION("--quiet", NULL, MODELS_PULL | MODELS_VERIFY, OPTION_FLAG, FOR_ANY, quiet, "no progress and no notes"),
    OPTION("--json", NULL, MODELS_ALL, OPTION_FLAG, FOR_ANY, json, "print JSON"),
    OPTION("--help", NULL, MODELS_ALL, OPTION_FLAG, FOR_ANY, help, "this"),
};

#define OPTION_COUNT (sizeof(option_rows) / sizeof(option_rows[0]))

static bool set_number(const char *text, int64_t factor, int *out)
{
    int64_t number = 0;

    if (!text_to_int(text, &number) || number < 1 || number > 1000 * 1000)
        return false;
    *out = (int)(number * factor);
    return true;
}

static bool set_option(struct models_command *command, const struct option_row *row, const char *value)
{
    char *field = (char *)command + row->offset;
    void *target = field;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)target = true;
        return true;
    case OPTION_TEXT:
        *(const char **)target = value;
        return value[0] != '\0';
    case OPTION_LIST:
        value_list_add(command->arena, *(struct value **)target, value_string(command->arena, value));
        return value[0] != '\0';
    case OPTION_NUMBER:
        return set_number(value, 1, target);
    case OPTION_SECONDS:
        return set_number(value, 1000, target);
    case OPTION_SIZE:
        return model_size_read(value, target);
    }
    return false;
}

static const struct option_row *find_row(const char *word, unsigned use)
{
    size_t length = strcspn(word, "=");

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];

        if ((row->use & use) != 0 && strlen(row->name) == length && strncmp(row->name, word, length) == 0)
            return row;
    }
    return NULL;
}

static bool unknown_option(const char *word, unsigned use, struct error *err)
{
    const char *names[OPTION_COUNT], *nearest;
    size_t count = 0;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((option_rows[i].use & use) != 0)
            names[count++] = option_rows[i].name;
    }
    nearest = text_nearest(word, names, count);
    return error_set_kind(err, ERROR_OPTIONS, "there is no option '%s'%s%s%s", word,
                          nearest != NULL ? ", did you mean '" : "; --help lists them", nearest != NULL ? nearest : "",
                          nearest != NULL ? "'?" : "");
}

/* One word and perhaps the next. */
static bool take_word(struct models_command *command, unsigned use, char ***words, struct error *err)
{
    const char *word = **words, *value = strchr(word, '=');
    const struct option_row *row;

    if (word[0] != '-' || word[1] == '\0') {
        command->sources[command->source_count++] = word;
        return true;
    }
    row = strcmp(word, "-h") == 0 ? find_row("--help", use) : find_row(word, use);
    if (row == NULL)
        return unknown_option(word, use, err);
    command->given |= 1U << (row - option_rows);
    if (row->kind != OPTION_FLAG && value == NULL)
        value = *++*words;
    else if (value != NULL)
        value++;
    if (row->kind == OPTION_FLAG ? value != NULL : value == NULL || !set_option(command, row, value))
        return error_set_kind(err, ERROR_OPTIONS, "option %s wants %s", row->name,
                              row->value == NULL ? "no value" : row->value);
    return row->kind != OPTION_FLAG || set_option(command, row, "");
}

static bool is_met(const struct models_command *command, enum option_need need)
{
    for (size_t i = 0; i < command->source_count; i++) {
        const char *source = command->sources[i];

        if (text_starts(source, "hf://") ||
            (need == FOR_NETWORK && (text_starts(source, "https://") || text_starts(source, "http://"))))
            return true;
    }
    return need == FOR_ANY;
}

static bool check_given(const struct models_command *command, unsigned use, struct error *err)
{
    if ((use & MODELS_GC) != 0 && command->source_count > 0)
        return error_set_kind(err, ERROR_OPTIONS, "'%s': gc takes no source, it removes what no name refers to",
                              command->sources[0]);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];

        if ((command->given & 1U << i) != 0 && !is_met(command, row->need))
            return error_set_kind(err, ERROR_OPTIONS, "option %s is for %s, and none is named", row->name,
                                  row->need == FOR_HUB ? "sources of a hub (hf://)"
                                                       : "sources that come over the network");
    }
    return true;
}

static void print_help(const struct models_command *command, unsigned use)
{
    printf("usage: roost models %s%s [OPTIONS]\n\n", command->verb,
           (use & MODELS_PULL) != 0                     ? " SOURCE"
           : (use & MODELS_RM) != 0                     ? " SOURCE or NAME..."
           : (use & (MODELS_LIST | MODELS_VERIFY)) != 0 ? " [SOURCE or NAME...]"
                                                        : "");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        char name[40];

        (void)snprintf(name, sizeof(name), "%s%s%s", row->name, row->value == NULL ? "" : " ",
                       row->value == NULL ? "" : row->value);
        if ((row->use & use) != 0)
            printf("  %-22s %s\n", name, row->help);
    }
    if ((use & MODELS_GC) == 0)
        puts("\nSOURCE: hf://ORG/REPO[/FILE, FOLDER or PATTERN][@REVISION], https://..., file:///...");
}

/* --- while it runs --- */

static bool is_cancelled(void *data)
{
    const struct models_command *command = data;
    struct pollfd fd = { .fd = command->signal_fd, .events = POLLIN };

    return command->signal_fd >= 0 && poll(&fd, 1, 0) > 0;
}

static void show_progress(void *data, const char *text)
{
    struct models_command *command = data;
    int64_t now = clock_monotonic_ms();

    if (!command->is_terminal || command->quiet || now - command->shown_ms < SHOW_MS)
        return;
    command->shown_ms = now;
    command->has_line = true;
    (void)fprintf(stderr, "\r%s\033[K", text);
}

static void show_note(void *data, const char *text)
{
    struct models_command *command = data;

    models_finish(command);
    if (!command->quiet)
        (void)fprintf(stderr, "%s\n", text);
}

void models_finish(struct models_command *command)
{
    if (command->has_line)
        (void)fputc('\n', stderr);
    command->has_line = false;
}

static void catch_signals(struct models_command *command)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        command->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool complete(struct models_command *command, struct error *err)
{
    struct model_settings *settings = &command->settings;

    if (settings->store == NULL)
        settings->store = getenv("ROOST_MODELS_STORE");
    if (settings->store != NULL && settings->store[0] == '\0')
        settings->store = NULL;
    if (settings->store != NULL)
        settings->store = path_absolute(command->arena, settings->store);
    if (command->token_file != NULL && !model_token_read(command->arena, command->token_file, &settings->token, err))
        return false;
    settings->watch = (struct model_watch){ command, is_cancelled, show_progress, show_note };
    command->request.projector = !command->no_projector;
    command->request.patterns = command->patterns;
    command->request.checksums = command->checksums;
    return model_settings_complete(command->arena, settings, NULL, err);
}

bool models_start(struct models_command *command, unsigned use, int argc, char **argv, int *exit_out)
{
    struct error err = ERROR_INIT;

    command->verb = argv[0];
    command->signal_fd = -1;
    command->is_terminal = isatty(STDERR_FILENO);
    command->patterns = value_list(command->arena);
    command->checksums = value_list(command->arena);
    command->sources = arena_new_array(command->arena, const char *, argc + 1);
    for (char **word = argv + 1; *word != NULL; word++) {
        if (!take_word(command, use, &word, &err)) {
            *exit_out = models_fail(command, &err);
            return false;
        }
    }
    if (command->help) {
        print_help(command, use);
        *exit_out = 0;
        return false;
    }
    if (!check_given(command, use, &err) || !complete(command, &err)) {
        *exit_out = models_fail(command, &err);
        return false;
    }
    if ((use & (MODELS_PULL | MODELS_VERIFY)) != 0)
        catch_signals(command);
    return true;
}

int models_fail(struct models_command *command, const struct error *err)
{
    models_finish(command);
    (void)fprintf(stderr, "roost models %s: %s\n", command->verb, err->text);
    return err->kind == ERROR_OPTIONS ? 5 : err->kind == ERROR_CANCELLED ? 130 : 1;
}
