/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for host keys. */
#include "cli/rebuild_key.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/text.h"

#define PRINTED "host-key:"
#define FINGERPRINT "SHA256:"

static bool is_kind(const char *word)
{
    return text_starts(word, "ssh-") || text_starts(word, "ecdsa-sha2-") || text_starts(word, "sk-ssh-") ||
           text_starts(word, "sk-ecdsa-");
}

/* Words of a line, NULL at the end. */
static const char **words_of(struct arena *arena, const char *line)
{
    static const char blanks[] = " \t\r\n";
    const char **words = arena_new_array(arena, const char *, strlen(line) / 2 + 2);
    size_t count = 0;

    for (line += strspn(line, blanks); *line != '\0'; line += strspn(line, blanks)) {
        size_t length = strcspn(line, blanks);

        words[count++] = arena_copy_n(arena, line, length);
        line += length;
    }
    return words;
}

/* Standard base64 without the padding that ssh leaves out; NULL: it is none. */
static const char *unpadded(struct arena *arena, const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    return length > 0 && text[length + strspn(text + length, "=")] == '\0' ? arena_copy_n(arena, text, length) : NULL;
}

const char *rebuild_key_read(struct arena *arena, const char *line)
{
    const char **words = words_of(arena, line);

    for (size_t i = 0; words[i] != NULL; i++) {
        if (is_kind(words[i]))
            return words[i + 1] != NULL && unpadded(arena, words[i + 1]) != NULL
                       ? arena_printf(arena, "%s %s", words[i], words[i + 1])
                       : NULL;
    }
    return NULL;
}

/* The first key on a line with that marker (NULL: without any), and, where `same` is not NULL, of that fingerprint. */
static const char *key_marked(struct arena *arena, const char *lines, const char *marker, const char *same)
{
    const char *cursor = lines, *end = lines + strlen(lines), *line = NULL;
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        const char *text = text_trim(arena, line, length), *key = NULL;
        bool is_meant = marker == NULL ? text[0] != '@' && text[0] != '#' : text_starts(text, marker);

        if (is_meant && (key = rebuild_key_read(arena, text)) != NULL &&
            (same == NULL || text_equal(rebuild_key_fingerprint(arena, key), same)))
            return key;
    }
    return NULL;
}

const char *rebuild_key_known(struct arena *arena, const char *lines)
{
    return key_marked(arena, lines, NULL, NULL);
}

struct rebuild_key_word rebuild_key_printed(struct arena *arena, const char *output)
{
    const char *cursor = output, *end = output + strlen(output), *line = NULL;
    struct rebuild_key_word word = { NULL, NULL };
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        const char *text = text_trim(arena, line, length), *said = NULL;

        if (!text_starts(text, PRINTED))
            continue;
        said = text_trim(arena, text + strlen(PRINTED), strlen(text) - strlen(PRINTED));
        word = text_starts(said, FINGERPRINT) ? (struct rebuild_key_word){ NULL, words_of(arena, said)[0] }
                                              : (struct rebuild_key_word){ rebuild_key_read(arena, said), NULL };
    }
    return word;
}

const char *rebuild_key_fingerprint(struct arena *arena, const char *key)
{
    const char *blob = strchr(key, ' ');
    char hex[HASH_HEX_MAX], *bytes = NULL, *padded = NULL;
    unsigned char digest[32];
    size_t length = 0;
    struct error ignored = ERROR_INIT;

    blob = blob == NULL ? NULL : unpadded(arena, blob + 1);
    if (blob == NULL)
        return NULL;
    padded = arena_printf(arena, "%s%.*s", blob, (int)((4 - strlen(blob) % 4) % 4), "===");
    if (!base64_decode(arena, padded, strlen(padded), &bytes, &length, &ignored))
        return NULL;
    hash_hex_of(HASH_SHA256, bytes, length, hex);
    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (unsigned char)strtoul((char[]){ hex[2 * i], hex[2 * i + 1], '\0' }, NULL, 16);
    return arena_printf(arena, FINGERPRINT "%s", unpadded(arena, base64_encode(arena, digest, sizeof(digest))));
}

static bool is_word(const struct rebuild_key_word *word)
{
    return word->key != NULL || word->fingerprint != NULL;
}

static const struct rebuild_key_word *told_word(const struct rebuild_key_words *words)
{
    return is_word(&words->by_wipe) ? &words->by_wipe : &words->declared;
}

const char *rebuild_key_algorithms(struct arena *arena, const struct rebuild_key_words *words)
{
    const char *key = told_word(words)->key != NULL ? told_word(words)->key : words->pinned;
    const char *kind = NULL;

    if (key == NULL && !is_word(told_word(words)) && !words->was_wiped)
        key = words->known;
    kind = key == NULL ? NULL : words_of(arena, key)[0];

    return text_equal(kind, "ssh-rsa") ? "rsa-sha2-512,rsa-sha2-256,ssh-rsa" : kind;
}

bool rebuild_key_word_check(struct arena *arena, const struct rebuild_key_word *word, struct error *err)
{
    if (word->key != NULL && rebuild_key_read(arena, word->key) == NULL)
        return error_set(err, "roost_host_key is '%s': expected a public key, 'ssh-ed25519 AAAA...'", word->key);
    return word->fingerprint == NULL ||
           (text_starts(word->fingerprint, FINGERPRINT) && strlen(word->fingerprint) == strlen(FINGERPRINT) + 43) ||
           error_set(
               err, "roost_host_key_fingerprint is '%s': expected SHA256: and 43 characters, as ssh-keygen -l shows it",
               word->fingerprint);
}

/* The two are of one key. */
static bool is_same(struct arena *arena, const char *told, const char *offered)
{
    return text_equal(rebuild_key_fingerprint(arena, told), rebuild_key_fingerprint(arena, offered));
}

static bool judge_told(struct arena *arena, const struct rebuild_key_words *words, const char *offered,
                       const char **how_out, struct error *err)
{
    const struct rebuild_key_word *word = told_word(words);
    const char *who = word == &words->by_wipe ? "the wipe command" : "the inventory";
    const char *told = word->fingerprint != NULL ? word->fingerprint : rebuild_key_fingerprint(arena, word->key);
    const char *shown = rebuild_key_fingerprint(arena, offered);

    if (!text_equal(told, shown))
        return error_set(err,
                         "its host key is %s, %s says %s: another machine answers there, or what was told is wrong",
                         shown, who, told);
    *how_out = arena_printf(arena, "as %s says", who);
    return true;
}

bool rebuild_key_judge(struct arena *arena, const struct rebuild_key_words *words, const char *offered,
                       const char **how_out, struct error *err)
{
    const char *shown = rebuild_key_fingerprint(arena, offered);

    if (shown == NULL)
        return error_set(err, "what ssh has found is no host key: %s", offered);
    if (words->known_lines != NULL && key_marked(arena, words->known_lines, "@revoked", shown) != NULL)
        return error_set(err, "its host key is %s, which known_hosts has as @revoked", shown);
    if (is_word(told_word(words)))
        return judge_told(arena, words, offered, how_out, err);
    if (words->pinned != NULL && !is_same(arena, words->pinned, offered))
        return error_set(err, "its host key is %s, and was %s a moment ago: another machine answers there", shown,
                         rebuild_key_fingerprint(arena, words->pinned));
    if (words->pinned != NULL) {
        *how_out = "as pinned before";
    } else if (words->known != NULL && is_same(arena, words->known, offered)) {
        *how_out = "as known before";
    } else if (words->known != NULL && !words->was_wiped) {
        return error_set(
            err,
            "its host key is %s, known_hosts has %s: tell the right one by roost_host_key_fingerprint in the "
            "inventory, or by what the wipe command prints (host-key: ssh-ed25519 AAAA...)",
            shown, rebuild_key_fingerprint(arena, words->known));
    } else {
        *how_out = "pinned on first sight, nobody vouched for it";
    }
    return true;
}
