/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups: what they find in the search folders, options in terms, and what failures become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/value/value_python.h"
#include "engine/template/lookup.h"
#include "engine/template/template.h"

static bool no_names(void *data, struct arena *arena, const char *name, size_t length, const struct value **out,
                     struct error *err)
{
    (void)arena, (void)err;
    *out = value_map_get_n(data, name, length);
    return true;
}

static const struct value *names(void *data, struct arena *arena)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < value_count(data); i++)
        value_list_add(arena, list, value_pair_at(data, i)->key);
    return list;
}

/* repr() of what `text` gives, or the text of its error. */
static char *run(struct arena *arena, const char *text)
{
    static const char *const folders[] = { TEST_DATA "/template/folder", NULL };
    struct value *constants = value_map(arena), *plugins = value_map(arena), *ssh = value_map(arena);
    struct template_config config = { .strict_undefined = true, .omit_text = "__omit__", .constants = constants };
    struct value *source = value_string(arena, text), *map = value_map(arena), *list = value_list(arena);
    struct template_vars vars = { .context = map, .get = no_names, .names = names };
    struct template_call call = {
        .env = template_env_new(arena, &config), .arena = arena, .vars = &vars, .search_folders = folders
    };
    struct text out = text_new(arena);
    struct error err = ERROR_INIT;
    const struct value *made = NULL;

    value_map_put_int(arena, constants, "DEFAULT_FORKS", 7);
    value_map_put_int(arena, ssh, "port", 22);
    value_map_put(arena, plugins, "connection ssh", ssh);
    value_map_put(arena, constants, CONSTANTS_PLUGINS, plugins);
    value_list_add(arena, list, value_int(arena, 1));
    value_map_put(arena, map, "l", list);
    value_map_put_string(arena, map, "long_name", "v");
    source->marks |= VALUE_TRUSTED;
    if (template_value(&call, source, &made, &err))
        value_repr(&out, made);
    else
        text_add(&out, err.text);
    return out.data;
}

struct lookup_case {
    const char *text, *wanted;
};

static void check_all(const struct lookup_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ARENA_SCOPED arena = arena_new();
        const char *got = run(arena, cases[i].text), *said = strstr(got, "original message: ");

        if (said != NULL) /* behind the sentence that Ansible puts before every failure of a lookup */
            got = said + strlen("original message: ");
        if (strcmp(got, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].text, got);
    }
}
#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof((cases)[0]))

static void tables(void **state)
{
    static const struct lookup_case cases[] = {
        { "{{ lookup('ini', 'port', section='web', file='x.ini') }}", "'80'" },
        { "{{ lookup('ini', 'port section=db file=x.ini') }}", "'5432'" },
        { "{{ lookup('ini', 'PORT', section='web', file='x.ini') }}", "'80'" },
        { "{{ lookup('ini', 'port', section='web', file='x.ini', case_sensitive=true, default='no') }}", "'no'" },
        { "{{ lookup('ini', 'long', section='web', file='x.ini') }}", "'one\\ntwo'" },
        { "{{ lookup('ini', 'url', section='web', file='x.ini') }}", "'http://x/?a=b'" },
        { "{{ lookup('ini', 'colour', section='db', file='x.ini') }}", "'red'" },
        { "{{ query('ini', 'p.*', section='web', file='x.ini', re=true) }}", "['80']" },
        { "{{ lookup('ini', 'c', type='properties', file='x.properties') }}", "'two words'" },
        { "{{ lookup('ini', 'a', section='nope', file='x.ini') }}", "No section 'nope' in x.ini" },
        { "{{ lookup('ini', 'path', 'pct', section='inter', file='more.ini', allow_none=true) }}", "'/srv/www,100%'" },
        { "{{ query('ini', 'bare', section='inter', file='more.ini', allow_none=true) }}", "[]" },
        { "{{ query('ini', 'p.*', section='inter', file='more.ini', allow_none=true, re=true) }}",
          "['/srv/www', '100%']" },
        { "{{ lookup('ini', 'root', section='inter', file='more.ini', allow_none=true) }}", "'/'" },
        { "{{ lookup('ini', 'bad', section='wrong', file='more.ini', allow_none=true) }}",
          "Bad value substitution: in section 'wrong' of 'more.ini': there is no 'nothing'" },
        { "{{ lookup('ini', 'path', section='inter', file='more.ini') }}",
          "Source contains parsing errors in 'more.ini', line 6: 'bare\\n'" },
        { "{{ lookup('ini', 'port section=db other=x file=x.ini') }}",
          "Could not use 'section=db other=x' from 'port section=db other=x file=x.ini': too many values to unpack (expected 2)" },
        { "{{ lookup('csvfile', 'node2', file='c.csv', delimiter=',') }}", "'10.0.0.2'" },
        { "{{ lookup('csvfile', 'node1 file=c.csv delimiter=, col=2') }}", "'a \"quoted\" one'" },
        { "{{ lookup('csvfile', 'node9', file='c.csv', delimiter=',', default='none') }}", "'none'" },
        { "{{ lookup('csvfile', 'x', file='nope.csv') }}", "could not locate file in lookup: nope.csv" },
    };

    (void)state;
    CHECK_ALL(cases);
}

static void files(void **state)
{
    static const struct lookup_case cases[] = {
        { "{{ lookup('file', 'f.txt') }}", "'  text'" },
        { "{{ lookup('ansible.builtin.file', 'f.txt', lstrip=true) }}", "'text'" },
        { "{{ lookup('file', 'f.txt', 'f.txt') }}", "'  text,  text'" },
        { "{{ lookup('file', 'nope.txt') }}", "could not locate file in lookup: nope.txt" },
        { "{{ lookup('file', 'nope.txt', errors='ignore') }}", "''" },
        { "{{ query('file', 'nope.txt', errors='ignore') }}", "[]" },
        { "{{ lookup('template', 't.j2') }}", "'[1] of none\\n'" },
        { "{{ lookup('template', 't.j2', template_vars={'extra': 5}) }}", "'[1] of 5\\n'" },
        { "{{ lookup('template', 'self.j2') }}",
          "recursive loop detected in template string: {{ lookup(\"template\", \"self.j2\") }}" },
        { "{{ lookup('template', 'list.j2') }}", "[1]" },
        { "{{ lookup('template', 'list.j2', convert_data=false) }}", "'[1]\\n'" },
        { "{{ lookup('first_found', ['nope', 'f.txt']) | basename }}", "'f.txt'" },
        { "{{ query('first_found', ['nope'], skip=true) }}", "[]" },
        { "{{ query('first_found', ['t.j2'], skip=true) }}",
          "[]" }, /* templates/ is for with_first_found of templates */
        { "{{ query('fileglob', '*.ini') | map('basename') | sort | list }}", "['more.ini', 'x.ini']" },
        { "{{ lookup('unvault', 'f.txt') | trim }}", "'text'" },
    };

    (void)state;
    CHECK_ALL(cases);
}

static void others(void **state)
{
    static const struct lookup_case cases[] = {
        { "{{ lookup('env', 'ROOST_LOOKUP_TEST') }}", "'here'" },
        { "{{ lookup('pipe', 'echo one; echo two') }}", "'one\\ntwo'" },
        { "{{ query('lines', 'echo one; echo two') }}", "['one', 'two']" },
        { "{{ lookup('pipe', 'exit 3') }}", "lookup_plugin.pipe(exit 3) returned 3" },
        { "{{ query('varnames', '^long') }}", "['long_name']" },
        { "{{ lookup('vars', 'long_name') }}", "'v'" },
        { "{{ lookup('vars', 'nope', default='d') }}", "'d'" },
        { "{{ lookup('vars', 'nope') }}", "No variable found with this name: nope" },
        { "{{ query('inventory_hostnames', 'all') }}", "No inventory available to search" },
        { "{{ query('inventory_hostnames', ['all']) }}", "unhashable type: 'list'" },
        { "{{ undef(hint='word') }}", "word" },
        { "{{ undef(hint='word') | mandatory }}", "Mandatory variable  not defined." },
        { "{{ undef(hint='word').part }}", "word" },
        { "{{ undef(hint='word') | default('d') }}", "'d'" },
        { "{{ query('flattened', [1, [2, 'null', 3]], 4) }}", "[1, 2, 4]" },
        { "{{ lookup('pipe', 'echo {{ long_name }}') }}", "'v'" },
        { "{{ query('random_choice', 'only') }}", "['only']" },
        { "{{ query('sequence', '4-16/2') | length }}", "'7'" },
        { "{{ query('sequence', 'start=A end=3') }}", "can't parse start=A as integer" },
        { "{{ query('sequence', '3:x%02d') }}", "['x01', 'x02', 'x03']" },
        { "{{ query('sequence', 'junk=3') }}", "unrecognized arguments to with_sequence: ['junk']" },
        { "{{ lookup('password', '/dev/null seed=foo') == lookup('password', '/dev/null', seed='foo') }}", "True" },
        { "{{ lookup('password', '/dev/null length=4 chars=digits seed=x') | length }}", "'4'" },
        { "{{ lookup('password', '/dev/null nosuch=4') }}",
          "Unrecognized parameter(s) given to password lookup: nosuch" },
        { "{{ lookup('nonesuch', 'x') }}", "lookup plugin (nonesuch) not found" },
    };

    (void)state;
    setenv("ROOST_LOOKUP_TEST", "here", 1);
    CHECK_ALL(cases);
}

static void config(void **state)
{
    static const struct lookup_case cases[] = {
        { "{{ query('config', 'DEFAULT_FORKS') }}", "[7]" },
        { "{{ lookup('config', 'DEFAULT_FORK') }}", "Unable to find setting DEFAULT_FORK" },
        { "{{ query('config', 'NOPE', 'DEFAULT_FORKS', on_missing='skip') }}", "[7]" },
        { "{{ query('config', 'NOPE', on_missing='warn') }}", "[]" },
        { "{{ lookup('config', 3) }}", "Invalid setting identifier, \"3\" is not a string, its a <class 'int'>" },
        { "{{ lookup('config', 'NOPE', on_missing='x') }}",
          "Invalid value \"x\" for configuration option \"plugin_type: lookup plugin: config setting: on_missing \", valid "
          "values are: error, skip, warn" },
        { "{{ query('config', 'port', plugin_type='connection', plugin_name='ssh') }}", "[22]" },
        { "{{ query('config', 'port', plugin_type='connection') }}",
          "Both plugin_type and plugin_name are required, cannot use one without the other" },
        { "{{ query('config', 'nope', plugin_type='connection', plugin_name='ssh') }}", "Unable to find setting nope" },
        { "{{ query('config', 'port', plugin_type='connection', plugin_name='nope') }}",
          "Unable to load connection plugin \"nope\"" },
    };

    (void)state;
    CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tables), cmocka_unit_test(files), cmocka_unit_test(others),
                                        cmocka_unit_test(config) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
