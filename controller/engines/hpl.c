/* SPDX-License-Identifier: Apache-2.0 */
/*
 * High-Performance Linpack over all nodes of the workload, by mpirun as role hpl sets it up (its account, its keys) or as a job of Slurm. The grid is
 * the squarest of all ranks; N is what a share of the least MemAvailable of the nodes holds, never of what they have in all. It has gone well
 * when HPL's own check of the result says PASSED.
 */
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/engines/batch_output.h"
#include "controller/engines/slurm_job.h"

#define HPL_MOST_N 2147483647.0
#define HPL_SOURCE_FOLDER "/opt/hpl/current/bin" /* role hpl, method source */

struct hpl_options {
    const char *version, *via, *method, *user, *network;
    int64_t nb, max_n, ranks_per_node, threads, timeout_s;
    double memory_share;
};

static const struct arg_spec hpl_args[] = {
    ARG(hpl_options, version, ARG_STRING, .help = JOB_VERSION_HELP),
    ARG(hpl_options, via, ARG_STRING, .default_text = "mpirun", .choices = ARG_NAMES("mpirun", "slurm"),
        .help = "mpirun: over ssh, as role hpl prepares it; slurm: inside of a job"),
    ARG(hpl_options, method, ARG_STRING, .default_text = "package", .choices = ARG_NAMES("package", "source"),
        .help = "as role hpl installed it: hpcc with Open MPI, or xhpl with MPICH"),
    ARG(hpl_options, user, ARG_STRING, .default_text = "hpl", .help = "account of the ranks"),
    ARG(hpl_options, network, ARG_STRING, .help = "what Open MPI talks over: a network or an interface"),
    ARG(hpl_options, nb, ARG_INT, .default_text = "256", .help = "block size"),
    ARG(hpl_options, max_n, ARG_INT, .default_text = "0", .help = "upper limit of N; 0: none"),
    ARG(hpl_options, ranks_per_node, ARG_INT, .default_text = "0", .help = "0: one for each core"),
    ARG(hpl_options, threads, ARG_INT, .default_text = "1", .help = "of each rank"),
    ARG(hpl_options, memory_share, ARG_REAL, .default_text = "0.8", .help = "of the memory that is available"),
    ARG(hpl_options, timeout_s, ARG_INT, .default_text = "0", .help = "seconds until it is ended; 0: never"),
    ARG_END,
};

static const struct task_spec hpl_spec = {
    .name = "hpl", .summary = "Options of HPL", .args = hpl_args, .args_size = sizeof(struct hpl_options)
};

struct hpl_problem {
    uint64_t n, nb, p, q, ranks;
};

static bool hpl_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    struct hpl_options options = { .via = NULL };

    if (!arg_bind_plain(arena, &hpl_spec, workload->options, "option", &options, err))
        return false;
    if (!(options.memory_share > 0 && options.memory_share <= 0.95))
        return error_set(err, "options.memory_share is %g; it must be more than 0 and at most 0.95",
                         options.memory_share);
    return (options.nb > 0 && options.nb <= 4096 && options.threads > 0 && options.ranks_per_node >= 0) ||
           error_set(err,
                     "options.nb must be 1 to 4096, options.threads at least 1, options.ranks_per_node at least 0");
}

static uint64_t ranks_of(const struct plan_node *node, const struct hpl_options *options)
{
    uint64_t ranks = node->cpus / (uint64_t)options->threads;

    if (options->ranks_per_node > 0)
        return (uint64_t)options->ranks_per_node;
    return ranks > 0 ? ranks : 1;
}

static bool hpl_problem(const struct engine_job *job, const struct hpl_options *options, struct hpl_problem *out,
                        struct error *err)
{
    struct hpl_problem problem = { .nb = (uint64_t)options->nb, .p = 1 };
    uint64_t least = UINT64_MAX;
    double n = 0;

    for (size_t i = 0; i < job->place->parts_count; i++) {
        const struct plan_node *node = job->place->parts[i].node;

        problem.ranks += ranks_of(node, options);
        least = node->memory_available < least ? node->memory_available : least;
    }
    for (uint64_t p = 1; p * p <= problem.ranks; p++)
        problem.p = problem.ranks % p == 0 ? p : problem.p;
    problem.q = problem.ranks / problem.p;
    n = sqrt((double)least * (double)job->place->parts_count * options->memory_share / 8);
    n = options->max_n > 0 && n > (double)options->max_n ? (double)options->max_n : n;
    problem.n = (uint64_t)(n > HPL_MOST_N ? HPL_MOST_N : n) / problem.nb * problem.nb;
    if (problem.n == 0)
        return error_set(err,
                         "not even one block of %llu fits: %llu MiB are available on the node with the least, share %g",
                         (unsigned long long)problem.nb, (unsigned long long)(least >> 20), options->memory_share);
    *out = problem;
    return true;
}

static bool hpl_allows(struct arena *arena, const struct engine_job *job, struct error *err)
{
    struct hpl_options options = { .via = NULL };
    struct hpl_problem problem = { .n = 0 };

    return job_options(arena, job, &hpl_spec, &options, err) && job_version_check(job, err) &&
           hpl_problem(job, &options, &problem, err) &&
           (text_equal(options.via, "mpirun") || slurm_job_allowed(job, err));
}

static const char *hpl_input(struct arena *arena, const struct hpl_problem *problem, bool is_package)
{
    struct text out = text_new(arena);

    text_printf(
        &out,
        "HPLinpack benchmark input file\nRoost\nHPL.out      output file name (if any)\n"
        "%d            device out (6=stdout,7=stderr,file)\n"
        "1            # of problems sizes (N)\n%llu         Ns\n"
        "1            # of NBs\n%llu           NBs\n"
        "0            PMAP process mapping (0=Row-,1=Column-major)\n"
        "1            # of process grids (P x Q)\n%llu            Ps\n%llu            Qs\n16.0         threshold\n",
        is_package ? 8 : 6, (unsigned long long)problem->n, (unsigned long long)problem->nb,
        (unsigned long long)problem->p, (unsigned long long)problem->q);
    text_add(&out, "1            # of panel fact\n2            PFACTs (0=left, 1=Crout, 2=Right)\n"
                   "1            # of recursive stopping criterium\n4            NBMINs (>= 1)\n"
                   "1            # of panels in recursion\n2            NDIVs\n"
                   "1            # of recursive panel fact.\n1            RFACTs (0=left, 1=Crout, 2=Right)\n"
                   "1            # of broadcast\n1            BCASTs (0=1rg,1=1rM,2=2rg,3=2rM,4=Lng,5=LnM)\n"
                   "1            # of lookahead depth\n1            DEPTHs (>=0)\n"
                   "2            SWAP (0=bin-exch,1=long,2=mix)\n64           swapping threshold\n"
                   "0            L1 in (0=transposed,1=no-transposed) form\n"
                   "0            U  in (0=transposed,1=no-transposed) form\n"
                   "1            Equilibration (0=no,1=yes)\n8            memory alignment in double (> 0)\n");
    if (is_package)
        text_add(
            &out,
            "##### This line (no. 32) is ignored (it serves as a separator). ######\n"
            "0            Number of additional problem sizes for PTRANS\n1200 10000 30000 values of N\n"
            "0            number of additional blocking sizes for PTRANS\n40 9 8 13 13 20 16 32 64 values of NB\n");
    return out.data;
}

static const char *hpl_hosts(struct arena *arena, const struct engine_job *job, const struct hpl_options *options)
{
    bool is_package = text_equal(options->method, "package");
    struct text out = text_new(arena);

    for (size_t i = 0; i < job->place->parts_count; i++)
        text_printf(&out, "%s%s%llu\n", job_address(arena, job, i), is_package ? " slots=" : ":",
                    (unsigned long long)ranks_of(job->place->parts[i].node, options));
    return out.data;
}

/* Open MPI looks at every interface unless it is told which; NULL: it is not. */
static const char *hpl_network(struct arena *arena, const struct engine_job *job, const struct hpl_options *options)
{
    const char *network = options->network != NULL ? options->network : job->workload->network;
    const struct value *facts = job->place->parts[0].node->facts, *address = value_map_get(facts, "default_ipv4");
    const char *base = value_map_text(address, "network"), *prefix = value_map_text(address, "prefix");

    if (network != NULL || job->place->parts_count == 1)
        return network;
    return base == NULL || prefix == NULL ? NULL : arena_printf(arena, "%s/%s", base, prefix);
}

/* The command that runs it where its input is; Open MPI starts the ranks of other nodes in their home where this folder is not. */
static const char *hpl_command(struct arena *arena, const struct engine_job *job, const struct hpl_options *options,
                               const struct hpl_problem *problem)
{
    bool is_package = text_equal(options->method, "package"), is_slurm = text_equal(options->via, "slurm");
    const char *network = hpl_network(arena, job, options);
    struct text out = text_new(arena);

    text_printf(&out, "ulimit -n \"$(ulimit -H -n)\"\nexport OPENBLAS_NUM_THREADS=%lld OMP_NUM_THREADS=%lld\n",
                (long long)options->threads, (long long)options->threads);
    if (!is_package) {
        text_printf(&out, "%s%s/mpirun %s-n %llu %s/xhpl </dev/null\n", is_slurm ? "" : "exec ", HPL_SOURCE_FOLDER,
                    is_slurm ? "" : "-f hosts ", (unsigned long long)problem->ranks, HPL_SOURCE_FOLDER);
        return out.data;
    }
    text_printf(&out, "mpirun %s-np %llu --map-by slot --mca btl tcp,self", is_slurm ? "" : "--hostfile hosts ",
                (unsigned long long)problem->ranks);
    if (network != NULL)
        text_printf(&out, " --mca btl_tcp_if_include %s --mca oob_tcp_if_include %s", shell_quote(arena, network),
                    shell_quote(arena, network));
    text_add(&out, " -x OPENBLAS_NUM_THREADS -x OMP_NUM_THREADS hpcc </dev/null || exit\ncat hpccoutf.txt\n");
    return out.data;
}

static void hpl_mpirun(struct piece_draft *draft, const struct hpl_options *options, const struct hpl_problem *problem)
{
    bool is_package = text_equal(options->method, "package");

    piece_draft_begin(draft, 0, "job", "/bin/sh");
    draft->piece->kind = "job";
    draft->piece->user = options->user;
    draft->piece->devices = NULL;
    draft->piece->timeout_s = options->timeout_s;
    piece_draft_argument(draft, "run.sh");
    piece_draft_file(draft, "run.sh", hpl_command(draft->arena, draft->job, options, problem));
    piece_draft_file(draft, "hosts", hpl_hosts(draft->arena, draft->job, options));
    piece_draft_file(draft, is_package ? "hpccinf.txt" : "HPL.dat", hpl_input(draft->arena, problem, is_package));
}

/* Slurm's nodes have none of the files: the script makes them, in a folder of its own. */
static const char *hpl_slurm_script(struct arena *arena, const struct engine_job *job,
                                    const struct hpl_options *options, const struct hpl_problem *problem)
{
    bool is_package = text_equal(options->method, "package");

    return arena_printf(arena,
                        "folder=$(mktemp -d) && cd \"$folder\" || exit\ntrap 'cd / && rm -rf \"$folder\"' EXIT\n"
                        "cat >%s <<'INPUT'\n%sINPUT\n%s",
                        is_package ? "hpccinf.txt" : "HPL.dat", hpl_input(arena, problem, is_package),
                        hpl_command(arena, job, options, problem));
}

static bool hpl_pieces(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                       struct error *err)
{
    struct hpl_options options = { .via = NULL };
    struct hpl_problem problem = { .n = 0 };
    struct piece_draft draft = piece_draft_new(arena, job, 1);

    if (!job_options(arena, job, &hpl_spec, &options, err) || !hpl_problem(job, &options, &problem, err))
        return false;
    if (text_equal(options.via, "mpirun"))
        hpl_mpirun(&draft, &options, &problem);
    else
        slurm_job_piece(&draft, "job",
                        &(struct slurm_job){ .script = hpl_slurm_script(arena, job, &options, &problem),
                                             .user = options.user,
                                             .nodes = (int64_t)job->place->parts_count,
                                             .tasks = (int64_t)problem.ranks,
                                             .timeout_s = options.timeout_s });
    *out = draft.pieces;
    *count_out = draft.count;
    return true;
}

/* "WR11C2R4  400  80  1  2  0.04  1.234e+00": name, N, NB, P, Q, seconds, Gflop/s */
static bool hpl_line(struct arena *arena, const char *line, size_t length, struct value *out)
{
    static const char *const names[] = { "n", "nb", "p", "q", "seconds", "gflops" };
    const char *text = arena_copy_n(arena, line, length);
    double numbers[6];
    int64_t whole = 0;

    if (text[0] != 'W' || (text[1] != 'R' && text[1] != 'C'))
        return false;
    for (size_t i = 0; i < 6; i++) {
        const char *word = NULL;

        text += strcspn(text, " \t");
        text += strspn(text, " \t");
        word = arena_copy_n(arena, text, strcspn(text, " \t\r"));
        if (!text_to_real(word, &numbers[i]))
            return false;
    }
    for (size_t i = 0; i < 6; i++) {
        whole = (int64_t)numbers[i];
        value_map_put(arena, out, names[i], i < 4 ? value_int(arena, whole) : value_real(arena, numbers[i]));
    }
    return true;
}

static bool hpl_result(struct arena *arena, const struct engine_job *job, const struct value *outputs,
                       struct value *out, struct error *err)
{
    const char *text = batch_output(outputs, 0), *cursor = text, *end = text + strlen(text), *line = NULL;
    size_t length = 0, passed = 0, failed = 0;
    bool has_line = false;

    while (text_line(&cursor, end, &line, &length)) {
        const char *copy = arena_copy_n(arena, line, length);

        has_line |= hpl_line(arena, line, length, out);
        if (text_starts(copy, "||Ax-b||")) {
            passed += text_ends(copy, "PASSED");
            failed += text_ends(copy, "FAILED");
        }
    }
    value_map_put_int(arena, out, "nodes", (int64_t)job->place->parts_count);
    value_map_put_bool(arena, out, "passed", has_line && passed > 0 && failed == 0);
    if (!has_line)
        return error_set(err, "HPL gave no result: %s", batch_last_words(arena, text));
    return (passed > 0 && failed == 0) || error_set(err, "HPL's own check of the result has not passed");
}

ENGINE_DEFINE(hpl) = {
    .name = "hpl",
    .summary = "High-Performance Linpack over all its nodes, by MPI or Slurm",
    .traits = ENGINE_BATCH | ENGINE_CLUSTER | ENGINE_TAKES_REST,
    .programs = (const char *const[]){ "hpl", "mpirun", NULL },
    .worker_programs = (const char *const[]){ "hpl", NULL },
    .options = &hpl_spec,
    .check = hpl_check,
    .allows = hpl_allows,
    .pieces = hpl_pieces,
    .result = hpl_result,
};
