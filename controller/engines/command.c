/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any program, once: arguments[0] is the program, the rest are its words. Through Slurm with the workload's resources, or with options.via
 * "node" as a job on the node where it is placed. Its exit code and what it wrote are the result.
 */
#include <string.h>

#include "common/base/text.h"
#include "controller/engines/batch_output.h"
#include "controller/engines/slurm_job.h"

struct command_options {
    const char *version, *via, *user;
    int64_t timeout_s;
    const struct value *files;
};

static const struct arg_spec command_args[] = {
    ARG(command_options, version, ARG_STRING,
        .help = "via slurm: what the build of Slurm that its node tells must begin with"),
    ARG(command_options, via, ARG_STRING, .default_text = "slurm", .choices = ARG_NAMES("slurm", "node"),
        .help = "slurm: sbatch with the resources that are declared; node: at once, on the node where it is placed"),
    ARG(command_options, user, ARG_STRING,
        .help = "account that it runs as; absent: nobody (slurm), one of its own (node)"),
    ARG(command_options, timeout_s, ARG_INT, .default_text = "0", .help = "seconds until it is ended; 0: never"),
    ARG(command_options, files, ARG_MAP, .help = "small files that it finds where it starts (node): name and text"),
    ARG_END,
};

static const struct task_spec command_spec = { .name = "command",
                                               .summary = "Options of a command",
                                               .args = command_args,
                                               .args_size = sizeof(struct command_options) };

static bool command_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    struct command_options options = { .via = NULL };

    if (value_count(workload->arguments) == 0)
        return error_set(err, "a command needs 'arguments': the program, then its words");
    if (!arg_bind_plain(arena, &command_spec, workload->options, "option", &options, err))
        return false;
    if (text_equal(options.via, "slurm") && options.files != NULL)
        return error_set(err, "options.files is for via 'node': Slurm's nodes would not have them");
    if (text_equal(options.via, "node") && options.version != NULL)
        return error_set(err, "options.version is for via 'slurm': nodes do not tell the version of any program");
    return options.timeout_s >= 0 || error_set(err, "options.timeout_s is negative");
}

static bool command_allows(struct arena *arena, const struct engine_job *job, struct error *err)
{
    struct command_options options = { .via = NULL };

    return job_options(arena, job, &command_spec, &options, err) &&
           (text_equal(options.via, "node") ||
            (slurm_job_allowed(job, err) && job_version_match(job, job_build(job, 0, "slurm"), err)));
}

static const char *command_line(struct arena *arena, const struct value *words)
{
    struct text out = text_new(arena);

    text_add(&out, "exec");
    for (size_t i = 0; i < value_count(words); i++) {
        text_add_char(&out, ' ');
        text_add(&out, shell_quote(arena, value_text(value_item(words, i))));
    }
    text_add_char(&out, '\n');
    return out.data;
}

static void command_node(struct piece_draft *draft, const struct command_options *options)
{
    const struct value *words = draft->job->workload->arguments;
    const char *program = value_text(value_item(words, 0));
    bool is_path = program[0] == '/';

    piece_draft_begin(draft, 0, "job", is_path ? program : "/usr/bin/env");
    draft->piece->kind = "job";
    draft->piece->user = options->user;
    draft->piece->timeout_s = options->timeout_s;
    draft->piece->files = options->files;
    for (size_t i = is_path ? 1 : 0; i < value_count(words); i++)
        piece_draft_argument(draft, "%s", value_text(value_item(words, i)));
}

static bool command_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                           struct error *err)
{
    struct command_options options = { .via = NULL };
    struct piece_draft draft = piece_draft_new(arena, job, 1);

    if (!job_options(arena, job, &command_spec, &options, err))
        return false;
    if (text_equal(options.via, "node")) {
        command_node(&draft, &options);
    } else {
        slurm_job_piece(&draft, "job",
                        &(struct slurm_job){ .script = command_line(arena, job->workload->arguments),
                                             .user = options.user == NULL ? "nobody" : options.user,
                                             .timeout_s = options.timeout_s });
    }
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

static bool command_result(struct arena *arena, const struct engine_job *job, const struct value *outputs,
                           struct value *out, struct error *err)
{
    (void)job;
    (void)err;
    value_map_put_string(arena, out, "output", batch_output(outputs, 0));
    return true;
}

ENGINE_DEFINE(command) = {
    .name = "command",
    .summary = "Any program once, through Slurm or on a node",
    .traits = ENGINE_BATCH,
    .programs = (const char *const[]){ NULL },
    .options = &command_spec,
    .check = command_check,
    .allows = command_allows,
    .pieces = command_pieces,
    .result = command_result,
};
