/* SPDX-License-Identifier: Apache-2.0 */
/* Times and their parts; what a process uses, by /proc. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/fleet/fleet.h"

void figures_add(struct figures *figures, int64_t us)
{
    if (figures->count == figures->room) {
        figures->room = figures->room == 0 ? 4096 : figures->room * 2;
        figures->us = realloc(figures->us, figures->room * sizeof(*figures->us));
        if (figures->us == NULL)
            abort();
    }
    figures->us[figures->count++] = us;
}

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

    return (one > other) - (one < other);
}

double figures_ms(struct figures *figures, double part)
{
    size_t index = (size_t)((double)figures->count * part);

    if (figures->count == 0)
        return 0;
    qsort(figures->us, figures->count, sizeof(*figures->us), compare);
    return (double)figures->us[index < figures->count ? index : figures->count - 1] / 1000;
}

void figures_clear(struct figures *figures)
{
    figures->count = 0;
}

/* The number behind `key` in a file of lines "Key:  123 kB". */
static int64_t line_number(const char *path, const char *key)
{
    FILE *file = fopen(path, "r");
    char line[256];
    long long number = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0)
            number = strtoll(line + strlen(key), NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return number;
}

static int64_t cpu_ms(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, kernel = 0;
    FILE *file = NULL;
    const char *fields = NULL;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fread(text, 1, sizeof(text) - 1, file) > 0)
        fields = strrchr(text, ')');
    fclose(file);
    if (fields == NULL ||
        sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
        return 0;
    return (int64_t)(user + kernel) * 1000 / sysconf(_SC_CLK_TCK);
}

void usage_read(pid_t pid, struct usage *out)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    out->rss_kb = line_number(path, "VmRSS:");
    out->peak_kb = line_number(path, "VmHWM:");
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    out->pss_kb = line_number(path, "Pss:");
    out->cpu_ms = cpu_ms(pid);
}
