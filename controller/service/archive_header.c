/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in octal, sizes that do not fit in base 256 with the highest bit set. */
#include "controller/service/archive_header.h"

#include <stdio.h>
#include <string.h>

#define OCTAL_SIZE_MAX INT64_C(077777777777)

/* With the field of the sum itself as blanks. */
static unsigned sum_of(const union archive_block *block)
{
    union archive_block copy = *block;
    unsigned sum = 0;

    memset(copy.header.sum, ' ', sizeof(copy.header.sum));
    for (size_t i = 0; i < ARCHIVE_BLOCK; i++)
        sum += (unsigned char)copy.bytes[i];
    return sum;
}

static void size_put(char field[12], int64_t size)
{
    char octal[32];

    if (size <= OCTAL_SIZE_MAX) {
        snprintf(octal, sizeof(octal), "%011llo", (unsigned long long)size);
        memcpy(field, octal, 12);
        return;
    }
    memset(field, 0, 12);
    for (int i = 11; i > 3; i--, size >>= 8)
        field[i] = (char)(size & 0xff);
    field[0] = (char)-128;
}

static bool octal_get(const char *field, size_t length, int64_t *out)
{
    int64_t number = 0;
    size_t at = 0;

    while (at < length && field[at] == ' ')
        at++;
    for (; at < length && field[at] >= '0' && field[at] <= '7'; at++)
        number = number * 8 + (field[at] - '0');
    *out = number;
    return at == length || field[at] == '\0' || field[at] == ' ';
}

static bool size_get(const char field[12], int64_t *out)
{
    int64_t number = 0;

    if ((field[0] & 0x80) == 0)
        return octal_get(field, 12, out);
    for (int i = 4; i < 12; i++)
        number = (int64_t)(((uint64_t)number << 8) | (unsigned char)field[i]);
    *out = number;
    return number >= 0 && number <= INT64_MAX - ARCHIVE_BLOCK; /* it is rounded up to whole blocks */
}

void archive_header_put(union archive_block *block, const char *name, int64_t size)
{
    char sum[16];

    memset(block, 0, sizeof(*block));
    snprintf(block->header.name, sizeof(block->header.name), "%s", name);
    memcpy(block->header.mode, "0000600", 8);
    memcpy(block->header.owner, "0000000", 8);
    memcpy(block->header.group, "0000000", 8);
    memcpy(block->header.time, "00000000000", 12);
    memcpy(block->header.magic, "ustar", 6);
    memcpy(block->header.version, "00", 2);
    block->header.kind = '0';
    size_put(block->header.size, size);
    snprintf(sum, sizeof(sum), "%06o", sum_of(block));
    memcpy(block->header.sum, sum, 7);
    block->header.sum[7] = ' ';
}

bool archive_header_get(const union archive_block *block, char name[101], int64_t *size_out)
{
    int64_t sum = 0;

    if (memcmp(block->header.magic, "ustar", 5) != 0 || block->header.kind != '0' ||
        !octal_get(block->header.sum, sizeof(block->header.sum), &sum) || sum != sum_of(block))
        return false;
    memcpy(name, block->header.name, sizeof(block->header.name));
    name[sizeof(block->header.name)] = '\0';
    return size_get(block->header.size, size_out);
}

bool archive_header_is_end(const union archive_block *block)
{
    for (size_t i = 0; i < ARCHIVE_BLOCK; i++) {
        if (block->bytes[i] != '\0')
            return false;
    }
    return true;
}
