/* SPDX-License-Identifier: Apache-2.0 */
/* Batch engines: what they start, in which order, and what their output means. */
#include "controller/engines/batch_output.h"
#include "engine_fixture.h"

static const char *const job_name[] = { "w.0.job" };

/* --- HPL --- */

#define HPL "{\"name\": \"w\", \"kind\": \"batch\", \"engine\": \"hpl\""

static void test_hpl_problem(void **state)
{
    struct bed bed;
    const char *input = NULL;

    (void)state;
    bed_make(&bed, HPL ", \"options\": {\"memory_share\": 0.5}}", 2);
    bed.nodes[0].memory_available = 4 * GIB;
    bed.nodes[1].memory_available = 2 * GIB; /* the least counts */
    bed.nodes[1].cpus = 8;
    bed_pieces(&bed);
    assert_int_equal(bed.count, 1);
    assert_string_equal(bed.pieces[0].kind, "job");
    assert_string_equal(bed.pieces[0].user, "hpl");
    assert_string_equal(bed_line(&bed, "w.0.job"), "/bin/sh run.sh");
    input = value_map_text(bed.pieces[0].files, "hpccinf.txt");
    assert_has(input, "\n16384         Ns\n"); /* sqrt(2 * 2 GiB * 0.5 / 8) = 16384, in multiples of 256 */
    assert_has(input, "\n256           NBs\n");
    assert_has(input, "\n4            Ps\n6            Qs\n"); /* 24 ranks */
    assert_has(input, "PTRANS");
    assert_string_equal(value_map_text(bed.pieces[0].files, "hosts"), "10.0.0.1 slots=16\n10.0.0.2 slots=8\n");
    assert_has(value_map_text(bed.pieces[0].files, "run.sh"), "mpirun --hostfile hosts -np 24 --map-by slot");
    bed_free(&bed);
    bed_make(&bed,
             HPL ", \"options\": {\"max_n\": 400, \"nb\": 80, \"ranks_per_node\": 1, \"network\": \"10.0.0.0/24\"}}",
             2);
    bed_pieces(&bed);
    assert_has(value_map_text(bed.pieces[0].files, "hpccinf.txt"), "\n400         Ns\n");
    assert_has(value_map_text(bed.pieces[0].files, "run.sh"), "--mca btl_tcp_if_include '10.0.0.0/24'");
    bed.nodes[1].memory_available = 1024;
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "not even one block of 80 fits");
    bed_free(&bed);
    bed_refused(HPL ", \"options\": {\"memory_share\": 1}}", "at most 0.95");
}

static void test_hpl_source(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, HPL ", \"options\": {\"method\": \"source\", \"max_n\": 1000}}", 1);
    bed_pieces(&bed);
    assert_has(value_map_text(bed.pieces[0].files, "run.sh"), "/opt/hpl/current/bin/mpirun -f hosts -n 16");
    assert_has(value_map_text(bed.pieces[0].files, "HPL.dat"), "6            device out");
    assert_lacks(value_map_text(bed.pieces[0].files, "HPL.dat"), "PTRANS");
    assert_string_equal(value_map_text(bed.pieces[0].files, "hosts"), "10.0.0.1:16\n");
    bed_free(&bed);
    bed_make(&bed, HPL ", \"options\": {\"method\": \"source\", \"via\": \"slurm\", \"max_n\": 1000}}", 1);
    bed_pieces(&bed);
    assert_has(value_map_text(bed.pieces[0].files, "job.sh"), "rm -rf");        /* of its folder, */
    assert_lacks(value_map_text(bed.pieces[0].files, "job.sh"), "\nexec /opt"); /* so the shell has to outlive it */
    bed_free(&bed);
}

#define HPL_TABLE                                                                                                      \
    "T/V                N    NB     P     Q               Time                 Gflops\n"                               \
    "--------------------------------------------------------------------------------\n"                               \
    "WR11C2R4         400    80     1     2               0.04              1.234e+00\n"                               \
    "--------------------------------------------------------------------------------\n"

static void test_hpl_result(void **state)
{
    struct bed bed;
    const char *passed[] = { HPL_TABLE
                             "||Ax-b||_oo/(eps*(||A||_oo*||x||_oo+||b||_oo)*N)=        0.0034 ...... PASSED\n" };
    const char *failed[] = { HPL_TABLE
                             "||Ax-b||_oo/(eps*(||A||_oo*||x||_oo+||b||_oo)*N)=      177.0034 ...... FAILED\n" };
    const char *nothing[] = { "there is no mpirun\n----\n\n" };
    struct value *figures = NULL;

    (void)state;
    bed_make(&bed, HPL "}", 2);
    figures = bed_result(&bed, job_name, passed, 1);
    assert_non_null(figures);
    assert_true(value_map_true(figures, "passed"));
    assert_int_equal(value_map_get(figures, "n")->as.integer, 400);
    assert_int_equal(value_map_get(figures, "q")->as.integer, 2);
    assert_true(fabs(value_map_get(figures, "gflops")->as.real - 1.234) < 1e-9);
    assert_null(bed_result(&bed, job_name, failed, 1));
    assert_has(bed.err.text, "has not passed");
    assert_null(bed_result(&bed, job_name, nothing, 1));
    assert_has(bed.err.text, "it said 'there is no mpirun'");
    bed_free(&bed);
}

/* --- Slurm --- */

static void test_slurm(void **state)
{
    struct bed bed;
    static const struct plan_engine engines[] = { { "slurm", "slurm 22.05" } };

    (void)state;
    bed_make(&bed, HPL ", \"options\": {\"via\": \"slurm\", \"max_n\": 512}}", 2);
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "'ai-0' has no sbatch");
    bed.nodes[0].engines = engines;
    bed.nodes[0].engines_count = 1;
    assert_true(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    bed_pieces(&bed);
    assert_string_equal(bed_line(&bed, "w.0.job"), "/bin/sh submit.sh w.0.3 --nodes=2 --ntasks=32");
    assert_has(value_map_text(bed.pieces[0].files, "submit.sh"), "sbatch --parsable --wait");
    assert_has(value_map_text(bed.pieces[0].files, "submit.sh"),
               "--output=/dev/null"); /* no name that can be guessed */
    assert_has(value_map_text(bed.pieces[0].files, "job.sh"), "mkdir -m 0700 -- \"$1\"");
    assert_has(value_map_text(bed.pieces[0].files, "job.sh"), "cat >hpccinf.txt <<'INPUT'");
    assert_lacks(value_map_text(bed.pieces[0].files, "job.sh"), "--hostfile");
    bed_free(&bed);
}

#define COMMAND "{\"name\": \"w\", \"kind\": \"batch\", \"engine\": \"command\""

static void test_command(void **state)
{
    struct bed bed;
    const char *output[] = { "hello\n" };

    (void)state;
    bed_make(&bed,
             COMMAND
             ", \"arguments\": [\"echo\", \"it's\", \"$HOME\"], \"options\": {\"user\": \"ops\", \"timeout_s\": 60},"
             " \"resources\": {\"nodes\": 2, \"tasks\": 4, \"cpus_per_task\": 2, \"memory\": \"8GiB\","
             " \"time\": \"0:10:00\", \"partition\": \"all\"}}",
             1);
    bed_pieces(&bed);
    assert_string_equal(bed_line(&bed, "w.0.job"),
                        "/bin/sh submit.sh w.0.3 --nodes=2 --ntasks=4 --cpus-per-task=2 --mem=8G --time=0:10:00 "
                        "--partition=all");
    assert_has(value_map_text(bed.pieces[0].files, "job.sh"), "\nshift\nexec 'echo' 'it'\\''s' '$HOME'\n");
    assert_string_equal(bed.pieces[0].user, "ops");
    assert_int_equal(bed.pieces[0].timeout_s, 60);
    assert_string_equal(value_map_text(bed_result(&bed, job_name, output, 1), "output"), "hello\n");
    bed_free(&bed);
    bed_make(
        &bed,
        COMMAND
        ", \"arguments\": [\"echo\", \"a b\"], \"options\": {\"via\": \"node\", \"files\": {\"a.txt\": \"x\\ny\"}}}",
        1);
    assert_true(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    bed_pieces(&bed);
    assert_string_equal(bed_line(&bed, "w.0.job"), "/usr/bin/env echo a b");
    assert_null(bed.pieces[0].user);
    assert_string_equal(value_map_text(bed.pieces[0].files, "a.txt"), "x\ny");
    bed_free(&bed);
    bed_make(&bed, COMMAND ", \"arguments\": [\"a\"], \"options\": {\"version\": \"22.05\"}}", 1);
    bed.nodes[0].engines = (const struct plan_engine[]){ { "slurm", "slurm-wlm 22.05.8" } };
    bed.nodes[0].engines_count = 1;
    bed.place.build = ""; /* it needs no program of its own */
    assert_true(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    bed.nodes[0].engines = (const struct plan_engine[]){ { "slurm", "slurm-wlm 24.11.5" } };
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "version '22.05' of command is declared, but 'ai-0' has 'slurm-wlm 24.11.5'");
    bed_free(&bed);
    bed_refused(COMMAND ", \"arguments\": [\"a\"], \"options\": {\"via\": \"node\", \"version\": \"1\"}}",
                "options.version is for via 'slurm'");
    bed_refused(COMMAND "}", "a command needs 'arguments'");
    bed_refused(COMMAND ", \"arguments\": [\"a\"], \"options\": {\"files\": {\"a\": \"b\"}}}", "for via 'node'");
    bed_refused(COMMAND ", \"arguments\": [\"a\"], \"options\": {\"vai\": \"node\"}}", "via");
}

/* --- llama-bench --- */

#define BENCH "{\"name\": \"w\", \"kind\": \"batch\", \"engine\": \"llama_bench\", \"models\": [\"m\"]"
#define BENCH_TEST(prompt, gen, rate)                                                                                     \
    "{\"build_commit\": \"abc\", \"build_number\": 11669, \"model_type\": \"llama 1B\", \"model_size\": 1073741824, "     \
    "\"model_n_params\": 1000000000, \"backends\": \"Vulkan,RPC\", \"gpu_info\": \"Radeon 8060S\", \"n_prompt\": " prompt \
    ", \"n_gen\": " gen ", \"n_depth\": 0, \"avg_ts\": " rate ", \"stddev_ts\": 1.5, \"samples_ts\": [" rate "]}"

static void test_llama_bench(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed,
             BENCH ", \"options\": {\"pp\": 64, \"tg\": 16, \"repeat\": 2, \"threads\": 1, \"device\": \"none\"}}", 1);
    bed.paths[0] = "/models/m.gguf";
    bed_pieces(&bed);
    assert_int_equal(bed.count, 1);
    assert_string_equal(bed_line(&bed, "w.0.job"),
                        "llama_bench -m /models/m.gguf -p 64 -n 16 -r 2 -ngl 999 -fa 1 -t 1 -dev none -o json");
    assert_string_equal(bed.pieces[0].build, "b1");
    bed_free(&bed);
    bed_make(&bed, BENCH ", \"nodes_count\": 3}", 3);
    bed.paths[0] = "/models/m.gguf";
    bed.parts[0].layers = 2;
    bed.parts[1].layers = 10;
    bed.parts[2].layers = 12;
    bed_pieces(&bed);
    assert_int_equal(bed.count, 3);
    assert_string_equal(bed.pieces[2].name, "w.0.job");
    assert_string_equal(bed_line(&bed, "w.0.worker1"), "llama_rpc -H 10.0.0.2 -p 50052");
    assert_string_equal(bed_ports(&bed, "w.0.worker2"), "50052 10.0.0.3: 10.0.0.1");
    assert_has(bed_line(&bed, "w.0.job"), "--rpc 10.0.0.2:50052,10.0.0.3:50052 -dev RPC0/RPC1 -ts 10/13");
    assert_has(bed_line(&bed, "w.0.job"), "-ngl 23");
    bed.paths[0] = NULL;
    assert_false(bed.engine->pieces(bed.arena, &bed.job, &bed.pieces, &bed.count, &bed.err));
    assert_has(bed.err.text, "no file of the model 'm'");
    bed_free(&bed);
    bed_refused(BENCH ", \"options\": {\"pp\": 0, \"tg\": 0}}", "one of them must be more than 0");
}

static void test_llama_bench_result(void **state)
{
    struct bed bed;
    const char *output[] = { "load_backend: loaded\n[\n" BENCH_TEST("512", "0", "692.25") ",\n" BENCH_TEST(
        "0", "128", "50.5") "\n]\nbye\n" };
    const char *nothing[] = { "error: failed to load model\n" };
    struct value *figures = NULL;
    const struct value *tests = NULL;

    (void)state;
    bed_make(&bed, BENCH "}", 1);
    figures = bed_result(&bed, job_name, output, 1);
    assert_non_null(figures);
    tests = value_map_get(figures, "tests");
    assert_int_equal(value_count(tests), 2);
    assert_string_equal(value_map_text(value_item(tests, 0), "name"), "pp512");
    assert_true(value_map_get(value_item(tests, 0), "tokens_per_s")->as.real == 692.25);
    assert_string_equal(value_map_text(value_item(tests, 1), "name"), "tg128");
    assert_string_equal(value_map_text(figures, "build"), "b11669-abc");
    assert_string_equal(value_map_text(figures, "backend"), "Vulkan,RPC");
    assert_null(bed_result(&bed, job_name, nothing, 1));
    assert_has(bed.err.text, "it said 'error: failed to load model'");
    bed_free(&bed);
}

/* --- iperf3 --- */

#define IPERF3 "{\"name\": \"w\", \"kind\": \"batch\", \"engine\": \"iperf3\", \"nodes_count\": 3"
#define IPERF3_ANSWER(rate)                                                                                                     \
    "{\n\"end\": {\"streams\": [{\"sender\": {\"mean_rtt\": 70}}], \"sum_sent\": {\"bits_per_second\": 1, \"retransmits\": 3}," \
    " \"sum_received\": {\"bits_per_second\": " rate "}}\n}\n"

static void test_iperf3(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, IPERF3 ", \"options\": {\"seconds\": 2, \"streams\": 4}}", 3);
    bed_pieces(&bed);
    assert_int_equal(bed.count, 9);
    assert_string_equal(bed.pieces[0].name, "w.0.server0");
    assert_string_equal(bed.pieces[0].kind, "service");
    assert_string_equal(bed.pieces[0].restart, "on-failure"); /* a port that is not free yet */
    assert_string_equal(bed.pieces[3].restart, "no");
    assert_string_equal(bed.pieces[3].name, "w.0.pair-0-1");
    assert_string_equal(bed.pieces[3].kind, "job");
    assert_string_equal(bed.pieces[8].name, "w.0.pair-2-1");
    assert_string_equal(bed.pieces[8].node, "ai-2");
    assert_string_equal(bed_line(&bed, "w.0.pair-2-1"), "iperf3 -c 10.0.0.2 -B 10.0.0.3 -p 50052 -t 2 -P 4 --json");
    assert_string_equal(bed_ports(&bed, "w.0.server1"), "50052 10.0.0.2: 10.0.0.1 10.0.0.3");
    bed.place.parts_count = 1;
    assert_false(bed.engine->allows(bed.arena, &bed.job, &bed.err));
    assert_has(bed.err.text, "between 2 to");
    bed_free(&bed);
    bed_make(&bed, IPERF3 ", \"options\": {\"both\": false}}", 3);
    bed_pieces(&bed);
    assert_int_equal(bed.count, 6);
    bed_free(&bed);
}

static void test_iperf3_result(void **state)
{
    struct bed bed;
    const char *names[] = { "w.0.server0", "w.0.pair-0-1", "w.0.pair-1-0" };
    const char *good[] = { "", IPERF3_ANSWER("2.5e9"), IPERF3_ANSWER("2e9") };
    const char *bad[] = { "", IPERF3_ANSWER("2.5e9"), "{\"error\": \"unable to connect\"}" };
    struct value *figures = NULL;

    (void)state;
    bed_make(&bed, IPERF3 "}", 3);
    figures = bed_result(&bed, names, good, 3);
    assert_non_null(figures);
    assert_int_equal(value_count(value_map_get(figures, "pairs")), 2);
    assert_true(value_map_get(figures, "least_bits_per_s")->as.real == 2e9);
    assert_string_equal(value_map_text(figures, "slowest"), "ai-1 > ai-0");
    assert_null(bed_result(&bed, names, bad, 3));
    assert_string_equal(bed.err.text, "iperf3 from 'ai-1' to 'ai-0': unable to connect");
    assert_null(bed_result(&bed, names, bad, 1));
    bed_free(&bed);
}

static void test_json(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_int_equal(value_count(batch_json(arena, "a [1]\n[2, 3]\nend", '[')), 2);
    assert_null(batch_json(arena, "nothing", '['));
    assert_null(batch_json(arena, "", '{'));
    assert_non_null(batch_json(arena, "{\n\"a\": [1]}", '{'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hpl_problem),
        cmocka_unit_test(test_hpl_source),
        cmocka_unit_test(test_hpl_result),
        cmocka_unit_test(test_slurm),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_llama_bench),
        cmocka_unit_test(test_llama_bench_result),
        cmocka_unit_test(test_iperf3),
        cmocka_unit_test(test_iperf3_result),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
