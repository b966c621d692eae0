/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the row of a request. Some dozens of rows: compared one after the other. */
#include "controller/api/route.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

static size_t segment_length(const char *path)
{
    return strcspn(path, "/");
}

static bool pattern_matches(const char *pattern, const char *path, struct api_match *out)
{
    size_t count = 0;

    for (;;) {
        size_t expected = segment_length(pattern);
        size_t found = segment_length(path);

        if (pattern[0] == '{') {
            if (found == 0 || count == API_PATH_VALUES)
                return false;
            out->values[count] = path;
            out->lengths[count++] = found;
        } else if (expected != found || memcmp(pattern, path, found) != 0) {
            return false;
        }
        pattern += expected;
        path += found;
        if (*pattern == '\0' || *path == '\0')
            return *pattern == *path;
        pattern++;
        path++;
    }
}

static void allow_add(struct api_match *out, const char *method)
{
    size_t length = strlen(out->allow);

    snprintf(out->allow + length, sizeof(out->allow) - length, "%s%s%s", length > 0 ? ", " : "", method,
             text_equal(method, "GET") ? ", HEAD" : "");
}

void api_match(const struct api_table *table, const char *method, const char *path, struct api_match *out)
{
    const char *wanted = text_equal(method, "HEAD") ? "GET" : method;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->resources[i]->count; j++) {
            const struct api_route *route = &table->resources[i]->routes[j];

            if (!pattern_matches(route->path, path, out))
                continue;
            if (strcmp(route->method, wanted) == 0) {
                out->route = route;
                return;
            }
            allow_add(out, route->method);
        }
    }
}

const char *api_access_name(enum api_access access)
{
    static const char *const names[] = { "none",   "public",   "node",  "node (expired certificate too)",
                                         "viewer", "operator", "admin", "client" };

    return names[access];
}

int api_path_index(const struct api_route *route, const char *name)
{
    size_t length = strlen(name);
    int index = 0;

    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at + 1, '{'), index++) {
        if (strncmp(at + 1, name, length) == 0 && at[1 + length] == '}')
            return index;
    }
    return -1;
}
