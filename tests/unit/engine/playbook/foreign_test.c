/* SPDX-License-Identifier: Apache-2.0 */
/* Which module a task's name means when there are others than Roost's own, and which are refused before anything is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the five above first */
#include <cmocka.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/foreign/foreign.h"
#include "engine/playbook/playbook.h"
#include "engine/template/template_plugin.h"

static const struct arg_spec no_args[] = { ARG_END };
#define SPEC(name_)                                                                                                    \
    {                                                                                                                  \
        .name = name_, .summary = name_, .args = no_args, .args_size = 1, .any_args = true                             \
    }
static const struct task_spec ping_spec = SPEC("ping"), debug_spec = SPEC("debug"),
                              runner_spec = SPEC("foreign_module"), ini_spec = SPEC("ini_file");
static const struct task_spec *const module_specs[] = { &ping_spec, &ini_spec };
static const struct task_spec *const action_specs[] = { &debug_spec, &runner_spec };
static const struct task_catalogue modules = { module_specs, 2 }, actions = { action_specs, 2 };

/* ansible-core, as far as the loader can tell. */
struct pretended {
    struct foreign_python ops;
    int found, packed, asked;
    bool is_absent;
};

static bool pretend_find(struct foreign_python *ops, struct arena *arena, const struct foreign_request *request,
                         struct foreign_found *out, struct error *err)
{
    struct pretended *python = (struct pretended *)(void *)ops;

    (void)arena;
    python->found++;
    if (python->is_absent)
        return error_set(err, "no ansible-core (python3: No module named 'ansible')");
    if (strcmp(request->name, "ansible.builtin.expect") == 0)
        out->path = SOURCE_FOLDER "/tests/playbooks/foreign/library/in_python.py";
    if (strcmp(request->name, "ansible.builtin.subversion") == 0)
        *out = (struct foreign_found){ .path = "/x.py", .action = "/core/action/subversion.py" };
    return true;
}

static bool pretend_pack(struct foreign_python *ops, struct arena *arena, const struct foreign_request *request,
                         struct foreign_module *module, struct error *err)
{
    struct pretended *python = (struct pretended *)(void *)ops;

    (void)arena;
    (void)request;
    python->packed++;
    if (python->is_absent)
        return error_set(err, "no ansible-core (python3: No module named 'ansible')");
    module->archive = "zip";
    module->archive_length = 3;
    module->entry = "ansible.modules.x";
    return true;
}

/* Knows the filter `twist` of filter_plugins/, which is also there in the place of `upper`, and the lookup `dig`. */
static bool pretend_ask(struct foreign_python *ops, struct arena *arena, const struct foreign_question *question,
                        const struct value **out, struct error *err)
{
    struct pretended *python = (struct pretended *)(void *)ops;
    const char *name = value_map_text(question->map, "name");
    struct value *answer = value_map(arena);

    python->asked++;
    if (python->is_absent)
        return error_set(err, "no ansible-core (python3: No module named 'ansible')");
    if (name != NULL && (strcmp(name, "twist") == 0 || strcmp(name, "upper") == 0 || strcmp(name, "ns.name.dig") == 0))
        value_map_put_string(arena, answer, "path", "/x/plugin.py");
    *out = answer;
    return true;
}

struct fixture {
    struct arena *arena;
    char folder[64];
    struct pretended python;
    struct playbook_config config;
    struct playbook *book;
    struct error err;
};

static void put(struct fixture *f, const char *name, const char *text)
{
    char *path = path_join(f->arena, f->folder, name);

    for (char *at = path + strlen(f->folder) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_new();
    snprintf(f->folder, sizeof(f->folder), "%s", "/tmp/roost-foreign-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->python.ops = (struct foreign_python){ .ask = pretend_ask, .find = pretend_find, .pack = pretend_pack };
    f->config = (struct playbook_config){ .templates = template_env_new(
                                              f->arena, &(struct template_config){ .strict_undefined = true }),
                                          .modules = &modules,
                                          .actions = &actions,
                                          .python = &f->python.ops,
                                          .warnings = value_list(f->arena) };
    put(f, "library/greet", "#!/bin/bash\nsource \"$1\"\n");
    put(f, "library/ping", "#!/usr/bin/perl -w\n# WANT_JSON\n");
    put(f, "library/debug", "#!/bin/sh\n");
    put(f, "library/snake.py", "#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\n");
    put(f, "library/shell_of_windows.ps1", "#Requires -Module Ansible.ModuleUtils.Legacy\n");
    put(f, "action_plugins/acted.py", "");
    put(f, "library/acted", "#!/bin/sh\n");
    put(f, "collections/ansible_collections/ns/name/plugins/modules/ping.sh", "#!/bin/sh\n");
    put(f, "collections/ansible_collections/community/general/plugins/modules/ini_file.py",
        "from ansible.module_utils.basic import AnsibleModule\n");
    *state = f;
    return 0;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    nftw(f->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(f->arena);
    free(f);
    return 0;
}

static bool load(struct fixture *f, const char *tasks)
{
    const char *path = path_join(f->arena, f->folder, "play.yml");

    put(f, "play.yml", arena_printf(f->arena, "- hosts: all\n  tasks:\n%s", tasks));
    memset(&f->err, 0, sizeof(f->err));
    return playbook_load(playbook_loader_new(f->arena, &f->config), path, &f->book, &f->err);
}

static const struct node *task(struct fixture *f, const char *tasks)
{
    if (!load(f, tasks))
        fail_msg("%s: %s", tasks, f->err.text);
    for (size_t i = 0; i < f->book->plays[0]->tasks.count; i++)
        if (!f->book->plays[0]->tasks.items[i]->is_implicit)
            return f->book->plays[0]->tasks.items[i];
    return NULL;
}

static void refused(struct fixture *f, const char *tasks, const char *first, const char *second)
{
    if (load(f, tasks))
        fail_msg("loaded: %s", tasks);
    if (strstr(f->err.text, first) == NULL || strstr(f->err.text, second) == NULL)
        fail_msg("wanted: %s ... %s\n   got: %s", first, second, f->err.text);
}

static void test_which(void **state)
{
    static const struct {
        const char *tasks;
        const struct task_spec *spec;
        enum foreign_kind kind; /* of what is not Roost's own */
        const char *action;
    } cases[] = {
        { "    - greet: {}\n", &runner_spec, FOREIGN_WORDS, "greet" },
        { "    - ansible.legacy.greet: {a: 1}\n", &runner_spec, FOREIGN_WORDS, "greet" },
        { "    - ping: {}\n", &runner_spec, FOREIGN_JSON, "ping" },
        { "    - ansible.legacy.ping: {}\n", &runner_spec, FOREIGN_JSON, "ping" },
        { "    - ansible.builtin.ping: {}\n", &ping_spec, 0, "ping" },
        { "    - debug: {}\n", &debug_spec, 0, "debug" },
        { "    - snake: {}\n", &runner_spec, FOREIGN_PYTHON, "snake" },
        { "    - ns.name.ping: {}\n", &runner_spec, FOREIGN_WORDS, "ns.name.ping" },
        { "    - ping: {}\n      collections: [ns.name]\n", &runner_spec, FOREIGN_WORDS, "ns.name.ping" },
        { "    - community.general.ini_file: {}\n", &ini_spec, 0, "ini_file" },
        { "    - ini_file: {}\n      collections: [community.general]\n", &ini_spec, 0, "ini_file" },
        { "    - expect: {}\n", &runner_spec, FOREIGN_PYTHON, "expect" },
        { "    - ansible.builtin.expect: {}\n", &runner_spec, FOREIGN_PYTHON, "expect" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct node *node = task(f, cases[i].tasks);

        if (node->spec != cases[i].spec || (node->foreign != NULL) != (cases[i].spec == &runner_spec) ||
            (node->foreign != NULL && node->foreign->kind != cases[i].kind) ||
            !text_equal(node->action, cases[i].action) || (node->foreign != NULL && node->task_kind != TASK_ACTION))
            fail_msg("%s: spec %s, action %s", cases[i].tasks, node->spec == NULL ? "-" : node->spec->name,
                     node->action);
    }
}

static void test_packed_once(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, "    - snake: {}\n    - snake: {}\n    - ansible.legacy.snake: {}\n    - greet: {}\n"));
    assert_int_equal(f->python.packed, 1);
    assert_int_equal(f->python.found, 0);
    assert_string_equal(task(f, "    - snake: {}\n")->foreign->entry, "ansible.modules.x");
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    const struct node *node;

    refused(f, "    - shell_of_windows: {}\n", "couldn't resolve module/action 'shell_of_windows'", "PowerShell");
    refused(f, "    - acted: {}\n", "couldn't resolve module/action 'acted'", "action_plugins/acted.py");
    refused(f, "    - subversion: {}\n", "couldn't resolve module/action 'subversion'", "/core/action/subversion.py");
    refused(f, "    - foreign_module: {}\n", "couldn't resolve module/action 'foreign_module'", "misspelling");
    refused(f, "    - ansible.builtin.greet: {}\n", "couldn't resolve module/action 'ansible.builtin.greet'", "");
    refused(f, "    - nothing.of.this: {}\n", "couldn't resolve module/action 'nothing.of.this'", "misspelling");
    f->python.is_absent = true;
    refused(f, "    - snake: {}\n", "it is written in Python", "No module named 'ansible'");
    refused(f, "    - expect: {}\n", "Roost does not have this module yet", "No module named 'ansible'");
    refused(f, "    - nothing.of.this: {}\n", "couldn't resolve module/action 'nothing.of.this'", "misspelling");
    node = task(f, "    - snake: {}\n      when: perhaps\n");
    assert_true(node->is_unresolved && strstr(node->unresolved_text, "No module named 'ansible'") != NULL);
    f->config.python = NULL;
    refused(f, "    - snake: {}\n", "it is written in Python", "ansible-core is not to be had here");
    refused(f, "    - expect: {}\n", "Roost does not have this module yet", "");
}

/* Filters, tests and lookups in Python: nobody is asked without need, and what cannot run is refused by name. */
static void test_plugins(void **state)
{
    struct fixture *f = *state;

    assert_true(load(f, "    - debug: {msg: \"{{ 'a' | upper is defined }} {{ lookup('pipe', 'x') }}\"}\n"));
    assert_int_equal(f->python.asked, 0);
    put(f, "filter_plugins/mine.py", "{'twist': twist, 'upper': other}  # to_json_not\n");
    put(f, "lookup_plugins/near.py", "");
    assert_true(load(f, "    - debug: {msg: \"{{ 'a' | lower | to_json }} {{ lookup('pipe', 'x') }}\"}\n"));
    assert_int_equal(f->python.asked, 0);
    assert_true(load(f, "    - debug: {msg: \"{{ 'a' | upper }}{{ 'b' | upper }}\"}\n"));
    assert_int_equal(f->python.asked, 2); /* where plugins lie, and what that one is: once */
    assert_string_equal(value_map_text(template_plugins_used(f->config.templates), "filter upper"), "/x/plugin.py");
    assert_true(load(f, "    - debug: {msg: \"{{ [1] | map('twist') | list }} {{ query('ns.name.dig') }}\"}\n"));
    assert_true(load(f, "    - debug: {}\n      with_ns.name.dig: [1]\n"));
    refused(f, "    - debug: {msg: \"{{ 1 | twits }}\"}\n", "Could not load \"twits\"", "");
    f->python.is_absent = true;
    assert_true(load(f, "    - debug: {msg: \"{{ 'a' | upper }}\"}\n"));
    refused(f, "    - debug: {msg: \"{{ 1 | twist }}\"}\n", "Could not load \"twist\": it is a plugin in Python",
            "filter_plugins/mine.py), which needs ansible-core where roost runs: no ansible-core");
    refused(f, "    - debug: {msg: \"{{ 1 | uper }}\"}\n", "Could not load \"uper\"", "did you mean 'upper'?");
    refused(f, "    - debug: {}\n      with_near: [1]\n", "'with_near': the lookup is a plugin in Python",
            "lookup_plugins/near.py");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_which, setup, teardown),
        cmocka_unit_test_setup_teardown(test_packed_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plugins, setup, teardown),
    };

    return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
