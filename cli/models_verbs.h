/* SPDX-License-Identifier: Apache-2.0 */
/* What stands below `roost models`: each gets its own name as argv[0] and returns the exit code. */
#pragma once

int models_pull(int argc, char **argv);
int models_list(int argc, char **argv);
int models_verify(int argc, char **argv);
int models_gc(int argc, char **argv);
int models_rm(int argc, char **argv);
int models_fetch(int argc, char **argv);
int models_where(int argc, char **argv);
