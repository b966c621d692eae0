/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MT19937 with init_by_array (Matsumoto and Nishimura, 2002), fed as CPython does, so that a seed gives
 * the same numbers as Ansible on any machine.
 */
#include "engine/template/python_random.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/hash.h"
#include "common/integer/integer.h"

#define SHIFT 397
#define HASH_MODULUS ((UINT64_C(1) << 61) - 1)

struct random random_from_system(void)
{
    return (struct random){ .system = true };
}

/* --- seeding --- */

static void seed_words(struct random *random, uint32_t first)
{
    random->words[0] = first;
    for (uint32_t i = 1; i < RANDOM_WORDS; i++)
        random->words[i] = UINT32_C(1812433253) * (random->words[i - 1] ^ (random->words[i - 1] >> 30)) + i;
    random->next = RANDOM_WORDS;
}

static void seed_array(struct random *random, const uint32_t *key, size_t length)
{
    uint32_t *words = random->words;
    size_t i = 1, j = 0;

    seed_words(random, 19650218);
    for (size_t k = length > RANDOM_WORDS ? length : RANDOM_WORDS; k > 0; k--) {
        words[i] = (words[i] ^ ((words[i - 1] ^ (words[i - 1] >> 30)) * UINT32_C(1664525))) + key[j] + (uint32_t)j;
        j = (j + 1) % length;
        if (++i >= RANDOM_WORDS) {
            words[0] = words[RANDOM_WORDS - 1];
            i = 1;
        }
    }
    for (size_t k = RANDOM_WORDS - 1; k > 0; k--) {
        words[i] = (words[i] ^ ((words[i - 1] ^ (words[i - 1] >> 30)) * UINT32_C(1566083941))) - (uint32_t)i;
        if (++i >= RANDOM_WORDS) {
            words[0] = words[RANDOM_WORDS - 1];
            i = 1;
        }
    }
    words[0] = UINT32_C(0x80000000);
}

static void seed_number(struct random *random, uint64_t number)
{
    uint32_t key[2] = { (uint32_t)number, (uint32_t)(number >> 32) };

    seed_array(random, key, key[1] == 0 ? 1 : 2);
}

/* The text followed by its SHA-512, as one big-endian number cut into 32-bit words, lowest first. */
static void seed_text(struct arena *arena, struct random *random, const char *data, size_t length)
{
    size_t total = length + 64, count = (total + 3) / 4;
    unsigned char *bytes = arena_alloc(arena, total);
    uint32_t *key = arena_new_array(arena, uint32_t, count);
    char hex[HASH_HEX_MAX];

    memcpy(bytes, data, length);
    hash_hex_of(HASH_SHA512, data, length, hex);
    for (size_t i = 0; i < 128; i++) {
        unsigned digit = (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);

        bytes[length + i / 2] = (unsigned char)((unsigned)bytes[length + i / 2] << 4 | digit);
    }
    for (size_t i = 0; i < total; i++)
        key[i / 4] |= (uint32_t)bytes[total - 1 - i] << (8 * (i % 4));
    while (count > 1 && key[count - 1] == 0)
        count--;
    seed_array(random, key, count);
}

/* CPython's hash of a float, as the unsigned number that seeds. */
static uint64_t hash_real(double real)
{
    int exponent = 0;
    double mantissa = frexp(fabs(real), &exponent);
    uint64_t hash = 0;

    if (!isfinite(real))
        return isnan(real) ? 0 : real > 0 ? 314159 : (uint64_t)-314159;
    while (mantissa > 0) {
        uint64_t part;

        hash = ((hash << 28) & HASH_MODULUS) | hash >> 33;
        mantissa *= 268435456.0;
        exponent -= 28;
        part = (uint64_t)mantissa;
        mantissa -= (double)part;
        hash += part;
        hash = hash >= HASH_MODULUS ? hash - HASH_MODULUS : hash;
    }
    exponent = exponent >= 0 ? exponent % 61 : 60 - (-1 - exponent) % 61;
    hash = exponent == 0 ? hash : ((hash << exponent) & HASH_MODULUS) | hash >> (61 - exponent);
    if (real < 0)
        hash = hash == 1 ? (uint64_t)-2 : 0 - hash;
    return hash;
}

static bool seed_big(struct arena *arena, struct random *random, const struct value *seed)
{
    size_t count = 0;
    uint32_t *words = integer_words(arena, seed, &count, NULL);

    if (words != NULL)
        seed_array(random, words, count);
    return words != NULL;
}

bool random_from_seed(struct arena *arena, const struct value *seed, struct random *out)
{
    out->system = false;
    switch (seed->kind) {
    case VALUE_INT:
        seed_number(out, seed->as.integer < 0 ? 0 - (uint64_t)seed->as.integer : (uint64_t)seed->as.integer);
        return true;
    case VALUE_BIG:
        return seed_big(arena, out, seed);
    case VALUE_BOOL:
        seed_number(out, seed->as.boolean);
        return true;
    case VALUE_REAL:
        seed_number(out, hash_real(seed->as.real));
        return true;
    case VALUE_STRING:
        seed_text(arena, out, seed->as.string.data, seed->as.string.length);
        return true;
    default:
        return false;
    }
}

/* --- drawing --- */

static void refill(struct random *random)
{
    uint32_t *words = random->words;

    for (size_t i = 0; i < RANDOM_WORDS; i++) {
        uint32_t mixed = (words[i] & UINT32_C(0x80000000)) | (words[(i + 1) % RANDOM_WORDS] & UINT32_C(0x7FFFFFFF));

        words[i] = words[(i + SHIFT) % RANDOM_WORDS] ^ (mixed >> 1) ^ ((mixed & 1) != 0 ? UINT32_C(0x9908B0DF) : 0);
    }
    random->next = 0;
}

static uint32_t draw(struct random *random)
{
    uint32_t word = 0;

    if (random->system) {
        while (getrandom(&word, sizeof(word), 0) != (ssize_t)sizeof(word))
            continue;
        return word;
    }
    if (random->next >= RANDOM_WORDS)
        refill(random);
    word = random->words[random->next++];
    word ^= word >> 11;
    word ^= (word << 7) & UINT32_C(0x9D2C5680);
    word ^= (word << 15) & UINT32_C(0xEFC60000);
    return word ^ (word >> 18);
}

static uint64_t draw_bits(struct random *random, int bits)
{
    uint64_t low;

    if (bits <= 32)
        return draw(random) >> (32 - bits);
    low = draw(random);
    return low | (uint64_t)(draw(random) >> (64 - bits)) << 32;
}

uint64_t random_below(struct random *random, uint64_t count)
{
    int bits = 64 - __builtin_clzll(count);
    uint64_t drawn = draw_bits(random, bits);

    while (drawn >= count)
        drawn = draw_bits(random, bits);
    return drawn;
}

const struct value *random_below_big(struct arena *arena, struct random *random, const struct value *count,
                                     struct error *err)
{
    int64_t bits = 0;
    int order = 0;
    size_t words;
    uint32_t *drawn;
    const struct value *made;

    if (!integer_bits(count, &bits, err))
        return NULL;
    words = (size_t)(bits + 31) / 32;
    drawn = arena_new_array(arena, uint32_t, words);
    do {
        for (size_t i = 0; i < words; i++)
            drawn[i] = draw(random);
        drawn[words - 1] >>= (32 - bits % 32) % 32;
        made = integer_from_words(arena, drawn, words, err);
    } while (made != NULL && value_compare(made, count, &order, err) && order >= 0);
    return made;
}
