/* SPDX-License-Identifier: Apache-2.0 */
/* Running firewall-cmd and firewall-offline-cmd. */
#include "agent/system/network/firewall_cmd.h"

#include <string.h>

#include "agent/system/process/process.h"
#include "agent/system/file/word_list.h"
#include "common/base/text.h"

#define ANSWER_NO 1

/* One run. The status is the caller's to judge. */
static bool run(const struct firewall *firewall, struct word_list *argv, const char *option, struct process_result *out,
                struct error *err)
{
    struct process_request request = PROCESS("");

    word_list_add(argv, option);
    request.argv = argv->items;
    return process_run(firewall->system, firewall->arena, &request, out, err);
}

static struct word_list words(const struct firewall *firewall, bool permanent)
{
    struct word_list argv = word_list_new(firewall->arena);

    word_list_add(&argv, firewall->is_offline ? "firewall-offline-cmd" : "firewall-cmd");
    if (permanent && !firewall->is_offline)
        word_list_add(&argv, "--permanent");
    return argv;
}

static bool failed(const struct firewall *firewall, const struct process_result *result, struct error *err)
{
    const char *said = result->errors[0] != '\0' ? result->errors : result->output;

    said = text_trim(firewall->arena, said, strlen(said));
    return error_set(err, "%s", text_starts(said, "Error: ") ? said + 7 : said);
}

static const char *printed(const struct firewall *firewall, const struct process_result *result)
{
    return text_trim(firewall->arena, result->output, result->output_length);
}

static bool default_zone(const struct firewall *firewall, struct process_result *out, struct error *err)
{
    struct word_list argv = words(firewall, false);

    return run(firewall, &argv, "--get-default-zone", out, err);
}

/* Each run starts a Python: where a zone is to be asked for anyway, its answer says that firewalld runs. */
bool firewall_open(const struct system *system, struct arena *arena, const char *zone, struct firewall *out,
                   struct error *err)
{
    struct firewall firewall = { .system = system, .arena = arena, .zone = zone };
    struct process_result result, state;

    if (process_find(system, arena, "firewall-cmd") == NULL)
        return error_set(err, "there is no firewalld on this node: firewall-cmd is missing");
    if (zone == NULL && !default_zone(&firewall, &result, err))
        return false;
    if (zone != NULL || result.status != 0) {
        if (!process_run(system, arena, &PROCESS("firewall-cmd", "--state"), &state, err))
            return false;
        firewall.is_offline = state.status != 0;
    }
    if (zone == NULL && firewall.is_offline && !default_zone(&firewall, &result, err))
        return false;
    if (zone == NULL && result.status != 0)
        return failed(&firewall, &result, err);
    firewall.zone = zone != NULL ? zone : printed(&firewall, &result);
    *out = firewall;
    return true;
}

static struct word_list zone_words(const struct firewall *firewall, bool permanent)
{
    struct word_list argv = words(firewall, permanent);

    word_list_add(&argv, arena_printf(firewall->arena, "--zone=%s", firewall->zone));
    return argv;
}

bool firewall_ask(const struct firewall *firewall, bool permanent, const char *option, bool *yes_out,
                  const char **text_out, struct error *err)
{
    struct word_list argv = zone_words(firewall, permanent);
    struct process_result result;

    if (!run(firewall, &argv, option, &result, err))
        return false;
    if (result.status != 0 && (yes_out == NULL || result.status != ANSWER_NO))
        return failed(firewall, &result, err);
    if (yes_out != NULL)
        *yes_out = result.status == 0;
    if (text_out != NULL)
        *text_out = printed(firewall, &result);
    return true;
}

bool firewall_tell(const struct firewall *firewall, bool permanent, const char *option, int64_t timeout_s,
                   struct error *err)
{
    struct word_list argv = zone_words(firewall, permanent);
    struct process_result result;

    if (timeout_s > 0 && !permanent)
        word_list_add(&argv, arena_printf(firewall->arena, "--timeout=%lld", (long long)timeout_s));
    if (!run(firewall, &argv, option, &result, err))
        return false;
    return result.status == 0 || failed(firewall, &result, err);
}

bool firewall_tell_stored(const struct firewall *firewall, const char *option, const char **text_out, struct error *err)
{
    struct word_list argv = words(firewall, true);
    struct process_result result;

    if (!run(firewall, &argv, option, &result, err))
        return false;
    if (result.status != 0)
        return failed(firewall, &result, err);
    if (text_out != NULL)
        *text_out = printed(firewall, &result);
    return true;
}
