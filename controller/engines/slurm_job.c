/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of Slurm. */
#include "controller/engines/slurm_job.h"

#include <string.h>

#include "common/base/text.h"

#define OUTPUT_MOST "200000" /* bytes that are brought: the end of them */

/*
 * The job's name is the piece's with the attempt's number, so that one that was left behind can be told from this. What it writes lies in a
 * folder that it makes itself, of a name that nobody knows before: others of the node can neither read it nor put something there.
 */
static const char submit_script[] =
    "#!/bin/sh\n"
    "# NAME OPTION...: submits job.sh, waits for its end, shows its output, ends as it did.\n"
    "name=$1\n"
    "shift\n"
    "out=/tmp/roost-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \\n')\n"
    "bring() { # HOST OPTION...: the output, which does not stay there\n"
    "    host=$1\n"
    "    shift\n"
    "    [ -n \"$host\" ] || return 0\n"
    "    srun --quiet --job-name=\"$name-output\" --nodes=1 --ntasks=1 --mem=16 --chdir=/tmp --nodelist=\"$host\" \"$@\" sh -c '\n"
    "        [ -d \"$1\" ] || exec echo \"no folder for its output could be made on $(hostname)\"\n"
    "        tail -c " OUTPUT_MOST " \"$1/output\"; rm -rf \"$1\"' sh \"$out\" </dev/null\n"
    "}\n"
    "trap 'host=$(squeue --noheader --states=RUNNING --name=\"$name\" --format=%B)\n"
    "    scancel --quiet --name=\"$name\"; bring \"$host\" --immediate=3; exit 143' TERM INT\n"
    "sbatch --parsable --wait --job-name=\"$name\" --chdir=/tmp --output=/dev/null \"$@\" job.sh \"$out\" >id &\n"
    "wait $!\n"
    "code=$?\n"
    "id=$(cut -d';' -f1 id)\n"
    "[ -n \"$id\" ] || exit \"$code\"\n"
    "bring \"$(scontrol show job \"$id\" | sed -n 's/^ *BatchHost=//p')\"\n"
    "exit \"$code\"\n";
static const char job_head[] = "#!/bin/sh\n"
                               "mkdir -m 0700 -- \"$1\" && exec >\"$1/output\" 2>&1 || exit 73\n"
                               "shift\n";

static void option_number(struct piece_draft *draft, const char *name, const char *key, int64_t otherwise)
{
    const struct value *value = value_map_get(draft->job->workload->resources, key);
    int64_t number = value_is(value, VALUE_INT) ? value->as.integer : 0;

    if (number == 0)
        number = otherwise;
    if (number > 0)
        piece_draft_argument(draft, "%s=%lld", name, (long long)number);
}

static void option_text(struct piece_draft *draft, const char *name, const char *text)
{
    if (text != NULL)
        piece_draft_argument(draft, "%s=%s", name, text);
}

/* "64GiB" and "64G" are both 64G to Slurm. */
static const char *slurm_memory(struct arena *arena, const char *text)
{
    size_t length = text == NULL ? 0 : strcspn(text, "KMGTkmgt");

    return text == NULL ? NULL : arena_copy_n(arena, text, text[length] == '\0' ? length : length + 1);
}

void slurm_job_piece(struct piece_draft *draft, const char *what, const struct slurm_job *job)
{
    const struct value *resources = draft->job->workload->resources;

    piece_draft_begin(draft, 0, what, "/bin/sh");
    draft->piece->kind = "job";
    draft->piece->user = job->user;
    draft->piece->timeout_s = job->timeout_s;
    draft->piece->devices = NULL;
    piece_draft_argument(draft, "submit.sh");
    piece_draft_argument(draft, "%s.%llu", draft->job->prefix, (unsigned long long)draft->job->attempt);
    option_number(draft, "--nodes", "nodes", job->nodes);
    option_number(draft, "--ntasks", "tasks", job->tasks);
    option_number(draft, "--cpus-per-task", "cpus_per_task", 0);
    option_text(draft, "--mem", slurm_memory(draft->arena, value_map_text(resources, "memory")));
    option_text(draft, "--time", value_map_text(resources, "time"));
    option_text(draft, "--partition", value_map_text(resources, "partition"));
    piece_draft_file(draft, "submit.sh", submit_script);
    piece_draft_file(draft, "job.sh", arena_printf(draft->arena, "%s%s", job_head, job->script));
}

bool slurm_job_allowed(const struct engine_job *job, struct error *err)
{
    return job_build(job, 0, "slurm") != NULL ||
           error_set(err, "'%s' has no sbatch: role slurm is not applied there", job->place->parts[0].node->name);
}

const char *shell_quote(struct arena *arena, const char *word)
{
    struct text out = text_new(arena);

    text_add_char(&out, '\'');
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'')
            text_add(&out, "'\\''");
        else
            text_add_char(&out, *c);
    }
    text_add_char(&out, '\'');
    return out.data;
}
