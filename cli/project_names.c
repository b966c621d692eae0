/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a document that may be names of files. */
#include "cli/project_names.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define NAME_MOST 1024
#define DEPTH_MAX 64

/* Prose, conditions and the like: a file that is spoken of there is not used there. */
static const char *const prose[] = { "name",     "msg",         "hosts",        "when",        "that",
                                     "fail_msg", "success_msg", "description",  "comment",     "line",
                                     "regexp",   "register",    "changed_when", "failed_when", "until",
                                     "tags",     "content",     "prompt",       NULL };
/* Actions that may have their file on one line with more: `include_tasks: a.yml tags=x`, `copy: src=a dest=b`. */
static const char *const one_line[] = { "import_playbook", "include",  "include_tasks", "import_tasks",
                                        "include_vars",    "script",   "copy",          "template",
                                        "unarchive",       "assemble", "patch",         "action",
                                        "local_action",    NULL };
static const char *const folders[] = { "src", "dir", NULL };

static bool is_template(const char *text)
{
    return strstr(text, "{{") != NULL || strstr(text, "{%") != NULL;
}

static void word_add(struct project_names *names, const char *word, size_t length, bool may_be_folder)
{
    const char *text = NULL;
    bool before = false;

    if (length == 0 || length > NAME_MOST)
        return;
    text = path_normalize(names->arena, arena_copy_n(names->arena, word, length));
    before = value_map_true(names->words, text);
    value_map_put_bool(names->arena, names->words, text, before || may_be_folder || word[length - 1] == '/');
}

/* "a.yml tags=x", "src=a dest=b": each piece, and what stands behind its equals sign. */
static void pieces_add(struct project_names *names, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, " \t\n");
        const char *equals = memchr(at, '=', length);
        const char *word = equals == NULL ? at : equals + 1;
        size_t rest = (size_t)(at + length - word);

        if (rest >= 2 && (*word == '"' || *word == '\'') && word[rest - 1] == *word)
            word_add(names, word + 1, rest - 2, false);
        else
            word_add(names, word, rest, false);
        at += length + strspn(at + length, " \t\n");
    }
}

/* What stands in quotes: lookup('file', 'motd.txt'). */
static void quoted_add(struct project_names *names, const char *text)
{
    for (const char *at = strpbrk(text, "'\""); at != NULL;) {
        const char *end = strchr(at + 1, *at);

        if (end == NULL)
            return;
        word_add(names, at + 1, (size_t)(end - at - 1), false);
        at = strpbrk(end + 1, "'\"");
    }
}

/* "{{ playbook_dir }}/a.yml" is a.yml, as names are looked for from there. */
static const char *behind_playbook_folder(const char *text)
{
    static const char name[] = "playbook_dir";
    const char *at = text;

    if (strncmp(at, "{{", 2) != 0)
        return NULL;
    at += 2 + strspn(at + 2, " ");
    if (strncmp(at, name, sizeof(name) - 1) != 0)
        return NULL;
    at += sizeof(name) - 1;
    at += strspn(at, " ");
    return strncmp(at, "}}/", 3) == 0 && !is_template(at + 3) ? at + 3 : NULL;
}

static void text_take(struct project_names *names, const char *key, const char *text)
{
    const char *last = key == NULL ? NULL : strrchr(key, '.');
    const char *action = last == NULL ? key : last + 1; /* ansible.builtin.copy */
    const char *behind = behind_playbook_folder(text);
    bool may_be_folder = action != NULL && text_in(action, folders);

    if (behind != NULL)
        word_add(names, behind, strlen(behind), may_be_folder);
    if (is_template(text))
        quoted_add(names, text);
    if (action != NULL && text_in(action, prose))
        return;
    if (!is_template(text))
        word_add(names, text, strlen(text), may_be_folder);
    if (action != NULL && text_in(action, one_line))
        pieces_add(names, text);
}

static void value_take(struct project_names *names, const char *key, const struct value *value, int depth)
{
    if (depth > DEPTH_MAX)
        return;
    if (value_text(value) != NULL) {
        text_take(names, key, value_text(value));
        return;
    }
    if (value_is(value, VALUE_MAP)) {
        for (size_t i = 0; i < value_count(value); i++) {
            const struct value_pair *pair = value_pair_at(value, i);

            value_take(names, value_text(pair->key), pair->item, depth + 1);
        }
    } else if (value_is(value, VALUE_LIST)) {
        for (size_t i = 0; i < value_count(value); i++)
            value_take(names, key, value_item(value, i), depth + 1);
    }
}

void project_names_read(struct project_names *names, const struct value *document)
{
    value_take(names, NULL, document, 0);
}

bool project_names_end(const struct project_names *names, const char *path)
{
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (value_map_get(names->words, at) != NULL)
            return true;
    }
    return false;
}
