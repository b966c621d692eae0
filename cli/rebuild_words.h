/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of a rebuild in its journal and in logs: values of -e (but files) are not kept, as they may be secrets; `--resume` wants
 * them again and knows them by their digest.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/* The value of -e or --extra-vars at argv[*at], in whatever way it is written (*at moves to its last word); NULL: another word. */
const char *rebuild_words_extra(int argc, const char *const *argv, int *at);
/* "bmc=***" of "bmc=secret", "@file" as it is, "***" of anything else. */
const char *rebuild_words_masked(struct arena *arena, const char *extra);
/* The words without --resume and --yes: texts, and {extra, digest} in place of what is not kept. */
struct value *rebuild_words_keep(struct arena *arena, int argc, const char *const *argv);
/* What was kept, filled from the -e of `argv` (whose first word is the verb): NULL-terminated. False: one is missing, another, or a
 * word is there that is not wanted. */
bool rebuild_words_fill(struct arena *arena, const struct value *kept, int argc, const char *const *argv, char ***out,
                        struct error *err);
