/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main program of a fuzz target that is built without libFuzzer: runs the target once for each file given,
 * and for each file of each folder given. So every build runs the corpus as a test.
 */
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/fd.h"
#include "common/base/limits.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static bool replay_file(const char *path)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t size = 0;

    if (!file_read(arena, path, LIMIT_SOURCE_FILE, &data, &size, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    LLVMFuzzerTestOneInput((const unsigned char *)data, size);
    return true;
}

int main(int argc, char **argv)
{
    FTS *tree = fts_open(argv + 1, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    int count = 0;
    bool done = tree != NULL && argc > 1;

    for (FTSENT *entry; done && (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info != FTS_F)
            continue;
        done = replay_file(entry->fts_path);
        count++;
    }
    if (tree != NULL)
        fts_close(tree);
    printf("%d inputs\n", count);
    return done && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
