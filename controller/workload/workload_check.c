/* SPDX-License-Identifier: Apache-2.0 */
/* What a table of arguments cannot say of a workload: bounds, forms of names, texts of one line, networks, Slurm's resources. */
#include "controller/workload/workload_parts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/model/memory_need_fit.h"
#include "common/value/value_python.h"

#define ALIAS_MAX 128
#define INTERFACE_MAX 15 /* IFNAMSIZ - 1 */
#define TIME_MAX_S (365 * 86400LL)

bool workload_fail(const struct workload_check *check, const char *setting, const char *format, ...)
{
    const struct value *item = setting == NULL ? NULL : value_map_get(check->map, setting);
    struct source_position at = value_position(item != NULL ? item : check->map);
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set_at(check->err, &at, "%s", text);
}

bool workload_name_is_good(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= WORKLOAD_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length && name[0] != '-' && name[length - 1] != '-';
}

bool workload_name_is_free(const char *name, struct error *err)
{
    const char *number = text_starts(name, "bench-") ? name + strlen("bench-") : "";

    if (number[0] == '\0' || number[strspn(number, "0123456789")] != '\0')
        return true;
    return error_set(err,
                     "the name '%s' is the controller's: its benchmarks are called bench- and a number, and would be "
                     "written over; take another one, as 'bench%s' or 'my-bench-%s'",
                     name, number, number);
}

bool workload_alias_is_good(const char *alias)
{
    size_t length = strlen(alias);

    for (const char *at = alias; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && strchr("._:/@+-", *at) == NULL)
            return false;
    }
    return length > 0 && length <= ALIAS_MAX && isalnum((unsigned char)alias[0]);
}

bool workload_bounds_hold(const struct workload_check *check, const struct workload_bound *bounds, const char *prefix)
{
    for (; bounds->name != NULL; bounds++) {
        const struct value *item = value_map_get(check->map, bounds->name);
        int64_t number = 0;

        if (item == NULL || !text_to_int(value_to_text(check->arena, item), &number))
            continue; /* what is no number was refused by its type */
        if (number < bounds->least || number > bounds->most)
            return workload_fail(check, bounds->name, "%s%s must be %" PRId64 " to %" PRId64 ", but it is %" PRId64,
                                 prefix, bounds->name, bounds->least, bounds->most, number);
    }
    return true;
}

/* Nothing that could begin another line of a unit file, or of an answer over HTTP. */
static bool is_one_line(const struct value *text)
{
    const char *data = text->as.string.data;

    for (size_t i = 0; i < text->as.string.length; i++) {
        if ((unsigned char)data[i] < ' ' && data[i] != '\t')
            return false;
    }
    return true;
}

/* Texts, and numbers as they are written. */
static bool text_of(const struct workload_check *check, const char *what, const struct value *item,
                    const struct value **out)
{
    struct source_position at = value_position(item);

    if (value_is(item, VALUE_INT))
        item = value_string(check->arena, value_to_text(check->arena, item));
    if (!value_is(item, VALUE_STRING))
        return error_set_at(check->err, &at, "%s must be a text, but it is a %s: write it in quotes", what,
                            value_kind_text(item));
    if (!is_one_line(item))
        return error_set_at(check->err, &at, "%s must be one line without control characters", what);
    if (item->as.string.length > WORKLOAD_TEXT_MAX)
        return error_set_at(check->err, &at, "%s is longer than %d bytes", what, WORKLOAD_TEXT_MAX);
    *out = item;
    return true;
}

bool workload_texts(const struct workload_check *check, const char *setting, const struct value *list,
                    const struct value **out)
{
    struct value *texts = value_list(check->arena);

    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *text = NULL;

        if (!text_of(check, setting, value_item(list, i), &text))
            return false;
        value_list_add(check->arena, texts, text);
    }
    texts->path = list->path;
    texts->line = list->line;
    texts->column = list->column;
    *out = texts;
    return true;
}

static bool is_variable_name(const char *name)
{
    if (name == NULL || (!isalpha((unsigned char)name[0]) && name[0] != '_'))
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '_')
            return false;
    }
    return true;
}

bool workload_environment(const struct workload_check *check, const struct value *map, const struct value **out)
{
    struct value *texts = value_map(check->arena);

    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const struct value *text = NULL;
        struct source_position at = value_position(pair->key);

        if (!is_variable_name(value_text(pair->key)))
            return error_set_at(check->err, &at, "environment: '%s' is no name of a variable",
                                value_to_text(check->arena, pair->key));
        if (!text_of(check, arena_printf(check->arena, "environment.%s", value_text(pair->key)), pair->item, &text))
            return false;
        value_map_put_value(check->arena, texts, pair->key, text);
    }
    *out = texts;
    return true;
}

static bool is_network(const char *network, size_t length, int64_t bits)
{
    char text[INET6_ADDRSTRLEN] = "";
    unsigned char address[sizeof(struct in6_addr)];

    if (length >= sizeof(text))
        return false;
    memcpy(text, network, length);
    return (inet_pton(AF_INET, text, address) == 1 && bits <= 32) ||
           (inet_pton(AF_INET6, text, address) == 1 && bits <= 128);
}

bool workload_network_check(const struct workload_check *check, const char *network)
{
    const char *slash = strchr(network, '/');
    size_t length = strlen(network);
    int64_t bits = -1;

    if (slash != NULL) {
        if (text_to_int(slash + 1, &bits) && bits >= 0 && is_network(network, (size_t)(slash - network), bits))
            return true;
    } else if (length > 0 && length <= INTERFACE_MAX && strpbrk(network, " \t:") == NULL &&
               is_one_line(value_string(check->arena, network))) {
        return true;
    }
    return workload_fail(check, "network",
                         "network must be a network such as 10.0.0.0/24 or an interface, but it is '%s'", network);
}

/* "90", "10:00", "1:30:00" as seconds. YAML reads 1:30:00 as the number 5400, so a number is seconds. */
static bool time_read(const char *text, int64_t *out)
{
    int64_t seconds = 0;
    int parts = 0;

    for (const char *at = text; parts < 3; parts++) {
        int64_t number = 0;
        int digits = 0;

        for (; isdigit((unsigned char)*at) && digits < 9; at++, digits++)
            number = number * 10 + (*at - '0');
        seconds = seconds * 60 + number;
        if (digits == 0 || (*at != ':' && *at != '\0'))
            return false;
        if (*at++ == '\0') {
            *out = seconds;
            return seconds > 0 && seconds <= TIME_MAX_S;
        }
    }
    return false;
}

static bool resources_check(const struct workload_check *check, struct workload_resources *resources)
{
    uint64_t memory = 0;
    int64_t time_s = 0;
    struct error err = ERROR_INIT;

    if (!workload_bounds_hold(check, workload_resources_bounds, "resources."))
        return false;
    if (resources->memory != NULL && (!memory_size_parse(resources->memory, &memory, &err) || memory == 0))
        return workload_fail(check, "memory", "resources.memory must be a size such as 64GiB, but it is '%s'",
                             resources->memory);
    if (resources->time != NULL && !time_read(resources->time, &time_s))
        return workload_fail(check, "time",
                             "resources.time must be hours:minutes:seconds or whole seconds, but it is '%s'",
                             resources->time);
    if (resources->time != NULL)
        resources->time = arena_printf(check->arena, "%" PRId64 ":%02d:%02d", time_s / 3600, (int)(time_s / 60 % 60),
                                       (int)(time_s % 60));
    if (resources->partition != NULL && !workload_alias_is_good(resources->partition))
        return workload_fail(check, "partition", "resources.partition '%s' is no name of a partition",
                             resources->partition);
    return true;
}

bool workload_resources_bind(const struct workload_check *check, const struct value *map, const struct value **out)
{
    struct arena *arena = check->arena;
    struct workload_check inner = { arena, map, check->err };
    struct workload_resources resources = { 0 };
    struct value *value = value_map(arena);

    if (!arg_bind_plain(arena, &workload_resources_spec, map, "setting of resources", &resources, check->err) ||
        !resources_check(&inner, &resources))
        return false;
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = { { "nodes", resources.nodes },
                    { "tasks", resources.tasks },
                    { "cpus_per_task", resources.cpus_per_task } };
    const char *const texts[][2] = { { "memory", resources.memory },
                                     { "time", resources.time },
                                     { "partition", resources.partition } };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i].number > 0)
            value_map_put_int(arena, value, numbers[i].name, numbers[i].number);
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i][1] != NULL)
            value_map_put_string(arena, value, texts[i][0], texts[i][1]);
    }
    *out = value;
    return true;
}
