/* SPDX-License-Identifier: Apache-2.0 */
/* Running nft, and comparing rulesets. */
#include "agent/system/network/nft.h"

#include <ctype.h>
#include <string.h>

#include "agent/system/process/process.h"
#include "common/base/text.h"

#define NFT_MS 30000 /* it waits for nobody but the kernel; a busy node with thousands of rules included */

bool nft_name_is_valid(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    return name[length] == '\0' && (isalpha((unsigned char)name[0]) || name[0] == '_');
}

char *nft_table_text(struct arena *arena, const char *family, const char *name, const char *rules)
{
    struct text out = text_new(arena);
    size_t length = strlen(rules);

    /* Adding before deleting: the deletion is right whether or not the table is there. */
    text_printf(&out, "table %s %s\ndelete table %s %s\ntable %s %s {\n", family, name, family, name, family, name);
    text_add(&out, rules);
    if (length > 0 && rules[length - 1] != '\n')
        text_add_char(&out, '\n');
    text_add(&out, "}\n");
    return out.data;
}

/* --- the file that is loaded at boot --- */

static const char *include_of(struct arena *arena, const char *folder)
{
    return arena_printf(arena, "include \"%s/*.nft\"", folder);
}

bool nft_includes(const char *text, const char *folder)
{
    ARENA_SCOPED arena = arena_new();
    const char *cursor = text, *end = text + strlen(text), *line, *wanted = include_of(arena, folder);
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        if (strcmp(text_trim(arena, line, length), wanted) == 0)
            return true;
    }
    return false;
}

char *nft_with_include(struct arena *arena, const char *text, const char *folder)
{
    struct text out = text_new(arena);

    text_add(&out, text != NULL ? text : "#!/usr/sbin/nft -f\n\nflush ruleset\n");
    if (out.length > 0 && out.data[out.length - 1] != '\n')
        text_add_char(&out, '\n');
    text_printf(&out, "%s\n", include_of(arena, folder));
    return out.data;
}

/* --- running nft --- */

static bool nft_run(const struct system *system, struct arena *arena, const char *const *argv, const char *input,
                    struct process_result *out, struct error *err)
{
    struct process_request request = PROCESS("");

    if (process_find(system, arena, "nft") == NULL)
        return error_set(err, "there is no nftables on this node: nft is missing");
    request.argv = argv;
    request.input = input;
    request.input_length = input != NULL ? strlen(input) : 0;
    request.timeout_ms = NFT_MS;
    if (!process_run(system, arena, &request, out, err))
        return false;
    return !out->timed_out || error_set(err, "nft did not end in time: it was killed");
}

static bool accepted(struct arena *arena, const struct process_result *result, const char *what, struct error *err)
{
    return result->status == 0 ||
           error_set(err, "%s: %s", what, text_trim(arena, result->errors, result->errors_length));
}

bool nft_check(const struct system *system, struct arena *arena, const char *text, struct error *err)
{
    struct process_result result = { .status = 0 };

    return nft_run(system, arena, PROCESS_ARGV("nft", "-c", "-f", "-"), text, &result, err) &&
           accepted(arena, &result, "nft does not accept the rules", err);
}

bool nft_load(const struct system *system, struct arena *arena, const char *text, struct error *err)
{
    struct process_result result = { .status = 0 };

    return nft_run(system, arena, PROCESS_ARGV("nft", "-f", "-"), text, &result, err) &&
           accepted(arena, &result, "nft cannot load the rules", err);
}

bool nft_table_exists(const struct system *system, struct arena *arena, const char *family, const char *name, bool *out,
                      struct error *err)
{
    struct process_result result = { .status = 0 };
    const char *wanted = arena_printf(arena, "table %s %s", family, name), *line;
    size_t length;

    if (!nft_run(system, arena, PROCESS_ARGV("nft", "list", "tables"), NULL, &result, err) ||
        !accepted(arena, &result, "nft cannot list the tables", err))
        return false;
    *out = false;
    for (const char *at = result.output; text_line(&at, result.output + result.output_length, &line, &length);)
        *out = *out || strcmp(text_trim(arena, line, length), wanted) == 0;
    return true;
}

bool nft_table_list(const struct system *system, struct arena *arena, const char *family, const char *name,
                    const char **out, struct error *err)
{
    struct process_result result = { .status = 0 };
    bool exists = true;

    if (!nft_run(system, arena, PROCESS_ARGV("nft", "-s", "list", "table", family, name), NULL, &result, err))
        return false;
    *out = result.status == 0 ? result.output : NULL;
    if (result.status == 0)
        return true;
    return nft_table_exists(system, arena, family, name, &exists, err) &&
           (!exists || accepted(arena, &result, "nft cannot list the table", err));
}

/* --- comparing --- */

/* A listing without the elements of sets that fill at run time (by rules, or with a time-out): they are no rules. */
static char *lasting_part(struct arena *arena, const char *listing)
{
    const char *cursor = listing != NULL ? listing : "", *end = cursor + strlen(cursor), *line;
    struct text out = text_new(arena);
    bool is_dynamic = false, in_elements = false;
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        const char *text = text_trim(arena, line, length);

        if (text_starts(text, "set ") || text_starts(text, "map "))
            is_dynamic = false;
        if (text_starts(text, "flags ") && (strstr(text, "dynamic") != NULL || strstr(text, "timeout") != NULL))
            is_dynamic = true;
        if (text_starts(text, "elements = ") && is_dynamic)
            in_elements = true;
        if (!in_elements)
            text_printf(&out, "%s\n", text);
        if (in_elements && strchr(text, '}') != NULL)
            in_elements = false;
    }
    return out.data;
}

bool nft_compare_running(const struct system *system, struct arena *arena, const struct nft_table *table,
                         enum nft_running *out, struct error *err)
{
    static const char script[] = "nft -f - && exec nft -s list table \"$0\" \"$1\"";
    struct process_result running = { .status = 0 }, wanted = { .status = 0 };
    bool exists = false;

    *out = NFT_DIFFERS;
    if (!nft_table_exists(system, arena, table->family, table->name, &exists, err))
        return false;
    if (!exists)
        return true;
    *out = NFT_UNKNOWN;
    if (process_find(system, arena, "unshare") == NULL)
        return true;
    if (!nft_run(system, arena, PROCESS_ARGV("unshare", "-n", "--", "sh", "-c", script, table->family, table->name),
                 table->text, &wanted, err))
        return false;
    if (wanted.status != 0)
        return true;
    if (!nft_run(system, arena, PROCESS_ARGV("nft", "-s", "list", "table", table->family, table->name), NULL, &running,
                 err) ||
        !accepted(arena, &running, "nft cannot list the table", err))
        return false;
    bool same = strcmp(lasting_part(arena, running.output), lasting_part(arena, wanted.output)) == 0;
    *out = same ? NFT_SAME : NFT_DIFFERS;
    return true;
}
