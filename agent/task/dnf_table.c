/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of a transaction in dnf's output: headings at the line's start ("Installing dependencies:"), one package a line
 * behind one blank: name, architecture, [epoch:]version-release. What is indented more goes on with the line before or
 * names what is replaced.
 */
#include <string.h>

#include "agent/task/dnf_parts.h"
#include "common/base/text.h"

enum section { SECTION_NONE, SECTION_INSTALL, SECTION_REPLACE, SECTION_REMOVE };

static enum section section_of(const char *line)
{
    static const char *const replacing[] = { "Upgrading", "Downgrading", "Reinstalling" };

    if (!text_ends(line, ":"))
        return SECTION_NONE;
    if (text_starts(line, "Installing"))
        return SECTION_INSTALL;
    if (text_starts(line, "Removing"))
        return SECTION_REMOVE;
    for (size_t i = 0; i < sizeof(replacing) / sizeof(replacing[0]); i++) {
        if (text_starts(line, replacing[i]))
            return SECTION_REPLACE;
    }
    return SECTION_NONE;
}

static bool package_of(struct arena *arena, const char *line, struct rpm_package *out)
{
    struct word_list words = word_list_split(arena, line, strlen(line));

    if (words.count < 3)
        return false;
    char *version = arena_copy(arena, words.items[2]);
    char *colon = strchr(version, ':'), *release = strrchr(version, '-');
    if (release == NULL)
        return false;
    *release = '\0';
    *out = (struct rpm_package){ .name = words.items[0], .arch = words.items[1], .release = release + 1 };
    out->epoch = "0";
    out->version = version;
    if (colon != NULL && colon < release) {
        *colon = '\0';
        out->epoch = version;
        out->version = colon + 1;
    }
    return true;
}

static void add_package(struct dnf_table *table, enum section section, const struct rpm_package *package)
{
    if (section == SECTION_REMOVE) {
        table->removals[table->removal_count++] = *package;
        return;
    }
    table->is_replacement[table->install_count] = section == SECTION_REPLACE;
    table->installs[table->install_count++] = *package;
}

/* The next line with those that go on with it. */
static char *next_line(struct arena *arena, char **lines, size_t count, size_t *at)
{
    char *line = lines[(*at)++];

    while (*at < count && text_starts(lines[*at], "        "))
        line = arena_printf(arena, "%s%s", line, lines[(*at)++]);
    return line;
}

bool dnf_table_parse(struct arena *arena, const char *output, struct dnf_table *out)
{
    enum section section = SECTION_NONE;
    struct rpm_package package;
    bool found = false;
    size_t count = 0, at = 0;
    char **lines = text_split(arena, output, '\n', &count);

    *out = (struct dnf_table){ .installs = arena_new_array(arena, struct rpm_package, count),
                               .removals = arena_new_array(arena, struct rpm_package, count),
                               .is_replacement = arena_new_array(arena, bool, count) };
    while (at < count) {
        const char *line = next_line(arena, lines, count, &at);

        if (text_starts(line, "Transaction Summary"))
            return true;
        if (line[0] != ' ') {
            section = section_of(line);
            found = found || section != SECTION_NONE;
        } else if (section != SECTION_NONE && line[1] != ' ' && package_of(arena, line, &package)) {
            add_package(out, section, &package);
        }
    }
    return found;
}
