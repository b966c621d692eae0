/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/text.h"
#include "engine/command/options.h"

static struct arena *arena;
static struct command_options options;
static struct error err;

#define PARSE(...) parse((char *[]){ "apply", __VA_ARGS__, NULL })

static bool parse(char **words)
{
    int count = 0;
    while (words[count])
        count++;
    err = (struct error)ERROR_INIT;
    return options_parse(arena, count, words, OPTIONS_PLAYBOOK, &options, &err);
}

static void test_ansible_flags(void **state)
{
    (void)state;
    assert_true(
        PARSE("site.yml", "-i", "hosts", "-ione,", "-l", "web", "-e", "a=1", "-eb=2", "-vvv", "-CD", "-f", "7"));
    assert_string_equal(options.playbooks.items[0], "site.yml");
    assert_int_equal(options.inventories.count, 2);
    assert_string_equal(options.inventories.items[1], "one,");
    assert_string_equal(options.limit, "web");
    assert_int_equal(options.extra_vars.count, 2);
    assert_int_equal(options.verbosity, 3);
    assert_true(options.check && options.diff);
    assert_int_equal(options.forks, 7);
    assert_null(options.playbooks.items[1]);
}

/* How the daemon asks for a few tasks: nothing for people at the desk. */
static void test_places_are_the_agents(void **state)
{
    char *words[] = { "check", "site.yml", "--places", "file", NULL };

    (void)state;
    assert_true(options_parse(arena, 4, words, OPTIONS_OWN, &options, &err));
    assert_string_equal(options.places_file, "file");
    assert_false(PARSE("site.yml", "--places", "file"));
    assert_non_null(strstr(err.text, "'--places': other verbs have it"));
}

static void test_tags_are_split(void **state)
{
    (void)state;
    assert_true(PARSE("x.yml", "--tags", "a, b", "-t", "c", "--skip-tags=d"));
    assert_int_equal(options.tags.count, 3);
    assert_string_equal(options.tags.items[1], "b");
    assert_string_equal(options.skip_tags.items[0], "d");
}

static void test_long_names_may_be_short_or_other(void **state)
{
    (void)state;
    assert_true(PARSE("x.yml", "--become-pass-file", "f", "--syntax", "--key-file=k"));
    assert_string_equal(options.become_password_file, "f");
    assert_true(options.syntax_check);
    assert_string_equal(options.private_key_file, "k");
    assert_false(PARSE("x.yml", "-k", "--conn-pass-file", "f"));
    assert_string_equal(err.text, "--connection-password-file is not allowed with --ask-pass");
    assert_false(PARSE("x.yml", "--become-pass-file=f", "-K"));
    assert_false(PARSE("x.yml", "-J", "--vault-pass-file", "f"));
    assert_false(PARSE("x.yml", "--list"));
    assert_non_null(strstr(err.text, "is not clear: --list-hosts or --list-tasks"));
}

static void test_words_after_dashes(void **state)
{
    (void)state;
    assert_true(PARSE("--", "-x.yml"));
    assert_string_equal(options.playbooks.items[0], "-x.yml");
}

static void expect_error(bool ok, const char *part)
{
    assert_false(ok);
    assert_int_equal(err.kind, ERROR_OPTIONS);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in '%s'", part, err.text);
}

static void test_errors_name_the_nearest(void **state)
{
    (void)state;
    expect_error(PARSE("x.yml", "--chekc"), "unrecognized option '--chekc', did you mean '--check'?");
    expect_error(PARSE("x.yml", "-Z"), "unrecognized option '-Z'");
    expect_error(PARSE("x.yml", "-i"), "-i wants a value: FILE");
    expect_error(PARSE("x.yml", "--limit"), "--limit wants a value: SUBSET");
    expect_error(PARSE("x.yml", "--check=yes"), "--check takes no value");
    expect_error(PARSE("x.yml", "-f", "many"), "--forks wants a number from 0 to 1000000, not 'many'");
}

static void test_adhoc_has_its_own(void **state)
{
    (void)state;
    char *words[] = { "run", "all", "-m", "ping", "-a", "data=x", NULL };
    assert_true(options_parse(arena, 6, words, OPTIONS_ADHOC, &options, &err));
    assert_string_equal(options.module_name, "ping");
    assert_string_equal(options.module_args, "data=x");
    char *timed[] = { "run", "all", "-B", "60", "-P", "0", "--task-timeout", "5", NULL };
    assert_true(options_parse(arena, 8, timed, OPTIONS_ADHOC, &options, &err));
    assert_string_equal(options.background, "60");
    assert_string_equal(options.poll, "0");
    assert_string_equal(options.task_timeout, "5");
    expect_error(PARSE("x.yml", "-f", "0"), "The number of processes (--forks) must be >= 1");
    expect_error(PARSE("x.yml", "-m", "ping"), "unrecognized option '-m'");
    assert_non_null(strstr(options_help(arena, OPTIONS_ADHOC), "--module-name MODULE"));
    assert_null(strstr(options_help(arena, OPTIONS_ADHOC), "--start-at-task"));
    const char *help = options_help_without(arena, OPTIONS_ADHOC, (const char *const[]){ "module-name", "diff", NULL });
    assert_null(strstr(help, "--module-name"));
    assert_null(strstr(help, "--diff"));
    assert_non_null(strstr(help, "--inventory"));
}

static bool takes(unsigned use, char *option)
{
    char *words[] = { "verb", option, "x", NULL };
    err = (struct error)ERROR_INIT;
    return options_parse(arena, 3, words, use, &options, &err);
}

/* Of no use here, but in people's scripts. */
static void test_words_for_copying_programs_are_taken(void **state)
{
    char *adhoc[] = { "run", "web", "--scp-extra-args", "-l 100", "--sftp-extra-args=-f", NULL };

    (void)state;
    assert_true(PARSE("x.yml", "--scp-extra-args=-l 100", "--sftp-extra-args", "-f"));
    assert_string_equal(options.scp_extra_args, "-l 100");
    assert_string_equal(options.sftp_extra_args, "-f");
    assert_true(options_parse(arena, 5, adhoc, OPTIONS_ADHOC, &options, &err));
    assert_false(takes(OPTIONS_OWN, "--scp-extra-args") || takes(OPTIONS_GATHER, "--sftp-extra-args"));
}

/* What a verb would ignore is refused: nobody may believe that it was a dry run, or one host only. */
static void test_options_without_effect_are_refused(void **state)
{
    static char *const no_gathering[] = { "-m",
                                          "-a",
                                          "-C",
                                          "-D",
                                          "-o",
                                          "-t",
                                          "--check",
                                          "--diff",
                                          "--module-name",
                                          "--args",
                                          "--one-line",
                                          "--syntax-check",
                                          "--output",
                                          "--json-lines",
                                          "--list-hosts",
                                          "--roles-path",
                                          "--flush-cache",
                                          NULL };
    static char *const no_inventory[] = { "--list-hosts", "--flush-cache", "-C", "-f", "-u", "-b", NULL };
    static char *const no_connection[] = { "-u",
                                           "-c",
                                           "-T",
                                           "-k",
                                           "--private-key",
                                           "--key-file",
                                           "--ssh-common-args",
                                           "--ssh-extra-args",
                                           "--connection-password-file",
                                           NULL };
    (void)state;
    for (char *const *option = no_gathering; *option; option++)
        expect_error(takes(OPTIONS_GATHER, *option), "unrecognized option");
    for (char *const *option = no_inventory; *option; option++)
        expect_error(takes(OPTIONS_INVENTORY, *option), "unrecognized option");
    for (char *const *option = no_connection; *option; option++)
        expect_error(takes(OPTIONS_OWN, *option), "unrecognized option");
    expect_error(takes(OPTIONS_GATHER, "-m"), "'-m': other verbs have it (--module-name)");
    expect_error(takes(OPTIONS_GATHER, "--args"), "'--args': other verbs have it");
    expect_error(takes(OPTIONS_GATHER, "--beccome"), "did you mean '--become'?");
    assert_true(takes(OPTIONS_GATHER, "-l") && takes(OPTIONS_GATHER, "-u") && takes(OPTIONS_GATHER, "--playbook-dir"));
    assert_true(takes(OPTIONS_INVENTORY, "--output"));
    assert_string_equal(options.inventory_output, "x"); /* a file; elsewhere --output is a style */
    assert_null(options.output);
    assert_true(takes(OPTIONS_INVENTORY, "-l"));
    assert_true(takes(OPTIONS_OWN, "-t") && takes(OPTIONS_OWN, "-C") && takes(OPTIONS_OWN, "-e"));
    assert_null(strstr(options_help(arena, OPTIONS_GATHER), "--check"));
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_for_copying_programs_are_taken),
        cmocka_unit_test(test_ansible_flags),
        cmocka_unit_test(test_tags_are_split),
        cmocka_unit_test(test_places_are_the_agents),
        cmocka_unit_test(test_long_names_may_be_short_or_other),
        cmocka_unit_test(test_words_after_dashes),
        cmocka_unit_test(test_errors_name_the_nearest),
        cmocka_unit_test(test_adhoc_has_its_own),
        cmocka_unit_test(test_options_without_effect_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
