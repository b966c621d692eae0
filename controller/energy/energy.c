/* SPDX-License-Identifier: Apache-2.0 */
/* Sharing out, and the figures. */
#include "controller/energy/energy.h"

#include <math.h>

#include "common/base/limits.h"

#define SECOND_US 1e6

/* --- how busy --- */

static double seconds_of(const struct energy_counters *counters)
{
    if (isnan(counters->seconds_in) && isnan(counters->seconds_out))
        return (double)NAN;
    return (isnan(counters->seconds_in) ? 0 : counters->seconds_in) +
           (isnan(counters->seconds_out) ? 0 : counters->seconds_out);
}

/* Requests at a time between two readings, at most. */
static double running_between(const struct energy_counters *a, const struct energy_counters *b)
{
    double most = fmax(isnan(a->running) ? 0 : a->running, isnan(b->running) ? 0 : b->running);

    return fmax(1, most);
}

/* Between two readings: by the counters, held to what fits; by what was seen running at both ends (the mean of the two). */
static double between(const struct energy_counters *a, const struct energy_counters *b)
{
    double length = (double)(b->at_us - a->at_us) / SECOND_US;
    double before = a->attempt == b->attempt ? seconds_of(a) : 0, after = seconds_of(b);
    double counted = (double)NAN, seen = (double)NAN;

    if (!isnan(after) && !isnan(before))
        counted = fmin(fmax(0, after < before ? after : after - before), length * running_between(a, b));
    if (!isnan(a->running) && !isnan(b->running))
        seen = length * (a->running + b->running) / 2;
    if (isnan(counted) || isnan(seen))
        return isnan(counted) ? seen : counted;
    return fmax(counted, seen);
}

double energy_busy(const struct energy_counters *counters, size_t count, int64_t from_us, int64_t to_us)
{
    double sum = (double)NAN;

    for (size_t i = 1; i < count; i++) {
        const struct energy_counters *a = &counters[i - 1], *b = &counters[i];
        int64_t begin = a->at_us > from_us ? a->at_us : from_us, end = b->at_us < to_us ? b->at_us : to_us;
        double busy;

        if (begin >= end || b->at_us <= a->at_us)
            continue;
        busy = between(a, b) * (double)(end - begin) / (double)(b->at_us - a->at_us);
        if (!isnan(busy))
            sum = isnan(sum) ? busy : sum + busy;
    }
    return sum;
}

/* --- whose --- */

static bool is_alone_and_mute(const struct energy_part *parts, size_t count)
{
    return count == 1 && isnan(parts[0].busy);
}

static void active_split(double active, struct energy_part *parts, size_t count, struct energy_rest *rest)
{
    bool someone_mute = false;

    for (size_t i = 0; i < count; i++) {
        someone_mute = someone_mute || isnan(parts[i].busy);
        rest->busy += isnan(parts[i].busy) ? 0 : fmax(0, parts[i].busy);
    }
    if (is_alone_and_mute(parts, count)) {
        parts[0].active = active;
        return;
    }
    if (someone_mute || rest->busy <= 0) {
        rest->unattributed = active;
        return;
    }
    for (size_t i = 0; i < count; i++)
        parts[i].active = active * fmax(0, parts[i].busy) / rest->busy;
}

void energy_split(const struct energy_stretch *stretch, struct energy_part *parts, size_t count,
                  struct energy_rest *rest_out)
{
    double idle = isnan(stretch->idle_watts) ? 0 : fmin(stretch->joules, stretch->idle_watts * stretch->seconds);

    *rest_out = (struct energy_rest){ .idle = count == 0 ? idle : 0 };
    for (size_t i = 0; i < count; i++) {
        parts[i].active = 0;
        parts[i].idle = idle / (double)count;
    }
    active_split(stretch->joules - idle, parts, count, rest_out);
}

/* --- what it comes to --- */

static double ratio(double a, double b)
{
    return b > 0 && isfinite(a) ? a / b : (double)NAN;
}

static double rate(double tokens, double seconds)
{
    return seconds >= LIMIT_RATE_SECONDS ? ratio(tokens, seconds) : (double)NAN;
}

struct energy_figures energy_figures_of(const struct energy_account *account, double intensity, double wall_factor)
{
    double tokens = account->tokens_out > 0 ? account->tokens_out : account->tokens_in;
    double all = account->active + account->idle, wall_wh = all * wall_factor / 3600;

    return (struct energy_figures){
        .prefill_per_second = rate(account->tokens_in, account->seconds_in),
        .decode_per_second = rate(account->tokens_out, account->seconds_out),
        .joules_per_token = all > 0 ? ratio(account->active, tokens) : (double)NAN,
        .joules_per_token_all = all > 0 ? ratio(all, tokens) : (double)NAN,
        .wh_per_1000 = all > 0 ? ratio(wall_wh * 1000, tokens) : (double)NAN,
        .wall_wh = wall_wh,
        .grams = wall_wh / 1000 * intensity,
    };
}
