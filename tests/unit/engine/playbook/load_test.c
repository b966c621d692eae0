/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Playbooks from text to model: structure, inheritance, imports, roles, and what is refused with which words.
 */
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

#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/playbook.h"
#include "engine/playbook/search.h"

struct fixture {
    struct arena *arena;
    char folder[64];
    struct playbook_config config;
    struct playbook_loader *loader;
    struct playbook *book;
    struct error err;
};

struct any_args {
    const char *src, *dest, *msg, *name, *raw;
};

static const struct arg_spec copy_args[] = {
    ARG(any_args, src, ARG_STRING, .help = "source"),
    ARG(any_args, dest, ARG_STRING, .required = true, .help = "target"),
    ARG_END,
};
static const struct arg_spec debug_args[] = {
    ARG(any_args, msg, ARG_RAW, .help = "text"),
    ARG_END,
};
static const struct arg_spec command_args[] = {
    ARG_NAMED("_raw_params", any_args, raw, ARG_STRING, .help = "text"),
    ARG_NAMED("creates", any_args, name, ARG_STRING, .help = "file"),
    ARG_NAMED("chdir", any_args, src, ARG_STRING, .help = "folder"),
    ARG_END,
};
static const struct task_spec copy_spec = {
    .name = "copy", .summary = "copy", .args = copy_args, .args_size = sizeof(struct any_args)
};
static const struct task_spec debug_spec = {
    .name = "debug", .summary = "debug", .args = debug_args, .args_size = sizeof(struct any_args), .any_args = true
};
static const struct task_spec command_spec = { .name = "command",
                                               .summary = "command",
                                               .args = command_args,
                                               .args_size = sizeof(struct any_args),
                                               .free_form = true };
static const struct task_spec file_spec = {
    .name = "file", .summary = "file", .args = debug_args, .args_size = sizeof(struct any_args), .any_args = true
};
static const struct task_spec *const module_specs[] = { &copy_spec, &command_spec, &file_spec };
static const struct task_spec validate_spec = { .name = "validate_argument_spec",
                                                .summary = "validate",
                                                .args = debug_args,
                                                .args_size = sizeof(struct any_args),
                                                .any_args = true };
static const struct task_spec *const action_specs[] = { &debug_spec, &validate_spec };
static const struct task_catalogue modules = { module_specs, 3 };
static const struct task_catalogue actions = { action_specs, 2 };

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_new();
    snprintf(f->folder, sizeof(f->folder), "%s", "/tmp/roost-playbook-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->config = (struct playbook_config){ .templates = template_env_new(
                                              f->arena, &(struct template_config){ .strict_undefined = true }),
                                          .modules = &modules,
                                          .actions = &actions,
                                          .warnings = value_list(f->arena) };
    f->loader = playbook_loader_new(f->arena, &f->config);
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

static const char *put(struct fixture *f, const char *name, const char *text)
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
    return path;
}

static struct playbook *load(struct fixture *f, const char *text)
{
    const char *path = put(f, "play.yml", text);

    if (!playbook_load(f->loader, path, &f->book, &f->err))
        fail_msg("%s:%d:%d: %s", f->err.path, f->err.line, f->err.column, f->err.text);
    return f->book;
}

static void refuse_as(struct fixture *f, const char *text, int line, const char *message, enum error_kind kind)
{
    const char *path = put(f, "play.yml", text);

    f->loader = playbook_loader_new(f->arena, &f->config);
    memset(&f->err, 0, sizeof(f->err));
    if (playbook_load(f->loader, path, &f->book, &f->err))
        fail_msg("loaded, but should be refused with: %s", message);
    if (strstr(f->err.text, message) == NULL)
        fail_msg("wanted: %s\n   got: %s", message, f->err.text);
    if (line > 0)
        assert_int_equal(f->err.line, line);
    assert_int_equal(f->err.kind, kind);
}

static void refuse(struct fixture *f, const char *text, int line, const char *message)
{
    refuse_as(f, text, line, message, ERROR_PARSE);
}

/* What is no parser's error in Ansible: exit code 1. */
static void refuse_plain(struct fixture *f, const char *text, int line, const char *message)
{
    refuse_as(f, text, line, message, ERROR_GENERIC);
}

/* The nodes as one line: names of tasks, blocks in brackets. */
static void outline(struct text *out, const struct node_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct node *node = list->items[i];

        if (out->length > 0 && out->data[out->length - 1] != '[')
            text_add_char(out, ' ');
        if (node->kind == NODE_BLOCK) {
            text_add_char(out, '[');
            outline(out, &node->tasks);
            if (node->rescue.count > 0) {
                text_add(out, " rescue:");
                outline(out, &node->rescue);
            }
            if (node->always.count > 0) {
                text_add(out, " always:");
                outline(out, &node->always);
            }
            text_add_char(out, ']');
        } else if (node->task_kind == TASK_META) {
            text_add(out, value_map_text(node->args, "_raw_params"));
        } else {
            text_add(out, node->name == NULL ? node->action : node->name);
        }
    }
}

static const char *outline_of(struct fixture *f, const struct node_list *list)
{
    struct text out = text_new(f->arena);

    outline(&out, list);
    return out.length == 0 ? "" : out.data;
}

static const struct node *task_named(const struct node_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct node *node = list->items[i], *found = NULL;

        if (node->kind == NODE_TASK && node->name != NULL && strcmp(node->name, name) == 0)
            return node;
        if (node->kind == NODE_BLOCK)
            found = task_named(&node->tasks, name);
        if (found == NULL && node->kind == NODE_BLOCK)
            found = task_named(&node->rescue, name);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static void test_order(void **state)
{
    struct fixture *f = *state;
    struct playbook *book;

    put(f, "roles/one/tasks/main.yml", "- {name: r1, debug: }\n");
    put(f, "roles/one/handlers/main.yml", "- {name: rh, debug: }\n");
    book = load(
        f, "- hosts: all\n  name: the play\n  post_tasks: [{name: c, debug: }]\n  pre_tasks: [{name: a, debug: }]\n"
           "  tasks:\n    - {name: b, debug: }\n    - block: [{name: x, debug: }]\n      rescue: [{name: y, debug: }]\n"
           "      always: [{name: z, debug: }]\n  roles: [one]\n  handlers: [{name: h, debug: , listen: topic}]\n");
    assert_int_equal(book->play_count, 1);
    assert_string_equal(book->plays[0]->name, "the play");
    assert_string_equal(
        outline_of(f, &book->plays[0]->tasks),
        "a flush_handlers [r1 role_complete] b [x rescue: y always: z] flush_handlers c flush_handlers");
    assert_string_equal(outline_of(f, &book->plays[0]->handlers), "rh h");
    assert_true(book->plays[0]->handlers.items[1]->is_handler);
    assert_string_equal(value_text(book->plays[0]->handlers.items[1]->keywords[KEYWORD_LISTEN]), "topic");
    assert_int_equal(book->plays[0]->role_count, 1);
}

static void test_actions(void **state)
{
    struct fixture *f = *state;
    const struct node_list *tasks;
    struct playbook *book = load(f, "- hosts: all\n  tasks:\n"
                                    "    - command: \"echo a=b 'c d' creates=/x chdir={{ here }}\"\n"
                                    "    - copy: src=a dest=\"b c\"\n"
                                    "    - action: copy src=1 dest=2\n"
                                    "    - local_action: command echo hi\n"
                                    "    - command: echo\n      args: {chdir: /tmp}\n"
                                    "    - ansible.builtin.copy: {dest: x}\n"
                                    "    - action: {module: copy, dest: y}\n"
                                    "    - copy: \"{{ all_args }}\"\n"
                                    "    - command: {cmd: pwd}\n"
                                    "    - debug:\n");

    tasks = &book->plays[0]->tasks;
    assert_string_equal(value_map_text(tasks->items[1]->args, "_raw_params"), "echo a=b 'c d'");
    assert_string_equal(value_map_text(tasks->items[1]->args, "creates"), "/x");
    assert_string_equal(value_map_text(tasks->items[1]->args, "chdir"), "{{ here }}");
    assert_string_equal(value_map_text(tasks->items[2]->args, "dest"), "b c");
    assert_string_equal(value_map_text(tasks->items[3]->args, "src"), "1");
    assert_string_equal(value_text(tasks->items[4]->keywords[KEYWORD_DELEGATE_TO]), "localhost");
    assert_string_equal(value_map_text(tasks->items[5]->args, "chdir"), "/tmp");
    assert_string_equal(tasks->items[6]->action, "copy");
    assert_string_equal(tasks->items[6]->action_text, "ansible.builtin.copy");
    assert_string_equal(value_map_text(tasks->items[7]->args, "dest"), "y");
    assert_string_equal(value_map_text(tasks->items[8]->args, "_template"), "{{ all_args }}");
    assert_string_equal(value_map_text(tasks->items[9]->args, "_raw_params"), "pwd");
    assert_int_equal(tasks->items[1]->task_kind, TASK_MODULE);
    assert_int_equal(tasks->items[10]->task_kind, TASK_ACTION);
    assert_int_equal(tasks->items[10]->at.line, 13);
    assert_int_equal(tasks->items[10]->at.column, 7);
}

static void test_refused_tasks(void **state)
{
    struct fixture *f = *state;

    refuse(f, "- hosts: all\n  tasks:\n    - copy: {dest: a}\n      file: {path: b}\n", 4,
           "conflicting action statements: copy, file");
    refuse(f, "- hosts: all\n  tasks:\n    - name: empty\n", 3, "no module/action detected in task.");
    refuse(f, "- hosts: all\n  tasks:\n    - wen: true\n", 3,
           "unexpected parameter type in action: boolean ('wen: ...', did you mean 'when'?)");
    refuse(
        f, "- hosts: all\n  tasks:\n    - copyy: {dest: a}\n", 3,
        "couldn't resolve module/action 'copyy'. This often indicates a misspelling, missing collection, or incorrect "
        "module path. Did you mean 'copy'?");
    refuse(f, "- hosts: all\n  tasks:\n    - debug:\n      whenn: x\n", 4,
           "conflicting action statements: debug, whenn; did you mean the keyword 'when'?");
    refuse(f, "- hosts: all\n  tasks:\n    - debug:\n      listen: x\n", 4,
           "'listen' is not a valid attribute for a Task");
    refuse(f, "- hosts: all\n  tasks:\n    - debug:\n      with_nothing: x\n", 4,
           "'with_nothing' is not a valid attribute for a Task");
    refuse(f, "- hosts: all\n  tasks:\n    - debug:\n      register: a-b\n", 4,
           "Invalid variable name in 'register' specified: 'a-b'");
    refuse_plain(f, "- hosts: all\n  tasks:\n    - debug:\n      loop: [1]\n      with_items: [1]\n", 5,
                 "duplicate loop in task: items");
    refuse(f, "- hosts: all\n  tasks:\n    - debug:\n      loop_control: {lable: x}\n", 4,
           "'lable' is not a valid attribute for a LoopControl; did you mean 'label'?");
    refuse(f, "- hosts: all\n  tasks:\n    - debug: x y\n", 3, "this task 'debug' has extra params");
    refuse(f, "- hosts: all\n  tasks:\n    - meta: flush_handler\n", 3,
           "invalid meta action requested: flush_handler; did you mean 'flush_handlers'?");
    refuse(f, "- hosts: all\n  tasks:\n    - copy: {src: a}\n", 3, "dest");
    refuse(f, "- hosts: all\n  tasks:\n    - debug: {msg: \"{{ a | nofilter }}\"}\n", 3, "nofilter");
    assert_int_equal(f->err.column, 28);
    refuse(f, "- hosts: all\n  tasks:\n    - debug:\n        msg: |\n          one\n          {{ a | nofilter }}\n", 6,
           "nofilter");
    assert_int_equal(f->err.column, 18);
    refuse(f, "- hosts: all\n  tasks:\n    - command: echo 'open\n", 3, "failed at splitting arguments");
    refuse(f, "- hosts: all\n  tasks:\n    - yum: {name: x}\n", 3, "couldn't resolve module/action 'yum'");
    refuse(f, "- hosts: all\n  tasks:\n    - copyy: {}\n    - name: x\n      nosuch.mod.ule: {}\n    - copyy: {}\n", 3,
           "Did you mean 'copy'?\nMissing too:\n  'nosuch.mod.ule' (");
    assert_non_null(strstr(f->err.text, "play.yml:5:7)"));
    refuse(f, "- hosts: all\n  tasks:\n    - name: x\n      copy:\n        src: a\n        dset: b\n", 6,
           "missing required arguments: dest; unsupported: dset (did you mean 'dest'?)");
    refuse(f, "- hosts: all\n  tasks:\n    - debug:\n      become: maybe\n", 4,
           "the field 'become' has an invalid value");
    refuse(f, "- hosts: all\n  tasks:\n    - include_tasks: x.yml\n      become: yes\n", 4,
           "'become' is not a valid attribute for a TaskInclude");
}

static void test_refused_plays(void **state)
{
    struct fixture *f = *state;

    refuse(f, "- hosts: all\n  taskss: []\n", 2, "'taskss' is not a valid attribute for a Play; did you mean 'tasks'?");
    refuse(f, "- hosts: all\n  taskss: []\n  bogus: 1\n", 2, "'bogus' (");
    refuse(f, "- hosts: all\n  tasks:\n    - block: []\n      wen: x\n      resque: []\n", 4,
           "'?\nNor are:\n  'resque' (");
    refuse(f, "- hosts: all\n  tasks:\n    - block: []\n      wen: x\n      resque: []\n", 4,
           ":5:7), did you mean 'rescue'?");
    refuse(f, "- tasks: []\n", 1, "the field 'hosts' is required but was not set");
    refuse(f, "- hosts:\n", 1, "Hosts list cannot be empty");
    refuse(f, "hosts: all\n", 1, "A playbook must be a list of plays");
    refuse(f, "", 0, "Empty playbook, nothing to do");
    refuse(f, "- hosts: all\n  vars: [x]\n", 2,
           "Vars in a Play must be specified as a dictionary, or a list of dictionaries");
    refuse(f, "- hosts: all\n  vars: {a-b: 1}\n", 2, "Invalid variable name in vars specified for Play: 'a-b'");
    refuse_plain(f, "- hosts: all\n  roles: [nowhere]\n", 2, "the role 'nowhere' was not found in ");
    refuse_plain(f, "- hosts: all\n  roles: [nowhere]\n", 2, "other folders: --roles-path, ANSIBLE_ROLES_PATH");
    refuse(f, "- hosts: all\n  tasks: 123\n", 2,
           "A malformed block was encountered while loading tasks: 123 should be a list or None but is <class 'int'>");
    refuse_plain(f, "- import_playbook: missing.yml\n", 1, "missing.yml' on the Ansible Controller");
}

static void test_role_above(void **state)
{
    struct fixture *f = *state;

    put(f, "roles/above/tasks/main.yml", "[]\n");
    assert_false(
        playbook_load(f->loader, put(f, "playbooks/x.yml", "- hosts: all\n  roles: [above]\n"), &f->book, &f->err));
    assert_non_null(strstr(f->err.text, arena_printf(f->arena, "; --roles-path %s/roles has it", f->folder)));
}

static void test_handler_blocks(void **state)
{
    struct fixture *f = *state;
    struct playbook *book = load(f, "- hosts: all\n  handlers:\n    - block: [{name: a, debug: }, {name: b, debug: }]\n"
                                    "      become: true\n    - {name: c, debug: }\n");

    assert_string_equal(outline_of(f, &book->plays[0]->handlers), "a b c");
    assert_true(node_keyword(book->plays[0]->handlers.items[1], KEYWORD_BECOME)->as.boolean);
    refuse(f, "- hosts: all\n  handlers:\n    - block: [{block: [{debug: }]}]\n", 3,
           "Using a block as a handler is not supported.");
    refuse(f, "- hosts: all\n  tasks:\n    - rescue: [{debug: }]\n", 3,
           "'rescue' keyword cannot be used without 'block'");
    refuse_plain(f, "- hosts: all\n  tasks:\n    - debug:\n      tags: 5\n", 4, "tags must be specified as a list");
}

static void test_skipped_modules_load(void **state)
{
    struct fixture *f = *state;
    const struct node *node;
    struct playbook *book =
        load(f, "- hosts: all\n  tasks:\n    - yum: {name: x}\n      when: ansible_os_family == 'RedHat'\n"
                "    - other.collection.thing: {a: 1}\n      when: false\n"
                "    - block:\n        - {name: deep, zypper: {name: x}}\n      when: suse | bool\n"
                "    - copy: {nonsense: 1}\n      ignore_errors: true\n"
                "  handlers: [{name: rare, community.general.ufw: {state: reloaded}}]\n");

    assert_true(book->plays[0]->handlers.items[0]->is_unresolved);
    node = book->plays[0]->tasks.items[1];
    assert_true(node->is_unresolved);
    assert_null(node->spec);
    assert_non_null(strstr(node->unresolved_text, "couldn't resolve module/action 'yum'"));
    assert_true(task_named(&book->plays[0]->tasks, "deep")->is_unresolved);
    assert_false(book->plays[0]->tasks.items[4]->is_unresolved);
    (void)load(
        f,
        "- hosts: all\n  ignore_errors: true\n  tasks:\n    - copy: {nonsense: 1}\n    - debug: {msg: '{{ 1 | nope }}'}\n");
}

static void test_inheritance(void **state)
{
    struct fixture *f = *state;
    const struct node *node;
    const struct value *list;
    struct playbook *book =
        load(f, "- hosts: all\n  become: true\n  tags: [p]\n  environment: {A: 1}\n  tasks:\n"
                "    - when: [a, b]\n      tags: x,y\n      become_user: bob\n      environment: [{B: 2}]\n"
                "      block:\n        - {name: in, debug: , when: c, tags: [z, p], environment: {C: 3}}\n");

    node = task_named(&book->plays[0]->tasks, "in");
    assert_true(node_keyword(node, KEYWORD_BECOME)->as.boolean);
    assert_string_equal(value_text(node_keyword(node, KEYWORD_BECOME_USER)), "bob");
    assert_null(node_keyword(node, KEYWORD_REGISTER));
    list = node_conditions(f->arena, node);
    assert_int_equal(value_count(list), 3);
    assert_string_equal(value_text(value_item(list, 0)), "a");
    assert_string_equal(value_text(value_item(list, 2)), "c");
    list = node_tags(f->arena, node);
    assert_int_equal(value_count(list), 4);
    list = node_keyword_list(f->arena, node, KEYWORD_ENVIRONMENT);
    assert_int_equal(value_count(list), 3);
    assert_non_null(value_map_get(value_item(list, 0), "A"));
    assert_non_null(value_map_get(value_item(list, 2), "C"));
    assert_string_equal(node_title(f->arena, node), "in");
}

static void test_roles(void **state)
{
    struct fixture *f = *state;
    struct playbook *book;
    const struct role *role;
    const struct node *node;

    put(f, "roles/base/tasks/main.yml", "- {name: base task, debug: }\n- import_tasks: more.yml\n  when: cond\n");
    put(f, "roles/base/tasks/more.yml", "- {name: more task, debug: }\n- import_tasks: sub/deep.yml\n");
    put(f, "roles/base/tasks/sub/deep.yml", "- {name: deep task, debug: }\n- import_tasks: beside.yml\n");
    put(f, "roles/base/tasks/sub/beside.yml", "- {name: beside task, debug: }\n");
    put(f, "roles/base/defaults/main/a.yml", "one: 1\ntwo: 1\n");
    put(f, "roles/base/defaults/main/b.yaml", "two: 2\n");
    put(f, "roles/base/vars/main.json", "{\"v\": 1}\n");
    put(f, "roles/app/meta/main.yml",
        "dependencies:\n  - {role: base, when: dep, inline: 5}\nallow_duplicates: true\n");
    put(f, "roles/app/meta/argument_specs.yml", "argument_specs: {main: {options: {}}}\n");
    put(f, "roles/app/tasks/main.yaml", "- {debug: }\n");
    book = load(
        f,
        "- hosts: all\n  roles:\n    - role: app\n      tags: [t]\n      vars: {ev: 1}\n      param: 7\n      when: top\n");
    assert_string_equal(outline_of(f, &book->plays[0]->tasks),
                        "flush_handlers [base task [more task [deep task [beside task]]] role_complete] "
                        "[Validating arguments against arg spec 'main' debug role_complete] "
                        "flush_handlers flush_handlers");
    assert_int_equal(book->plays[0]->role_count, 2);
    role = book->plays[0]->roles[1];
    assert_string_equal(role->name, "app");
    assert_true(role->allow_duplicates);
    assert_non_null(role->argument_specs);
    assert_int_equal(value_map_get(role->params, "param")->as.integer, 7);
    assert_int_equal(value_map_get(role->vars, "ev")->as.integer, 1);
    assert_ptr_equal(role->dependencies[0], book->plays[0]->roles[0]);
    assert_int_equal(value_map_get(role->dependencies[0]->defaults, "two")->as.integer, 2);
    assert_int_equal(value_map_get(role->dependencies[0]->vars, "v")->as.integer, 1);
    assert_int_equal(value_map_get(role->dependencies[0]->params, "inline")->as.integer, 5);
    node = task_named(&book->plays[0]->tasks, "more task");
    assert_string_equal(node_title(f->arena, node), "base : more task");
    assert_int_equal(value_count(node_conditions(f->arena, node)), 3); /* top, dep, cond */
    assert_string_equal(value_text(value_item(node_tags(f->arena, node), 0)), "t");
}

static const char *role_tasks(struct fixture *f, const char *play)
{
    f->loader = playbook_loader_new(f->arena, &f->config); /* one reads a file once */
    return outline_of(f, &load(f, play)->plays[0]->tasks);
}

static void test_argument_specs(void **state)
{
    struct fixture *f = *state;
    const struct node *node;
    struct playbook *book;

    put(f, "roles/r/meta/main.yml",
        "argument_specs: {main: {short_description: all, options: {a: {}}}, x: {}, y: {options: }}\n");
    put(f, "roles/r/tasks/main.yml", "- {debug: }\n");
    put(f, "roles/r/tasks/x.yml", "- {debug: }\n");
    put(f, "roles/r/tasks/y.yml", "- {debug: }\n");
    book = load(f, "- hosts: all\n  roles: [{role: r, a: 1}]\n");
    node = task_named(&book->plays[0]->tasks, "Validating arguments against arg spec 'main' - all");
    assert_string_equal(node_title(f->arena, node), "r : Validating arguments against arg spec 'main' - all");
    assert_string_equal(value_text(value_item(node_tags(f->arena, node), 0)), "always");
    assert_int_equal(value_map_get(value_map_get(node->args, "provided_arguments"), "a")->as.integer, 1);
    assert_non_null(value_map_get(value_map_get(node->args, "argument_spec"), "a"));
    assert_string_equal(role_tasks(f, "- hosts: all\n  tasks:\n    - import_role: {name: r, tasks_from: x}\n"),
                        "flush_handlers [[debug role_complete]] flush_handlers flush_handlers");
    assert_string_equal(role_tasks(f, "- hosts: all\n  tasks:\n    - import_role: {name: r, tasks_from: y}\n"),
                        "flush_handlers [[Validating arguments against arg spec 'y' debug "
                        "role_complete]] flush_handlers flush_handlers");
    assert_string_equal(role_tasks(f, "- hosts: all\n  tasks:\n    - import_role: {name: r, rolespec_validate: no}\n"),
                        "flush_handlers [[debug role_complete]] flush_handlers flush_handlers");
    put(f, "roles/r/meta/argument_specs.yaml", "argument_specs: {main: }\n"); /* goes before meta/main.yml */
    assert_string_equal(role_tasks(f, "- hosts: all\n  tasks:\n    - import_role: {name: r}\n"),
                        "flush_handlers [[debug role_complete]] flush_handlers flush_handlers");
}

static void test_role_identity(void **state)
{
    struct fixture *f = *state;
    struct playbook *book;
    struct role **roles;

    put(f, "roles/r/tasks/main.yml", "- {debug: }\n");
    put(f, "roles/loop/meta/main.yml", "dependencies: [loop]\n");
    book = load(f, "- hosts: all\n  roles: [r, {role: r}, {role: r, x: 1}, {role: r, x: 1}]\n");
    roles = book->plays[0]->roles;
    assert_ptr_equal(roles[1]->identity, roles[0]);
    assert_ptr_equal(roles[2]->identity, roles[2]);
    assert_ptr_equal(roles[3]->identity, roles[2]);
    refuse_plain(f, "- hosts: all\n  roles: [loop]\n", 0, "A recursion loop was detected with the roles specified");
}

static void test_imports(void **state)
{
    struct fixture *f = *state;
    struct value *extra = value_map(f->arena);
    struct playbook *book;
    const struct node *node;

    value_map_put_string(f->arena, extra, "which", "tasks");
    f->config.extra_vars = extra;
    f->loader = playbook_loader_new(f->arena, &f->config);
    put(f, "files/tasks.yml", "- {name: imported, debug: }\n- import_tasks: next.yml\n");
    put(f, "files/next.yml", "- {name: next, debug: }\n");
    put(f, "sub/other.yml", "- hosts: b\n  vars: {own: 1}\n  tasks: [{name: other, debug: }]\n");
    put(f, "roles/r/tasks/alt.yml", "- {name: alt, debug: }\n");
    put(f, "roles/r/handlers/main.yml", "- {name: rh, debug: }\n");
    book = load(
        f,
        "- hosts: a\n  vars: {place: files}\n  tasks:\n    - import_tasks: \"{{ place }}/{{ which }}.yml\"\n      when: w\n"
        "      vars: {v: 1}\n    - import_role: {name: r, tasks_from: alt}\n      tags: [rt]\n"
        "  handlers: [{name: ph, debug: }]\n"
        "- import_playbook: sub/other.yml\n  vars: {brought: 2}\n  when: pw\n  tags: [pt]\n");
    assert_string_equal(outline_of(f, &book->plays[0]->tasks),
                        "flush_handlers [imported [next]] [[alt role_complete]] flush_handlers flush_handlers");
    assert_string_equal(outline_of(f, &book->plays[0]->handlers), "ph rh");
    node = task_named(&book->plays[0]->tasks, "alt");
    assert_string_equal(value_text(value_item(node_tags(f->arena, node), 0)), "rt");
    assert_true(book->plays[0]->roles[0]->is_public);
    assert_int_equal(book->play_count, 2);
    assert_true(text_ends(book->plays[1]->folder, "/sub"));
    assert_int_equal(value_map_get(book->plays[1]->vars, "brought")->as.integer, 2);
    node = task_named(&book->plays[1]->tasks, "other");
    assert_string_equal(value_text(value_item(node_conditions(f->arena, node), 0)), "pw");
    assert_string_equal(value_text(value_item(node_tags(f->arena, node), 0)), "pt");
    refuse(f, "- hosts: a\n  tasks:\n    - import_tasks: \"{{ nothing }}.yml\"\n", 3,
           "Error when evaluating variable in import path");
    refuse(f, "- hosts: a\n  tasks:\n    - import_tasks: play.yml\n", 0, "");
    refuse(f, "- hosts: a\n  tasks:\n    - import_tasks: x.yml\n      loop: [1]\n", 3,
           "You cannot use loops on 'import_tasks' statements");
    refuse_plain(f, "- hosts: a\n  tasks:\n    - import_tasks: gone.yml\n", 3, "Could not find or access '");
}

static void test_dynamic(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct node_list nodes = { 0 };
    struct role *role = NULL;
    const struct node *include, *node;
    const char *path;
    struct playbook *book;
    struct role_request request = { .name = "r", .allow_duplicates = true };

    path = put(f, "inc.yml", "- {name: inside, debug: , when: own}\n");
    put(f, "roles/dep/tasks/main.yml", "- {name: first, debug: }\n");
    put(f, "roles/r/meta/main.yml", "dependencies: [dep]\n");
    put(f, "roles/r/tasks/main.yml", "- {name: rt, debug: }\n");
    put(f, "roles/r/handlers/main.yml", "- {name: rh, debug: }\n");
    put(f, "roles/r/templates/t.j2", "x\n");
    book = load(
        f,
        "- hosts: a\n  tasks:\n    - block:\n        - include_tasks:\n            file: inc.yml\n            apply: {become: true, tags: [at]}\n"
        "          when: mine\n          vars: {iv: 1}\n      when: outer\n"
        "    - include_role: {name: r}\n      vars: {rv: 1}\n");
    include = book->plays[0]->tasks.items[1]->tasks.items[0];
    assert_int_equal(include->task_kind, TASK_INCLUDE_TASKS);
    assert_string_equal(value_map_text(include->args, "_raw_params"), "inc.yml");
    assert_string_equal(playbook_find_file(f->arena, include, "tasks", "inc.yml"), path);
    assert_true(playbook_load_tasks(f->loader, include, path, false, &nodes, &err));
    assert_string_equal(outline_of(f, &nodes), "[inside]");
    node = task_named(&nodes, "inside");
    assert_ptr_equal(node->parent->parent, include);
    assert_true(node_keyword(node, KEYWORD_BECOME)->as.boolean);
    /* the include's own condition is not passed on, what stands around it is */
    assert_int_equal(value_count(node_conditions(f->arena, node)), 2);

    include = book->plays[0]->tasks.items[2];
    assert_int_equal(include->task_kind, TASK_INCLUDE_ROLE);
    assert_string_equal(node_title(f->arena, include), "include_role : r");
    assert_true(playbook_load_role(f->loader, include, &request, &role, &err));
    nodes = role_task_nodes(f->arena, role);
    assert_string_equal(outline_of(f, &nodes), "[first role_complete] [rt role_complete]");
    assert_int_equal(value_map_get(role->vars, "rv")->as.integer, 1);
    nodes = role_handler_nodes(f->arena, role);
    assert_string_equal(outline_of(f, &nodes), "rh");
    node = task_named(&role->tasks, "rt");
    assert_true(text_ends(playbook_find_file(f->arena, node, "templates", "t.j2"), "/roles/r/templates/t.j2"));
    assert_null(playbook_find_file(f->arena, node, "templates", "none.j2"));
    assert_int_equal(book->plays[0]->role_count, 0);
}

#define COLLECTION "collections/ansible_collections/demo/tools/"

static void put_collection(struct fixture *f)
{
    put(f, COLLECTION "meta/runtime.yml",
        "plugin_routing:\n"
        "  modules:\n"
        "    say: {redirect: ansible.builtin.debug}\n"
        "    speak: {redirect: demo.tools.say}\n"
        "    old: {redirect: ansible.builtin.debug, deprecation: {warning_text: Use say, removal_version: 9.0.0}}\n"
        "    gone: {tombstone: {removal_version: 2.0.0, warning_text: Use say.}}\n"
        "    round: {redirect: demo.tools.round2}\n"
        "    round2: {redirect: demo.tools.round}\n"
        "    bad: {redirect: debug}\n"
        "action_groups:\n"
        "  talk: [say, {metadata: {extend_group: [more, demo.none.what]}}]\n"
        "  more: [ansible.builtin.copy, {metadata: {extend_group: talk}}]\n"
        "  odd: [{metadata: {}, x: 1}, {metadata: 1}]\n");
    put(f, COLLECTION "roles/hello/tasks/main.yml", "- name: greet\n  say: {msg: hi}\n");
    put(f, COLLECTION "roles/hello/meta/main.yml", "dependencies: [base]\n");
    put(f, COLLECTION "roles/base/tasks/main.yml", "- name: base\n  debug: {msg: hi}\n");
    put(f, COLLECTION "roles/deep/nested/tasks/main.yml", "- name: nested\n  debug: {msg: hi}\n");
    put(f, COLLECTION "playbooks/extra.yml", "- hosts: all\n  tasks: [{name: extra, say: {msg: hi}}]\n");
    put(f, COLLECTION "plugins/modules/probe.sh", "#!/bin/sh\n");
    put(f, COLLECTION "plugins/modules/probe.md", "no module\n");
    put(f, COLLECTION "plugins/modules/sub/deep.py", "\n");
    put(f, COLLECTION "plugins/action/act.py", "\n");
}

static void test_collections(void **state)
{
    struct fixture *f = *state;
    struct playbook *book;
    const struct node *node;
    const struct value *old;

    put_collection(f);
    book = load(f, "- hosts: all\n"
                   "  roles: [demo.tools.hello, demo.tools.deep.nested]\n"
                   "  tasks:\n"
                   "    - {name: full, demo.tools.say: {msg: hi}}\n"
                   "    - {name: twice, demo.tools.speak: msg=hi}\n"
                   "    - {name: old, demo.tools.old: {msg: hi}}\n"
                   "    - {name: short, say: {msg: hi}, collections: [demo.tools]}\n"
                   "    - {name: core, ansible.builtin.debug: {msg: hi}, collections: [demo.tools]}\n"
                   "- hosts: all\n"
                   "  collections: demo.tools\n"
                   "  roles: [hello]\n"
                   "- import_playbook: demo.tools.extra\n");
    assert_int_equal(book->play_count, 3);
    assert_string_equal(book->plays[0]->roles[1]->name, "demo.tools.hello");
    assert_string_equal(book->plays[0]->roles[0]->name, "demo.tools.base");
    assert_string_equal(book->plays[0]->roles[2]->name, "demo.tools.nested");
    assert_string_equal(book->plays[1]->roles[1]->collection, "demo.tools");
    assert_string_equal(book->plays[2]->collection, "demo.tools");
    for (size_t i = 0; i < 5; i++) {
        static const char *const names[] = { "full", "twice", "old", "short", "core" };

        node = task_named(&book->plays[0]->tasks, names[i]);
        assert_non_null(node);
        assert_string_equal(node->action, "debug");
        assert_ptr_equal(node->spec, &debug_spec);
    }
    assert_string_equal(task_named(&book->plays[2]->tasks, "extra")->action, "debug");
    old = value_item(f->config.warnings, 0);
    assert_string_equal(
        value_text(old),
        "[DEPRECATION WARNING]: demo.tools.old has been deprecated. Use say. This feature will be removed "
        "from demo.tools in version 9.0.0. Deprecation warnings can be disabled by setting "
        "deprecation_warnings=False in ansible.cfg.");
    assert_int_equal(value_count(f->config.warnings), 1);
}

static void test_collections_refused(void **state)
{
    static const struct {
        const char *task, *message;
    } cases[] = {
        { "demo.tools.gone: {}",
          "[DEPRECATED]: demo.tools.gone has been removed. Use say. This feature was removed from "
          "demo.tools in version 2.0.0. Please update your playbooks." },
        { "demo.tools.round: {}", "plugin redirect loop resolving demo.tools.round" },
        { "demo.tools.bad: {}", "Collection demo.tools contains invalid redirect for demo.tools.bad: debug. Redirects "
                                "must use fully qualified collection names." },
        { "demo.none.x: {}", "couldn't resolve module/action 'demo.none.x'" },
        { "include_role: {name: demo.tools.hello, tasks_from: [a]}",
          "Expected a string for tasks_from but got a list" },
        { "debug: {}\n      module_defaults: {group/demo.tools.none: {}}",
          "Error loading module_defaults: could not resolve the module_defaults group demo.tools.none" },
        { "debug: {}\n      collections: {a: 1}", "the field 'collections' has an invalid value" },
        { "debug: {}\n  vars_files: {a: 1}", "Invalid vars_files entry found: a mapping" },
        { "debug: {}\n  max_fail_percentage: x", "the field 'max_fail_percentage' has an invalid value (x)" },
        { "debug: {}\n  gather_subset: [{}]", "the field 'gather_subset' has an invalid value" },
        { "debug: {}\n      module_defaults: x", "The field 'module_defaults' is supposed to be a dictionary" },
    };
    struct fixture *f = *state;

    put_collection(f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refuse(f, arena_printf(f->arena, "- hosts: all\n  tasks:\n    - %s\n", cases[i].task), 0, cases[i].message);
    refuse_plain(f, "- hosts: all\n  tasks:\n    - import_role: {name: demo.tools.none}\n", 3,
                 "the role 'demo.tools.none' was not found in ");
}

static void test_module_groups(void **state)
{
    struct fixture *f = *state;
    const struct value *defaults;

    put_collection(f);
    load(f, "- hosts: all\n"
            "  module_defaults:\n"
            "    - group/demo.tools.talk: {msg: a}\n"
            "      group/demo.tools.odd: {}\n"
            "      ansible.builtin.debug: {msg: b}\n"
            "      copy: {mode: '1'}\n"
            "  tasks: []\n");
    defaults = value_item(f->book->plays[0]->keywords[KEYWORD_MODULE_DEFAULTS], 0);
    assert_non_null(value_map_get(defaults, "group/demo.tools.talk"));
    assert_non_null(value_map_get(defaults, "debug"));
    assert_non_null(value_map_get(defaults, "copy"));
    assert_true(playbook_group_has(f->loader, "demo.tools.talk", "debug"));
    assert_true(playbook_group_has(f->loader, "demo.tools.talk", "copy"));
    assert_false(playbook_group_has(f->loader, "demo.tools.talk", "file"));
    assert_int_equal(value_count(f->config.warnings), 2);
    assert_string_equal(value_text(value_item(f->config.warnings, 0)),
                        "Invalid metadata was found for action_group demo.tools.odd while loading module_defaults. The "
                        "only expected key is metadata, but got keys: metadata, x");
}

static void test_search_module(void **state)
{
    struct fixture *f = *state;
    const struct node *plain, *in_collection;
    const char *path = NULL;

    put_collection(f);
    put(f, "library/mine.py", "\n");
    put(f, "library/mine.txt", "\n");
    put(f, "roles/r/library/theirs", "\n");
    put(f, "roles/r/tasks/main.yml", "- name: plain\n  debug: {msg: hi}\n");
    put(f, "action_plugins/acts.py", "\n");
    load(f, "- hosts: all\n  roles: [r]\n  tasks: [{name: c, debug: {msg: hi}, collections: [demo.tools]}]\n");
    plain = task_named(&f->book->plays[0]->tasks, "plain");
    in_collection = task_named(&f->book->plays[0]->tasks, "c");
    assert_true(search_module(f->loader, plain, "mine", &path, &f->err) && text_ends(path, "/library/mine.py"));
    assert_true(search_module(f->loader, plain, "theirs", &path, &f->err) &&
                text_ends(path, "/roles/r/library/theirs"));
    assert_true(search_module(f->loader, plain, "ansible.legacy.mine", &path, &f->err) && path != NULL);
    assert_true(search_module(f->loader, plain, "ansible.builtin.mine", &path, &f->err) && path == NULL);
    assert_true(search_module(f->loader, plain, "probe", &path, &f->err) && path == NULL);
    assert_true(search_module(f->loader, in_collection, "probe", &path, &f->err) && text_ends(path, "/probe.sh"));
    assert_true(search_module(f->loader, plain, "demo.tools.probe", &path, &f->err) && text_ends(path, "/probe.sh"));
    assert_true(search_module(f->loader, plain, "demo.tools.sub.deep", &path, &f->err) && text_ends(path, "/deep.py"));
    assert_true(search_module(f->loader, plain, "../mine", &path, &f->err) && path == NULL);
    assert_false(search_module(f->loader, plain, "demo.tools.gone", &path, &f->err));
    assert_non_null(search_plugin(f->loader, plain, "action", "acts"));
    assert_non_null(search_plugin(f->loader, plain, "action", "demo.tools.act"));
    assert_non_null(search_plugin(f->loader, in_collection, "action", "act"));
    assert_null(search_plugin(f->loader, plain, "action", "act"));
}

/* What is only known while the run goes on is refused there, or accepted because a failure is waited for. */
static void test_left_to_the_run(void **state)
{
    struct fixture *f = *state;
    const struct node *node;

    put(f, "sub.yml", "- {name: inner, debug: {msg: hi}}\n");
    load(f, "- hosts: all\n"
            "  vars: {what: debug}\n"
            "  tasks:\n"
            "    - {name: known, action: '{{ what }} msg=hi'}\n"
            "    - {name: unknown, action: '{{ fact }} msg=hi'}\n"
            "    - {name: form, debug: {msg: hi}, diff: 'yes.', ignore_errors: true}\n"
            "    - {name: old, include: sub.yml a=b}\n");
    assert_true(task_named(&f->book->plays[0]->tasks, "inner")->parent->gives_params);
    node = task_named(&f->book->plays[0]->tasks, "known");
    assert_string_equal(node->action, "debug");
    assert_false(node->is_unresolved);
    assert_true(task_named(&f->book->plays[0]->tasks, "unknown")->is_unresolved);
    node = task_named(&f->book->plays[0]->tasks, "form");
    assert_true(node->is_unresolved);
    assert_non_null(strstr(node->unresolved_text, "the field 'diff' has an invalid value (yes.), and could not be "
                                                  "converted to an bool.The error was: The value 'yes.' is not a valid "
                                                  "boolean."));
}

static void test_names_told(void **state)
{
    static const char duplicate[] = "- hosts: all\n  tasks:\n    - debug: {msg: a, msg: b}\n";
    struct fixture *f = *state;

    load(f, "- hosts: all\n  vars: {lipsum: 1, tags: 2, fine: 3}\n  tasks: []\n");
    assert_int_equal(value_count(f->config.warnings), 2);
    assert_string_equal(value_text(value_item(f->config.warnings, 0)), "Found variable using reserved name: lipsum");
    f->config.duplicate_keys = "error";
    refuse(f, duplicate, 0, "found a duplicate dict key (msg)");
    f->config.duplicate_keys = "ignore";
    f->loader = playbook_loader_new(f->arena, &f->config);
    load(f, duplicate);
    assert_int_equal(value_count(f->config.warnings), 2);
}

static void test_large(void **state)
{
    struct fixture *f = *state;
    struct text text = text_new(f->arena);
    int64_t start;

    text_add(&text, "- hosts: all\n  tasks:\n");
    for (int i = 0; i < 10000; i++)
        text_printf(&text,
                    "    - name: task %d\n      copy: {src: a%d, dest: /x}\n      when: a == %d\n      tags: [t]\n", i,
                    i, i);
    start = clock_monotonic_ms();
    load(f, text.data);
    print_message("10,000 tasks: %lld ms\n", (long long)(clock_monotonic_ms() - start));
    assert_int_equal(f->book->plays[0]->tasks.count, 10003);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_order),         T(test_actions),        T(test_refused_tasks),
        T(test_refused_plays), T(test_handler_blocks), T(test_skipped_modules_load),
        T(test_inheritance),   T(test_roles),          T(test_argument_specs),
        T(test_role_identity), T(test_imports),        T(test_dynamic),
        T(test_role_above),    T(test_collections),    T(test_collections_refused),
        T(test_module_groups), T(test_search_module),  T(test_left_to_the_run),
        T(test_names_told),    T(test_large),
    };

    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
