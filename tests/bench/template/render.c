/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a template is rendered in a second. Usage: render FOLDER: every line of FOLDER/expressions.txt is a value of its own,
 * FOLDER/page.j2 is a whole file, FOLDER/context.json holds the variables. Prints "NAME TIMES-PER-SECOND" lines: renders of
 * what is compiled, "compile page.j2" with a new environment each time, "parse EXPRESSION" with a text that was never seen
 * before. The file `run` beside it compares them with Jinja2.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/template/template.h"

#define MEASURE_MS 700

/* The processor's time: neighbours on the machine do not count. */
static int64_t processor_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct bench {
    struct template_env *env;
    struct arena *scratch;
    const struct value *context;
};

static bool context_get(void *data, struct arena *arena, const char *name, size_t length, const struct value **out,
                        struct error *err)
{
    (void)arena;
    (void)err;
    *out = value_map_get_n(data, name, length);
    return true;
}

static char *read_file(struct arena *arena, const char *folder, const char *name, size_t *length_out)
{
    FILE *file = fopen(arena_printf(arena, "%s/%s", folder, name), "r");
    size_t capacity = 1024 * 1024, length = 0;
    char *data = arena_alloc(arena, capacity);

    if (file == NULL) {
        perror(name);
        exit(1);
    }
    length = fread(data, 1, capacity - 1, file);
    fclose(file);
    *length_out = length;
    return data;
}

static bool render(struct bench *bench, const struct value *source, bool is_file, struct error *err)
{
    struct value context = *bench->context;
    struct template_vars vars = { .context = &context, .get = context_get };
    struct template_call call = { .env = bench->env, .arena = bench->scratch, .vars = &vars };
    struct template_file_options options = TEMPLATE_FILE_OPTIONS;
    const struct value *out = NULL;

    if (is_file)
        return template_text(&call, source->as.string.data, source->as.string.length, &options, &out, err);
    return template_value(&call, source, &out, err);
}

static void measure(struct bench *bench, const char *name, const struct value *source, bool is_file)
{
    struct error err = ERROR_INIT;
    int64_t start = processor_us(), spent = 0;
    long count = 0;

    while (spent < MEASURE_MS * 1000) {
        for (int i = 0; i < 20; i++, count++) {
            arena_reset(bench->scratch);
            if (!render(bench, source, is_file, &err)) {
                fprintf(stderr, "%s: %s\n", name, err.text);
                exit(1);
            }
        }
        spent = processor_us() - start;
    }
    printf("%s\t%.1f\n", name, (double)count * 1e6 / (double)spent);
}

/* Everything from the text on, as a program does that renders one template. */
static void measure_compile(struct bench *bench, const struct value *source)
{
    struct error err = ERROR_INIT;
    struct template_config config = { .strict_undefined = true };
    struct arena *arena = arena_new();
    int64_t start = processor_us(), spent = 0;
    long count = 0;

    for (; spent < MEASURE_MS * 1000; count++, spent = processor_us() - start) {
        arena_reset(arena);
        arena_reset(bench->scratch);
        bench->env = template_env_new(arena, &config);
        if (!render(bench, source, true, &err)) {
            fprintf(stderr, "compile: %s\n", err.text);
            exit(1);
        }
    }
    printf("compile page.j2\t%.1f\n", (double)count * 1e6 / (double)spent);
    arena_free(arena);
}

/* One-line conditions, each with a number of its own, so that none is remembered. */
static void measure_parse(struct bench *bench)
{
    struct error err = ERROR_INIT;
    struct template_config config = { .strict_undefined = true };
    struct arena *arena = arena_new();
    struct value context = *bench->context;
    struct template_vars vars = { .context = &context, .get = context_get };
    struct template_call call = { .arena = bench->scratch, .vars = &vars };
    const struct value *out = NULL;
    char text[80];
    int64_t start = processor_us(), spent = 0;
    long count = 0;

    for (; spent < MEASURE_MS * 1000; spent = processor_us() - start) {
        arena_reset(arena);
        call.env = template_env_new(arena, &config);
        for (int i = 0; i < 2000; i++, count++) {
            int length = snprintf(text, sizeof(text), "enabled and port + %ld > 8000", count);

            arena_reset(bench->scratch);
            if (!template_expression(&call, text, (size_t)length, NULL, &out, &err)) {
                fprintf(stderr, "%s: %s\n", text, err.text);
                exit(1);
            }
        }
    }
    printf("parse enabled and port + 1 > 8000\t%.1f\n", (double)count * 1e6 / (double)spent);
    arena_free(arena);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct template_config config = { .strict_undefined = true };
    struct bench bench = { .env = template_env_new(arena, &config), .scratch = arena_new() };
    struct error err = ERROR_INIT;
    const char *folder = argc > 1 ? argv[1] : ".", *cursor, *line;
    struct value *source, *page;
    char *data;
    size_t length = 0;

    mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024); /* memory stays with the process, as Python's does */
    mallopt(M_MMAP_THRESHOLD, 64 * 1024 * 1024);
    data = read_file(arena, folder, "context.json", &length);
    if (!json_read(arena, data, length, "context.json", &bench.context, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    data = read_file(arena, folder, "page.j2", &length);
    page = value_string_n(arena, data, length);
    measure(&bench, "page.j2", page, true);
    cursor = data = read_file(arena, folder, "expressions.txt", &length);
    while (text_line(&cursor, data + strlen(data), &line, &length)) {
        if (length == 0)
            continue;
        source = value_string_n(arena, line, length);
        source->marks |= VALUE_TRUSTED;
        measure(&bench, source->as.string.data, source, false);
    }
    measure_compile(&bench, page);
    measure_parse(&bench);
    arena_free(bench.scratch);
    arena_free(arena);
    return 0;
}
