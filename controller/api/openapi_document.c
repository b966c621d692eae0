/* SPDX-License-Identifier: Apache-2.0 */
/* The table of routes as an OpenAPI 3.1 document: what is served is what is declared, there is no second description. */
#include <string.h>

#include "common/base/text.h"
#include "controller/api/route.h"

static const char *json_type(enum arg_type type)
{
    switch (type) {
    case ARG_BOOL:
    case ARG_TRI:
        return "boolean";
    case ARG_INT:
        return "integer";
    case ARG_REAL:
        return "number";
    case ARG_LIST:
    case ARG_VALUES:
        return "array";
    case ARG_MAP:
        return "object";
    case ARG_RAW:
        return NULL; /* anything */
    default:
        return "string";
    }
}

static const struct value *strings(struct arena *arena, const char *const *texts)
{
    struct value *list = value_list(arena);

    for (; *texts != NULL; texts++)
        value_list_add(arena, list, value_string(arena, *texts));
    return list;
}

static struct value *argument_schema(struct arena *arena, const struct arg_spec *arg)
{
    struct value *schema = value_map(arena);

    if (json_type(arg->type) != NULL)
        value_map_put_string(arena, schema, "type", json_type(arg->type));
    if (arg->help != NULL)
        value_map_put_string(arena, schema, "description", arg->help);
    if (arg->choices != NULL)
        value_map_put(arena, schema, "enum", strings(arena, arg->choices));
    if (arg->default_text != NULL)
        value_map_put_string(arena, schema, "x-default", arg->default_text);
    if (arg->no_log)
        value_map_put_bool(arena, schema, "writeOnly", true);
    return schema;
}

static void add_parameter(struct arena *arena, struct value *parameters, const char *in, const char *name,
                          const struct arg_spec *arg)
{
    struct value *parameter = value_map(arena), *schema = value_map(arena);

    value_map_put_string(arena, parameter, "name", name);
    value_map_put_string(arena, parameter, "in", in);
    value_map_put_bool(arena, parameter, "required", arg == NULL || arg->required);
    value_map_put_string(arena, schema, "type", "string");
    value_map_put(arena, parameter, "schema", arg == NULL ? schema : argument_schema(arena, arg));
    value_list_add(arena, parameters, parameter);
}

static const struct value *parameters_of(struct arena *arena, const struct api_route *route)
{
    struct value *parameters = value_list(arena);

    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at + 1, '{'))
        add_parameter(arena, parameters, "path", arena_copy_n(arena, at + 1, strcspn(at + 1, "}")), NULL);
    for (const struct arg_spec *arg = route->query == NULL ? NULL : route->query->args;
         arg != NULL && arg->name != NULL; arg++)
        add_parameter(arena, parameters, "query", arg->name, arg);
    return parameters;
}

/* {"content": {"application/json": {"schema": schema}}} */
static struct value *json_content(struct arena *arena, const struct value *schema)
{
    struct value *out = value_map(arena), *content = value_map(arena), *media = value_map(arena);

    value_map_put(arena, media, "schema", schema);
    value_map_put(arena, content, "application/json", media);
    value_map_put(arena, out, "content", content);
    return out;
}

static const struct value *body_of(struct arena *arena, const struct api_route *route)
{
    struct value *schema = value_map(arena), *properties = value_map(arena), *required = value_list(arena);
    struct value *body = NULL;

    for (const struct arg_spec *arg = route->body->args; arg->name != NULL; arg++) {
        value_map_put(arena, properties, arg->name, argument_schema(arena, arg));
        if (arg->required)
            value_list_add(arena, required, value_string(arena, arg->name));
    }
    value_map_put_string(arena, schema, "type", "object");
    value_map_put(arena, schema, "properties", properties);
    value_map_put_bool(arena, schema, "additionalProperties", route->body->any_args);
    if (value_count(required) > 0)
        value_map_put(arena, schema, "required", required);
    body = json_content(arena, schema);
    value_map_put_bool(arena, body, "required", true);
    return body;
}

/* Bytes of a media type of their own. */
static const struct value *sink_of(struct arena *arena, const struct api_sink *sink)
{
    struct value *body = value_map(arena), *content = value_map(arena);

    value_map_put(arena, content, sink->content_type, value_map(arena));
    value_map_put(arena, body, "content", content);
    value_map_put_bool(arena, body, "required", true);
    return body;
}

static const struct value *replies_of(struct arena *arena, const struct api_route *route)
{
    struct value *replies = value_map(arena), *good = value_map(arena), *bad = value_map(arena);

    value_map_put_string(arena, good, "description", route->reply == NULL ? "done" : route->reply);
    value_map_put(arena, replies, "2XX", good);
    value_map_put_string(arena, bad, "$ref", "#/components/responses/error");
    value_map_put(arena, replies, "default", bad);
    return replies;
}

static const struct value *security_of(struct arena *arena, const struct api_route *route)
{
    struct value *list = value_list(arena), *one = value_map(arena);

    if (route->access != API_PUBLIC) {
        value_map_put(arena, one, route->access <= API_NODE_EXPIRED ? "node" : "token", value_list(arena));
        value_list_add(arena, list, one);
    }
    return list;
}

static const struct value *operation(struct arena *arena, const struct api_resource *resource,
                                     const struct api_route *route)
{
    struct value *out = value_map(arena), *tags = value_list(arena);

    value_list_add(arena, tags, value_string(arena, resource->name));
    value_map_put(arena, out, "tags", tags);
    value_map_put_string(arena, out, "summary", route->summary);
    value_map_put_string(arena, out, "x-access", api_access_name(route->access));
    value_map_put(arena, out, "security", security_of(arena, route));
    value_map_put(arena, out, "parameters", parameters_of(arena, route));
    if (route->body != NULL)
        value_map_put(arena, out, "requestBody", body_of(arena, route));
    if (route->sink != NULL)
        value_map_put(arena, out, "requestBody", sink_of(arena, route->sink));
    value_map_put(arena, out, "responses", replies_of(arena, route));
    return out;
}

static struct value *paths_of(struct arena *arena, const struct api_table *table)
{
    struct value *paths = value_map(arena);

    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->resources[i]->count; j++) {
            const struct api_route *route = &table->resources[i]->routes[j];
            const struct value *known = value_map_get(paths, route->path);
            struct value *path = value_map(arena);
            char method[16] = "";

            if (route->is_page || route->form_back != NULL)
                continue;
            for (size_t k = 0; route->method[k] != '\0' && k + 1 < sizeof(method); k++)
                method[k] = (char)(route->method[k] | 0x20);
            for (size_t k = 0; k < value_count(known); k++)
                value_map_put_value(arena, path, value_pair_at(known, k)->key, value_pair_at(known, k)->item);
            value_map_put(arena, path, method, operation(arena, table->resources[i], route));
            value_map_put(arena, paths, route->path, path);
        }
    }
    return paths;
}

static struct value *named(struct arena *arena, const char *name, const struct value *inner)
{
    struct value *map = value_map(arena);

    value_map_put(arena, map, name, inner);
    return map;
}

static const struct value *components(struct arena *arena)
{
    struct value *out = value_map(arena), *schemes = value_map(arena), *token = value_map(arena),
                 *node = value_map(arena);
    struct value *string = value_map(arena), *members = value_map(arena), *error = value_map(arena);

    value_map_put_string(arena, token, "type", "http");
    value_map_put_string(arena, token, "scheme", "bearer");
    value_map_put_string(arena, node, "type", "mutualTLS");
    value_map_put(arena, schemes, "token", token);
    value_map_put(arena, schemes, "node", node);
    value_map_put(arena, out, "securitySchemes", schemes);

    value_map_put_string(arena, string, "type", "string");
    value_map_put(arena, members, "code", string);
    value_map_put(arena, members, "message", string);
    error = json_content(arena, named(arena, "properties", named(arena, "error", named(arena, "properties", members))));
    value_map_put_string(arena, error, "description", "why not: a code for programs, a sentence for people");
    value_map_put(arena, out, "responses", named(arena, "error", error));
    return out;
}

const struct value *api_openapi(struct arena *arena, const struct api_table *table, const char *version)
{
    struct value *document = value_map(arena), *info = value_map(arena), *tags = value_list(arena);

    value_map_put_string(arena, document, "openapi", "3.1.0");
    value_map_put_string(arena, info, "title", "Roost controller");
    value_map_put_string(arena, info, "version", version);
    value_map_put(arena, document, "info", info);
    for (size_t i = 0; i < table->count; i++) {
        struct value *tag = value_map(arena);

        value_map_put_string(arena, tag, "name", table->resources[i]->name);
        value_map_put_string(arena, tag, "description", table->resources[i]->summary);
        value_list_add(arena, tags, tag);
    }
    value_map_put(arena, document, "tags", tags);
    value_map_put(arena, document, "paths", paths_of(arena, table));
    value_map_put(arena, document, "components", components(arena));
    return document;
}
