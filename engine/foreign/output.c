/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what a module printed: one JSON object, with lines that do not belong to it in front and behind (a login's greeting, a
 * shell's complaint). What is no such object is a failure that shows everything.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/foreign/foreign.h"

struct span {
    const char *data;
    size_t length;
};

static struct span trimmed(const char *data, size_t length)
{
    static const char blanks[] = " \t\r\n\v\f";

    while (length > 0 && memchr(blanks, data[0], sizeof(blanks) - 1) != NULL) {
        data++;
        length--;
    }
    while (length > 0 && memchr(blanks, data[length - 1], sizeof(blanks) - 1) != NULL)
        length--;
    return (struct span){ data, length };
}

/* Where the first line that begins with { starts; NULL: none does. */
static const char *object_start(const char *data, const char *end)
{
    const char *cursor = data, *line = NULL;
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        struct span text = trimmed(line, length);

        if (text.length > 0 && text.data[0] == '{')
            return line;
    }
    return NULL;
}

/* Behind the last line that ends with }; NULL: none does. */
static const char *object_end(const char *start, const char *end)
{
    const char *cursor = start, *line = NULL, *found = NULL;
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        struct span text = trimmed(line, length);

        if (text.length > 0 && text.data[text.length - 1] == '}')
            found = line + length;
    }
    return found;
}

static void warn_of_junk(struct arena *arena, const char *from, const char *end, struct value *warnings)
{
    size_t length = (size_t)(end - from);

    if (trimmed(from, length).length == 0)
        return;
    if (length > 0 && from[0] == '\n') {
        from++;
        length--;
    }
    while (length > 0 && (from[length - 1] == '\n' || from[length - 1] == '\r'))
        length--;
    value_list_add(arena, warnings,
                   value_string(arena, arena_printf(arena, "Module invocation had junk after the JSON data: %s",
                                                    arena_copy_n(arena, from, length))));
}

/* The object, or NULL. */
static const struct value *object_read(struct arena *arena, const struct value *output, struct value *warnings)
{
    const char *data = output->as.string.data, *end = data + output->as.string.length;
    const char *start = object_start(data, end), *stop = start == NULL ? NULL : object_end(start, end);
    const struct value *read = NULL;
    struct error ignored = ERROR_INIT;

    if (stop == NULL)
        return NULL;
    warn_of_junk(arena, stop, end, warnings);
    if (!json_read(arena, start, (size_t)(stop - start), NULL, &read, &ignored) || !value_is(read, VALUE_MAP))
        return NULL;
    return read;
}

static bool starts(const struct value *text, const char *with)
{
    return value_is(text, VALUE_STRING) && text_starts(text->as.string.data, with);
}

/* "PROGRAM: not found", as shells say it. */
static bool misses_interpreter(struct arena *arena, const struct value *text, const char *interpreter)
{
    static const char *const ends[] = { "No such file or directory", "not found" };

    for (size_t i = 0; interpreter != NULL && i < sizeof(ends) / sizeof(ends[0]); i++)
        if (strstr(text->as.string.data, arena_printf(arena, "%s: %s", interpreter, ends[i])) != NULL)
            return true;
    return false;
}

static struct value *no_object(struct arena *arena, const struct foreign_output *output)
{
    struct value *result = value_map(arena);
    bool is_missing = misses_interpreter(arena, output->errors, output->interpreter) ||
                      misses_interpreter(arena, output->output, output->interpreter);

    value_map_put_bool(arena, result, "failed", true);
    value_map_put(arena, result, "module_stdout", output->output);
    value_map_put(arena, result, "module_stderr", output->errors);
    if (starts(output->errors, "Traceback"))
        value_map_put(arena, result, "exception", output->errors);
    else if (starts(output->output, "Traceback"))
        value_map_put(arena, result, "exception", output->output);
    value_map_put_string(
        arena, result, "msg",
        arena_printf(arena, "%s\nSee stdout/stderr for the exact error",
                     is_missing ? "The module failed to execute correctly, you probably need to set the interpreter."
                                : "MODULE FAILURE"));
    value_map_put_int(arena, result, "rc", output->status);
    return result;
}

/* --- what a module may not say --- */

static bool is_internal(const char *key)
{
    return (text_starts(key, "_ansible_") && !text_equal(key, "_ansible_parsed")) || text_equal(key, "add_host") ||
           text_equal(key, "add_group");
}

static bool is_empty_list(const char *key, const struct value *item)
{
    return (text_equal(key, "warnings") || text_equal(key, "deprecations")) && !value_truthy(item);
}

/* Names that say how to reach a host and as whom: a node may not change them. */
static bool is_restricted(const char *key)
{
    static const char *const names[] = { "ansible_facts",
                                         "ansible_rsync_path",
                                         "ansible_playbook_python",
                                         "ansible_become",
                                         "ansible_connection",
                                         "ansible_connection_user",
                                         "ansible_docker_extra_args",
                                         "ansible_host",
                                         "ansible_module_compression",
                                         "ansible_network_os",
                                         "ansible_password",
                                         "ansible_pipelining",
                                         "ansible_port",
                                         "ansible_private_key_file",
                                         "ansible_scp_extra_args",
                                         "ansible_sftp_extra_args",
                                         "ansible_shell_executable",
                                         "ansible_shell_type",
                                         "ansible_timeout",
                                         "ansible_user",
                                         "add_host",
                                         "add_group",
                                         NULL };
    static const char *const connections[] = { "ansible_ssh_", "ansible_local_", "ansible_paramiko_ssh_",
                                               "ansible_psrp_", "ansible_winrm_" };
    bool is_bridge = text_ends(key, "_bridge") || text_ends(key, "_gwbridge");

    if (text_in(key, names) || text_starts(key, "ansible_become_") || text_starts(key, "roost_node") ||
        (text_starts(key, "ansible_") && text_ends(key, "_interpreter")))
        return true;
    for (size_t i = 0; i < sizeof(connections) / sizeof(connections[0]) && !is_bridge; i++)
        if (text_starts(key, connections[i]) && !text_starts(key, "ansible_ssh_host_key_"))
            return true;
    return false;
}

static const struct value *facts_allowed(struct arena *arena, const struct value *facts, struct value *warnings)
{
    struct value *allowed = value_map(arena);

    for (size_t i = 0; i < value_count(facts); i++) {
        const struct value_pair *pair = value_pair_at(facts, i);
        const char *key = value_text(pair->key);

        if (key != NULL && is_restricted(key))
            value_list_add(
                arena, warnings,
                value_string(arena, arena_printf(arena, "Removed restricted key from module data: %s", key)));
        else if (key == NULL ||
                 (!text_starts(key, "discovered_interpreter_") && !text_starts(key, "ansible_discovered_interpreter_")))
            value_map_put_value(arena, allowed, pair->key, pair->item);
    }
    return allowed;
}

static struct value *allowed(struct arena *arena, const struct value *read, struct value *warnings)
{
    struct value *result = value_map(arena);

    for (size_t i = 0; i < value_count(read); i++) {
        const struct value_pair *pair = value_pair_at(read, i);
        const char *key = value_text(pair->key) == NULL ? "" : value_text(pair->key);

        if (is_internal(key)) {
            value_list_add(
                arena, warnings,
                value_string(arena, arena_printf(arena, "Removed unexpected internal key in module return: %s = %s",
                                                 key, value_to_text(arena, pair->item))));
        } else if (text_equal(key, "results") && !value_is(pair->item, VALUE_LIST)) {
            value_map_put(arena, result, "ansible_module_results", pair->item);
            value_list_add(
                arena, warnings,
                value_string(arena,
                             "Found internal 'results' key in module return, renamed to 'ansible_module_results'."));
        } else if (text_equal(key, "ansible_facts") && value_is(pair->item, VALUE_MAP)) {
            value_map_put(arena, result, key, facts_allowed(arena, pair->item, warnings));
        } else if (!is_empty_list(key, pair->item)) {
            value_map_put_value(arena, result, pair->key, pair->item);
        }
    }
    return result;
}

static struct value *no_object_of_job(struct arena *arena, const struct foreign_output *output)
{
    struct value *result = value_map(arena);

    value_map_put_bool(arena, result, "failed", true);
    value_map_put_string(arena, result, "cmd", output->interpreter);
    value_map_put(arena, result, "data", output->output);
    value_map_put(arena, result, "stderr", output->errors);
    value_map_put_string(arena, result, "msg", "the job printed no JSON object");
    return result;
}

/* Junk is told in the result's own warnings, and what it said beside is kept. */
static struct value *allowed_of_job(struct arena *arena, const struct foreign_output *output, const struct value *read,
                                    const struct value *junk, struct value *warnings)
{
    struct value *result = allowed(arena, read, warnings), *all = value_list(arena);
    const struct value *own = value_map_get(result, "warnings");

    if (output->errors->as.string.length > 0)
        value_map_put(arena, result, "stderr", output->errors);
    if (value_count(junk) == 0)
        return result;
    if (own != NULL && !value_is(own, VALUE_LIST))
        value_list_add(arena, all, own);
    for (size_t i = 0; value_is(own, VALUE_LIST) && i < value_count(own); i++)
        value_list_add(arena, all, value_item(own, i));
    for (size_t i = 0; i < value_count(junk); i++)
        value_list_add(arena, all, value_item(junk, i));
    value_map_put(arena, result, "warnings", all);
    return result;
}

struct value *foreign_result(struct arena *arena, const struct foreign_output *output, struct value *warnings)
{
    struct value *junk = output->is_job ? value_list(arena) : warnings;
    const struct value *read = object_read(arena, output->output, junk);

    if (output->is_job)
        return read == NULL ? no_object_of_job(arena, output) : allowed_of_job(arena, output, read, junk, warnings);
    return read == NULL ? no_object(arena, output) : allowed(arena, read, warnings);
}

bool foreign_output_of(const struct value *reply, struct foreign_output *out)
{
    const char *interpreter = value_map_text(reply, "foreign_interpreter");

    *out = (struct foreign_output){
        .output = value_map_get(reply, "stdout"),
        .errors = value_map_get(reply, "stderr"),
        .status = value_map_int(reply, "rc", 0),
        .is_job = value_map_get(reply, "ansible_job_id") != NULL,
        .interpreter = interpreter == NULL || interpreter[0] == '\0' ? NULL : interpreter,
    };
    return interpreter != NULL && value_is(out->output, VALUE_STRING) && value_is(out->errors, VALUE_STRING);
}
