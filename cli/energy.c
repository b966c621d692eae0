/* SPDX-License-Identifier: Apache-2.0 */
/* roost energy: tokens and joules by workload, what is idle or nobody's, and how it is counted. */
#include "cli/center_verb.h"

#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "common/http/http_url.h"

VERB_DECLARE(energy);

#define SINCE_MAX_S (INT64_C(366) * 86400)

static const struct table_column layout[] = {
    { "WORKLOAD", "workload", false }, { "TOKENS IN", "tokens_in", false },
    { "OUT", "tokens_out", false },    { "PREFILL/S", "prefill", false },
    { "DECODE/S", "decode", false },   { "ACTIVE", "active", false },
    { "IDLE", "idle", false },         { "WATTS", "watts", false },
    { "J/TOKEN", "per_token", false }, { "WH/1000", "per_thousand", false },
    { "CO2E", "grams", false },
};
static const struct table_column narrow_layout[] = {
    { "WORKLOAD", "workload", false }, { "OUT", "tokens_out", false },    { "DECODE/S", "decode", false },
    { "ACTIVE", "active", false },     { "J/TOKEN", "per_token", false }, { "WH/1000", "per_thousand", false },
};
static const struct table_column node_layout[] = {
    { "NODE", "node", false }, { "ENERGY", "energy", false },   { "ACTIVE", "active", false },
    { "IDLE", "idle", false }, { "NOBODY'S", "nobody", false }, { "WATTS", "watts", false },
};

/* --- numbers --- */

/* Three figures are enough. NULL, which is shown as "-": not known. */
static const char *figure(struct arena *arena, double number)
{
    if (isnan(number))
        return NULL;
    return arena_printf(arena, number < 9.995 ? "%.2f" : number < 99.95 ? "%.1f" : "%.0f", number);
}

static const char *energy_text(struct arena *arena, double joules)
{
    double wh = joules / 3600;

    if (isnan(joules))
        return NULL;
    return wh < 1000 ? arena_printf(arena, "%s Wh", figure(arena, wh))
                     : arena_printf(arena, "%s kWh", figure(arena, wh / 1000));
}

static const char *grams_text(struct arena *arena, double grams)
{
    if (isnan(grams))
        return NULL;
    return grams < 1000 ? arena_printf(arena, "%s g", figure(arena, grams))
                        : arena_printf(arena, "%s kg", figure(arena, grams / 1000));
}

static void put(struct center_verb *verb, struct value *row, const char *key, const char *text)
{
    value_map_put_string(verb->arena, row, key, text);
}

static const char *figure_of(struct center_verb *verb, const struct value *row, const char *key)
{
    return figure(verb->arena, value_map_real(row, key));
}

static const struct value *rows_of(struct center_verb *verb, const struct value *items)
{
    struct value *out = value_list(verb->arena);

    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);
        struct value *row = value_map(verb->arena);

        put(verb, row, "workload", value_map_text(item, "workload"));
        put(verb, row, "tokens_in", arena_printf(verb->arena, "%.0f", value_map_real(item, "tokens_in")));
        put(verb, row, "tokens_out", arena_printf(verb->arena, "%.0f", value_map_real(item, "tokens_out")));
        put(verb, row, "prefill", figure_of(verb, item, "prefill_per_second"));
        put(verb, row, "decode", figure_of(verb, item, "decode_per_second"));
        put(verb, row, "active", energy_text(verb->arena, value_map_real(item, "active_joules")));
        put(verb, row, "idle", energy_text(verb->arena, value_map_real(item, "idle_joules")));
        put(verb, row, "watts", figure_of(verb, item, "watts"));
        put(verb, row, "per_token", figure_of(verb, item, "joules_per_token"));
        put(verb, row, "per_thousand", figure_of(verb, item, "wh_per_1000_tokens"));
        put(verb, row, "grams", grams_text(verb->arena, value_map_real(item, "grams_co2e")));
        value_list_add(verb->arena, out, row);
    }
    return out;
}

static const struct value *node_rows_of(struct center_verb *verb, const struct value *items)
{
    struct value *out = value_list(verb->arena);

    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);
        struct value *row = value_map(verb->arena);

        put(verb, row, "node", value_map_text(item, "node"));
        put(verb, row, "energy", energy_text(verb->arena, value_map_real(item, "joules")));
        put(verb, row, "active", energy_text(verb->arena, value_map_real(item, "active_joules")));
        put(verb, row, "idle", energy_text(verb->arena, value_map_real(item, "idle_joules")));
        put(verb, row, "nobody", energy_text(verb->arena, value_map_real(item, "unattributed_joules")));
        put(verb, row, "watts", figure_of(verb, item, "watts"));
        value_list_add(verb->arena, out, row);
    }
    return out;
}

/* --- the options --- */

/* "90s", "30m", "24h", "7d"; a number alone is seconds. */
static bool since_read(const char *text, int64_t *out, struct error *err)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    size_t digits = strspn(text, "0123456789");
    int64_t count = 0, factor = text[digits] == '\0' ? 1 : 0;
    char number[16] = "";

    if (digits > 0 && digits < sizeof(number))
        memcpy(number, text, digits);
    for (size_t i = 0; text[digits] != '\0' && text[digits + 1] == '\0' && i < sizeof(units) / sizeof(units[0]); i++)
        factor = text[digits] == units[i].unit ? units[i].seconds : factor;
    if (factor == 0 || !text_to_int(number, &count) || count < 1 || count > SINCE_MAX_S / factor)
        return error_set_kind(err, ERROR_OPTIONS, "--since '%s': expected a time as 90s, 30m, 24h or 7d, to 366d",
                              text);
    *out = count * factor;
    return true;
}

static bool real_read(struct center_verb *verb, const char *option, double *out, struct error *err)
{
    const char *text = center_verb_option(verb, option);

    *out = (double)NAN;
    return text == NULL || (text_to_real(text, out) && isfinite(*out)) ||
           error_set_kind(err, ERROR_OPTIONS, "--%s '%s': expected a number", option, text);
}

/* --- what was taken --- */

static const char *or_unknown(const char *text)
{
    return text == NULL ? "unknown" : text;
}

static void print_sums(struct center_verb *verb, const struct value *answer)
{
    struct arena *arena = verb->arena;
    double intensity = value_map_real(answer, "intensity"), grams = value_map_real(answer, "grams_co2e");

    if (value_count(value_map_get(answer, "nodes")) == 0 && !(value_map_real(answer, "joules") > 0)) {
        printf(
            "\nNo node has told a power sensor in this time: they are read while something\nis placed there, and only "
            "RAPL and amdgpu are (docs/energy.md)\n");
        return;
    }
    printf("\nIdle with no workload there: %s\nNobody's: %s\nNot shared out yet: %s\n",
           or_unknown(energy_text(arena, value_map_real(answer, "node_idle_joules"))),
           or_unknown(energy_text(arena, value_map_real(answer, "unattributed_joules"))),
           or_unknown(energy_text(arena, value_map_real(answer, "pending_joules"))));
    printf("Together %s at the sensor, %s at the wall (factor %s)",
           or_unknown(energy_text(arena, value_map_real(answer, "joules"))),
           or_unknown(energy_text(arena, value_map_real(answer, "wall_wh") * 3600)),
           or_unknown(figure(arena, value_map_real(answer, "wall_factor"))));
    if (isnan(intensity))
        printf("\nNo CO2e: the grid's intensity is not set (roost energy settings --intensity G)\n");
    else
        printf(", %s CO2e (%s g/kWh)\n", or_unknown(grams_text(arena, grams)), or_unknown(figure(arena, intensity)));
}

static bool path_of(struct center_verb *verb, const char *workload, const char **out, struct error *err)
{
    const char *since = center_verb_option(verb, "since");
    double intensity = 0, factor = 0;
    int64_t seconds = 86400;
    struct text path = text_new(verb->arena);

    if ((since != NULL && !since_read(since, &seconds, err)) || !real_read(verb, "intensity", &intensity, err) ||
        !real_read(verb, "wall-factor", &factor, err))
        return false;
    text_printf(&path, "/api/v1/energy?since_s=%lld", (long long)seconds);
    if (workload != NULL)
        text_printf(&path, "&workload=%s", http_url_escape(verb->arena, workload, ""));
    if (!isnan(intensity))
        text_printf(&path, "&intensity=%.17g", intensity);
    if (!isnan(factor))
        text_printf(&path, "&wall_factor=%.17g", factor);
    *out = path.data;
    return true;
}

static bool show(struct center_verb *verb, const char *workload, struct error *err)
{
    const struct value *answer = NULL;
    const char *path = NULL;
    bool is_narrow = center_verb_narrow(110);

    if (!path_of(verb, workload, &path, err) || !center_client_ask(verb->client, NULL, path, NULL, &answer, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, answer);
        return true;
    }
    center_verb_print(verb, rows_of(verb, value_map_get(answer, "workloads")), is_narrow ? narrow_layout : layout,
                      is_narrow ? sizeof(narrow_layout) / sizeof(narrow_layout[0]) : sizeof(layout) / sizeof(layout[0]),
                      "No workload has told anything in this time");
    if (value_count(value_map_get(answer, "nodes")) > 0) {
        printf("\n");
        center_verb_print(verb, node_rows_of(verb, value_map_get(answer, "nodes")), node_layout,
                          sizeof(node_layout) / sizeof(node_layout[0]), "");
    }
    if (workload == NULL)
        print_sums(verb, answer);
    return true;
}

/* --- settings --- */

/* NODE=WATTS, or NODE= to take it as it is seen again. */
static bool idle_put(struct center_verb *verb, struct value *body, const char *text, struct error *err)
{
    const char *equals = strchr(text, '=');
    struct value *idle = value_map(verb->arena);
    double watts = 0;

    if (equals == NULL || equals == text ||
        (equals[1] != '\0' && (!text_to_real(equals + 1, &watts) || !isfinite(watts))))
        return error_set_kind(err, ERROR_OPTIONS,
                              "--idle '%s': expected NODE=WATTS, or NODE= to go by what is seen again", text);
    value_map_put(verb->arena, idle, arena_copy_n(verb->arena, text, (size_t)(equals - text)),
                  equals[1] == '\0' ? value_null() : value_real(verb->arena, watts));
    value_map_put(verb->arena, body, "idle_watts", idle);
    return true;
}

static void settings_print(struct center_verb *verb, const struct value *answer)
{
    const struct value *idle = value_map_get(answer, "idle_watts");
    double intensity = value_map_real(answer, "intensity");

    if (isnan(intensity))
        printf("intensity     not set: no CO2e is told (--intensity G_PER_KWH)\n");
    else
        printf("intensity     %s g CO2e for a kWh\n", or_unknown(figure_of(verb, answer, "intensity")));
    printf("wall factor   %s W at the wall for one at the sensor\n",
           or_unknown(figure_of(verb, answer, "wall_factor")));
    for (size_t i = 0; i < value_map_count(idle); i++)
        printf("idle          %s %s W\n", value_text(value_pair_at(idle, i)->key),
               or_unknown(figure_of(verb, idle, value_text(value_pair_at(idle, i)->key))));
    if (value_map_count(idle) == 0)
        printf("idle          as it is seen: the lowest tenth of what each node takes without requests\n");
    if (value_map_text(answer, "changed") != NULL)
        printf("changed       %s by %s\n", table_age_of(verb->arena, value_map_text(answer, "changed")),
               or_unknown(value_map_text(answer, "changed_by")));
}

static bool settings(struct center_verb *verb, struct error *err)
{
    const struct value *answer = NULL;
    const char *idle = center_verb_option(verb, "idle");
    struct value *body = value_map(verb->arena);
    double intensity = 0, factor = 0;

    if (center_verb_option(verb, "since") != NULL)
        return error_set_kind(err, ERROR_OPTIONS, "settings takes no --since");
    if (!real_read(verb, "intensity", &intensity, err) || !real_read(verb, "wall-factor", &factor, err) ||
        (idle != NULL && !idle_put(verb, body, idle, err)))
        return false;
    if (!isnan(intensity))
        value_map_put(verb->arena, body, "intensity", value_real(verb->arena, intensity));
    if (!isnan(factor))
        value_map_put(verb->arena, body, "wall_factor", value_real(verb->arena, factor));
    if (!center_client_ask(verb->client, value_count(body) > 0 ? "PUT" : NULL, "/api/v1/energy/settings",
                           value_count(body) > 0 ? body : NULL, &answer, err))
        return false;
    if (verb->json)
        center_verb_json(verb, answer);
    else
        settings_print(verb, answer);
    return true;
}

/* --- the verb --- */

static bool run(struct center_verb *verb, struct error *err)
{
    if (!center_verb_at_most(verb, 1, err))
        return false;
    if (verb->word_count == 1 && strcmp(verb->words[0], "settings") == 0)
        return settings(verb, err);
    if (center_verb_option(verb, "idle") != NULL)
        return error_set_kind(err, ERROR_OPTIONS, "--idle belongs to `roost energy settings`");
    return show(verb, verb->word_count == 1 ? verb->words[0] : NULL, err);
}

static const struct center_option options[] = {
    { "since", false }, { "intensity", false }, { "wall-factor", false }, { "idle", false }, { NULL, false }
};

static int energy_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_energy,
        "\n  --since TIME       how far back: 90s, 30m, 24h (default), 7d; in steps of five minutes\n"
        "  --intensity N      g CO2e for a kWh of the grid, in place of what is set\n"
        "  --wall-factor N    watts at the wall for one at the sensor, in place of what is set\n"
        "  settings           how it is counted; with --intensity, --wall-factor, --idle NODE=WATTS: sets it\n"
        "\nENERGY, ACTIVE and IDLE are at the sensor, WH/1000 and CO2E at the wall with the idle share.\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(energy) = { .name = "energy",
                        .summary = "Tokens, joules and CO2e by workload, and what is nobody's",
                        .usage = "[WORKLOAD | settings] [--since 24h] [--intensity N] [--wall-factor F] [--json]",
                        .run = energy_run };
