/* SPDX-License-Identifier: Apache-2.0 */
/* A verb as a user would run it, in this process. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/fd.h"

/* Runs it with standard output in a text, and its errors in the file `errors` (-1: the same text); its exit code. argv ends with
 * NULL. */
static inline int verb_output_only(struct arena *arena, int (*verb)(int argc, char **argv), int argc, char **argv,
                                   int errors, char **output_out)
{
    char path[] = "/tmp/roost-verb-XXXXXX";
    int file = mkstemp(path), saved_out = dup(1), saved_errors = dup(2);
    struct error err = ERROR_INIT;
    size_t length = 0;

    fflush(NULL);
    dup2(file, 1);
    dup2(errors < 0 ? file : errors, 2);
    int code = verb(argc, argv);
    fflush(NULL);
    dup2(saved_out, 1);
    dup2(saved_errors, 2);
    close(saved_out);
    close(saved_errors);
    close(file);
    if (!file_read(arena, path, 1024 * 1024, output_out, &length, &err))
        fail_msg("%s", err.text);
    unlink(path);
    return code;
}

/* Both streams in one text. */
static inline int verb_output(struct arena *arena, int (*verb)(int argc, char **argv), int argc, char **argv,
                              char **output_out)
{
    return verb_output_only(arena, verb, argc, argv, -1, output_out);
}
