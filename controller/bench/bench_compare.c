/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing benchmarks. */
#include "controller/bench/bench_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define ALIKE_DIGITS 32
#define CAUSES_MOST 40

/* --- alike --- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *bench_alike(struct arena *arena, const char *kind, const char *subject, const struct value *nodes,
                        const char *settings)
{
    const char **names = arena_new_array(arena, const char *, value_count(nodes) + 1);
    struct text all = text_new(arena);
    char hash[HASH_HEX_MAX];
    size_t count = 0;

    for (size_t i = 0; i < value_count(nodes); i++) {
        if (value_text(value_item(nodes, i)) != NULL)
            names[count++] = value_text(value_item(nodes, i));
    }
    qsort(names, count, sizeof(*names), by_text);
    text_printf(&all, "%s\n%s\n%s\n", kind, subject, settings);
    for (size_t i = 0; i < count; i++)
        text_printf(&all, "%s\n", names[i]);
    hash_hex_of(HASH_SHA256, all.data, all.length, hash);
    return arena_copy_n(arena, hash, ALIKE_DIGITS);
}

/* --- figures --- */

static void measure_add(struct bench_measure *list, size_t *count, const struct bench_measure *measure)
{
    if (measure->name != NULL && !isnan(measure->value))
        list[(*count)++] = *measure;
}

void bench_measures(struct arena *arena, const char *kind, const struct value *figures, struct bench_measure **out,
                    size_t *count_out)
{
    const struct value *tests = value_map_get(figures, "tests"), *pairs = value_map_get(figures, "pairs");
    struct bench_measure *list =
        arena_new_array(arena, struct bench_measure, value_count(tests) + value_count(pairs) + 1);
    size_t count = 0;

    for (size_t i = 0; i < value_count(tests); i++) {
        const struct value *test = value_item(tests, i);

        measure_add(list, &count,
                    &(struct bench_measure){ value_map_text(test, "name"), "t/s", value_map_real(test, "tokens_per_s"),
                                             value_map_real(test, "deviation") });
    }
    for (size_t i = 0; i < value_count(pairs); i++) {
        const struct value *pair = value_item(pairs, i);
        const char *from = value_map_text(pair, "from"), *to = value_map_text(pair, "to");

        if (from != NULL && to != NULL)
            measure_add(list, &count,
                        &(struct bench_measure){ arena_printf(arena, "%s > %s", from, to), "bit/s",
                                                 value_map_real(pair, "bits_per_s"), (double)NAN });
    }
    if (text_equal(kind, "hpl"))
        measure_add(list, &count,
                    &(struct bench_measure){ "HPL", "Gflop/s", value_map_real(figures, "gflops"), (double)NAN });
    *out = list;
    *count_out = count;
}

static bool is_loss(double part)
{
    return part < -BENCH_CHANGE_TOLD;
}

/* Losses that are told come first, the largest before all; then what is won by more; then any other loss. */
static bool tells_more(double a, double b)
{
    if (is_loss(a) || is_loss(b))
        return a < b;
    if (a > BENCH_CHANGE_TOLD || b > BENCH_CHANGE_TOLD)
        return a > b;
    return a < 0 || b < 0 ? a < b : a > b;
}

/* Of each on its side; one that was measured once tells none (0), and then the other's counts alone. */
static bool is_within(const struct bench_measure *before, const struct bench_measure *now)
{
    double least = isnan(before->deviation) ? 0 : before->deviation;

    return fabs(now->value - before->value) <= least + (isnan(now->deviation) ? 0 : now->deviation);
}

bool bench_change_find(struct arena *arena, const char *kind, const struct value *before, const struct value *now,
                       struct bench_change *out)
{
    struct bench_measure *old = NULL, *new = NULL;
    size_t old_count = 0, new_count = 0;
    bool found = false;

    bench_measures(arena, kind, before, &old, &old_count);
    bench_measures(arena, kind, now, &new, &new_count);
    for (size_t i = 0; i < new_count; i++) {
        for (size_t j = 0; j < old_count; j++) {
            struct bench_change change = { new[i].name, new[i].unit, old[j].value, new[i].value, 0 };

            if (!text_equal(new[i].name, old[j].name) || !(old[j].value > 0))
                continue;
            if (!is_within(&old[j], &new[i]))
                change.part = (change.now - change.before) / change.before;
            if (!found || tells_more(change.part, out->part))
                *out = change;
            found = true;
        }
    }
    return found;
}

const char *bench_change_text(struct arena *arena, const struct bench_change *change, int64_t id)
{
    bool is_bits = text_equal(change->unit, "bit/s");
    double scale = is_bits ? 1e9 : 1;

    return arena_printf(arena, "%s: %.1f %% %s than in bench %lld (%.4g instead of %.4g %s)", change->name,
                        fabs(change->part) * 100, change->part < 0 ? "less" : "more", (long long)id,
                        change->now / scale, change->before / scale, is_bits ? "Gbit/s" : change->unit);
}

/* --- hosts --- */

static void put(struct arena *arena, struct value *map, const char *key, const struct value *value)
{
    if (value != NULL && value->kind != VALUE_NULL)
        value_map_put(arena, map, key, value);
}

static const struct value *below(const struct value *map, const char *outer, const char *inner)
{
    return value_map_get(value_map_get(map, outer), inner);
}

/* Each parameter as it is in effect, else as it is on the command line. */
static struct value *parameters(struct arena *arena, const struct value *all)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < value_map_count(all); i++) {
        const struct value_pair *pair = value_pair_at(all, i);
        const char *name = value_text(pair->key), *text = value_map_text(pair->item, "effective");

        if (text == NULL)
            text = value_map_text(pair->item, "cmdline");
        if (name != NULL && text != NULL)
            value_map_put_string(arena, map, name, text);
    }
    return map;
}

static const struct value *integrated_firmware(const struct value *roost)
{
    const struct value *gpus = value_map_get(roost, "gpus");

    for (size_t i = 0; i < value_count(gpus); i++) {
        if (value_map_get(value_item(gpus, i), "firmware") != NULL)
            return value_map_get(value_item(gpus, i), "firmware");
    }
    return NULL;
}

struct value *bench_host(struct arena *arena, const struct value *facts, const char *build)
{
    const struct value *inner = value_map_get(facts, "ansible_facts"), *all = inner == NULL ? facts : inner;
    const struct value *roost = value_map_get(all, "roost");
    struct value *map = value_map(arena);

    if (build != NULL)
        value_map_put_string(arena, map, "build", build);
    put(arena, map, "kernel", below(roost, "kernel", "release"));
    put(arena, map, "command_line", below(roost, "kernel", "command_line"));
    put(arena, map, "bios", below(roost, "machine", "bios_version"));
    put(arena, map, "linux_firmware", value_map_get(roost, "linux_firmware_date"));
    put(arena, map, "firmware", integrated_firmware(roost));
    put(arena, map, "gtt_bytes", below(roost, "memory", "gtt_total_bytes"));
    put(arena, map, "memory_bytes", below(roost, "memory", "total_bytes"));
    put(arena, map, "governor", below(roost, "cpu", "governor"));
    put(arena, map, "platform_profile", below(roost, "cpu", "platform_profile"));
    put(arena, map, "tuned", below(roost, "tuned", "profile"));
    put(arena, map, "packages", value_map_get(roost, "packages"));
    value_map_put(arena, map, "parameters", parameters(arena, value_map_get(roost, "parameters")));
    return map;
}

static const char *shown(struct arena *arena, const struct value *value)
{
    if (value == NULL)
        return "none";
    return value_text(value) != NULL ? value_text(value) : json_text(arena, value, JSON_COMPACT);
}

static void cause_add(struct arena *arena, struct value *list, const char *what, const struct value *before,
                      const struct value *now)
{
    if (value_count(list) < CAUSES_MOST)
        value_list_add(arena, list,
                       value_string(arena, arena_printf(arena, "%s %.120s, before %.120s", what, shown(arena, now),
                                                        shown(arena, before))));
}

static bool is_same(const struct value *a, const struct value *b)
{
    return a == NULL || b == NULL ? a == b : value_equal(a, b);
}

/* What is in `b`, and what is only in `a`; maps within are gone through as well. */
static void differences(struct arena *arena, const char *what, const struct value *a, const struct value *b,
                        struct value *list)
{
    for (size_t side = 0; side < 2; side++) {
        const struct value *walked = side == 0 ? b : a;

        for (size_t i = 0; i < value_map_count(walked); i++) {
            const char *key = value_text(value_pair_at(walked, i)->key);
            const struct value *old = key == NULL ? NULL : value_map_get(a, key);
            const struct value *new = key == NULL ? NULL : value_map_get(b, key);

            if (key == NULL || is_same(old, new) || (side == 1 && new != NULL))
                continue;
            if (value_is(old, VALUE_MAP) && value_is(new, VALUE_MAP))
                differences(arena, arena_printf(arena, "%s%s ", what, key), old, new, list);
            else
                cause_add(arena, list, arena_printf(arena, "%s%s", what, key), old, new);
        }
    }
}

void bench_causes(struct arena *arena, const struct value *before, const struct value *now, struct value *list)
{
    for (size_t i = 0; i < value_map_count(now); i++) {
        const struct value_pair *pair = value_pair_at(now, i);
        const char *name = value_text(pair->key);
        const struct value *old = name == NULL ? NULL : value_map_get(before, name);

        if (old != NULL)
            differences(arena, arena_printf(arena, "%s: ", name), old, pair->item, list);
    }
}
