/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apt through its own programs: apt-cache for what is on offer, apt-get for changes (the callers choose the
 * verb and stand behind the gate). Their text is parsed only where it is stable since apt 1.0.
 */
#include "agent/system/package/package_apt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/system/package/package_version.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"

static void policy_add_version(struct arena *arena, struct apt_policy *policy, const char *version, size_t length)
{
    size_t old = policy->version_count * sizeof(char *);

    policy->versions = arena_grow(arena, policy->versions, old, old + sizeof(char *));
    policy->versions[policy->version_count++] = arena_copy_n(arena, version, length);
}

static const char *policy_field(struct arena *arena, const char *line, size_t length, const char *label)
{
    size_t label_length = strlen(label);

    if (length <= label_length || memcmp(line, label, label_length) != 0)
        return NULL;
    const char *value = arena_copy_n(arena, line + label_length, length - label_length);
    return strcmp(value, "(none)") == 0 ? "" : value;
}

/* A line inside a package's part: "  Installed: V", "  Candidate: V", or a version with 5 characters before it. */
static void policy_parse_line(struct arena *arena, struct apt_policy *policy, const char *line, size_t length)
{
    const char *installed = policy_field(arena, line, length, "  Installed: ");
    const char *candidate = policy_field(arena, line, length, "  Candidate: ");

    if (installed != NULL)
        policy->installed = *installed != '\0' ? installed : NULL;
    else if (candidate != NULL)
        policy->candidate = *candidate != '\0' ? candidate : NULL;
    else if (length > 5 && (memcmp(line, "     ", 5) == 0 || memcmp(line, " *** ", 5) == 0) && line[5] != ' ')
        policy_add_version(arena, policy, line + 5, strcspn(line + 5, " \n"));
}

void apt_policies_parse(struct arena *arena, const char *text, struct apt_policies *out)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length;

    *out = (struct apt_policies){ 0 };
    while (text_line(&cursor, end, &line, &length)) {
        if (length > 1 && line[0] != ' ' && line[length - 1] == ':') {
            size_t old = out->count * sizeof(*out->items);

            out->items = arena_grow(arena, out->items, old, old + sizeof(*out->items));
            out->items[out->count++].name = arena_copy_n(arena, line, length - 1);
        } else if (out->count > 0) {
            policy_parse_line(arena, &out->items[out->count - 1], line, length);
        }
    }
}

const struct apt_policy *apt_policies_find(const struct apt_policies *policies, const char *name)
{
    size_t bare = strcspn(name, ":");

    for (size_t i = 0; i < policies->count; i++) {
        if (strcmp(policies->items[i].name, name) == 0)
            return &policies->items[i];
    }
    for (size_t i = 0; name[bare] != '\0' && i < policies->count; i++) {
        if (strlen(policies->items[i].name) == bare && memcmp(policies->items[i].name, name, bare) == 0)
            return &policies->items[i];
    }
    return NULL;
}

const char *apt_policy_best_match(const struct apt_policy *policy, const char *version_glob)
{
    const char *best = NULL;

    for (size_t i = 0; i < policy->version_count; i++) {
        const char *version = policy->versions[i];

        if (package_glob_match(version_glob, version) && (best == NULL || package_version_compare(version, best) > 0))
            best = version;
    }
    return best;
}

bool apt_policies_read(const struct system *system, struct arena *arena, const char *const *names, const char *release,
                       struct apt_policies *out, struct error *err)
{
    struct process_result result;
    size_t count = 0, at = 0;

    while (names[count] != NULL)
        count++;
    const char **argv = arena_new_array(arena, const char *, count + 8);
    argv[at++] = "apt-cache";
    if (release != NULL) {
        argv[at++] = "-o";
        argv[at++] = arena_printf(arena, "APT::Default-Release=%s", release);
    }
    argv[at++] = "policy";
    argv[at++] = "--";
    memcpy(&argv[at], names, count * sizeof(*names));
    struct process_request request = PROCESS("");
    request.argv = argv;
    if (!process_run_ok(system, arena, &request, &result, err))
        return error_prefix(err, "asking apt for candidates");
    apt_policies_parse(arena, result.output, out);
    return true;
}

static int name_order(const void *a, const void *b)
{
    const struct value *const *left = a, *const *right = b;

    return strcmp(value_text(*left), value_text(*right));
}

bool apt_names_matching(const struct system *system, struct arena *arena, const char *glob, struct value *names,
                        struct error *err)
{
    struct process_result result;
    bool any_architecture = strchr(glob, ':') != NULL;
    size_t length, first = value_count(names);
    const char *line;

    if (!process_run_ok(system, arena, &PROCESS("apt-cache", "pkgnames"), &result, err))
        return error_prefix(err, "asking apt for package names");
    const char *cursor = result.output, *end = result.output + result.output_length;
    while (text_line(&cursor, end, &line, &length)) {
        char *name = arena_copy_n(arena, line, length);

        if (length > 0 && (any_architecture || strchr(name, ':') == NULL) && package_glob_match(glob, name))
            value_list_add(arena, names, value_string_borrow(arena, name, length));
    }
    if (value_count(names) > first)
        qsort(&names->as.list.items[first], value_count(names) - first, sizeof(const struct value *), name_order);
    return true;
}

/* Behind "Reverse Provides:" each line is "NAME VERSION (= )"; both words go into the list, one after the other. */
void apt_providers_parse(struct arena *arena, const char *text, struct value *names_and_versions)
{
    const char *cursor = strstr(text, "\nReverse Provides:"), *line;
    size_t length;

    if (cursor == NULL)
        return;
    cursor = strchr(cursor + 1, '\n');
    while (cursor != NULL && text_line(&cursor, text + strlen(text), &line, &length)) {
        const char *blank = memchr(line, ' ', length);

        if (blank == NULL)
            continue;
        size_t version_length = strcspn(blank + 1, " \n");
        value_list_add(arena, names_and_versions, value_string_n(arena, line, (size_t)(blank - line)));
        value_list_add(arena, names_and_versions, value_string_n(arena, blank + 1, version_length));
    }
}

static bool list_has(const struct value *list, const char *text)
{
    for (size_t i = 0; i < value_count(list); i++) {
        if (text_equal(value_text(value_item(list, i)), text))
            return true;
    }
    return false;
}

bool apt_providers(const struct system *system, struct arena *arena, const char *name, struct value *providers,
                   struct error *err)
{
    struct process_result result;
    struct apt_policies policies;
    struct value *pairs = value_list(arena);

    if (!process_run_ok(system, arena, &PROCESS("apt-cache", "showpkg", "--", name), &result, err))
        return error_prefix(err, "asking apt who provides '%s'", name);
    apt_providers_parse(arena, result.output, pairs);
    size_t count = value_count(pairs) / 2;
    if (count == 0)
        return true;
    const char **names = arena_new_array(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = value_text(value_item(pairs, 2 * i));
    if (!apt_policies_read(system, arena, names, NULL, &policies, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct apt_policy *policy = apt_policies_find(&policies, names[i]);

        if (policy != NULL && text_equal(policy->candidate, value_text(value_item(pairs, 2 * i + 1))) &&
            !list_has(providers, names[i]))
            value_list_add(arena, providers, value_string(arena, names[i]));
    }
    return true;
}

int64_t apt_lists_time(const struct system *system, struct arena *arena)
{
    static const char *const paths[] = { "/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists" };
    struct stat info;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (stat(system_path(system, arena, paths[i]), &info) == 0)
            return info.st_mtim.tv_sec;
    }
    return 0;
}

const struct value *apt_environment(const struct system *system, struct arena *arena)
{
    static const char *const names[] = { "LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE" };
    bool has_utf8 = path_exists(system_path(system, arena, "/usr/lib/locale/C.utf8")) ||
                    path_exists(system_path(system, arena, "/usr/lib/locale/C.UTF-8"));
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "DEBIAN_FRONTEND", "noninteractive");
    value_map_put_string(arena, map, "DEBIAN_PRIORITY", "critical");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        value_map_put_string(arena, map, names[i], has_utf8 ? "C.utf8" : "C");
    return map;
}

static bool is_lock_trouble(const struct process_result *result)
{
    return result->status != 0 &&
           (strstr(result->errors, "Could not get lock ") != NULL ||
            strstr(result->errors, "Unable to lock ") != NULL || strstr(result->errors, "dpkg frontend lock") != NULL);
}

bool apt_run(const struct system *system, struct arena *arena, const char *const *argv, int64_t lock_timeout_s,
             struct process_result *out, struct error *err)
{
    int64_t deadline = clock_monotonic_ms() + lock_timeout_s * 1000;
    struct process_request request = PROCESS("");

    request.argv = argv;
    request.c_locale = false;
    request.environment = apt_environment(system, arena);
    for (;;) {
        if (!process_run(system, arena, &request, out, err))
            return false;
        if (!is_lock_trouble(out) || clock_monotonic_ms() >= deadline)
            return true;
        if (!system_pause(system, 1000, err))
            return false;
    }
}
