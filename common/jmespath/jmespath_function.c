/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the language, each with the types of its parameters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/integer/integer.h"
#include "common/jmespath/jmespath_parts.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

typedef const struct value *function_run(struct jmespath *search, const struct jmespath_argument *args, size_t count);

struct function {
    const char *name;
    /* One word per parameter: types joined by "|"; "any"; the last ends in "*" if more may follow. */
    const char *params;
    function_run *run;
};

static const char *type_name(const struct jmespath_argument *arg)
{
    static const char *const names[] = {
        [VALUE_UNDEFINED] = "unknown", [VALUE_NULL] = "null",     [VALUE_BOOL] = "boolean", [VALUE_INT] = "number",
        [VALUE_REAL] = "number",       [VALUE_STRING] = "string", [VALUE_LIST] = "array",   [VALUE_MAP] = "object",
        [VALUE_OBJECT] = "object",     [VALUE_BIG] = "number",
    };

    return arg->expression != NULL ? "expref" : names[arg->value->kind];
}

/* --- checking arguments --- */

/* Always false. */
static bool type_fail(struct jmespath *search, const char *name, const struct jmespath_argument *arg, const char *types,
                      const char *received)
{
    struct text shown = text_new(search->arena);
    char **words = text_split(search->arena, types, '|', NULL);

    for (size_t i = 0; words[i] != NULL; i++)
        text_printf(&shown, "%s'%s'", i > 0 ? ", " : "", words[i]);
    return error_set(search->err,
                     JMESPATH_FAILED "In function %s(), invalid type for value: %.400s, expected one of: [%s], "
                                     "received: \"%s\"",
                     name, arg->value == NULL ? "&" : value_to_text(search->arena, arg->value), shown.data, received);
}

static bool is_number_or_string(const struct value *item, bool number)
{
    return number ? jmespath_is_number(item) : item->kind == VALUE_STRING;
}

/* Members of an array-number or array-string; with both allowed the first one decides. */
static bool members_fit(struct jmespath *search, const char *name, const struct value *list, const char *types)
{
    bool numbers = strstr(types, "array-number") != NULL, strings = strstr(types, "array-string") != NULL;

    if (numbers && strings && list->as.list.count > 0)
        numbers = jmespath_is_number(list->as.list.items[0]);
    for (size_t i = 0; (numbers || strings) && i < list->as.list.count; i++) {
        struct jmespath_argument item = { .value = list->as.list.items[i] };

        if (!is_number_or_string(item.value, numbers))
            return type_fail(search, name, &item, types, value_python_type(item.value));
    }
    return true;
}

static bool type_fits(struct jmespath *search, const char *name, const struct jmespath_argument *arg, const char *types)
{
    char **words = text_split(search->arena, types, '|', NULL);
    const char *actual = type_name(arg);

    if (strcmp(types, "any") == 0)
        return arg->expression == NULL || type_fail(search, name, arg, "any", "expref");
    for (; *words != NULL; words++)
        if (strcmp(actual, *words) == 0 || (strcmp(actual, "array") == 0 && text_starts(*words, "array-")))
            return strcmp(actual, "array") != 0 || members_fit(search, name, arg->value, types);
    return type_fail(search, name, arg, types, actual);
}

static bool arguments_fit(struct jmespath *search, const struct function *function,
                          const struct jmespath_argument *args, size_t count)
{
    size_t wanted = 0;
    char **params = text_split(search->arena, function->params, ' ', &wanted);
    char *last = params[wanted - 1];
    bool more = last[strlen(last) - 1] == '*';

    if (more ? count < wanted : count != wanted)
        return error_set(search->err, JMESPATH_FAILED "Expected %s%zu argument%s for function %s(), received %zu",
                         more ? "at least " : "", wanted, wanted == 1 ? "" : "s", function->name, count);
    if (more)
        last[strlen(last) - 1] = '\0';
    for (size_t i = 0; i < wanted; i++)
        if (!type_fits(search, function->name, &args[i], params[i]))
            return false;
    for (size_t i = wanted; i < count; i++)
        if (!type_fits(search, function->name, &args[i], last))
            return false;
    return true;
}

/* --- numbers --- */

static const struct value zero = { .kind = VALUE_INT };

/* math.ceil and math.floor: Python's integers have any size. */
static const struct value *number_of(struct jmespath *search, double real)
{
    if (isfinite(real))
        return value_integer_real(search->arena, real);
    error_set(search->err, JMESPATH_PYTHON_FAILED "cannot convert float %s to integer",
              isnan(real) ? "NaN" : "infinity");
    return NULL;
}

/* Python's a + b. */
static const struct value *added(struct jmespath *search, const struct value *a, const struct value *b)
{
    double x = 0, y = 0;

    if (a->kind != VALUE_REAL && b->kind != VALUE_REAL)
        return integer_binary(search->arena, INTEGER_ADD, a, b, search->err);
    x = a->as.real;
    y = b->as.real;
    if ((a->kind != VALUE_REAL && !integer_real(a, &x, search->err)) ||
        (b->kind != VALUE_REAL && !integer_real(b, &y, search->err)))
        return NULL;
    return value_real(search->arena, x + y);
}

static const struct value *run_abs(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    const struct value *value = args[0].value;

    (void)count;
    if (value->kind == VALUE_REAL)
        return value_real(search->arena, fabs(value->as.real));
    if (!integer_is_negative(value))
        return value;
    if (value->kind == VALUE_INT && value->as.integer != INT64_MIN)
        return value_int(search->arena, -value->as.integer);
    return integer_binary(search->arena, INTEGER_SUB, &zero, value, search->err);
}

static const struct value *run_ceil(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return args[0].value->kind != VALUE_REAL ? args[0].value : number_of(search, ceil(args[0].value->as.real));
}

static const struct value *run_floor(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return args[0].value->kind != VALUE_REAL ? args[0].value : number_of(search, floor(args[0].value->as.real));
}

static const struct value *run_sum(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    const struct value *list = args[0].value, *sum;
    int64_t whole = 0, next = 0;
    size_t at = 0;

    (void)count;
    for (; at < list->as.list.count && value_is(list->as.list.items[at], VALUE_INT); at++) {
        if (__builtin_add_overflow(whole, list->as.list.items[at]->as.integer, &next))
            break;
        whole = next;
    }
    sum = value_int(search->arena, whole);
    for (; sum != NULL && at < list->as.list.count; at++)
        sum = added(search, sum, list->as.list.items[at]);
    return sum;
}

static const struct value *run_avg(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    struct value members = { .kind = VALUE_INT, .as.integer = (int64_t)value_count(args[0].value) };
    const struct value *sum;
    double real = 0;

    if (members.as.integer == 0)
        return value_null();
    sum = run_sum(search, args, count);
    if (value_is(sum, VALUE_REAL))
        return value_real(search->arena, sum->as.real / (double)members.as.integer);
    return sum != NULL && integer_ratio(sum, &members, &real, search->err) ? value_real(search->arena, real) : NULL;
}

static const struct value *run_to_number(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    const struct value *value = args[0].value;
    const char *text = value_text(value), *digits;
    int64_t whole = 0;
    double real = 0;

    (void)count;
    if (jmespath_is_number(value))
        return value;
    if (text == NULL)
        return value_null();
    text = text_trim(search->arena, text, strlen(text));
    if (text_to_int(*text == '+' ? text + 1 : text, &whole))
        return value_int(search->arena, whole);
    digits = text + (*text == '-' || *text == '+');
    if (digits[strspn(digits, "0123456789")] == '\0' && *digits != '\0')
        return value_integer_read(search->arena, digits, strlen(digits), 10, *text == '-', search->err);
    return text_to_real(text, &real) ? value_real(search->arena, real) : value_null();
}

/* --- text and lists --- */

static const struct value *run_contains(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    const struct value *in = args[0].value, *what = args[1].value;

    (void)count;
    if (in->kind == VALUE_STRING && what->kind != VALUE_STRING) {
        error_set(search->err, JMESPATH_PYTHON_FAILED "'in <string>' requires string as left operand, not %s",
                  value_python_type(what));
        return NULL;
    }
    if (in->kind == VALUE_STRING)
        return value_bool(what->as.string.length == 0 || memmem(in->as.string.data, in->as.string.length,
                                                                what->as.string.data, what->as.string.length) != NULL);
    for (size_t i = 0; i < in->as.list.count; i++)
        if (value_equal(in->as.list.items[i], what))
            return value_bool(true);
    return value_bool(false);
}

static const struct value *run_starts_with(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)search;
    (void)count;
    return value_bool(text_starts(value_text(args[0].value), value_text(args[1].value)));
}

static const struct value *run_ends_with(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)search;
    (void)count;
    return value_bool(text_ends(value_text(args[0].value), value_text(args[1].value)));
}

static const struct value *run_length(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    const struct value *value = args[0].value;
    size_t length = value_count(value);

    (void)count;
    if (value->kind == VALUE_STRING)
        length = text_utf8_count(value->as.string.data, value->as.string.length);
    else if (value->kind == VALUE_OBJECT)
        length = value_count(value->as.object.ops->keys(value->as.object.data, search->arena));
    return value_int(search->arena, (int64_t)length);
}

static const struct value *run_reverse(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    const struct value *value = args[0].value;
    struct value *list = value_list(search->arena);
    struct text out = text_new(search->arena);

    (void)count;
    for (size_t i = value_count(value); i > 0; i--)
        value_list_add(search->arena, list, value_item(value, i - 1));
    if (value->kind == VALUE_LIST)
        return list;
    for (size_t end = value->as.string.length, start; end > 0; end = start) {
        for (start = end - 1; start > 0 && ((unsigned char)value->as.string.data[start] & 0xC0) == 0x80;)
            start--;
        text_add_n(&out, value->as.string.data + start, end - start);
    }
    return value_string_n(search->arena, out.data, out.length);
}

static const struct value *run_join(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    struct text out = text_new(search->arena);

    (void)count;
    for (size_t i = 0; i < value_count(args[1].value); i++) {
        const struct value *item = value_item(args[1].value, i);

        if (i > 0)
            text_add_n(&out, args[0].value->as.string.data, args[0].value->as.string.length);
        text_add_n(&out, item->as.string.data, item->as.string.length);
    }
    return value_string_n(search->arena, out.data, out.length);
}

static const struct value *run_to_array(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    struct value *list = value_list(search->arena);

    (void)count;
    value_list_add(search->arena, list, args[0].value);
    return args[0].value->kind == VALUE_LIST ? args[0].value : list;
}

static const struct value *run_to_string(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    struct json_style style = { .ascii = true, .compact = true };

    (void)count;
    return args[0].value->kind == VALUE_STRING
               ? args[0].value
               : value_string(search->arena, json_text(search->arena, args[0].value, style));
}

static const struct value *run_type(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return value_string(search->arena, type_name(&args[0]));
}

static const struct value *run_not_null(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)search;
    for (size_t i = 0; i < count; i++)
        if (args[i].value->kind != VALUE_NULL)
            return args[i].value;
    return value_null();
}

/* --- objects --- */

static const struct value *object_parts(struct jmespath *search, const struct value *value, bool keys)
{
    struct value *list = value_list(search->arena);
    const struct value *names;

    for (size_t i = 0; i < value_map_count(value); i++)
        value_list_add(search->arena, list, keys ? value_pair_at(value, i)->key : value_pair_at(value, i)->item);
    if (value->kind == VALUE_MAP)
        return list;
    names = value->as.object.ops->keys(value->as.object.data, search->arena);
    for (size_t i = 0; !keys && i < value_count(names); i++) {
        const struct value *name = value_item(names, i);
        const struct value *item = value->as.object.ops->get(value->as.object.data, search->arena, name->as.string.data,
                                                             name->as.string.length);

        value_list_add(search->arena, list, item == NULL ? value_null() : item);
    }
    return keys ? names : list;
}

static const struct value *run_keys(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return object_parts(search, args[0].value, true);
}

static const struct value *run_values(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return object_parts(search, args[0].value, false);
}

static const struct value *run_merge(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    struct value *map = value_map(search->arena);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < value_map_count(args[i].value); k++)
            value_map_put_value(search->arena, map, value_pair_at(args[i].value, k)->key,
                                value_pair_at(args[i].value, k)->item);
    return map;
}

/* --- order --- */

struct sortable {
    const struct value *key, *item;
    size_t place;
};

static int order_of(const void *a, const void *b)
{
    const struct sortable *left = a, *right = b;
    struct error ignored = ERROR_INIT;
    int order = 0;

    value_compare(left->key, right->key, &order, &ignored); /* all numbers or all strings */
    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

/* The list with a key for each item: what `by` gives, or the item. NULL: error set. */
static struct sortable *sortables(struct jmespath *search, const char *name, const struct value *list,
                                  const struct jmespath_node *by)
{
    struct sortable *made = arena_new_array(search->arena, struct sortable, value_count(list) + 1);
    bool sorts = strcmp(name, "sort_by") == 0;
    const char *first = NULL;

    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        struct jmespath_argument key = { .value = by == NULL ? item : jmespath_evaluate(search, by, item) };
        const char *type = key.value == NULL ? NULL : type_name(&key);
        struct jmespath_argument whole = { .value = sorts && i == 0 ? item : key.value };

        if (type == NULL)
            return NULL;
        if ((strcmp(type, "number") != 0 && strcmp(type, "string") != 0) ||
            (sorts && i > 0 && strcmp(type, first) != 0)) {
            type_fail(search, name, &whole, sorts ? (i > 0 ? first : "string|number") : "number|string", type);
            return NULL;
        }
        if (i > 0 && strcmp(type, first) != 0) {
            error_set(search->err, JMESPATH_PYTHON_FAILED "'%c' not supported between instances of '%s' and '%s'",
                      name[1] == 'a' ? '>' : '<', value_python_type(key.value), value_python_type(made[i - 1].key));
            return NULL;
        }
        first = i == 0 ? type : first;
        made[i] = (struct sortable){ key.value, item, i };
    }
    return made;
}

static const struct value *sorted(struct jmespath *search, const char *name, const struct jmespath_argument *args)
{
    const struct value *list = args[0].value;
    struct sortable *items = sortables(search, name, list, strcmp(name, "sort") == 0 ? NULL : args[1].expression);
    struct value *made = value_list(search->arena);

    if (items == NULL)
        return NULL;
    qsort(items, value_count(list), sizeof(*items), order_of);
    for (size_t i = 0; i < value_count(list); i++)
        value_list_add(search->arena, made, items[i].item);
    return made;
}

/* The first of the smallest or largest. */
static const struct value *extreme(struct jmespath *search, const char *name, const struct jmespath_argument *args,
                                   bool largest)
{
    const struct value *list = args[0].value;
    struct sortable *items = sortables(search, name, list, strlen(name) == 3 ? NULL : args[1].expression);
    struct error ignored = ERROR_INIT;
    size_t best = 0;

    if (items == NULL || value_count(list) == 0)
        return items == NULL ? NULL : value_null();
    for (size_t i = 1; i < value_count(list); i++) {
        int order = 0;

        value_compare(items[i].key, items[best].key, &order, &ignored);
        if (largest ? order > 0 : order < 0)
            best = i;
    }
    return items[best].item;
}

static const struct value *run_sort(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return sorted(search, "sort", args);
}

static const struct value *run_sort_by(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return sorted(search, "sort_by", args);
}

static const struct value *run_max(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return extreme(search, "max", args, true);
}

static const struct value *run_max_by(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return extreme(search, "max_by", args, true);
}

static const struct value *run_min(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return extreme(search, "min", args, false);
}

static const struct value *run_min_by(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    (void)count;
    return extreme(search, "min_by", args, false);
}

static const struct value *run_map(struct jmespath *search, const struct jmespath_argument *args, size_t count)
{
    struct value *list = value_list(search->arena);

    (void)count;
    for (size_t i = 0; i < value_count(args[1].value); i++) {
        const struct value *made = jmespath_evaluate(search, args[0].expression, value_item(args[1].value, i));

        if (made == NULL)
            return NULL;
        value_list_add(search->arena, list, made);
    }
    return list;
}

static const struct function functions[] = {
    { "abs", "number", run_abs },
    { "avg", "array-number", run_avg },
    { "ceil", "number", run_ceil },
    { "contains", "array|string any", run_contains },
    { "ends_with", "string string", run_ends_with },
    { "floor", "number", run_floor },
    { "join", "string array-string", run_join },
    { "keys", "object", run_keys },
    { "length", "string|array|object", run_length },
    { "map", "expref array", run_map },
    { "max", "array-number|array-string", run_max },
    { "max_by", "array expref", run_max_by },
    { "merge", "object*", run_merge },
    { "min", "array-number|array-string", run_min },
    { "min_by", "array expref", run_min_by },
    { "not_null", "any*", run_not_null },
    { "reverse", "array|string", run_reverse },
    { "sort", "array-string|array-number", run_sort },
    { "sort_by", "array expref", run_sort_by },
    { "starts_with", "string string", run_starts_with },
    { "sum", "array-number", run_sum },
    { "to_array", "any", run_to_array },
    { "to_number", "any", run_to_number },
    { "to_string", "any", run_to_string },
    { "type", "any", run_type },
    { "values", "object", run_values },
};

const struct value *jmespath_call(struct jmespath *search, const char *name, const struct jmespath_argument *args,
                                  size_t count)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (strcmp(functions[i].name, name) == 0)
            return arguments_fit(search, &functions[i], args, count) ? functions[i].run(search, args, count) : NULL;
    error_set(search->err, JMESPATH_FAILED "Unknown function: %s()", name);
    return NULL;
}
