/* SPDX-License-Identifier: Apache-2.0 */
/* Names, versions and extra arguments: from the task's arguments to words for pip. */
#include <ctype.h>
#include <string.h>

#include "agent/task/command_words.h"
#include "agent/task/pip_parts.h"

/* --- names --- */

static bool is_specifier(const char *text)
{
    text += strspn(text, " \t\r\n");
    return text[0] == '>' || text[0] == '<' || (text[0] != '\0' && strchr("=!~", text[0]) != NULL && text[1] == '=');
}

struct value *pip_names_join(struct arena *arena, const struct value *names)
{
    struct value *joined = value_list(arena);
    struct text name = text_new(arena);
    bool is_first = true, in_brackets = false;

    for (size_t i = 0; i < value_count(names); i++) {
        char **parts = text_split(arena, value_text(value_item(names, i)), ',', NULL);
        for (; *parts; parts++) {
            if (!is_first && !in_brackets && !is_specifier(*parts)) {
                value_list_add(arena, joined, value_string(arena, name.data));
                name = text_new(arena);
                is_first = true;
            }
            text_printf(&name, "%s%s", is_first ? "" : ",", *parts);
            is_first = false;
            in_brackets = in_brackets || strchr(*parts, '[');
            in_brackets = in_brackets && !strchr(*parts, ']');
        }
    }
    value_list_add(arena, joined, value_string(arena, name.data));
    return joined;
}

static bool is_vcs(const char *name)
{
    return text_starts(name, "svn+") || text_starts(name, "git+") || text_starts(name, "hg+") ||
           text_starts(name, "bzr+");
}

/* "name" and "1.0" make name==1.0, "name" and ">=1" make name>=1. */
static bool packages_version(struct pip_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *version = job->args->version;

    if (!version)
        return true;
    if (job->package_count > 1)
        return error_set(err, "'version' argument is ambiguous when installing multiple package distributions. Please "
                              "specify version restrictions next to each package in 'name' argument.");
    if (value_count(job->packages[0].specifiers) > 0)
        return error_set(err, "The 'version' argument conflicts with any version specifier provided along with a "
                              "package name. Please keep the version specifier, but remove the 'version' argument.");
    version += strspn(version, " \t\r\n");
    if (version[0] != '\0') {
        const char *between = isdigit((unsigned char)version[0]) ? "==" : " ";
        job->packages[0] =
            python_requirement_read(arena, arena_printf(arena, "%s%s%s", job->packages[0].text, between, version));
    }
    return true;
}

bool pip_packages_read(struct pip_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const struct value *names = job->args->name;

    if (value_count(names) == 0)
        return true;
    for (size_t i = 0; i < value_count(names); i++)
        job->has_vcs = job->has_vcs || is_vcs(value_text(value_item(names, i)));
    names = pip_names_join(arena, names);
    job->package_count = value_count(names);
    job->packages = arena_new_array(arena, struct python_requirement, job->package_count);
    for (size_t i = 0; i < job->package_count; i++)
        job->packages[i] = python_requirement_read(arena, value_text(value_item(names, i)));
    return packages_version(job, err);
}

/* --- extra arguments --- */

bool pip_extra_read(struct pip_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *line = job->args->extra_args ? job->args->extra_args : "";
    struct value *words = NULL;

    if (job->args->editable) {
        char **given = text_split(arena, line, ' ', NULL);
        bool has_it = text_in("-e", (const char *const *)given);
        if (!has_it)
            line = arena_printf(arena, "%s%s-e", line, line[0] != '\0' ? " " : "");
    }
    if (!command_split(arena, line, &words, err))
        return false;
    job->extra = words;
    return true;
}

/* Options that say where pip looks and what it prints; the latter take a word. */
static const char *const harmless_alone[] = {
    "--no-index",
    "--no-cache-dir",
    "--no-input",
    "--disable-pip-version-check",
    "--quiet",
    "-q",
    "-qq",
    "-qqq",
    "--verbose",
    "-v",
    "-vv",
    "-vvv",
    "--pre",
    "--user",
    "--isolated",
    "--no-deps",
    "--prefer-binary",
    "--no-compile",
    "--no-warn-script-location",
    "--no-color",
    "--no-warn-conflicts",
    "--no-build-isolation",
    "--require-virtualenv",
    "--break-system-packages",
    "-y",
    "--yes",
    "--no-python-version-warning",
    NULL,
};
static const char *const harmless_with_word[] = {
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--trusted-host",
    "--timeout",
    "--retries",
    "--proxy",
    "--cert",
    "--client-cert",
    "--cache-dir",
    "--log",
    "--only-binary",
    "--no-binary",
    "--progress-bar",
    "--root-user-action",
    "--exists-action",
    NULL,
};

bool pip_extra_is_harmless(const struct value *extra)
{
    for (size_t i = 0; i < value_count(extra); i++) {
        const char *word = value_text(value_item(extra, i)), *equal = strchr(word, '=');
        char name[40] = "";
        size_t length = equal ? (size_t)(equal - word) : strlen(word);
        if (length >= sizeof(name))
            return false;
        memcpy(name, word, length);
        if (text_in(name, harmless_with_word))
            i += equal == NULL;
        else if (equal || !text_in(name, harmless_alone))
            return false;
    }
    return true;
}

bool pip_extra_is_quiet(const struct value *extra)
{
    static const char *const quiet[] = { "--quiet", "-q", "-qq", "-qqq", NULL };

    for (size_t i = 0; i < value_count(extra); i++)
        if (text_in(value_text(value_item(extra, i)), quiet))
            return true;
    return false;
}
