/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers of any size through GMP. Sizes are checked before anything is computed: GMP ends the program when
 * memory does not suffice.
 */
#include "common/integer/integer.h"

#include <math.h>
#include <string.h>

#include "common/integer/gmp_library.h"

#define EXACT_MAX (INT64_C(1) << 53)
#define RATIO_BITS 63 /* of a quotient: enough for rounding once */
#define TOO_LARGE "the result is an integer of more than %d bits", INTEGER_BITS_MAX

/* The library and the numbers of one operation. */
struct numbers {
    struct gmp_library gmp;
    mpz_t a, b, result, rest;
    bool is_ready;
};

static int64_t small_of(const struct value *value)
{
    return value->kind == VALUE_BOOL ? value->as.boolean : value->as.integer;
}

static void load_value(const struct numbers *numbers, mpz_t out, const struct value *value)
{
    if (value->kind == VALUE_BIG)
        (void)numbers->gmp.init_set_str(out, value->as.string.data, 10);
    else
        numbers->gmp.init_set_si(out, small_of(value));
}

static bool numbers_open(struct numbers *numbers, const struct value *a, const struct value *b, struct error *err)
{
    if (!gmp_library_load(&numbers->gmp, err))
        return false;
    load_value(numbers, numbers->a, a);
    load_value(numbers, numbers->b, b);
    numbers->gmp.init(numbers->result);
    numbers->gmp.init(numbers->rest);
    numbers->is_ready = true;
    return true;
}

static void numbers_close(struct numbers *numbers)
{
    if (!numbers->is_ready)
        return;
    numbers->gmp.clear(numbers->a);
    numbers->gmp.clear(numbers->b);
    numbers->gmp.clear(numbers->result);
    numbers->gmp.clear(numbers->rest);
}

#define NUMBERS_SCOPED __attribute__((cleanup(numbers_close))) struct numbers

static size_t bits_of(const struct numbers *numbers, const mpz_t number)
{
    return mpz_sgn(number) == 0 ? 0 : numbers->gmp.sizeinbase(number, 2);
}

static const struct value *result_value(struct arena *arena, const struct numbers *numbers, struct error *err)
{
    char *text;

    if (numbers->gmp.fits_slong_p(numbers->result))
        return value_int(arena, numbers->gmp.get_si(numbers->result));
    if (bits_of(numbers, numbers->result) > INTEGER_BITS_MAX)
        return error_set_kind(err, ERROR_LIMIT, TOO_LARGE), NULL;
    text = arena_alloc(arena, numbers->gmp.sizeinbase(numbers->result, 10) + 2);
    numbers->gmp.get_str(text, 10, numbers->result);
    return value_integer(arena, text, strlen(text));
}

/* Base 0, 1 or -1: the exponent may be of any size. */
static bool power_small(struct numbers *numbers, const struct value *exponent)
{
    bool is_odd = exponent->kind == VALUE_BIG
                      ? (exponent->as.string.data[exponent->as.string.length - 1] - '0') % 2 != 0
                      : numbers->gmp.get_ui(numbers->b) % 2 != 0;

    numbers->gmp.pow_ui(numbers->result, numbers->a, mpz_sgn(numbers->b) == 0 ? 0 : is_odd ? 1 : 2);
    return true;
}

static bool power(struct numbers *numbers, const struct value *exponent, struct error *err)
{
    size_t bits = bits_of(numbers, numbers->a);
    unsigned long times = numbers->gmp.get_ui(numbers->b);

    if (bits <= 1)
        return power_small(numbers, exponent);
    if (exponent->kind == VALUE_BIG || times > INTEGER_BITS_MAX / (bits - 1))
        return error_set_kind(err, ERROR_LIMIT, TOO_LARGE);
    numbers->gmp.pow_ui(numbers->result, numbers->a, times);
    return true;
}

static bool multiply(struct numbers *numbers, struct error *err)
{
    if (bits_of(numbers, numbers->a) + bits_of(numbers, numbers->b) > INTEGER_BITS_MAX + 1)
        return error_set_kind(err, ERROR_LIMIT, TOO_LARGE);
    numbers->gmp.mul(numbers->result, numbers->a, numbers->b);
    return true;
}

static bool by_zero(struct error *err, const char *text)
{
    error_set(err, "%s", text);
    return error_raise(err, "ZeroDivisionError");
}

static bool compute(struct numbers *numbers, enum integer_op op, const struct value *b, struct error *err)
{
    const struct gmp_library *gmp = &numbers->gmp;

    if ((op == INTEGER_FLOORDIV || op == INTEGER_MOD) && mpz_sgn(numbers->b) == 0)
        return by_zero(err, op == INTEGER_MOD ? "integer modulo by zero" : "integer division or modulo by zero");
    switch (op) {
    case INTEGER_ADD:
        gmp->add(numbers->result, numbers->a, numbers->b);
        return true;
    case INTEGER_SUB:
        gmp->sub(numbers->result, numbers->a, numbers->b);
        return true;
    case INTEGER_MUL:
        return multiply(numbers, err);
    case INTEGER_FLOORDIV:
        gmp->fdiv_q(numbers->result, numbers->a, numbers->b);
        return true;
    case INTEGER_MOD:
        gmp->fdiv_r(numbers->result, numbers->a, numbers->b);
        return true;
    case INTEGER_POW:
        return power(numbers, b, err);
    }
    return false;
}

const struct value *integer_binary(struct arena *arena, enum integer_op op, const struct value *a,
                                   const struct value *b, struct error *err)
{
    NUMBERS_SCOPED numbers = { .is_ready = false };

    if (!numbers_open(&numbers, a, b, err) || !compute(&numbers, op, b, err))
        return NULL;
    return result_value(arena, &numbers, err);
}

/* --- reals --- */

bool integer_real(const struct value *value, double *out, struct error *err)
{
    double real = value->kind == VALUE_BIG    ? value_big_real(value)
                  : value->kind == VALUE_BOOL ? (double)value->as.boolean
                                              : (double)value->as.integer;

    if (isinf(real))
        return error_set(err, "int too large to convert to float");
    *out = real;
    return true;
}

/* As a real without a loss. */
static bool is_exact(const struct value *value)
{
    return value->kind == VALUE_BOOL || (value->as.integer >= -EXACT_MAX && value->as.integer <= EXACT_MAX);
}

/* The quotient is taken with more bits than a real has, its lowest one set if something is left: rounded only once. */
bool integer_ratio(const struct value *a, const struct value *b, double *out, struct error *err)
{
    NUMBERS_SCOPED numbers = { .is_ready = false };
    unsigned long quotient;
    double real;
    long shift;

    if (a->kind != VALUE_BIG && b->kind != VALUE_BIG && is_exact(a) && is_exact(b) && small_of(b) != 0) {
        *out = (double)small_of(a) / (double)small_of(b);
        return true;
    }
    if (!numbers_open(&numbers, a, b, err))
        return false;
    if (mpz_sgn(numbers.b) == 0)
        return by_zero(err, "division by zero");
    shift = RATIO_BITS - (long)bits_of(&numbers, numbers.a) + (long)bits_of(&numbers, numbers.b);
    numbers.gmp.mul_2exp(numbers.a, numbers.a, shift > 0 ? (unsigned long)shift : 0);
    numbers.gmp.mul_2exp(numbers.b, numbers.b, shift < 0 ? (unsigned long)-shift : 0);
    numbers.gmp.tdiv_qr(numbers.result, numbers.rest, numbers.a, numbers.b);
    quotient = numbers.gmp.get_ui(numbers.result) | (mpz_sgn(numbers.rest) != 0);
    real = ldexp((double)quotient, (int)-shift);
    if (isinf(real))
        return error_set(err, "integer division result too large for a float");
    *out = integer_is_negative(a) != integer_is_negative(b) ? -real : real;
    return true;
}

bool integer_is_negative(const struct value *value)
{
    return value->kind == VALUE_BIG ? value_big_is_negative(value) : value->kind == VALUE_INT && value->as.integer < 0;
}

/* --- digits, bits and words --- */

char *integer_digits(struct arena *arena, const struct value *value, int base, struct error *err)
{
    NUMBERS_SCOPED numbers = { .is_ready = false };
    char *text;

    if (!numbers_open(&numbers, value, value, err))
        return NULL;
    text = arena_alloc(arena, numbers.gmp.sizeinbase(numbers.a, base) + 2);
    numbers.gmp.get_str(text, base, numbers.a);
    return *text == '-' ? text + 1 : text;
}

bool integer_bits(const struct value *value, int64_t *out, struct error *err)
{
    NUMBERS_SCOPED numbers = { .is_ready = false };

    if (!numbers_open(&numbers, value, value, err))
        return false;
    *out = (int64_t)bits_of(&numbers, numbers.a);
    return true;
}

uint32_t *integer_words(struct arena *arena, const struct value *value, size_t *count_out, struct error *err)
{
    NUMBERS_SCOPED numbers = { .is_ready = false };
    size_t count;
    uint32_t *words;

    if (!numbers_open(&numbers, value, value, err))
        return NULL;
    count = bits_of(&numbers, numbers.a) / 32 + 1;
    words = arena_new_array(arena, uint32_t, count);
    words[0] = 0;
    numbers.gmp.export(words, &count, -1, sizeof(*words), 0, 0, numbers.a);
    *count_out = count == 0 ? 1 : count;
    return words;
}

const struct value *integer_from_words(struct arena *arena, const uint32_t *words, size_t count, struct error *err)
{
    static const struct value zero = { .kind = VALUE_INT };
    NUMBERS_SCOPED numbers = { .is_ready = false };

    if (!numbers_open(&numbers, &zero, &zero, err))
        return NULL;
    numbers.gmp.import(numbers.result, count, -1, sizeof(*words), 0, 0, words);
    return result_value(arena, &numbers, err);
}
