/* SPDX-License-Identifier: Apache-2.0 */
/* malloc_trim for the heap, MADV_DONTNEED for mappings that can be executed and not written. */
#include "agent/daemon/memory_trim.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/text.h"

/* "7f0c4000-7f0d5000 r-xp 00002000 fe:01 1234 /usr/lib/libx.so": private text of a file. */
static void text_let_go(const char *line)
{
    char *rest = NULL;
    uintptr_t begin = strtoul(line, &rest, 16), end = *rest == '-' ? strtoul(rest + 1, &rest, 16) : 0;
    void *text;

    if (end <= begin || !text_starts(rest, " r-xp ") || strchr(rest, '/') == NULL)
        return;
    memcpy(&text, &begin, sizeof(text));
    (void)madvise(text, end - begin, MADV_DONTNEED);
}

void memory_trim(void)
{
    char line[512];
    FILE *maps;

    (void)malloc_trim(0);
    maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
        text_let_go(line);
    if (maps != NULL)
        (void)fclose(maps);
}
