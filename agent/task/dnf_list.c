/* SPDX-License-Identifier: Apache-2.0 */
/* The `list` argument of dnf: packages and repositories as data. */
#include <string.h>

#include "agent/task/dnf_parts.h"
#include "common/base/text.h"

#define FIELDS 6
#define FORMAT "%{name}|%{epoch}|%{version}|%{release}|%{arch}|%{repoid}\n"

static void add_package(struct dnf_job *job, char **fields, bool is_installed)
{
    struct arena *arena = job->task->scratch;
    struct value *map = value_map(arena);
    const char *epoch = strcmp(fields[1], "(none)") == 0 || fields[1][0] == '\0' ? "0" : fields[1];
    const char *full = arena_printf(arena, "%s:%s-%s-%s.%s", epoch, fields[0], fields[2], fields[3], fields[4]);

    value_map_put_string(arena, map, "name", fields[0]);
    value_map_put_string(arena, map, "arch", fields[4]);
    value_map_put_string(arena, map, "epoch", epoch);
    value_map_put_string(arena, map, "release", fields[3]);
    value_map_put_string(arena, map, "version", fields[2]);
    value_map_put_string(arena, map, "repo", is_installed ? "@System" : fields[5]);
    value_map_put_string(arena, map, "envra", full);
    value_map_put_string(arena, map, "nevra", full);
    value_map_put_string(arena, map, "yumstate", is_installed ? "installed" : "available");
    value_list_add(arena, job->results, map);
}

/* One `dnf repoquery`; which: --installed, --available or --upgrades. */
static bool query(struct dnf_job *job, const char *which, const char *package, struct error *err)
{
    struct word_list argv = dnf_options(job, "--quiet");
    struct process_result result;
    size_t length, count = 0;

    word_list_add(&argv, "repoquery");
    word_list_add(&argv, which);
    word_list_add(&argv, "--queryformat=" FORMAT);
    word_list_add(&argv, package);
    if (!dnf_run(job, &argv, &result, err))
        return false;
    if (result.status != 0)
        return error_set(err, "%s", result.errors);
    const char *cursor = result.output, *end = cursor + strlen(cursor), *line;
    while (text_line(&cursor, end, &line, &length)) {
        char **fields = text_split(job->task->scratch, arena_copy_n(job->task->scratch, line, length), '|', &count);
        if (count == FIELDS)
            add_package(job, fields, strcmp(which, "--installed") == 0);
    }
    return true;
}

static bool repositories(struct dnf_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct word_list argv = dnf_options(job, "--quiet");
    struct process_result result;
    size_t length;
    bool is_body = false;

    word_list_add(&argv, "repolist");
    word_list_add(&argv, "--enabled");
    if (!dnf_run(job, &argv, &result, err))
        return false;
    if (result.status != 0)
        return error_set(err, "%s", result.errors);
    const char *cursor = result.output, *end = cursor + strlen(cursor), *line;
    while (text_line(&cursor, end, &line, &length)) {
        struct word_list words = word_list_split(arena, line, length);
        struct value *map = value_map(arena);

        if (is_body && words.count > 0) {
            value_map_put_string(arena, map, "repoid", words.items[0]);
            value_map_put_string(arena, map, "state", "enabled");
            value_list_add(arena, job->results, map);
        }
        is_body = is_body || (words.count > 0 && strcmp(words.items[0], "repo") == 0);
    }
    return true;
}

bool dnf_list(struct dnf_job *job, struct error *err)
{
    const char *what = job->request->list;
    bool done;

    if (strcmp(what, "installed") == 0)
        done = query(job, "--installed", NULL, err);
    else if (strcmp(what, "available") == 0)
        done = query(job, "--available", NULL, err);
    else if (strcmp(what, "updates") == 0 || strcmp(what, "upgrades") == 0)
        done = query(job, "--upgrades", NULL, err);
    else if (strcmp(what, "repos") == 0 || strcmp(what, "repositories") == 0)
        done = repositories(job, err);
    else
        done = query(job, "--installed", what, err) && query(job, "--available", what, err);
    if (!done)
        return false;
    result_message(job->task, "%s", "");
    result_set(job->task, "results", job->results);
    return true;
}
