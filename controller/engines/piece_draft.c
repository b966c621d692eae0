/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces being written. */
#include "controller/engines/piece_draft.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/text.h"

struct piece_draft piece_draft_new(struct arena *arena, const struct engine_job *job, size_t most)
{
    return (struct piece_draft){
        .arena = arena, .job = job, .pieces = arena_new_array(arena, struct piece, most), .most = most
    };
}

static struct value *environment_begin(struct arena *arena, const struct value *declared)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < value_map_count(declared); i++) {
        const struct value_pair *pair = value_pair_at(declared, i);

        value_map_put(arena, map, value_text(pair->key), pair->item);
    }
    return map;
}

void piece_draft_begin(struct piece_draft *draft, size_t part, const char *what, const char *program)
{
    struct arena *arena = draft->arena;
    const struct workload *workload = draft->job->workload;
    const struct plan_node *node = draft->job->place->parts[part].node;
    struct piece *piece = &draft->pieces[draft->count < draft->most ? draft->count++ : draft->most - 1];

    draft->arguments = value_list(arena);
    draft->environment = environment_begin(arena, workload->environment);
    draft->secrets = draft->ports = draft->files = draft->read = draft->from = NULL;
    *piece = (struct piece){
        .name = arena_printf(arena, "%s.%s", draft->job->prefix, what),
        .kind = "service",
        .program = program,
        .arguments = draft->arguments,
        .environment = draft->environment,
        .restart = "no",
        .lease = workload->on_node_loss == WORKLOAD_LOSS_MOVE,
        .node = node->name,
    };
    if (node->has_gpu) {
        struct value *devices = value_list(arena);

        value_list_add(arena, devices, value_string(arena, "gpu"));
        piece->devices = devices;
    }
    draft->piece = piece;
}

__attribute__((format(printf, 2, 0))) static const char *format_text(struct arena *arena, const char *format,
                                                                     va_list args)
{
    struct text text = text_new(arena);

    text_vprintf(&text, format, args);
    return text.data == NULL ? "" : text.data;
}

void piece_draft_argument(struct piece_draft *draft, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    value_list_add(draft->arena, draft->arguments, value_string(draft->arena, format_text(draft->arena, format, args)));
    va_end(args);
}

void piece_draft_option(struct piece_draft *draft, const char *name, const char *format, ...)
{
    va_list args;

    value_list_add(draft->arena, draft->arguments, value_string(draft->arena, name));
    va_start(args, format);
    value_list_add(draft->arena, draft->arguments, value_string(draft->arena, format_text(draft->arena, format, args)));
    va_end(args);
}

void piece_draft_arguments(struct piece_draft *draft, const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++)
        value_list_add(draft->arena, draft->arguments, value_item(list, i));
}

void piece_draft_environment(struct piece_draft *draft, const char *name, const char *format, ...)
{
    va_list args;

    if (value_map_get(draft->environment, name) != NULL)
        return;
    va_start(args, format);
    value_map_put_string(draft->arena, draft->environment, name, format_text(draft->arena, format, args));
    va_end(args);
}

void piece_draft_secret(struct piece_draft *draft, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (draft->secrets == NULL)
        draft->piece->secrets = draft->secrets = value_map(draft->arena);
    value_map_put_string(draft->arena, draft->secrets, name, value);
}

void piece_draft_file(struct piece_draft *draft, const char *name, const char *text)
{
    if (draft->files == NULL)
        draft->piece->files = draft->files = value_map(draft->arena);
    value_map_put_string(draft->arena, draft->files, name, text);
}

void piece_draft_read(struct piece_draft *draft, const char *path)
{
    if (draft->read == NULL)
        draft->piece->read = draft->read = value_list(draft->arena);
    value_list_add(draft->arena, draft->read, value_string(draft->arena, path));
}

void piece_draft_port(struct piece_draft *draft, int64_t port, const char *address)
{
    struct arena *arena = draft->arena;
    struct value *map = value_map(arena);

    if (draft->ports == NULL)
        draft->piece->ports = draft->ports = value_list(arena);
    draft->from = value_list(arena);
    value_map_put_int(arena, map, "port", port);
    value_map_put_string(arena, map, "address", address);
    value_map_put(arena, map, "from", draft->from);
    value_list_add(arena, draft->ports, map);
}

void piece_draft_from(struct piece_draft *draft, const char *address)
{
    value_list_add(draft->arena, draft->from, value_string(draft->arena, address));
}

/* --- the job --- */

const char *job_address(struct arena *arena, const struct engine_job *job, size_t part)
{
    const struct plan_node *node = job->place->parts[part].node;
    const char *address = node->facts == NULL ? NULL : plan_address(arena, node->facts, job->workload->network);

    return address != NULL ? address : node->address;
}

bool job_options(struct arena *arena, const struct engine_job *job, const struct task_spec *spec, void *target,
                 struct error *err)
{
    return arg_bind_plain(arena, spec, job->workload->options, "option", target, err) ||
           error_prefix(err, "options of workload '%s'", job->workload->name);
}

const char *job_model(const struct engine_job *job)
{
    return value_text(value_item(job->workload->models, 0));
}

const char *job_build(const struct engine_job *job, size_t part, const char *program)
{
    const struct plan_node *node = job->place->parts[part].node;

    for (size_t i = 0; i < node->engines_count; i++) {
        if (text_equal(node->engines[i].name, program))
            return node->engines[i].build;
    }
    return NULL;
}

/* "11669" and "b11669" are numbers that a longer one must not pass for. */
static bool ends_in_number(const char *version)
{
    const char *last = strrchr(version, '.'), *part = last == NULL ? version : last + 1;

    if (isalpha((unsigned char)part[0]))
        part++;
    return part[0] != '\0' && part[strspn(part, "0123456789")] == '\0';
}

static bool is_beginning(const char *version, const char *word, size_t length)
{
    size_t size = strlen(version);

    if (size > length || strncmp(version, word, size) != 0)
        return false;
    return size == length || !ends_in_number(version) || !isdigit((unsigned char)word[size]);
}

static bool is_version_of(const char *version, const char *build)
{
    static const char blanks[] = " \t,;()'\"";

    for (const char *word = build + strspn(build, blanks); *word != '\0'; word += strspn(word, blanks)) {
        size_t length = strcspn(word, blanks);
        bool has_v = word[0] == 'v' && length > 1 && isdigit((unsigned char)word[1]);

        if (is_beginning(version, word, length) || (has_v && is_beginning(version, word + 1, length - 1)))
            return true;
        word += length;
    }
    return false;
}

bool job_version_match(const struct engine_job *job, const char *build, struct error *err)
{
    const char *wanted = value_map_text(job->workload->options, "version");
    const char *node = job->place->parts[0].node->name;

    if (wanted == NULL)
        return true;
    if (build == NULL || build[0] == '\0')
        return error_set(err, "version '%s' of %s is declared, but '%s' does not tell which one it has", wanted,
                         job->workload->engine, node);
    return is_version_of(wanted, build) || error_set(err, "version '%s' of %s is declared, but '%s' has '%s'", wanted,
                                                     job->workload->engine, node, build);
}

bool job_version_check(const struct engine_job *job, struct error *err)
{
    return job_version_match(job, job->place->build, err);
}

bool job_version_allows(struct arena *arena, const struct engine_job *job, struct error *err)
{
    (void)arena;
    return job_version_check(job, err);
}
