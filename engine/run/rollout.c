/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused of --serial, --canary and --max-fail-percentage before the run. */
#include "engine/run/rollout.h"

#include <string.h>

static bool is_number(const char *text, double most)
{
    double number = 0;

    return text_to_real(text, &number) && number >= 0 && number <= most;
}

static bool serial_check(struct arena *arena, const char *text, struct error *err)
{
    size_t length = strlen(text);
    bool is_percent = length > 0 && text[length - 1] == '%';
    int64_t number = 0;

    if (is_percent ? is_number(arena_copy_n(arena, text, length - 1), 100) : text_to_int(text, &number) && number > 0)
        return true;
    return error_set_kind(err, ERROR_OPTIONS,
                          "--serial '%s': expected how many hosts a batch has, as a number or as a percentage", text);
}

static bool canary_check(struct arena *arena, const struct run_options *options, struct error *err)
{
    const struct inventory *inventory = options->inventory;
    const char **names = arena_new_array(arena, const char *, inventory->host_count + 1);
    const char *nearest = NULL;
    int64_t number = 0;

    if (text_to_int(options->canary, &number))
        return number > 0 ||
               error_set_kind(err, ERROR_OPTIONS, "--canary %s: at least one host goes first", options->canary);
    for (size_t i = 0; i < inventory->host_count; i++) {
        names[i] = inventory->hosts[i]->name;
        if (strcmp(names[i], options->canary) == 0)
            return true;
    }
    nearest = text_nearest(options->canary, names, inventory->host_count);
    return error_set_kind(err, ERROR_OPTIONS, "--canary '%s' is neither a number nor a host of the inventory%s%s%s",
                          options->canary, nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
                          nearest == NULL ? "" : "'?");
}

bool rollout_check(struct arena *arena, const struct run_options *options, struct error *err)
{
    const char *most = options->max_fail_percentage;

    if (most != NULL && !is_number(most, 100))
        return error_set_kind(err, ERROR_OPTIONS, "--max-fail-percentage '%s': expected a number from 0 to 100", most);
    return (options->serial == NULL || serial_check(arena, options->serial, err)) &&
           (options->canary == NULL || canary_check(arena, options, err));
}
