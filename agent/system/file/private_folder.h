/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder for this user alone (0700) that is gone when its maker is: a small process of its own waits for the maker's end,
 * so the folder is removed even after kill -9.
 */
#pragma once

#include <sys/types.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct private_folder {
    const char *path; /* NULL: none was made */
    int keeper;       /* its end is what the keeper waits for */
    pid_t pid;
};

/* `runs_programs`: not where the file system forbids that, if there is another place. */
bool private_folder_make(struct arena *arena, bool runs_programs, struct private_folder *out, struct error *err);
/* Removes the folder with what it holds. */
void private_folder_remove(struct private_folder *folder);
#define PRIVATE_FOLDER_SCOPED __attribute__((cleanup(private_folder_remove))) struct private_folder
