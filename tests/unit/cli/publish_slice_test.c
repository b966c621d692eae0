/* SPDX-License-Identifier: Apache-2.0 */
/* A slice, read again as the node reads it: the same variables and groups, nobody else's, no secret of the desk. */
#include "cli/publish_slice.h"

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
#include "common/base/path.h"
#include "common/json/json.h"

struct fixture {
    struct arena *arena;
    char folder[64];
    struct command command;
    struct project *project;
};

static void must(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s", err->text);
}

static const char *put(struct fixture *fixture, const char *path, const char *text)
{
    const char *full = path_join(fixture->arena, fixture->folder, path);
    FILE *file = fopen(full, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return full;
}

static const char *folder(struct fixture *fixture, const char *path)
{
    const char *full = path_join(fixture->arena, fixture->folder, path);

    assert_int_equal(mkdir(full, 0755), 0);
    return full;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-slice-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    setenv("ANSIBLE_CONFIG",
           put(fixture, "ansible.cfg", "[defaults]\nroles_path = roles\nhash_behaviour = merge\nforks = 9\n"), 1);
    folder(fixture, "group_vars");
    folder(fixture, "host_vars");
    folder(fixture, "roles");
    put(fixture, "site.yml", "- hosts: all\n  tasks: []\n");
    put(fixture, "hosts.yml",
        "ai:\n  hosts:\n    ai-7: {ansible_password: geheim, ansible_ssh_private_key_file: /k, ansible_user: anna}\n"
        "    ai-8: {secret: of-8}\nweb:\n  children: {front: {hosts: {web-1: {}, localhost: {}}}}\n");
    put(fixture, "group_vars/ai.yml",
        "where: '{{ inventory_hostname }} here'\nraw: !unsafe '{{ as it is }}'\nport: 80\nratio: 0.5\nnone: null\n"
        "text: \"yes\"\nlist: [1, two, {three: '3'}]\nlines: |\n  one\n  two\n");
    put(fixture, "host_vars/ai-7.yml", "port: 81\n");
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    const char *const argv[] = { "rm", "-r", fixture->folder, NULL };
    struct command_output output;
    struct error err = ERROR_INIT;

    must(command_output_ok(fixture->arena, argv, &output, &err), &err);
    unsetenv("ANSIBLE_CONFIG");
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static struct slice_request prepare(struct fixture *fixture)
{
    struct command *command = &fixture->command;
    const char *playbook = path_join(fixture->arena, fixture->folder, "site.yml");
    char *argv[] = { "publish", arena_copy(fixture->arena, playbook),
                     "-i",      path_join(fixture->arena, fixture->folder, "hosts.yml"),
                     "-e",      "extra=1",
                     NULL };
    struct project_options options = { 0 };
    struct error err = ERROR_INIT;
    int exit_code = 0;

    command->arena = fixture->arena;
    assert_true(command_start(command, 6, argv, OPTIONS_PUBLISH, &exit_code));
    must(command_prepare(command, &err), &err);
    options = (struct project_options){ .playbooks = command->options.playbooks.items,
                                        .config_file = command->settings.path,
                                        .role_folders = command->playbook_config.role_folders,
                                        .inventories = command->inventory->sources };
    must(project_collect(fixture->arena, &options, &fixture->project, &err), &err);
    return (struct slice_request){ command, fixture->project, playbook };
}

static const char *text_of(const struct project *project, const char *path)
{
    for (size_t i = 0; i < project->count; i++) {
        if (strcmp(project->files[i].path, path) == 0)
            return project->files[i].data;
    }
    fail_msg("there is no '%s'", path);
    return NULL;
}

static const struct value *variables(struct fixture *fixture, struct inventory *inventory, const char *host)
{
    const struct value *vars = NULL;
    struct error err = ERROR_INIT;
    const struct inventory_vars_files files = { .config = &fixture->command.inventory_config };

    must(inventory_host_variables(inventory, fixture->arena, inventory_find_host(inventory, host), &files, &vars, &err),
         &err);
    return vars;
}

static void the_node_sees_what_the_desk_sees(void **state)
{
    static const char *const names[] = { "where", "raw",  "port",  "ratio",       "none",
                                         "text",  "list", "lines", "ansible_user" };
    struct fixture *fixture = *state;
    struct slice_request request = prepare(fixture);
    struct project *slice = project_empty(fixture->arena);
    struct inventory *inventory = NULL;
    struct error err = ERROR_INIT;

    must(slice_host(&request, inventory_find_host(fixture->command.inventory, "ai-7"), slice, &err), &err);
    const char *const sources[] = { put(fixture, "slice.yml", text_of(slice, "inventory.yml")), NULL };
    assert_int_equal(unlink(path_join(fixture->arena, fixture->folder, "host_vars/ai-7.yml")), 0);
    assert_int_equal(unlink(path_join(fixture->arena, fixture->folder, "group_vars/ai.yml")), 0);
    must(inventory_load(fixture->arena, sources, &fixture->command.inventory_config, &inventory, &err), &err);
    const struct value *mine = variables(fixture, inventory, "ai-7");
    put(fixture, "host_vars/ai-7.yml", "port: 81\n");
    put(fixture, "group_vars/ai.yml",
        "where: '{{ inventory_hostname }} here'\nraw: !unsafe '{{ as it is }}'\nport: 80\nratio: 0.5\nnone: null\n"
        "text: \"yes\"\nlist: [1, two, {three: '3'}]\nlines: |\n  one\n  two\n");
    const struct value *theirs = variables(fixture, prepare(fixture).command->inventory, "ai-7");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_non_null(value_map_get(theirs, names[i]));
        assert_string_equal(json_text(fixture->arena, value_map_get(mine, names[i]), JSON_COMPACT),
                            json_text(fixture->arena, value_map_get(theirs, names[i]), JSON_COMPACT));
    }
    assert_true(value_map_get(mine, "where")->marks & VALUE_TRUSTED);
    assert_false(value_map_get(mine, "raw")->marks & VALUE_TRUSTED);
    assert_string_equal(value_map_text(mine, "ansible_connection"), "local");
    assert_null(value_map_get(mine, "ansible_password"));
    assert_null(value_map_get(mine, "ansible_ssh_private_key_file"));
    assert_string_equal(value_map_text(variables(fixture, inventory, "ai-8"), "ansible_connection"), "elsewhere");
    assert_null(strstr(text_of(slice, "inventory.yml"), "of-8"));
    assert_null(strstr(text_of(slice, "inventory.yml"), "localhost"));
    assert_int_equal(inventory_find_group(inventory, "ai")->host_count, 2);
    assert_string_equal(inventory_find_group(inventory, "web")->children[0]->name, "front");
    assert_non_null(strstr(text_of(slice, "bundle.json"), "\"playbook\":\"project/site.yml\""));
}

static void settings_that_mean_something_go_along(void **state)
{
    struct fixture *fixture = *state;
    struct slice_request request = prepare(fixture);
    struct project *common = project_empty(fixture->arena);
    struct error err = ERROR_INIT;

    must(slice_common(&request, common, &err), &err);
    assert_string_equal(text_of(common, "ansible.cfg"),
                        "[defaults]\nroles_path = project/roles\nhash_behaviour = merge\n");
    assert_non_null(strstr(text_of(common, "vars.yml"), "extra: '1'"));
}

static void a_vault_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    put(fixture, "host_vars/ai-7.yml", "key: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n");
    struct slice_request request = prepare(fixture);
    assert_false(slice_host(&request, inventory_find_host(fixture->command.inventory, "ai-7"),
                            project_empty(fixture->arena), &err));
    assert_non_null(strstr(err.text, "host 'ai-7' has a variable in a vault"));
    fixture->command.options.decrypt = true;
    err = (struct error)ERROR_INIT;
    assert_false(slice_host(&request, inventory_find_host(fixture->command.inventory, "ai-7"),
                            project_empty(fixture->arena), &err));
    assert_non_null(strstr(err.text, "no vault secrets found"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_node_sees_what_the_desk_sees),
        CASE(settings_that_mean_something_go_along),
        CASE(a_vault_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
