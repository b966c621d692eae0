/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inventories from files to hosts, groups, variables and patterns. Expected values were compared with ansible-core 2.14.
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
#include "common/json/json.h"
#include "engine/inventory/inventory.h"
#include "engine/inventory/inventory_change.h"
#include "engine/inventory/inventory_rules.h"
#include "engine/template/template.h"
#include "tests/unit/engine/inventory/inventory_plugins.h"

struct fixture {
    struct arena *arena;
    char folder[64];
    struct inventory_config config;
    struct inventory *inventory;
    struct error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_new();
    snprintf(f->folder, sizeof(f->folder), "%s", "/tmp/roost-inventory-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->config.warnings = value_list(f->arena);
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

static void load_path(struct fixture *f, const char *path)
{
    const char *sources[] = { path, NULL };

    f->config.warnings = value_list(f->arena);
    assert_true(inventory_load(f->arena, sources, &f->config, &f->inventory, &f->err));
}

static void load(struct fixture *f, const char *name, const char *text)
{
    load_path(f, put(f, name, text));
}

static const char *warnings_of(struct fixture *f)
{
    struct text out = text_new(f->arena);

    for (size_t i = 0; i < value_count(f->config.warnings); i++)
        text_printf(&out, "%s\n", value_text(value_item(f->config.warnings, i)));
    return out.length == 0 ? "" : out.data;
}

static const char *match(struct fixture *f, const char *pattern, const char *limit)
{
    struct text out = text_new(f->arena);
    struct inventory_selection selection = { .pattern = value_string(f->arena, pattern),
                                             .limit = limit,
                                             .warnings = f->config.warnings };
    struct inventory_host_list hosts = { 0 };

    memset(&f->err, 0, sizeof(f->err));
    if (!inventory_match(f->inventory, f->arena, &selection, &hosts, &f->err))
        return f->err.text;
    for (size_t i = 0; i < hosts.count; i++)
        text_printf(&out, "%s%s", i == 0 ? "" : " ", hosts.items[i]->name);
    assert_null(hosts.items[hosts.count]);
    return out.length == 0 ? "" : out.data;
}

static const char *vars_of(struct fixture *f, const char *host)
{
    const struct inventory_vars_files files = { .playbook_folder = f->folder, .config = &f->config };
    const struct value *vars = NULL;

    assert_true(inventory_host_variables(f->inventory, f->arena, inventory_find_host(f->inventory, host), &files, &vars,
                                         &f->err));
    return json_text(f->arena, vars, (struct json_style){ .sort_keys = true });
}

static void test_ini(void **state)
{
    struct fixture *f = *state;

    load(
        f, "hosts.ini",
        "; a comment\nlonely\n[web]\nw[1:3] color=blue  # comment\nw2:2222 n=5 list=\"['a', 1]\" q='x y' b=True e=a=b h=a#c\n"
        "[db]\ndb-[a:c].x\n[2001:db8::1]:22\n2001:db8::2\n"
        "[web:vars]\nport=80\nname = \"quoted\"  # not part\nplain = some text # part\ndict={'k': [1]}\n[all:vars]\ntop=1\n"
        "[site:children]\nweb\ndb\n");
    assert_string_equal(warnings_of(f), "");
    assert_string_equal(match(f, "all", NULL), "lonely w1 w2 w3 db-a.x db-b.x db-c.x 2001:db8::1 2001:db8::2");
    assert_string_equal(match(f, "ungrouped", NULL), "lonely");
    assert_string_equal(
        vars_of(f, "w2"),
        "{\"b\": true, \"color\": \"blue\", \"dict\": {\"k\": [1]}, \"e\": \"a=b\", \"h\": \"a\", \"list\": "
        "[\"a\", 1], \"n\": 5, \"name\": \"quoted\", \"plain\": \"some text # part\", \"port\": 80, \"q\": "
        "\"x y\", \"top\": 1}");
    assert_string_equal(vars_of(f, "2001:db8::1"), "{\"ansible_port\": 22, \"top\": 1}");
    assert_string_equal(inventory_find_host(f->inventory, "w1")->source_folder, f->folder);
    assert_int_equal(inventory_find_group(f->inventory, "web")->depth, 2);
    assert_null(inventory_find_group(f->inventory, "nothing"));
}

static void test_ranges(void **state)
{
    struct fixture *f = *state;

    load(f, "hosts.ini", "a[01:03]\nb[0:6:3]c[x:z]\n[8:9].d\n");
    assert_string_equal(match(f, "all", NULL), "a01 a02 a03 b0cx b0cy b0cz b3cx b3cy b3cz b6cx b6cy b6cz 8.d 9.d");
}

static void ini_fails(struct fixture *f, const char *text, const char *message)
{
    load(f, "broken.ini", text);
    if (strstr(warnings_of(f), message) == NULL)
        fail_msg("wanted: %s\n   got: %s", message, warnings_of(f));
    assert_non_null(strstr(warnings_of(f), "as an inventory source"));
    assert_non_null(strstr(warnings_of(f), "No inventory was parsed, only implicit localhost is available"));
}

static void test_ini_errors(void **state)
{
    struct fixture *f = *state;

    ini_fails(f, "[web]\nh1 novalue\n", "broken.ini:2:4: Expected key=value host variable assignment, got: novalue");
    ini_fails(f, "[web:vars]\nx=1\n", "broken.ini:1:1: Section [web:vars] not valid for undefined group: web");
    ini_fails(f, "[a:children]\nb\n", "broken.ini:2:1: Section [a:children] includes undefined group: b");
    ini_fails(
        f, "[web:hots]\n",
        "broken.ini:1:6: Section [web:hots] has unknown type: hots (expected hosts, vars or children; did you mean 'hosts'?)");
    ini_fails(f, "[we b]\n", "broken.ini:1:1: Invalid section entry: '[we b]'");
    ini_fails(f, "[a]\nx\n[a:vars]\nnovalue\n", "broken.ini:4:1: Expected key=value, got: novalue");
    ini_fails(f, "h1 a='open\n", "No closing quotation");
    ini_fails(f, "h[1:]\n", "host range must specify end value");
    ini_fails(f, "h[001:10]\n", "host range must specify equal-length begin and end formats");
    ini_fails(f, "h[z:a]\n", "host range must have begin <= end");
    ini_fails(f, "h[1:99999999]\n", "a host range may stand for at most");
    ini_fails(f, "[a:children]\nb\n[b:children]\na\n", "creates a recursive dependency loop");
    ini_fails(f, "name:\n", "ending in ':' is not allowed");
}

static void test_yaml(void **state)
{
    struct fixture *f = *state;

    load(
        f, "hosts.yml",
        "all:\n  hosts:\n    one: {a: 1}\n  vars: {top: yes}\n  children:\n    web:\n      hosts:\n        w[1:2]:\n"
        "          n: 3\n      vars: {ansible_group_priority: 10, v: web}\n    db:\n      hosts: d1\n      vars: {v: db}\n"
        "      odd: {x: 1}\n");
    assert_string_equal(match(f, "all", NULL), "one w1 w2 d1");
    assert_string_equal(vars_of(f, "w1"), "{\"n\": 3, \"top\": true, \"v\": \"web\"}");
    assert_int_equal(inventory_find_group(f->inventory, "web")->priority, 10);
    assert_non_null(strstr(warnings_of(f),
                           "Skipping unexpected key (odd) in group (db), only \"vars\", \"children\" and "
                           "\"hosts\" are valid"));
    load(f, "bad.yml", "all:\n  hosts: [a]\n");
    assert_non_null(
        strstr(warnings_of(f), "Invalid \"hosts\" entry for \"all\" group, requires a dictionary, found a list"));
    assert_false(inventory_load(f->arena, (const char *const[]){ put(f, "nonsense.yaml", "plugin: aws_ec2\n"), NULL },
                                &f->config, &f->inventory, &f->err));
    assert_non_null(strstr(f->err.text, "inventory plugin 'aws_ec2' is not available"));
    assert_int_equal(f->err.column, 9);
}

static void test_list_and_localhost(void **state)
{
    struct fixture *f = *state;
    struct inventory_host *host;

    load_path(f, "a,b[1:2], c:23 ,");
    assert_string_equal(match(f, "all", NULL), "a b[1:2] c"); /* ranges are for advanced_host_list */
    assert_string_equal(vars_of(f, "c"), "{\"ansible_port\": 23}");
    assert_string_equal(match(f, "localhost", NULL), "localhost");
    host = inventory_find_host(f->inventory, "127.0.0.1");
    assert_string_equal(host->name, "localhost");
    assert_true(host->is_implicit);
    assert_string_equal(value_map_text(host->vars, "ansible_connection"), "local");
    assert_string_equal(match(f, "all", NULL), "a b[1:2] c");
    assert_string_equal(match(f, "*", NULL), "a b[1:2] c");
}

static void test_folder(void **state)
{
    struct fixture *f = *state;

    put(f, "inv/01-a", "[web]\nw1\n");
    put(f, "inv/02-b.yml", "web: {hosts: {w2: {}}, vars: {x: 2}}\n");
    put(f, "inv/notes.txt", "nothing [\n");
    put(f, "inv/ignored.ini", "[web]\nw9\n");
    put(f, "inv/.hidden", "w8\n");
    put(f, "inv/sub/more", "w3\n");
    put(f, "inv/group_vars/web.yml", "x: 3\ny: 1\n");
    put(f, "inv/workloads/chat.yml", "name: chat\nengine: llama_cpp\n"); /* no inventory */
    put(f, "inv/zone/workloads", "w4\n");                                /* a file is one, whatever its name */
    load_path(f, path_join(f->arena, f->folder, "inv"));
    assert_string_equal(warnings_of(f), "");
    assert_string_equal(match(f, "all", NULL), "w3 w4 w1 w2");
    assert_string_equal(vars_of(f, "w2"), "{\"x\": 3, \"y\": 1}");
}

static void test_script(void **state)
{
    struct fixture *f = *state;
    const char *path =
        put(f, "script.sh",
            "#!/bin/sh\ncase $1 in --list) echo '{\"web\": {\"hosts\": [\"w1\", \"w2\"], \"vars\": {\"a\": 1}}, "
            "\"flat\": [\"f1\"], \"top\": {\"children\": [\"web\"]}, \"_meta\": {\"hostvars\": {\"w1\": {\"b\": "
            "\"{{ a }}\"}}}}';; *) exit 1;; esac\n");

    chmod(path, 0755);
    load_path(f, path);
    assert_string_equal(warnings_of(f), "");
    assert_string_equal(match(f, "all", NULL), "f1 w1 w2");
    assert_string_equal(vars_of(f, "w1"), "{\"a\": 1, \"b\": \"{{ a }}\"}");
    assert_true(value_has_mark(value_map_get(inventory_find_host(f->inventory, "w1")->vars, "b"), VALUE_TRUSTED));
    path = put(
        f, "each.sh",
        "#!/bin/sh\nif [ $1 = --list ]; then echo '{\"g\": [\"h1\"]}'; else echo \"{\\\"me\\\": \\\"$2\\\"}\"; fi\n");
    chmod(path, 0755);
    load_path(f, path);
    assert_string_equal(vars_of(f, "h1"), "{\"me\": \"h1\"}");
    path = put(f, "bad.sh", "#!/bin/sh\necho broken >&2\nexit 3\n");
    chmod(path, 0755);
    load_path(f, path);
    assert_non_null(strstr(warnings_of(f), "bad.sh) had an execution error: broken"));
}

static void test_precedence(void **state)
{
    struct fixture *f = *state;

    put(f, "inv/hosts",
        "[all:vars]\na=inventory_all\n[web:vars]\na=inventory_web\nb=inventory_web\n[web]\nw1 f=inventory_host\n");
    put(f, "inv/group_vars/all", "a: gv_all\nb: gv_all\nc: gv_all\n");
    put(f, "inv/group_vars/web/one.yml", "c: gv_web\nd: gv_web\ne: gv_web\n");
    put(f, "inv/host_vars/w1.yml", "e: hv\n");
    put(f, "group_vars/all.yml", "c: play_all\n");
    put(f, "group_vars/web.json", "{\"d\": \"play_web\"}");
    put(f, "host_vars/w1", "g: play_host\nf: play_host\n");
    load_path(f, path_join(f->arena, f->folder, "inv/hosts"));
    assert_string_equal(vars_of(f, "w1"),
                        "{\"a\": \"gv_all\", \"b\": \"gv_all\", \"c\": \"gv_web\", \"d\": \"play_web\", "
                        "\"e\": \"hv\", \"f\": \"play_host\", \"g\": \"play_host\"}");
}

static void test_patterns(void **state)
{
    struct fixture *f = *state;

    load(f, "hosts", "[web]\nweb1\nweb2\nweb3\n[db]\ndb1.example.com\nweb3\n[prod]\nweb1\ndb1.example.com\n");
    assert_string_equal(match(f, "web:&prod", NULL), "web1");
    assert_string_equal(match(f, "web,db", NULL), "web1 web2 web3 db1.example.com");
    assert_string_equal(match(f, "all:!db", NULL), "web1 web2");
    assert_string_equal(match(f, "!web", NULL), "db1.example.com");
    assert_string_equal(match(f, "web[0]", NULL), "web1");
    assert_string_equal(match(f, "web[-1]", NULL), "web3");
    assert_string_equal(match(f, "web[0:1]", NULL), "web1 web2");
    assert_string_equal(match(f, "web[1:]", NULL), "web2 web3");
    assert_string_equal(match(f, "web[0-1]", NULL), "web1 web2");
    assert_non_null(strstr(warnings_of(f), "Use [x:y] inclusive subscripts"));
    f->config.warnings = value_list(f->arena);
    assert_string_equal(match(f, "web[7]", NULL), "No hosts matched the subscripted pattern 'web[7]'");
    assert_string_equal(match(f, "*.example.com", NULL), "db1.example.com");
    assert_string_equal(match(f, "~web[12]$", NULL), "web1 web2");
    assert_string_equal(match(f, "~(web|db)1", NULL), "web1 db1.example.com");
    assert_string_equal(match(f, "w*:&d*", NULL), "web3");
    assert_string_equal(match(f, "web?", NULL), "web1 web2 web3");
    assert_string_equal(match(f, "all", "web:!web2"), "web1 web3");
    assert_string_equal(match(f, "db", "web"), "web3");
    assert_string_equal(match(f, "all", arena_printf(f->arena, "@%s", put(f, "limit", "web2\n\n db1.example.com \n"))),
                        "web2 db1.example.com");
    assert_string_equal(match(f, "all", "@/nowhere"), "Unable to find limit file /nowhere");
    assert_string_equal(match(f, "web:nobody", NULL), "web1 web2 web3");
    assert_string_equal(warnings_of(f), "Could not match supplied host pattern, ignoring: nobody\n");
    assert_non_null(strstr(match(f, "~(", NULL), "Invalid host list pattern: ~("));
}

static void test_changes(void **state)
{
    struct fixture *f = *state;
    struct inventory_group *group;
    struct inventory_host *host;
    size_t count = 0;

    load(f, "hosts", "[web]\nweb1\n");
    host = inventory_add_host(f->inventory, "new");
    group = inventory_add_group(f->inventory, "made");
    inventory_add_to_group(f->inventory, group, host);
    inventory_add_child(f->inventory, inventory_find_group(f->inventory, "all"), group);
    assert_string_equal(match(f, "made", NULL), "new");
    assert_string_equal(match(f, "all", NULL), "web1 new");
    assert_string_equal(inventory_host_groups(f->inventory, f->arena, host, &count)[0]->name, "all");
    assert_int_equal(count, 2);
}

static void test_names(void **state)
{
    struct fixture *f = *state;

    load(f, "hosts", "[my-group]\nh1\n[same]\nsame\n");
    assert_string_equal(warnings_of(f),
                        "Invalid characters were found in group names but not replaced, use -vvvv to see details\n"
                        "Found both group and host with same name: same\n");
}

static void test_broken(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(broken_sources) / sizeof(broken_sources[0]); i++) {
        load(f, broken_sources[i].name, broken_sources[i].text);
        if (strstr(warnings_of(f), broken_sources[i].message) == NULL)
            fail_msg("%s: wanted: %s\n   got: %s", broken_sources[i].name, broken_sources[i].message, warnings_of(f));
    }
}

static void test_toml(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(toml_texts) / sizeof(toml_texts[0]); i++) {
        load(f, "hosts.toml", arena_printf(f->arena, "[g.hosts.h1]\n[g.vars]\n%s\n", toml_texts[i].text));
        assert_string_equal(vars_of(f, "h1"), toml_texts[i].json);
    }
    for (size_t i = 0; i < sizeof(toml_refused) / sizeof(toml_refused[0]); i++) {
        load(f, "broken.toml", arena_printf(f->arena, "[g.vars]\n%s\n", toml_refused[i]));
        if (strstr(warnings_of(f), "broken.toml with toml plugin: ") == NULL ||
            strstr(warnings_of(f), "broken.toml:") == NULL)
            fail_msg("taken: %s: %s", toml_refused[i], warnings_of(f));
    }
}

static void test_broken_scripts(void **state)
{
    struct fixture *f = *state;
    static const struct inventory_rules rules = { .script_timeout_s = 2 };

    f->config.rules = &rules;
    for (size_t i = 0; i < sizeof(broken_scripts) / sizeof(broken_scripts[0]); i++) {
        const char *path =
            put(f, broken_scripts[i].name, arena_printf(f->arena, "#!/bin/sh\n%s", broken_scripts[i].text));

        chmod(path, 0755);
        load_path(f, path);
        if (strstr(warnings_of(f), broken_scripts[i].message) == NULL)
            fail_msg("%s: wanted: %s\n   got: %s", broken_scripts[i].name, broken_scripts[i].message, warnings_of(f));
    }
}

/* Chains of groups, written from the top and from the bottom. */
static void test_deep(void **state)
{
    struct fixture *f = *state;

    for (int down = 0; down < 2; down++) {
        struct text text = text_new(f->arena);

        for (int i = 0; i < 10000; i++)
            text_printf(&text, "[g%d:children]\ng%d\n", down ? i : 10000 - i, down ? i + 1 : 9999 - i);
        text_add(&text, "[g10000]\n[g0]\n");
        ini_fails(f, text.data, "groups may be nested at most");
    }
}

static void test_refresh(void **state)
{
    struct fixture *f = *state;
    struct value *added = value_map(f->arena), *names = value_list(f->arena);
    struct inventory_grouping grouping = { "web1", "by_hand", value_list(f->arena) };
    struct inventory_host *host;
    uint32_t number;
    bool changed = false;

    load(f, "hosts", "[web]\nweb1 a=1\nweb2\n");
    value_list_add(f->arena, names, value_string(f->arena, "fresh"));
    value_map_put_string(f->arena, added, "host_name", "new");
    value_map_put(f->arena, added, "groups", names);
    value_map_put(f->arena, added, "host_vars", value_map(f->arena));
    assert_true(inventory_change_host(f->inventory, added, &changed, &f->err));
    assert_true(changed);
    assert_true(inventory_change_host(f->inventory, added, &changed, &f->err));
    assert_false(changed);
    value_list_add(f->arena, (struct value *)(uintptr_t)grouping.parents, value_string(f->arena, "all"));
    assert_true(inventory_change_group(f->inventory, &grouping, &changed, &f->err));
    assert_true(changed);
    host = inventory_find_host(f->inventory, "web1");
    number = host->number;
    put(f, "hosts", "[web]\nweb3\nweb1 a=2\n");
    assert_true(inventory_refresh(f->inventory, &f->config, &f->err));
    assert_string_equal(match(f, "all", NULL), "new web3 web1");
    assert_string_equal(match(f, "fresh:by_hand", NULL), "new web1");
    assert_ptr_equal(inventory_find_host(f->inventory, "web1"), host);
    assert_int_equal(host->number, number);
    assert_string_equal(vars_of(f, "web1"), "{\"a\": 2}");
    assert_null(inventory_find_host(f->inventory, "web2"));
    assert_string_equal(f->inventory->numbered[number]->name, "web1");
}

static void test_large(void **state)
{
    struct fixture *f = *state;
    struct text text = text_new(f->arena);
    struct inventory_selection selection = { .pattern = value_string(f->arena, "all:!g7:&host-*") };
    struct inventory_host_list hosts = { 0 };
    int64_t start;

    for (int g = 0; g < 100; g++) {
        text_printf(&text, "[g%d]\n", g);
        for (int h = 0; h < 100; h++)
            text_printf(&text, "host-%d-%d rack=%d note='some text'\n", g, h, h);
    }
    put(f, "hosts.ini", text.data);
    start = clock_monotonic_ms();
    load_path(f, path_join(f->arena, f->folder, "hosts.ini"));
    assert_true(inventory_match(f->inventory, f->arena, &selection, &hosts, &f->err));
    print_message("10,000 hosts: %lld ms\n", (long long)(clock_monotonic_ms() - start));
    assert_int_equal(hosts.count, 9900);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_ini),    T(test_ranges),  T(test_ini_errors), T(test_yaml),     T(test_list_and_localhost),
        T(test_folder), T(test_script),  T(test_precedence), T(test_patterns), T(test_changes),
        T(test_names),  T(test_large),   T(test_broken),     T(test_toml),     T(test_broken_scripts),
        T(test_deep),   T(test_refresh),
    };

    return cmocka_run_group_tests_name("inventory", tests, NULL, NULL);
}
