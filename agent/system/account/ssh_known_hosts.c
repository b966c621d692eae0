/* SPDX-License-Identifier: Apache-2.0 */
/* Matching host names against known_hosts lines. */
#include "agent/system/account/ssh_known_hosts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/system/file/word_list.h"
#include "common/base/hash.h"
#include "common/base/text.h"

#define SHA1_BYTES 20
#define SHA1_BLOCK 64

bool known_host_parse(struct arena *arena, const char *line, size_t length, struct known_host *out)
{
    struct word_list words = word_list_split(arena, line, length), comment = word_list_new(arena);
    size_t at = words.count > 0 && words.items[0][0] == '@';

    if (words.count < at + 3 || words.items[0][0] == '#')
        return false;
    for (size_t i = at + 3; i < words.count; i++)
        word_list_add(&comment, words.items[i]);
    *out = (struct known_host){ .marker = at == 1 ? words.items[0] : NULL,
                                .names = words.items[at],
                                .type = words.items[at + 1],
                                .key = words.items[at + 2],
                                .comment = word_list_join(&comment, " ") };
    return true;
}

char *known_host_line(struct arena *arena, const struct known_host *line)
{
    return arena_printf(arena, "%s%s%s %s %s%s%s", line->marker != NULL ? line->marker : "",
                        line->marker != NULL ? " " : "", line->names, line->type, line->key,
                        line->comment[0] != '\0' ? " " : "", line->comment);
}

/* --- hashed names: |1|base64 of the salt|base64 of HMAC-SHA1(salt, name) --- */

static void bytes_of_hex(const char *hex, unsigned char out[SHA1_BYTES])
{
    char digits[3] = "";

    for (size_t i = 0; i < SHA1_BYTES; i++) {
        memcpy(digits, hex + 2 * i, 2);
        out[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
}

/* RFC 2104; the salt is never longer than a block. */
static void hmac_sha1(struct arena *arena, const unsigned char salt[SHA1_BYTES], const char *text,
                      unsigned char out[SHA1_BYTES])
{
    unsigned char inner[SHA1_BLOCK], outer[SHA1_BLOCK], digest[SHA1_BYTES];
    char hex[HASH_HEX_MAX];
    struct hash *hash = hash_new(arena, HASH_SHA1);

    for (size_t i = 0; i < SHA1_BLOCK; i++) {
        unsigned char byte = i < SHA1_BYTES ? salt[i] : 0;
        inner[i] = byte ^ 0x36;
        outer[i] = byte ^ 0x5c;
    }
    hash_add(hash, inner, sizeof(inner));
    hash_add(hash, text, strlen(text));
    bytes_of_hex(hash_hex(hash, hex), digest);
    hash = hash_new(arena, HASH_SHA1);
    hash_add(hash, outer, sizeof(outer));
    hash_add(hash, digest, sizeof(digest));
    bytes_of_hex(hash_hex(hash, hex), out);
}

bool known_host_hash(struct arena *arena, const char *host, const char **out, struct error *err)
{
    unsigned char salt[SHA1_BYTES], digest[SHA1_BYTES];

    if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
        return error_set_errno(err, "random numbers");
    hmac_sha1(arena, salt, host, digest);
    *out = arena_printf(arena, "|1|%s|%s", base64_encode(arena, salt, sizeof(salt)),
                        base64_encode(arena, digest, sizeof(digest)));
    return true;
}

static bool hashed_matches(struct arena *arena, const char *names, const char *host)
{
    unsigned char digest[SHA1_BYTES];
    struct error ignored = ERROR_INIT;
    char *salt = NULL, *wanted = NULL;
    size_t salt_length = 0, wanted_length = 0;
    const char *middle = strchr(names + 3, '|');

    if (middle == NULL ||
        !base64_decode(arena, names + 3, (size_t)(middle - names - 3), &salt, &salt_length, &ignored) ||
        !base64_decode(arena, middle + 1, strlen(middle + 1), &wanted, &wanted_length, &ignored) ||
        salt_length != SHA1_BYTES || wanted_length != SHA1_BYTES)
        return false;
    hmac_sha1(arena, (const unsigned char *)salt, host, digest);
    return memcmp(digest, wanted, SHA1_BYTES) == 0;
}

/* --- patterns --- */

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

/* * and ? only: brackets stand for themselves ([host]:port). */
static bool pattern_matches(const char *pattern, const char *host)
{
    const char *star = NULL, *resume = NULL;

    while (*host != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = host;
        } else if (*pattern == '?' || lower(*pattern) == *host) {
            pattern++;
            host++;
        } else if (star != NULL) {
            pattern = star + 1;
            host = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool known_host_matches(struct arena *arena, const struct known_host *line, const char *host)
{
    size_t count = 0;
    bool matches = false;

    if (text_starts(line->names, "|1|"))
        return hashed_matches(arena, line->names, host);
    char **patterns = text_split(arena, line->names, ',', &count);
    for (size_t i = 0; i < count; i++) {
        bool is_negated = patterns[i][0] == '!';

        if (!pattern_matches(patterns[i] + is_negated, host))
            continue;
        if (is_negated)
            return false;
        matches = true;
    }
    return matches;
}
