/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts made readable: what the kernel was told, will be told and runs with (docs/facts.md, `kernel` and `parameters`), and
 * all facts as a flat list.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "controller/api/pages.h"

#define FACTS_MAX 3000
#define FACT_DEPTH 12

/* The value of the first declaration of a kind, or NULL. */
static const char *declared_as(const struct value *parameter, const char *kind)
{
    const struct value *list = value_map_get(parameter, "declared");

    for (size_t i = 0; i < value_count(list); i++) {
        if (text_equal(value_map_text(value_item(list, i), "kind"), kind))
            return value_map_text(value_item(list, i), "value");
    }
    return NULL;
}

struct parameter {
    const char *config, *entry, *modprobe, *running, *effective;
    bool is_unknown;
};

/* What does not fit, as a sentence; NULL: all agree. */
static const char *parameter_note(const struct parameter *parameter)
{
    const char *next = parameter->entry;

    if (parameter->is_unknown)
        return "the module has no such parameter: misspelt?";
    if (parameter->config != NULL && !text_equal(parameter->config, next))
        return next == NULL ? "declared, but not in the boot entry: the boot loader's file was not made anew"
                            : "the boot entry has another value than is declared";
    if (next != NULL && !text_equal(next, parameter->running))
        return "takes effect at the next boot";
    if (next == NULL && parameter->config == NULL && parameter->modprobe == NULL && parameter->running != NULL)
        return "running, but declared nowhere: gone at the next boot";
    if (parameter->modprobe != NULL && parameter->running == NULL && parameter->effective != NULL &&
        !text_equal(parameter->modprobe, parameter->effective))
        return "the module runs with another value: loaded before it was declared?";
    return NULL;
}

static struct value *parameter_row(struct arena *arena, const char *name, const struct value *facts,
                                   const char **note_out)
{
    const struct value *known = value_map_get(facts, "is_known");
    const struct parameter parameter = {
        .config = declared_as(facts, "config"),
        .entry = declared_as(facts, "entry"),
        .modprobe = declared_as(facts, "modprobe"),
        .running = value_map_text(facts, "cmdline"),
        .effective = value_map_text(facts, "effective"),
        .is_unknown = value_is(known, VALUE_BOOL) && !known->as.boolean,
    };
    struct value *row = value_map(arena);

    *note_out = parameter_note(&parameter);
    value_map_put_string(arena, row, "name", name);
    value_map_put_string(arena, row, "declared", parameter.config != NULL ? parameter.config : parameter.modprobe);
    value_map_put_string(arena, row, "where", parameter.config != NULL ? "boot" : "modprobe");
    value_map_put_string(arena, row, "next", parameter.entry);
    value_map_put_string(arena, row, "running", parameter.running);
    value_map_put_string(arena, row, "effective", parameter.effective);
    value_map_put_string(arena, row, "note", *note_out);
    return row;
}

/* Is a word of the command line ("amdgpu.gttsize=1") of a parameter that differs? */
static bool word_differs(const struct value *rows, const char *word)
{
    size_t length = strcspn(word, "=");

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i);
        const char *name = value_map_text(row, "name");

        if (value_map_text(row, "note") != NULL && strlen(name) == length && strncmp(name, word, length) == 0)
            return true;
    }
    return false;
}

static const struct value *words_value(struct arena *arena, const char *line, const struct value *rows)
{
    struct value *out = value_list(arena);
    size_t count = 0;
    char **words = line == NULL ? NULL : text_split(arena, line, ' ', &count);

    for (size_t i = 0; i < count; i++) {
        struct value *word = value_map(arena);

        if (words[i][0] == '\0')
            continue;
        value_map_put_string(arena, word, "text", words[i]);
        value_map_put_bool(arena, word, "differs", word_differs(rows, words[i]));
        value_list_add(arena, out, word);
    }
    return out;
}

static const struct value *roost_facts(const struct value *facts)
{
    const struct value *inner = value_map_get(facts, "ansible_facts");

    return value_map_get(inner == NULL ? facts : inner, "roost");
}

const struct value *page_kernel(struct arena *arena, const struct value *facts)
{
    const struct value *roost = roost_facts(facts), *kernel = value_map_get(roost, "kernel");
    const struct value *parameters = value_map_get(roost, "parameters");
    struct value *out = value_map(arena), *rows = value_list(arena);
    size_t differing = 0;

    if (!value_is(kernel, VALUE_MAP))
        return value_null();
    for (size_t i = 0; i < value_map_count(parameters); i++) {
        const struct value_pair *pair = value_pair_at(parameters, i);
        const char *note = NULL, *name = value_text(pair->key);

        if (name == NULL || !value_is(pair->item, VALUE_MAP))
            continue;
        struct value *row = parameter_row(arena, name, pair->item, &note);
        value_list_insert(arena, rows, note != NULL ? differing++ : value_count(rows), row); /* those first */
    }
    value_map_put_string(arena, out, "release", value_map_text(kernel, "release"));
    value_map_put(arena, out, "rows", rows);
    value_map_put(arena, out, "words", words_value(arena, value_map_text(kernel, "command_line"), rows));
    value_map_put_int(arena, out, "differing", (int64_t)differing);
    return out;
}

/* --- all of them --- */

static void fact_add(struct arena *arena, struct value *out, const char *key, const struct value *value, int depth)
{
    struct value *row = NULL;

    if (value_count(out) >= FACTS_MAX)
        return;
    if (depth < FACT_DEPTH && value_is(value, VALUE_MAP) && value_count(value) > 0) {
        for (size_t i = 0; i < value_count(value); i++) {
            const struct value_pair *pair = value_pair_at(value, i);
            const char *name = value_to_text(arena, pair->key);

            fact_add(arena, out, *key == '\0' ? name : arena_printf(arena, "%s.%s", key, name), pair->item, depth + 1);
        }
        return;
    }
    if (depth < FACT_DEPTH && value_is(value, VALUE_LIST) && value_count(value) > 0) {
        for (size_t i = 0; i < value_count(value); i++)
            fact_add(arena, out, arena_printf(arena, "%s[%zu]", key, i), value_item(value, i), depth + 1);
        return;
    }
    row = value_map(arena);
    value_map_put_string(arena, row, "key", key);
    value_map_put_string(arena, row, "text", value_to_text(arena, value));
    value_list_add(arena, out, row);
}

const struct value *page_facts(struct arena *arena, const struct value *facts)
{
    const struct value *inner = value_map_get(facts, "ansible_facts");
    struct value *out = value_list(arena);

    if (value_is(inner == NULL ? facts : inner, VALUE_MAP))
        fact_add(arena, out, "", inner == NULL ? facts : inner, 0);
    return out;
}
