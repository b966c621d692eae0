/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/service: one block of a tar archive as the header of a file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ARCHIVE_BLOCK 512

union archive_block {
    char bytes[ARCHIVE_BLOCK];
    struct {
        char name[100], mode[8], owner[8], group[8], size[12], time[12], sum[8], kind, link[100];
        char magic[6], version[2], owner_name[32], group_name[32], major[8], minor[8], prefix[155];
    } header;
};

void archive_header_put(union archive_block *block, const char *name, int64_t size);
/* False: it is no header of a plain file. `name` has room for 101 bytes. */
bool archive_header_get(const union archive_block *block, char name[101], int64_t *size_out);
bool archive_header_is_end(const union archive_block *block);
