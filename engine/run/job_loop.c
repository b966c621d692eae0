/* SPDX-License-Identifier: Apache-2.0 */
/* Loops: the list of items, loop_control, the variables of one item, and whether items may be sent ahead of each other. */
#include <ctype.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"

static const struct value *as_terms(struct arena *arena, const struct value *value)
{
    struct value *list;

    if (value_is(value, VALUE_LIST))
        return value;
    list = value_list(arena);
    if (value != NULL)
        value_list_add(arena, list, value);
    return list;
}

/* first_found takes what can be templated and leaves the rest out. */
static bool terms_lenient(struct job *job, const struct value *written, const struct value **out, struct error *err)
{
    struct template_call call = job_call(job);
    const struct value *entries = as_terms(job->arena, written);
    struct value *list = value_list(job->arena);

    for (size_t i = 0; i < value_count(entries); i++) {
        const struct value *entry = NULL;

        if (template_value(&call, value_item(entries, i), &entry, err))
            value_list_add(job->arena, list, entry);
        else if (err->kind != ERROR_UNDEFINED)
            return false;
    }
    *out = list;
    return true;
}

/* Where with_first_found looks first. */
static const char *lookup_folder(const char *action)
{
    if (strstr(action, "template") != NULL)
        return "templates";
    return strstr(action, "var") != NULL ? "vars" : "files";
}

/* Blanks around what is one text do not count: " {{ list }} " is a list. */
static const struct value *trimmed(struct arena *arena, const struct value *written)
{
    const char *text = value_text(written);
    struct value *copy;

    if (text == NULL || *text == '\0' ||
        (!isspace((unsigned char)*text) && !isspace((unsigned char)text[written->as.string.length - 1])))
        return written;
    copy = value_string(arena, text_trim(arena, text, written->as.string.length));
    copy->marks = written->marks;
    copy->path = written->path;
    copy->line = written->line;
    copy->column = written->column;
    return copy;
}

static bool loop_lookup(struct job *job, const struct value *written, struct error *err)
{
    struct template_call call = job_call(job);
    const struct value *terms = NULL;

    written = trimmed(job->arena, written);
    if (strcmp(job->task->loop_lookup, "first_found") == 0) {
        if (!terms_lenient(job, written, &terms, err))
            return false;
    } else if (!template_value(&call, written, &terms, err)) {
        return false;
    }
    call.loop_folder = lookup_folder(job->task->action);
    return template_lookup(&call, job->task->loop_lookup, terms, NULL, &job->items, err);
}

static bool loop_list(struct job *job, const struct value *written, struct error *err)
{
    struct template_call call = job_call(job);

    if (!template_value(&call, written, &job->items, err))
        return false;
    if (!value_is(job->items, VALUE_LIST))
        return error_set(
            err,
            "Invalid data passed to 'loop', it requires a list, got this instead: %s. Hint: If you passed a "
            "list/dict of just one element, try adding wantlist=True to your lookup invocation or use "
            "q/query instead of lookup.",
            value_to_text(job->arena, job->items));
    return true;
}

static bool control_text(struct job *job, const struct value *control, const char *key, const char **out,
                         struct error *err)
{
    struct template_call call = job_call(job);
    const struct value *value = value_map_get(control, key);

    if (value == NULL || value_is(value, VALUE_NULL))
        return true;
    if (!template_value(&call, value, &value, err))
        return false;
    *out = value_to_text(job->arena, value);
    return true;
}

static bool control_bool(struct job *job, const struct value *control, const char *key, bool *out, struct error *err)
{
    const char *text = NULL;

    if (!control_text(job, control, key, &text, err))
        return false;
    return text == NULL || text_to_bool(text, out) ||
           error_set(err, "loop_control: '%s' must be a boolean, not '%s'", key, text);
}

static bool loop_control(struct job *job, struct error *err)
{
    const struct value *control = node_keyword(job->task, KEYWORD_LOOP_CONTROL);
    const char *pause = NULL;
    double seconds = 0;

    job->loop_var = "item";
    job->extended_all = true;
    if (control == NULL)
        return true;
    if (!control_text(job, control, "loop_var", &job->loop_var, err) ||
        !control_text(job, control, "index_var", &job->index_var, err) ||
        !control_text(job, control, "pause", &pause, err) ||
        !control_bool(job, control, "extended", &job->extended, err) ||
        !control_bool(job, control, "extended_allitems", &job->extended_all, err))
        return false;
    if (pause != NULL && !text_to_real(pause, &seconds))
        return error_set(err,
                         "the field 'pause' has an invalid value (%s), and could not be converted to an float.The "
                         "error was: could not convert string to float: '%s'",
                         pause, pause);
    job->loop_pause_ms = (int64_t)(seconds * 1000);
    job->label = value_map_get(control, "label");
    job->break_when = value_map_get(control, "break_when");
    return true;
}

/* Ansible shows an item as what "{{ item }}" gives. That differs only for text that reads like a list or dict. */
static const struct value *label_of_text(struct job *job)
{
    struct value *label;

    for (size_t i = 0; i < value_count(job->items); i++) {
        const char *text = value_text(value_item(job->items, i));

        if (text == NULL || (*text != '{' && *text != '['))
            continue;
        label = value_string(job->arena, arena_printf(job->arena, "{{%s}}", job->loop_var));
        label->marks |= VALUE_TRUSTED;
        return label;
    }
    return NULL;
}

static void warn_if_taken(struct job *job)
{
    bool is_final;

    if (vars_scope_raw(&job->scope, job->loop_var, strlen(job->loop_var), &is_final) == NULL)
        return;
    emit_message(
        job->run, EVENT_WARNING,
        arena_printf(job->arena,
                     "TASK: %s: The loop variable '%s' is already in use. You should set the `loop_var` value in "
                     "the `loop_control` option for the task to something else to avoid variable collisions and "
                     "unexpected behavior.",
                     node_title(job->arena, job->task), job->loop_var));
}

bool job_loop_prepare(struct job *job, struct error *err)
{
    const struct value *written = job->task->keywords[KEYWORD_LOOP];
    bool ok;

    if (written == NULL)
        return true;
    job->has_loop = true;
    ok = job->task->loop_lookup != NULL ? loop_lookup(job, written, err) : loop_list(job, written, err);
    if (!ok && err->kind == ERROR_UNDEFINED) {
        job->loop_error = arena_new_of(job->arena, struct error);
        *job->loop_error = *err;
        return true;
    }
    if (!ok)
        return false;
    job->has_items = true;
    if (value_count(job->items) > LIMIT_LOOP_ITEMS)
        return error_set(err, "a loop may have at most %d items, this one has %zu", LIMIT_LOOP_ITEMS,
                         value_count(job->items));
    if (value_count(job->items) == 0)
        return true;
    if (!loop_control(job, err))
        return false;
    if (job->label == NULL)
        job->label = label_of_text(job);
    warn_if_taken(job);
    return true;
}

static const struct value *extended_loop(struct job *job, const struct job_item *item)
{
    struct arena *arena = job->arena;
    struct value *map = value_map(arena);
    int64_t index = (int64_t)item->index, count = (int64_t)value_count(job->items);

    value_map_put_int(arena, map, "index", index + 1);
    value_map_put_int(arena, map, "index0", index);
    value_map_put_bool(arena, map, "first", index == 0);
    value_map_put_bool(arena, map, "last", index + 1 == count);
    value_map_put_int(arena, map, "length", count);
    value_map_put_int(arena, map, "revindex", count - index);
    value_map_put_int(arena, map, "revindex0", count - index - 1);
    if (job->extended_all)
        value_map_put(arena, map, "allitems", job->items);
    if (index + 1 < count)
        value_map_put(arena, map, "nextitem", value_item(job->items, item->index + 1));
    if (index > 0)
        value_map_put(arena, map, "previtem", value_item(job->items, item->index - 1));
    return map;
}

static void put_variables(struct job *job, const struct job_item *item, struct value *into)
{
    struct arena *arena = job->arena;

    value_map_put(arena, into, job->loop_var, item->item);
    value_map_put_string(arena, into, "ansible_loop_var", job->loop_var);
    if (job->index_var != NULL) {
        value_map_put_int(arena, into, job->index_var, (int64_t)item->index);
        value_map_put_string(arena, into, "ansible_index_var", job->index_var);
    }
    if (job->extended)
        value_map_put(arena, into, "ansible_loop", extended_loop(job, item));
}

void job_loop_enter(struct job *job, const struct job_item *item)
{
    if (item->item == NULL)
        return;
    if (job->scope.local == NULL)
        job->scope.local = value_map(job->arena);
    put_variables(job, item, job->scope.local);
}

void job_loop_describe(struct job *job, struct job_item *item)
{
    if (item->item != NULL)
        put_variables(job, item, item->result);
}

const struct value *job_loop_variables(struct job *job, const struct job_item *item, struct arena *arena)
{
    struct value *map;

    if (item->item == NULL)
        return NULL;
    map = value_map(job->arena);
    put_variables(job, item, map);
    value_map_remove(job->arena, map, value_string(job->arena, "ansible_loop_var"));
    value_map_remove(job->arena, map, value_string(job->arena, "ansible_index_var"));
    return value_copy(arena, map);
}

/* Later items may go out before earlier ones have come back. Whether their templates look at the registered result is noticed while
 * they are templated (vars_scope.watch): then they wait after all. An async job is over before the next begins. */
bool job_loop_can_send_ahead(struct job *job)
{
    return job->task->task_kind == TASK_MODULE && !job->task->is_unresolved && job->until == NULL &&
           job->loop_pause_ms == 0 && !job->puts_facts && job->break_when == NULL &&
           job->task->keywords[KEYWORD_ASYNC] == NULL;
}
