/* SPDX-License-Identifier: Apache-2.0 */
/* Reads tests/modules/NAME.yml. Refuses what it does not know: a misspelt `expect` must not make a test that checks
 * nothing. */
#include "tests/modules/module_case.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"

static const char *const case_keys[] = { "case", "needs",  "given", "task",  "content",
                                         "diff", "expect", "check", "again", NULL };
static const char *const expect_keys[] = {
    "changed", "failed", "skipped", "result", "absent", "order", "verify", NULL
};

static const char *const known_needs[] = { "root", "node", "systemd", "debian", "network", NULL };

static bool keys_check(const struct value *map, const char *what, const char *const *known, struct error *err)
{
    struct source_position at = value_position(map);

    if (!map)
        return true;
    if (!value_is(map, VALUE_MAP))
        return error_set_at(err, &at, "%s must be a mapping", what);
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value *key = value_pair_at(map, i)->key;
        const char *name = value_text(key);
        at = value_position(key);
        if (!name || !text_in(name, known))
            return error_set_at(err, &at, "%s has an unknown key '%s'", what, name ? name : "?");
    }
    return true;
}

static bool needs_check(const struct value *needs, struct error *err)
{
    for (size_t i = 0; i < value_count(needs); i++) {
        const struct value *need = value_item(needs, i);
        struct source_position at = value_position(need);
        if (!value_text(need) || !text_in(value_text(need), known_needs))
            return error_set_at(err, &at, "a case cannot need '%s'", value_text(need) ? value_text(need) : "?");
    }
    struct source_position at = value_position(needs);
    if (needs && !value_is(needs, VALUE_LIST))
        return error_set_at(err, &at, "needs must be a list");
    return true;
}

static bool case_read_task(struct arena *arena, const struct value *task, struct module_case *out, struct error *err)
{
    struct source_position at = value_position(task);

    if (!value_is(task, VALUE_MAP))
        return error_set_at(err, &at, "a case needs a task: a mapping of a module to its arguments");
    for (size_t i = 0; i < value_count(task); i++) {
        const struct value_pair *pair = value_pair_at(task, i);
        const char *name = value_text(pair->key);
        if (name && strcmp(name, "environment") == 0) {
            out->environment = pair->item;
        } else if (out->module) {
            return error_set_at(err, &at, "a case has one module; '%s' is a second one", name ? name : "?");
        } else {
            out->module = name;
            out->args = pair->item;
        }
    }
    if (!out->module)
        return error_set_at(err, &at, "the task names no module");
    if (value_is(out->args, VALUE_STRING)) {
        struct value *free_form = value_map(arena);
        value_map_put(arena, free_form, "_raw_params", out->args);
        out->args = free_form;
    } else if (value_is(out->args, VALUE_NULL)) {
        out->args = value_map(arena);
    }
    return true;
}

static bool case_read(struct arena *arena, const struct value *map, struct module_case *out, struct error *err)
{
    struct source_position at = value_position(map);

    if (!keys_check(map, "a case", case_keys, err))
        return false;
    out->line = at.line;
    out->name = value_map_text(map, "case");
    if (!out->name)
        return error_set_at(err, &at, "a case needs a name: `case: what it shows`");
    out->needs = value_map_get(map, "needs");
    out->given = value_map_text(map, "given");
    out->content = value_map_text(map, "content");
    out->diff = value_map_true(map, "diff");
    out->expect = value_map_get(map, "expect");
    out->check = value_map_get(map, "check");
    out->again = value_map_get(map, "again");
    out->verify = value_map_text(out->expect, "verify");
    return needs_check(out->needs, err) && keys_check(out->expect, "expect", expect_keys, err) &&
           keys_check(out->check, "check", expect_keys, err) && keys_check(out->again, "again", expect_keys, err) &&
           case_read_task(arena, value_map_get(map, "task"), out, err);
}

bool module_cases_read(struct arena *arena, const char *path, struct module_case **cases_out, size_t *count_out,
                       struct error *err)
{
    const struct value *list = NULL;

    if (!yaml_read_file(arena, path, true, &list, err))
        return false;
    struct source_position at = value_position(list);
    if (!value_is(list, VALUE_LIST))
        return error_set_at(err, &at, "%s must be a list of cases", path);
    size_t count = value_count(list);
    struct module_case *cases = arena_new_array(arena, struct module_case, count + 1);
    const char *base = path_basename(path);
    for (size_t i = 0; i < count; i++) {
        cases[i].file = arena_copy_n(arena, base, strlen(base) - strlen(path_extension(base)));
        if (!case_read(arena, value_item(list, i), &cases[i], err))
            return false;
    }
    *cases_out = cases;
    *count_out = count;
    return true;
}
