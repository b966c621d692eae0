/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processors, counted from /proc/cpuinfo the way Ansible counts them: sockets, cores of the first socket, threads
 * of the first core. The counting is its own, so that the numbers are the ones playbooks were written for.
 */
#include <sched.h>
#include <string.h>

#include "agent/facts/fact_support.h"

struct cpu_count {
    struct arena *arena;
    struct value *listed;
    struct value *sockets; /* physical id -> cores */
    struct value *cores;   /* core id -> siblings */
    const char *socket, *core;
    int64_t entries, vendors, models, processors;
};

static void put_number(struct cpu_count *count, struct value *map, const char *key, const char *text)
{
    int64_t number;

    if (text_to_int(text, &number))
        value_map_put_int(count->arena, map, key, number);
}

static void cpu_listed(struct cpu_count *count, const char *key, const char *text)
{
    value_list_add(count->arena, count->listed, value_string(count->arena, text));
    count->vendors += strcmp(key, "vendor_id") == 0;
    count->models += strcmp(key, "model name") == 0;
    count->processors += strcmp(key, "processor") == 0;
    count->entries++;
}

static void cpu_field(struct cpu_count *count, const char *key, const char *text)
{
    static const char *const listed[] = { "model name", "Processor", "vendor_id", "cpu", "Vendor", "processor", NULL };

    if (text_in(key, listed)) {
        cpu_listed(count, key, text);
    } else if (strcmp(key, "physical id") == 0) {
        count->socket = text;
        if (!value_map_get(count->sockets, text))
            value_map_put_int(count->arena, count->sockets, text, 1);
    } else if (strcmp(key, "core id") == 0) {
        count->core = text;
        if (!value_map_get(count->sockets, text))
            value_map_put_int(count->arena, count->cores, text, 1);
    } else if (strcmp(key, "cpu cores") == 0) {
        put_number(count, count->sockets, count->socket, text);
    } else if (strcmp(key, "siblings") == 0) {
        put_number(count, count->cores, count->core, text);
    }
}

static void cpu_read(struct cpu_count *count, const char *data)
{
    const char *at = data, *end = data + strlen(data), *line;
    size_t length;

    while (text_line(&at, end, &line, &length)) {
        const char *colon = memchr(line, ':', length);
        size_t key_length = colon ? (size_t)(colon - line) : length;
        const char *key = text_trim(count->arena, line, key_length);
        const char *text = colon ? text_trim(count->arena, colon + 1, length - key_length - 1) : "";
        cpu_field(count, key, text);
    }
}

static int64_t first_number(const struct value *map)
{
    return value_count(map) > 0 ? value_pair_at(map, 0)->item->as.integer : 0;
}

static int64_t usable_processors(const struct system *system, const struct cpu_count *count)
{
    cpu_set_t set;

    if (fact_is_live(system) && sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    return count->processors;
}

static bool cpu_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct cpu_count count = { .arena = arena,
                               .listed = value_list(arena),
                               .sockets = value_map(arena),
                               .cores = value_map(arena),
                               .socket = "0",
                               .core = "0" };
    const char *data = fact_file(system, arena, "/proc/cpuinfo");
    const char *architecture = value_map_text(facts, "architecture");

    (void)err;
    if (!data)
        return true;
    cpu_read(&count, data);
    int64_t entries = count.vendors > 0 && count.vendors == count.models ? count.vendors : count.entries;
    if (architecture &&
        (text_starts(architecture, "armv") || text_starts(architecture, "aarch") || text_starts(architecture, "ppc")))
        entries = count.processors;
    int64_t sockets = value_count(count.sockets) > 0 ? (int64_t)value_count(count.sockets) : entries;
    int64_t cores = first_number(count.sockets) > 0 ? first_number(count.sockets) : 1;
    int64_t threads = (value_count(count.cores) > 0 ? first_number(count.cores) : 1) / cores;
    value_map_put(arena, facts, "processor", count.listed);
    value_map_put_int(arena, facts, "processor_count", sockets);
    value_map_put_int(arena, facts, "processor_cores", cores);
    value_map_put_int(arena, facts, "processor_threads_per_core", threads);
    value_map_put_int(arena, facts, "processor_vcpus", threads * sockets * cores);
    value_map_put_int(arena, facts, "processor_nproc", usable_processors(system, &count));
    return true;
}

FACT_GROUP_DEFINE(cpu) = {
    .name = "processor",
    .names = FACT_NAMES("hardware", "processor_cores", "processor_count", "mounts", "devices"),
    .collect = cpu_collect,
    .requires = FACT_NAMES("platform"),
};
