/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roost-module-cases [--node] [--network] [--match TEXT] [--keep] [--verbose] FILE.yml...
 * Runs module cases and tells ok, FAIL or skip for each; exit status 1 if any failed, 2 for a broken file or
 * command line.
 */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/task/module.h"
#include "tests/modules/case_run.h"

struct tally {
    unsigned passed, failed, skipped;
    bool is_broken;
};

static void run_cases(const char *path, const char *match, const struct case_options *options, struct tally *tally)
{
    ARENA_SCOPED file_arena = arena_new();
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct module_case *cases = NULL;
    size_t count = 0;

    if (!module_cases_read(file_arena, path, &cases, &count, &err)) {
        printf("FAIL  %s: %s (line %d)\n", path, err.text, err.line);
        tally->is_broken = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *why = NULL;
        if (match && !strstr(cases[i].name, match))
            continue;
        enum case_outcome outcome = case_run(arena, &cases[i], options, &why);
        if (outcome == CASE_OK)
            printf("ok    %s: %s\n", cases[i].file, cases[i].name);
        else if (outcome == CASE_SKIPPED)
            printf("skip  %s: %s (%s)\n", cases[i].file, cases[i].name, why);
        else
            printf("FAIL  %s:%d: %s\n      %s\n", path, cases[i].line, cases[i].name, why);
        fflush(stdout);
        tally->passed += outcome == CASE_OK;
        tally->failed += outcome == CASE_FAILED;
        tally->skipped += outcome == CASE_SKIPPED;
        arena_reset(arena);
    }
}

/* With a folder that the cases share. */
static void run_file(const char *path, const char *match, struct case_options options, struct tally *tally)
{
    ARENA_SCOPED arena = arena_new();
    char shared[PATH_MAX];

    if (!case_folder_make(shared, sizeof shared)) {
        printf("FAIL  %s: cannot make a folder for the cases\n", path);
        tally->is_broken = true;
        return;
    }
    options.shared = shared;
    run_cases(path, match, &options, tally);
    case_folder_remove(arena, shared);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        { "node", no_argument, NULL, 'n' },        { "network", no_argument, NULL, 'w' },
        { "match", required_argument, NULL, 'm' }, { "keep", no_argument, NULL, 'k' },
        { "verbose", no_argument, NULL, 'v' },     { 0 },
    };
    struct case_options options = { .on_node = getenv("ROOST_TEST_NODE") != NULL,
                                    .has_network = getenv("ROOST_TEST_NETWORK") != NULL };
    struct tally tally = { 0 };
    const char *match = NULL;
    int option;

    (void)signal(SIGPIPE, SIG_IGN); /* as in a session: a program may end before it has read its input */
    while ((option = getopt_long(argc, argv, "m:kv", longs, NULL)) != -1) {
        if (option == '?')
            return 2;
        options.on_node = options.on_node || option == 'n';
        options.has_network = options.has_network || option == 'w';
        options.keep = options.keep || option == 'k';
        options.verbose = options.verbose || option == 'v';
        match = option == 'm' ? optarg : match;
    }
    if (optind == argc || module_table_count == 0) {
        fprintf(stderr,
                "usage: roost-module-cases [--node] [--network] [--match TEXT] [--keep] [--verbose] FILE.yml...\n");
        return 2;
    }
    for (; optind < argc; optind++)
        run_file(argv[optind], match, options, &tally);
    printf("%u passed, %u failed, %u skipped\n", tally.passed, tally.failed, tally.skipped);
    return tally.is_broken ? 2 : tally.failed > 0;
}
