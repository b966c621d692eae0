/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch job of Slurm as a piece: on a node with Slurm's programs, sbatch --wait with what the workload asks for, then the output, which Slurm
 * leaves on the node that the job ran on, is brought by srun. The piece ends as the job did; ending the piece cancels the job.
 */
#pragma once

#include "controller/engines/piece_draft.h"

struct slurm_job {
    const char *script;   /* lines of a shell script, without its first line */
    const char *user;     /* submits, and runs: must be there on all nodes, with one number */
    int64_t nodes, tasks; /* when the workload's resources do not say; 0: Slurm's default */
    int64_t timeout_s;
};

/* The job's piece, on the head: `what` ends its name. */
void slurm_job_piece(struct piece_draft *draft, const char *what, const struct slurm_job *job);
/* The head has Slurm's programs, else false. */
bool slurm_job_allowed(const struct engine_job *job, struct error *err);
/* A word for a shell: in single quotes. */
const char *shell_quote(struct arena *arena, const char *word);
