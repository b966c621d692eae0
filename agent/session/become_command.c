/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each become method starts a program as another user. sudo's flags default to Ansible's (-H -S -n); with a
 * password -n goes and a prompt of our own comes, so that the moment to answer can be seen.
 */
#include "agent/session/become_command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/task/command_words.h"
#include "common/base/text.h"

#define WORDS_MAX 128

struct words {
    const char **items;
    size_t count;
};

static void words_add(struct words *words, const char *word)
{
    if (words->count < WORDS_MAX - 1)
        words->items[words->count++] = word;
}

static bool words_add_line(struct arena *arena, struct words *words, const char *line, const char *without,
                           struct error *err)
{
    struct value *parts = NULL;

    if (!command_split(arena, line, &parts, err))
        return error_prefix(err, "become flags '%s'", line);
    for (size_t i = 0; i < value_count(parts); i++) {
        const char *word = value_text(value_item(parts, i));
        if (!without || (strcmp(word, without) != 0 && strcmp(word, "--non-interactive") != 0))
            words_add(words, word);
    }
    return true;
}

static void words_add_self(struct words *words, const char *const *self)
{
    for (; *self; self++)
        words_add(words, *self);
    words_add(words, "session");
}

static bool command_sudo(struct arena *arena, const struct become_request *request, const char *const *self,
                         struct words *words, struct error *err)
{
    words_add(words, request->exe ? request->exe : "sudo");
    if (!words_add_line(arena, words, request->flags ? request->flags : "-H -S -n", request->password ? "-n" : NULL,
                        err))
        return false;
    if (request->password) {
        words_add(words, "-S");
        words_add(words, "-p");
        words_add(words, BECOME_PROMPT);
    }
    words_add(words, "-u");
    words_add(words, request->user);
    words_add(words, "--");
    words_add_self(words, self);
    return true;
}

/* su asked in the language C: the helper has the language that this program has. The user's shell may be any. */
static const char *terminal_line(struct arena *arena, const char *line)
{
    static const char *const names[] = { "LC_ALL", "LANGUAGE" };
    struct text script = text_new(arena);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);

        if (value)
            text_printf(&script, "%s=%s; export %s; ", names[i], command_quote(arena, value), names[i]);
        else
            text_printf(&script, "unset %s; ", names[i]);
    }
    text_printf(&script, "exec %s <&3 >&4 3<&- 4>&-", line);
    return arena_printf(arena, "exec /bin/sh -c %s", command_quote(arena, script.data));
}

bool become_wants_terminal(const struct become_request *request)
{
    return request->method && strcmp(request->method, "su") == 0 && (request->password || geteuid() != 0);
}

static bool command_su(struct arena *arena, const struct become_request *request, const char *const *self,
                       struct words *words, struct error *err)
{
    struct words inner = { .items = arena_new_array(arena, const char *, WORDS_MAX) };
    struct value *line = value_list(arena);

    words_add(words, request->exe ? request->exe : "su");
    if (!words_add_line(arena, words, request->flags ? request->flags : "", NULL, err))
        return false;
    words_add(words, request->user);
    words_add(words, "-c");
    words_add_self(&inner, self);
    for (size_t i = 0; i < inner.count; i++)
        value_list_add(arena, line, value_string(arena, inner.items[i]));
    if (become_wants_terminal(request))
        words_add(words, terminal_line(arena, command_join(arena, line)));
    else
        words_add(words, arena_printf(arena, "exec %s", command_join(arena, line)));
    return true;
}

static bool command_doas(struct arena *arena, const struct become_request *request, const char *const *self,
                         struct words *words, struct error *err)
{
    if (request->password)
        return error_set(
            err, "become method doas reads its password from a terminal only: give the user a nopass rule, or use "
                 "sudo");
    words_add(words, request->exe ? request->exe : "doas");
    if (!words_add_line(arena, words, request->flags ? request->flags : "-n", NULL, err))
        return false;
    words_add(words, "-u");
    words_add(words, request->user);
    words_add_self(words, self);
    return true;
}

bool become_command(struct arena *arena, const struct become_request *request, const char *const *self,
                    const char *const **out, struct error *err)
{
    struct words words = { .items = arena_new_array(arena, const char *, WORDS_MAX) };
    struct become_request full = *request;
    const char *method = request->method ? request->method : "sudo";
    bool is_made = false;

    full.user = request->user && request->user[0] ? request->user : "root";
    full.flags = request->flags && request->flags[0] ? request->flags : NULL;
    full.exe = request->exe && request->exe[0] ? request->exe : NULL;
    if (full.user[0] == '-')
        return error_set(err, "'%s' is no user name", full.user);
    if (strcmp(method, "sudo") == 0)
        is_made = command_sudo(arena, &full, self, &words, err);
    else if (strcmp(method, "su") == 0)
        is_made = command_su(arena, &full, self, &words, err);
    else if (strcmp(method, "doas") == 0)
        is_made = command_doas(arena, &full, self, &words, err);
    else
        return error_set(err, "become method '%s' is not supported; there are sudo, su and doas", method);
    if (!is_made)
        return false;
    *out = words.items;
    return true;
}
