/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema (2020-12) of a file of workloads, from the tables that the checks read. */
#include <string.h>

#include "common/base/text.h"
#include "controller/workload/workload_parts.h"

struct schema_writer {
    struct arena *arena;
    const struct workload_bound *bounds;
};

static struct value *type_of(struct arena *arena, const char *type)
{
    struct value *out = value_map(arena);

    value_map_put_string(arena, out, "type", type);
    return out;
}

/* Texts and numbers: what workload_texts takes. */
static struct value *text_or_number(struct arena *arena)
{
    struct value *out = value_map(arena), *types = value_list(arena);

    value_list_add(arena, types, value_string(arena, "string"));
    value_list_add(arena, types, value_string(arena, "integer"));
    value_map_put(arena, out, "type", types);
    return out;
}

/* A text, or a list of texts. */
static struct value *list_schema(struct arena *arena)
{
    struct value *out = value_map(arena), *ways = value_list(arena), *list = type_of(arena, "array");

    value_map_put(arena, list, "items", text_or_number(arena));
    value_list_add(arena, ways, type_of(arena, "string"));
    value_list_add(arena, ways, list);
    value_map_put(arena, out, "anyOf", ways);
    return out;
}

static struct value *object_schema(struct arena *arena, const struct task_spec *spec,
                                   const struct workload_bound *bounds);

static struct value *map_schema(struct arena *arena, const char *name)
{
    struct value *out;

    if (strcmp(name, "health") == 0)
        return object_schema(arena, &workload_health_spec, workload_health_bounds);
    if (strcmp(name, "resources") == 0)
        return object_schema(arena, &workload_resources_spec, workload_resources_bounds);
    out = type_of(arena, "object");
    if (strcmp(name, "environment") == 0) {
        struct value *names = type_of(arena, "string");

        value_map_put_string(arena, names, "pattern", "^[A-Za-z_][A-Za-z0-9_]*$");
        value_map_put(arena, out, "propertyNames", names);
        value_map_put(arena, out, "additionalProperties", text_or_number(arena));
    }
    return out;
}

static void put_bound(const struct schema_writer *writer, struct value *out, const char *name)
{
    for (const struct workload_bound *bound = writer->bounds; bound->name != NULL; bound++) {
        if (strcmp(bound->name, name) != 0)
            continue;
        value_map_put_int(writer->arena, out, "minimum", bound->least);
        value_map_put_int(writer->arena, out, "maximum", bound->most);
    }
}

static struct value *string_schema(struct arena *arena, const struct arg_spec *arg)
{
    struct value *out = strcmp(arg->name, "time") == 0 ? text_or_number(arena) : type_of(arena, "string");
    struct value *choices = value_list(arena);

    for (size_t i = 0; arg->choices != NULL && arg->choices[i] != NULL; i++)
        value_list_add(arena, choices, value_string(arena, arg->choices[i]));
    if (value_count(choices) > 0)
        value_map_put(arena, out, "enum", choices);
    if (strcmp(arg->name, "name") == 0)
        value_map_put_string(arena, out, "pattern", WORKLOAD_NAME_PATTERN);
    if (strcmp(arg->name, "alias") == 0)
        value_map_put_string(arena, out, "pattern", WORKLOAD_ALIAS_PATTERN);
    return out;
}

static const struct value *default_value(struct arena *arena, const struct arg_spec *arg)
{
    int64_t number = 0;
    bool boolean = false;

    if (arg->type == ARG_INT && text_to_int(arg->default_text, &number))
        return value_int(arena, number);
    if (arg->type == ARG_BOOL && text_to_bool(arg->default_text, &boolean))
        return value_bool(boolean);
    return value_string(arena, arg->default_text);
}

static struct value *argument_schema(const struct schema_writer *writer, const struct arg_spec *arg)
{
    struct arena *arena = writer->arena;
    struct value *out = NULL;

    if (arg->type == ARG_INT) {
        out = type_of(arena, "integer");
        put_bound(writer, out, arg->name);
    } else if (arg->type == ARG_BOOL) {
        out = type_of(arena, "boolean");
    } else if (arg->type == ARG_LIST) {
        out = list_schema(arena);
    } else if (arg->type == ARG_MAP) {
        out = map_schema(arena, arg->name);
    } else {
        out = string_schema(arena, arg);
    }
    value_map_put_string(arena, out, "description", arg->help);
    if (arg->default_text != NULL)
        value_map_put(arena, out, "default", default_value(arena, arg));
    return out;
}

static struct value *object_schema(struct arena *arena, const struct task_spec *spec,
                                   const struct workload_bound *bounds)
{
    const struct schema_writer writer = { arena, bounds };
    struct value *out = type_of(arena, "object"), *properties = value_map(arena), *required = value_list(arena);

    for (const struct arg_spec *arg = spec->args; arg->name != NULL; arg++) {
        value_map_put(arena, properties, arg->name, argument_schema(&writer, arg));
        for (size_t i = 0; arg->aliases != NULL && arg->aliases[i] != NULL; i++)
            value_map_put(arena, properties, arg->aliases[i], argument_schema(&writer, arg));
        if (arg->required)
            value_list_add(arena, required, value_string(arena, arg->name));
    }
    value_map_put(arena, out, "properties", properties);
    if (value_count(required) > 0)
        value_map_put(arena, out, "required", required);
    value_map_put_bool(arena, out, "additionalProperties", false);
    return out;
}

/* One map, or a list of maps. */
struct value *workload_schema(struct arena *arena)
{
    struct value *out = value_map(arena), *ways = value_list(arena), *defs = value_map(arena);
    struct value *one = value_map(arena), *many = type_of(arena, "array"), *item = value_map(arena);

    value_map_put_string(arena, out, "$schema", "https://json-schema.org/draft/2020-12/schema");
    value_map_put_string(arena, out, "title", "Workloads of Roost: inventory/workloads/*.yml");
    value_map_put_string(arena, one, "$ref", "#/$defs/workload");
    value_map_put_string(arena, item, "$ref", "#/$defs/workload");
    value_map_put(arena, many, "items", item);
    value_list_add(arena, ways, one);
    value_list_add(arena, ways, many);
    value_map_put(arena, out, "anyOf", ways);
    value_map_put(arena, defs, "workload", object_schema(arena, &workload_spec, workload_bounds));
    value_map_put(arena, out, "$defs", defs);
    return out;
}
