/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a YAML file takes: as values, and as libyaml's bare events. Usage: load FILE. Prints "NAME SECONDS" lines, the best
 * of several passes; the file `run` beside it compares them with PyYAML.
 */
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/yaml/yaml_reader.h"

#define PASSES 12

static void events(const char *data, size_t length)
{
    yaml_parser_t parser;
    yaml_event_t event;
    int is_end = 0;

    if (!yaml_parser_initialize(&parser))
        exit(1);
    yaml_parser_set_input_string(&parser, (const unsigned char *)data, length);
    while (!is_end) {
        if (!yaml_parser_parse(&parser, &event))
            exit(1);
        is_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

static void values(const char *data, size_t length)
{
    struct arena *arena = arena_new();
    struct yaml_source source = { .data = data, .length = length, .path = "bench.yml", .trusted = true };
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    if (!yaml_read(arena, &source, &out, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    arena_free(arena);
}

static void measure(const char *name, void (*read)(const char *, size_t), const char *data, size_t length)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < PASSES; i++) {
        int64_t start = clock_monotonic_us(), spent;

        read(data, length);
        spent = clock_monotonic_us() - start;
        best = spent < best ? spent : best;
    }
    printf("%s\t%.6f\n", name, (double)best / 1e6);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    if (argc != 2 || !file_read(arena, argv[1], LIMIT_YAML_FILE, &data, &length, &err)) {
        fprintf(stderr, "usage: load FILE\n%s\n", err.text);
        return 1;
    }
    measure("events", events, data, length);
    measure("values", values, data, length);
    arena_free(arena);
    return 0;
}
