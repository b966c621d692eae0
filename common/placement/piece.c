/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces from and to JSON. */
#include "common/placement/piece.h"

#include <string.h>

#include "common/base/text.h"
#include "common/placement/piece_check.h"

#define SECONDS_MAX ((int64_t)366 * 24 * 3600)
#define STOP_MAX ((int64_t)3600)
#define BYTES_MAX ((int64_t)1 << 50)
#define ACCOUNT_MAX 32
#define PROGRAM_NAME_MAX 64
#define UNIT_SUFFIX ".service"

static const struct arg_spec piece_args[] = {
    ARG(piece, name, ARG_STRING, .required = true, .help = "what it is called on its node"),
    ARG(piece, kind, ARG_STRING, .default_text = "service", .choices = ARG_NAMES("service", "job"),
        .help = "runs until it is taken away, or once"),
    ARG(piece, program, ARG_STRING, .required = true, .help = "a program of the agent's table, or an absolute path"),
    ARG(piece, build, ARG_STRING, .help = "that the program must have"),
    ARG(piece, arguments, ARG_RAW, .help = "list of texts"),
    ARG(piece, environment, ARG_RAW, .help = "map of texts"),
    ARG(piece, secrets, ARG_RAW, .no_log = true, .help = "environment that no list of processes shows"),
    ARG(piece, user, ARG_STRING, .help = "account of the node; absent: one of its own"),
    ARG(piece, devices, ARG_RAW, .help = "list: gpu"),
    ARG(piece, read, ARG_RAW, .help = "paths that it must see"),
    ARG(piece, state, ARG_STRING, .help = "name of a folder that it may write and that stays"),
    ARG(piece, files, ARG_RAW, .help = "map of texts: files in the folder that it starts in"),
    ARG(piece, state_max, ARG_INT, .default_text = "0", .help = "bytes that the folder is kept to"),
    ARG(piece, memory_max, ARG_INT, .default_text = "0", .help = "bytes of host memory"),
    ARG(piece, ports, ARG_RAW, .help = "list of {port, address, from}"),
    ARG(piece, restart, ARG_STRING, .default_text = "no", .choices = ARG_NAMES("no", "on-failure"),
        .help = "whether it is started again on its node"),
    ARG(piece, lease, ARG_BOOL, .help = "ends when the controller was not heard for so long"),
    ARG(piece, timeout_s, ARG_INT, .default_text = "0", .help = "of a job"),
    ARG(piece, stop_s, ARG_INT, .default_text = "0", .help = "until it is killed"),
    ARG(piece, node, ARG_STRING, .help = "its node's name"),
    ARG_END,
};

const struct task_spec piece_spec = {
    .name = "piece", .summary = "A piece of a workload", .args = piece_args, .args_size = sizeof(struct piece)
};

/* --- checks --- */

static bool line_check(const char *text, const char *what, size_t most, struct error *err)
{
    struct value value = { .kind = VALUE_STRING };

    if (text == NULL)
        return true;
    value.as.string.data = text;
    value.as.string.length = strlen(text);
    if (text[0] == '\0' || value.as.string.length > most)
        return error_set(err, "%s has %zu bytes; it needs 1 to %zu", what, value.as.string.length, most);
    return piece_text_check(&value, what, err);
}

static bool program_check(const char *program, struct error *err)
{
    if (!line_check(program, "'program'", LIMIT_PATH - 1, err))
        return false;
    if (strchr(program, '/') != NULL)
        return piece_path_check(program, "'program'", err);
    for (size_t i = 0; program[i] != '\0'; i++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", program[i]) == NULL || i >= PROGRAM_NAME_MAX)
            return error_set(err, "'program' is '%.60s', which is neither a name ([a-z0-9_]) nor an absolute path",
                             program);
    }
    return true;
}

static bool user_check(const char *user, struct error *err)
{
    if (user == NULL)
        return true;
    for (size_t i = 0; user[i] != '\0'; i++) {
        bool is_first = strchr("abcdefghijklmnopqrstuvwxyz_", user[i]) != NULL;

        if ((!is_first && (i == 0 || strchr("0123456789-", user[i]) == NULL)) || i >= ACCOUNT_MAX)
            return error_set(err, "'user' is '%.60s', which is no name of an account", user);
    }
    return user[0] != '\0' || error_set(err, "'user' is empty");
}

static bool devices_check(const struct value *devices, struct error *err)
{
    if (!piece_texts_check(devices, "devices", 8, err))
        return false;
    for (size_t i = 0; i < value_count(devices); i++) {
        const char *device = value_text(value_item(devices, i));

        if (!text_equal(device, "gpu"))
            return error_set(err, "'devices' holds '%.60s'; only 'gpu' is known", device);
    }
    return true;
}

static bool read_check(const struct value *paths, struct error *err)
{
    if (!piece_texts_check(paths, "read", PIECE_READ_MAX, err))
        return false;
    for (size_t i = 0; i < value_count(paths); i++) {
        if (!piece_path_check(value_text(value_item(paths, i)), "'read'", err))
            return false;
    }
    return true;
}

static bool number_check(int64_t number, const char *what, int64_t most, struct error *err)
{
    return (number >= 0 && number <= most) ||
           error_set(err, "'%s' is %lld; it must be 0 to %lld", what, (long long)number, (long long)most);
}

static bool numbers_check(const struct piece *piece, struct error *err)
{
    return number_check(piece->state_max, "state_max", BYTES_MAX, err) &&
           number_check(piece->memory_max, "memory_max", BYTES_MAX, err) &&
           number_check(piece->timeout_s, "timeout_s", SECONDS_MAX, err) &&
           number_check(piece->stop_s, "stop_s", STOP_MAX, err);
}

static bool piece_check(struct arena *arena, const struct piece *piece, struct error *err)
{
    return program_check(piece->program, err) && line_check(piece->build, "'build'", 256, err) &&
           piece_texts_check(piece->arguments, "arguments", PIECE_ARGUMENTS_MAX, err) &&
           piece_environment_check(piece->environment, "environment", err) &&
           piece_environment_check(piece->secrets, "secrets", err) && user_check(piece->user, err) &&
           devices_check(piece->devices, err) && read_check(piece->read, err) && piece_files_check(piece->files, err) &&
           (piece->state == NULL || piece_name_check(piece->state, "'state'", err)) && numbers_check(piece, err) &&
           piece_ports_check(arena, piece->ports, err) && line_check(piece->node, "'node'", LIMIT_NODE_NAME, err);
}

/* Texts with a NUL inside would bind as their beginning. */
static bool has_nul(const struct value *map)
{
    for (size_t i = 0; i < value_map_count(map); i++) {
        const struct value *item = value_pair_at(map, i)->item;

        if (value_is(item, VALUE_STRING) && strlen(item->as.string.data) != item->as.string.length)
            return true;
    }
    return false;
}

static bool bind(struct arena *arena, const struct value *map, struct piece *out, struct error *err)
{
    struct piece piece = { .name = NULL };

    if (has_nul(map))
        return error_set(err, "it holds a text with a NUL character");
    if (!arg_bind_plain(arena, &piece_spec, map, "member", &piece, err) || !piece_check(arena, &piece, err))
        return false;
    if (piece.secrets != NULL)
        piece.secrets = value_mark(arena, piece.secrets, VALUE_SECRET, 0);
    *out = piece;
    return true;
}

bool piece_bind(struct arena *arena, const struct value *map, struct piece *out, struct error *err)
{
    const struct value *name = value_map_get(map, "name");

    if (!value_is(map, VALUE_MAP))
        return error_set(err, "a piece must be a map, but it is a %s", value_kind_text(map));
    if (value_text(name) == NULL)
        return error_set(err, "a piece must have a 'name'");
    if (!piece_text_check(name, "the piece's name", err) ||
        !piece_name_check(value_text(name), "the piece's name", err))
        return false;
    return bind(arena, map, out, err) || error_prefix(err, "piece '%s'", value_text(name));
}

/* --- to JSON --- */

static void put_text(struct arena *arena, struct value *map, const char *key, const char *text)
{
    if (text != NULL)
        value_map_put_string(arena, map, key, text);
}

static void put_value(struct arena *arena, struct value *map, const char *key, const struct value *value)
{
    if (value != NULL)
        value_map_put(arena, map, key, value);
}

static void put_number(struct arena *arena, struct value *map, const char *key, int64_t number)
{
    if (number != 0)
        value_map_put_int(arena, map, key, number);
}

struct value *piece_value(struct arena *arena, const struct piece *piece)
{
    struct value *map = value_map(arena);

    put_text(arena, map, "name", piece->name);
    put_text(arena, map, "kind", piece->kind);
    put_text(arena, map, "program", piece->program);
    put_text(arena, map, "build", piece->build);
    put_value(arena, map, "arguments", piece->arguments);
    put_value(arena, map, "environment", piece->environment);
    put_value(arena, map, "secrets", piece->secrets);
    put_text(arena, map, "user", piece->user);
    put_value(arena, map, "devices", piece->devices);
    put_value(arena, map, "read", piece->read);
    put_text(arena, map, "state", piece->state);
    put_value(arena, map, "files", piece->files);
    put_number(arena, map, "state_max", piece->state_max);
    put_number(arena, map, "memory_max", piece->memory_max);
    put_value(arena, map, "ports", piece->ports);
    put_text(arena, map, "restart", piece->restart);
    if (piece->lease)
        value_map_put_bool(arena, map, "lease", true);
    put_number(arena, map, "timeout_s", piece->timeout_s);
    put_number(arena, map, "stop_s", piece->stop_s);
    put_text(arena, map, "node", piece->node);
    return map;
}

/* --- units --- */

const char *piece_unit(struct arena *arena, const char *name)
{
    return arena_printf(arena, PIECE_UNIT_PREFIX "%s" UNIT_SUFFIX, name);
}

const char *piece_of_unit(struct arena *arena, const char *unit)
{
    size_t prefix = strlen(PIECE_UNIT_PREFIX), suffix = strlen(UNIT_SUFFIX), length = strlen(unit);

    if (!text_starts(unit, PIECE_UNIT_PREFIX) || !text_ends(unit, UNIT_SUFFIX) || length <= prefix + suffix)
        return NULL;
    return arena_copy_n(arena, unit + prefix, length - prefix - suffix);
}
