/* SPDX-License-Identifier: Apache-2.0 */
/* nft(8): checking and loading rulesets, and the text of a file that stands for one table. */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"

bool nft_name_is_valid(const char *name);
/* A file that replaces one table whole when it is loaded, whatever was there. */
char *nft_table_text(struct arena *arena, const char *family, const char *name, const char *rules);

/* Does the text of a configuration include all *.nft files of `folder`? */
bool nft_includes(const char *text, const char *folder);
/* The text (NULL: no file yet) with that include at its end. */
char *nft_with_include(struct arena *arena, const char *text, const char *folder);

/* Would nft accept it? Changes nothing. The error is nft's own words. */
bool nft_check(const struct system *system, struct arena *arena, const char *text, struct error *err);
bool nft_load(const struct system *system, struct arena *arena, const char *text, struct error *err);
bool nft_table_exists(const struct system *system, struct arena *arena, const char *family, const char *name, bool *out,
                      struct error *err);

/* As nft lists it, without counters; NULL: it is not there. */
bool nft_table_list(const struct system *system, struct arena *arena, const char *family, const char *name,
                    const char **out, struct error *err);

struct nft_table {
    const char *family, *name;
    const char *text; /* of the file that makes it */
};

enum nft_running { NFT_SAME, NFT_DIFFERS, NFT_UNKNOWN };

/* Is the running table what loading the text gives? To know, the text is loaded in a network namespace of its own and both
 * are listed; counters, and elements of sets that fill at run time, do not count. Unknown where no namespace can be made
 * or the text does not load there (it names a device). */
bool nft_compare_running(const struct system *system, struct arena *arena, const struct nft_table *table,
                         enum nft_running *out, struct error *err);
