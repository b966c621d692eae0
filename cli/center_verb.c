/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of the verbs that ask the controller. */
#include "cli/center_verb.h"

#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/command/output.h"
#include "engine/report/sinks.h"

#define OPTIONS_MAX 16
#define WORDS_MAX (sizeof(((struct center_verb *)0)->words) / sizeof(const char *))

static const struct center_option *option_find(const struct center_action *action, const char *name, size_t length)
{
    for (const struct center_option *option = action->options; option->name != NULL; option++) {
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

static bool option_unknown(const struct center_action *action, const char *given, struct error *err)
{
    const char *names[OPTIONS_MAX] = { "json", "help" };
    size_t count = 2;
    const char *nearest = NULL;

    for (const struct center_option *option = action->options; option->name != NULL && count < OPTIONS_MAX; option++)
        names[count++] = option->name;
    nearest = text_nearest(given + strspn(given, "-"), names, count);
    return error_set_kind(err, ERROR_OPTIONS, "%s does not take %s%s%s%s", action->verb->name, given,
                          nearest == NULL ? "" : "; did you mean --", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "?");
}

struct command_line {
    int argc;
    char **argv;
    int at;
};

/* The option at hand, with its value behind '=' or in the next word. */
static bool option_take(struct center_verb *verb, const struct center_action *action, struct value *options,
                        struct command_line *line, struct error *err)
{
    const char *written = line->argv[line->at], *given = strcmp(written, "-i") == 0 ? "--inventory" : written;
    const char *name = given + strspn(given, "-");
    const char *value = strchr(name, '=');
    size_t length = value == NULL ? strlen(name) : (size_t)(value - name);
    const struct center_option *option = option_find(action, name, length);

    if (strncmp(given, "--", 2) == 0 && strcmp(name, "json") == 0) {
        verb->json = true;
        return true;
    }
    if (strncmp(given, "--", 2) != 0 || option == NULL)
        return option_unknown(action, written, err);
    if (option->is_flag && value != NULL)
        return error_set_kind(err, ERROR_OPTIONS, "--%s takes no value", option->name);
    if (option->is_flag) {
        value_map_put_bool(verb->arena, options, option->name, true);
        return true;
    }
    if (value == NULL && line->at + 1 >= line->argc)
        return error_set_kind(err, ERROR_OPTIONS, "--%s needs a value", option->name);
    value_map_put_string(verb->arena, options, option->name, value != NULL ? value + 1 : line->argv[++line->at]);
    return true;
}

static bool line_read(struct center_verb *verb, const struct center_action *action, struct command_line *line,
                      struct error *err)
{
    struct value *options = value_map(verb->arena);

    for (line->at = 1; line->at < line->argc; line->at++) {
        if (line->argv[line->at][0] == '-') {
            if (!option_take(verb, action, options, line, err))
                return false;
        } else if (verb->word_count == WORDS_MAX) {
            return error_set_kind(err, ERROR_OPTIONS, "'%s' is one word too many", line->argv[line->at]);
        } else {
            verb->words[verb->word_count++] = line->argv[line->at];
        }
    }
    verb->options = options;
    return true;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static int verb_run(const struct center_action *action, bool is_free, int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct center_verb verb = { .arena = arena };
    struct command_line line = { argc, argv, 0 };
    struct error err = ERROR_INIT;

    if (wants_help(argc, argv)) {
        printf("usage: roost %s %s\n\n%s\n%s\n  --json     print JSON\n", action->verb->name, action->verb->usage,
               action->verb->summary, action->help);
        return 0;
    }
    if (line_read(&verb, action, &line, &err) &&
        ((is_free && !center_account_is_there(arena)) || center_client_open(arena, &verb.client, &err)) &&
        action->run(&verb, &err))
        return verb.exit_code;
    report_error(stderr, &err, false);
    return err.kind == ERROR_OPTIONS ? 5 : 1;
}

int center_verb_run(const struct center_action *action, int argc, char **argv)
{
    return verb_run(action, false, argc, argv);
}

int center_verb_run_free(const struct center_action *action, int argc, char **argv)
{
    return verb_run(action, true, argc, argv);
}

const char *center_verb_option(const struct center_verb *verb, const char *name)
{
    const struct value *value = value_map_get(verb->options, name);

    return value == NULL ? NULL : value_is(value, VALUE_BOOL) ? "true" : value_text(value);
}

void center_verb_json(struct center_verb *verb, const struct value *value)
{
    printf("%s\n", json_text(verb->arena, value, (struct json_style){ .indent = 2 }));
}

bool center_verb_narrow(int columns)
{
    int there = output_columns(stdout);

    return there > 0 && there < columns;
}

void center_verb_print(struct center_verb *verb, const struct value *rows, const struct table_column *layout,
                       size_t count, const char *none)
{
    if (verb->json)
        center_verb_json(verb, rows);
    else if (value_count(rows) == 0)
        printf("%s\n", none);
    else
        table_print(verb->arena, stdout, rows, layout, count, output_columns(stdout));
}

const char *center_verb_word(struct center_verb *verb, size_t index, const char *const *actions, struct error *err)
{
    const char *word = index < verb->word_count ? verb->words[index] : actions[0];
    size_t count = 0;
    const char *nearest = NULL;

    if (text_in(word, actions))
        return word;
    while (actions[count] != NULL)
        count++;
    nearest = text_nearest(word, actions, count);
    if (nearest == NULL && text_in("show", actions))
        nearest = arena_printf(verb->arena, "show %s", word);
    error_set_kind(err, ERROR_OPTIONS, "there is no '%s' here%s%s%s", word, nearest == NULL ? "" : "; did you mean ",
                   nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
    return NULL;
}

const char *center_verb_need(struct center_verb *verb, size_t index, const char *what, struct error *err)
{
    if (index < verb->word_count)
        return verb->words[index];
    error_set_kind(err, ERROR_OPTIONS, "%s is missing", what);
    return NULL;
}

bool center_verb_at_most(struct center_verb *verb, size_t count, struct error *err)
{
    return verb->word_count <= count ||
           error_set_kind(err, ERROR_OPTIONS, "'%s' is one word too many", verb->words[count]);
}
