/* SPDX-License-Identifier: Apache-2.0 */
/* Which files make a project. */
#include "cli/project.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/command.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct fixture {
    struct arena *arena;
    char folder[64];
};

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static const char *in(struct fixture *fixture, const char *path)
{
    return path_join(fixture->arena, fixture->folder, path);
}

static void put(struct fixture *fixture, const char *path, const char *text, mode_t mode)
{
    const char *full = in(fixture, path);
    struct error err = ERROR_INIT;
    FILE *file = NULL;

    must(folder_create(fixture->arena, path_dirname(fixture->arena, full), 0755, &err), &err);
    file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(full, mode), 0);
}

static void run(struct fixture *fixture, const char *const *argv)
{
    struct command_output output;
    struct error err = ERROR_INIT;

    must(command_output_ok(fixture->arena, argv, &output, &err), &err);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-project-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    put(fixture, "ansible.cfg", "", 0644);
    put(fixture, "playbooks/site.yml", "- hosts: all", 0644);
    put(fixture, "playbooks/action_plugins/greet.py", "", 0644);
    put(fixture, "playbooks/files/run.sh", "#!/bin/sh", 0755);
    put(fixture, "playbooks/library/greet", "#!/bin/sh", 0755);
    put(fixture, "playbooks/lookup_plugins/near.py", "", 0644);
    put(fixture, "playbooks/group_vars/all.yml", "secret: 1", 0644);
    put(fixture, "roles/motd/tasks/main.yml", "[]", 0644);
    put(fixture, "roles/motd/files/group_vars/kept", "role's own", 0644);
    put(fixture, "vars/x.yml", "a: 1", 0644);
    put(fixture, "hosts.yml", "all: {}", 0600);
    put(fixture, "host_vars/ai-7.yml", "secret: 2", 0644);
    put(fixture, "notes.txt", "private", 0644);
    put(fixture, "src/main.c", "int x;", 0644);
    put(fixture, "elsewhere/roles/other/tasks/main.yml", "[]", 0644);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    run(fixture, (const char *const[]){ "rm", "-r", fixture->folder, NULL });
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static struct project *collect(struct fixture *fixture, bool with_inventory, struct error *err)
{
    const char *const playbooks[] = { in(fixture, "playbooks/site.yml"), NULL };
    const char *const roles[] = { in(fixture, "roles"), in(fixture, "elsewhere/roles"), in(fixture, "absent"), NULL };
    struct value *inventories = value_list(fixture->arena);
    struct project_options options = { .playbooks = playbooks,
                                       .config_file = in(fixture, "ansible.cfg"),
                                       .role_folders = roles,
                                       .inventories = inventories,
                                       .with_inventory = with_inventory };
    struct project *project = NULL;

    value_list_add(fixture->arena, inventories, value_string(fixture->arena, in(fixture, "hosts.yml")));
    return project_collect(fixture->arena, &options, &project, err) ? project : NULL;
}

static const char *paths(struct fixture *fixture, const struct project *project)
{
    struct text text = text_new(fixture->arena);

    for (size_t i = 0; i < project->count; i++)
        text_printf(&text, "%s %o\n", project->files[i].path, project->files[i].mode);
    return text.data;
}

static void secrets_of_hosts_stay_at_the_desk(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct project *project = collect(fixture, false, &err);

    must(project != NULL, &err);
    assert_string_equal(paths(fixture, project), "elsewhere/roles/other/tasks/main.yml 644\n"
                                                 "playbooks/action_plugins/greet.py 644\n"
                                                 "playbooks/files/run.sh 755\n"
                                                 "playbooks/library/greet 755\n"
                                                 "playbooks/lookup_plugins/near.py 644\n"
                                                 "playbooks/site.yml 644\n"
                                                 "roles/motd/files/group_vars/kept 644\n"
                                                 "roles/motd/tasks/main.yml 644\n"
                                                 "vars/x.yml 644\n");
    assert_string_equal(project_path(fixture->arena, project, in(fixture, "playbooks/site.yml")), "playbooks/site.yml");
    assert_null(project_path(fixture->arena, project, "/etc/passwd"));
}

#define OTHER "all:\n  hosts:\n    other-1:\n      ansible_password: TOPSECRET\n"

/* What no playbook names, and what looks like an inventory even if one does, stays; whatever it is called. */
static void other_inventories_stay_at_the_desk(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct project *project = NULL;

    put(fixture, "playbooks/site.yml",
        "- hosts: all\n  vars_files: [named.yml, looks.yml]\n  tasks:\n"
        "    - include_tasks: more.yml tags=x\n"
        "    - name: unnamed.yml\n      copy: {src: data/motd.txt, dest: /etc/motd}\n"
        "    - debug: {msg: \"{{ lookup('file', 'looked.txt') }}\"}\n"
        "    - template: {src: '{{ playbook_dir }}/own.j2', dest: /x}\n"
        "    - copy: {src: tree, dest: /x}\n"
        "- import_playbook: ../other/play.yml\n",
        0644);
    put(fixture, "playbooks/named.yml", "a: 1", 0644);
    put(fixture, "playbooks/more.yml", "- include_vars: deeper.yml", 0644);
    put(fixture, "playbooks/deeper.yml", "b: 1", 0644);
    put(fixture, "playbooks/data/motd.txt", "hello", 0644);
    put(fixture, "playbooks/data/other.txt", "not named", 0644);
    put(fixture, "playbooks/looked.txt", "hello", 0644);
    put(fixture, "playbooks/own.j2", "hello", 0644);
    put(fixture, "playbooks/tree/deep/x", "hello", 0644);
    put(fixture, "playbooks/unnamed.yml", "a: TOPSECRET", 0644);
    put(fixture, "playbooks/looks.yml", OTHER, 0644);
    put(fixture, "playbooks/files/hosts.yml", OTHER, 0644);
    put(fixture, "playbooks/tree/deep/ini", "[web]\nai-9 ansible_password=TOPSECRET\n", 0644);
    put(fixture, "other/play.yml", "- hosts: all", 0644);
    put(fixture, "other/templates/x.j2", "hello", 0644);
    put(fixture, "other/staging.json", "{\"all\": {\"hosts\": {\"x\": {\"p\": \"TOPSECRET\"}}}}", 0644);
    put(fixture, "playbooks/tree/deep/staging.toml", "[web.hosts.ai-9]\nhost_secret = \"TOPSECRET\"\n", 0644);
    put(fixture, "playbooks/tree/deep/pyproject.toml", "[tool.poetry]\nname = \"x\"\n", 0644);
    put(fixture, "other-inventory.yml", OTHER, 0644);
    put(fixture, "vars/hidden.yml", OTHER, 0644);
    project = collect(fixture, false, &err);
    must(project != NULL, &err);
    assert_string_equal(paths(fixture, project), "elsewhere/roles/other/tasks/main.yml 644\n"
                                                 "other/play.yml 644\n"
                                                 "other/templates/x.j2 644\n"
                                                 "playbooks/action_plugins/greet.py 644\n"
                                                 "playbooks/data/motd.txt 644\n"
                                                 "playbooks/deeper.yml 644\n"
                                                 "playbooks/files/run.sh 755\n"
                                                 "playbooks/library/greet 755\n"
                                                 "playbooks/looked.txt 644\n"
                                                 "playbooks/lookup_plugins/near.py 644\n"
                                                 "playbooks/more.yml 644\n"
                                                 "playbooks/named.yml 644\n"
                                                 "playbooks/own.j2 644\n"
                                                 "playbooks/site.yml 644\n"
                                                 "playbooks/tree/deep/pyproject.toml 644\n"
                                                 "playbooks/tree/deep/x 644\n"
                                                 "roles/motd/files/group_vars/kept 644\n"
                                                 "roles/motd/tasks/main.yml 644\n"
                                                 "vars/x.yml 644\n");
    assert_string_equal(value_map_text(project->left_out, "playbooks/unnamed.yml"), "no playbook names it");
    assert_string_equal(value_map_text(project->left_out, "other-inventory.yml"), "no playbook names it");
    assert_string_equal(value_map_text(project->left_out, "playbooks/looks.yml"), "an inventory");
    assert_string_equal(value_map_text(project->left_out, "playbooks/files/hosts.yml"), "an inventory");
    assert_string_equal(value_map_text(project->left_out, "playbooks/tree/deep/ini"), "an inventory");
    assert_string_equal(value_map_text(project->left_out, "playbooks/tree/deep/staging.toml"), "an inventory");
    assert_string_equal(value_map_text(project->left_out, "vars/hidden.yml"), "an inventory");
    project = collect(fixture, true, &err);
    must(project != NULL, &err);
    assert_null(strstr(paths(fixture, project), "other-inventory"));
    assert_null(strstr(paths(fixture, project), "unnamed"));
}

/* A key goes only where it is to be installed and is named; what opens vaults never does. */
static void keys_go_only_when_they_are_named(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct project *project = NULL;

    put(fixture, "roles/motd/tasks/main.yml",
        "- copy: {src: tls/ca.pem, dest: /x}\n- copy: {src: vault_pass.txt, dest: /x}\n- script: id_ed25519\n", 0644);
    put(fixture, "roles/motd/files/tls/ca.pem", "-----BEGIN CERTIFICATE-----", 0644);
    put(fixture, "roles/motd/files/tls/server.key", "key", 0644);
    put(fixture, "roles/motd/files/vault_pass.txt", "TOPSECRET", 0644);
    put(fixture, "roles/motd/files/innocent", "-----BEGIN OPENSSH PRIVATE KEY-----", 0644);
    put(fixture, "roles/motd/files/id_rsa.pub", "ssh-rsa", 0644);
    put(fixture, "playbooks/id_ed25519", "key", 0600);
    put(fixture, "vars/ansible.cfg", "x", 0600);
    project = collect(fixture, false, &err);
    must(project != NULL, &err);
    assert_non_null(strstr(paths(fixture, project), "roles/motd/files/tls/ca.pem 644\n"));
    assert_non_null(strstr(paths(fixture, project), "roles/motd/files/id_rsa.pub 644\n"));
    assert_string_equal(value_map_text(project->left_out, "roles/motd/files/tls/server.key"), "a key");
    assert_string_equal(value_map_text(project->left_out, "roles/motd/files/innocent"), "a key");
    assert_string_equal(value_map_text(project->left_out, "roles/motd/files/vault_pass.txt"), "a vault's password");
    assert_string_equal(value_map_text(project->left_out, "playbooks/id_ed25519"), "a key");
    assert_string_equal(value_map_text(project->left_out, "vars/ansible.cfg"), "the settings");
    assert_int_equal(value_count(project->left_out), 5);
}

static void a_run_takes_the_inventory_along(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct project *project = collect(fixture, true, &err);

    must(project != NULL, &err);
    assert_non_null(strstr(paths(fixture, project), "hosts.yml 600\n"));
    assert_non_null(strstr(paths(fixture, project), "host_vars/ai-7.yml 644\n"));
    assert_non_null(strstr(paths(fixture, project), "playbooks/group_vars/all.yml 644\n"));
    assert_null(strstr(paths(fixture, project), "notes.txt"));
    assert_null(strstr(paths(fixture, project), "main.c"));
}

static void what_git_ignores_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct project *project = NULL;

    run(fixture, (const char *const[]){ "git", "-C", fixture->folder, "init", "-q", NULL });
    put(fixture, ".gitignore", "*.sh\nvars/\n", 0644);
    project = collect(fixture, false, &err);
    must(project != NULL, &err);
    assert_null(strstr(paths(fixture, project), "run.sh"));
    assert_null(strstr(paths(fixture, project), "vars/x.yml"));
    assert_null(strstr(paths(fixture, project), ".git"));
    assert_int_equal(project->ignored, 2);
    put(fixture, ".gitignore", "playbooks/\n", 0644);
    assert_null(collect(fixture, false, &err));
    assert_non_null(strstr(err.text, "git ignores the playbook"));
}

static void what_does_not_fit_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    put(fixture, "playbooks/files/large", "", 0644);
    assert_int_equal(truncate(in(fixture, "playbooks/files/large"), 65 * 1024 * 1024), 0);
    assert_null(collect(fixture, false, &err));
    assert_non_null(strstr(err.text, "'playbooks/files/large' has 68157440 bytes"));
    assert_int_equal(unlink(in(fixture, "playbooks/files/large")), 0);
    error_clear(&err);
    put(fixture, "playbooks/files/a\nb", "", 0644);
    assert_null(collect(fixture, false, &err));
    assert_non_null(strstr(err.text, "control character"));
    assert_int_equal(unlink(in(fixture, "playbooks/files/a\nb")), 0);
    error_clear(&err);
    assert_int_equal(symlink("..", in(fixture, "playbooks/files/loop")), 0);
    assert_null(collect(fixture, false, &err));
    assert_non_null(strstr(err.text, "a link in a circle?"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(secrets_of_hosts_stay_at_the_desk), CASE(other_inventories_stay_at_the_desk),
        CASE(keys_go_only_when_they_are_named),  CASE(a_run_takes_the_inventory_along),
        CASE(what_git_ignores_is_left_out),      CASE(what_does_not_fit_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
