/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that make a project. */
#pragma once

#include "cli/project.h"
#include "cli/project_walk.h"

/* A file of this machine, in a folder that has a place: hashed and put into the tree. */
bool project_file_add(struct project *project, const char *source, const struct project_found *found,
                      struct error *err);
bool project_place_add(struct project *project, const char *from, const char *to, struct error *err);
