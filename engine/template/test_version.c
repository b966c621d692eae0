/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of version numbers. */
#include "engine/template/test_version.h"

#include <ctype.h>
#include <string.h>

#include "common/base/pep440.h"
#include "common/base/text.h"

struct part {
    const char *data;
    size_t length;
    bool is_number;
};

static int order_numbers(const struct part *a, const struct part *b)
{
    const char *x = a->data, *y = b->data;
    size_t left = a->length, right = b->length;

    for (; left > 1 && *x == '0'; x++)
        left--;
    for (; right > 1 && *y == '0'; y++)
        right--;
    if (left != right)
        return left < right ? -1 : 1;
    return memcmp(x, y, left);
}

static int order_words(const struct part *a, const struct part *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->data, b->data, shorter);

    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* A run of digits, or a run of letters or of other characters but dots; false at the end. */
static bool next_part(const char **cursor, struct part *out)
{
    const char *at = *cursor;

    while (*at == '.')
        at++;
    if (*at == '\0')
        return false;
    *out = (struct part){ at, 0, isdigit((unsigned char)*at) != 0 };
    if (out->is_number)
        out->length = strspn(at, "0123456789");
    else if (islower((unsigned char)*at))
        out->length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    else
        while (at[out->length] != '\0' && at[out->length] != '.' && !isdigit((unsigned char)at[out->length]) &&
               !islower((unsigned char)at[out->length]))
            out->length++;
    *cursor = at + out->length;
    return true;
}

static bool order_loose(struct eval *eval, const char *a, const char *b, int *order_out)
{
    struct part x, y;

    for (*order_out = 0; *order_out == 0;) {
        bool left = next_part(&a, &x), right = next_part(&b, &y);

        if (!left || !right) {
            *order_out = left - right;
            return true;
        }
        if (x.is_number != y.is_number)
            return eval_fail(eval, "Version comparison failed: '<' not supported between instances of '%s' and '%s'",
                             x.is_number ? "int" : "str", y.is_number ? "int" : "str") != NULL;
        *order_out = x.is_number ? order_numbers(&x, &y) : order_words(&x, &y);
    }
    return true;
}

/* --- strict: 1.2, 1.2.3, 1.2a1, 1.2.3b4 --- */

struct strict {
    struct part numbers[3];
    char letter; /* 'a', 'b' or 0 */
    struct part serial;
};

static bool take_number(const char **at, struct part *out)
{
    *out = (struct part){ *at, strspn(*at, "0123456789"), true };
    *at += out->length;
    return out->length > 0;
}

static bool read_strict(const char *text, struct strict *out)
{
    const char *at = text;

    *out = (struct strict){ .numbers[2] = { "0", 1, true }, .serial = { "0", 1, true } };
    if (!take_number(&at, &out->numbers[0]) || *at++ != '.' || !take_number(&at, &out->numbers[1]))
        return false;
    if (*at == '.') {
        at++;
        if (!take_number(&at, &out->numbers[2]))
            return false;
    }
    if (*at == 'a' || *at == 'b') {
        out->letter = *at++;
        if (!take_number(&at, &out->serial))
            return false;
    }
    return *at == '\0';
}

static bool order_strict(struct eval *eval, const char *a, const char *b, int *order_out)
{
    struct strict x, y;
    int order = 0;

    if (!read_strict(a, &x) || !read_strict(b, &y))
        return eval_fail(eval, "Version comparison failed: invalid version number '%s'", read_strict(a, &x) ? b : a) !=
               NULL;
    for (int i = 0; i < 3 && order == 0; i++)
        order = order_numbers(&x.numbers[i], &y.numbers[i]);
    if (order == 0 && x.letter != y.letter) /* no letter comes last: a release follows its betas */
        order = x.letter == 0 ? 1 : y.letter == 0 ? -1 : x.letter - y.letter;
    *order_out = order != 0 ? order : order_numbers(&x.serial, &y.serial);
    return true;
}

/* --- semantic: 1.2.3-alpha.1+build --- */

static bool valid_semantic(const char *text)
{
    struct part part;

    for (int i = 0; i < 3; i++) {
        if (!take_number(&text, &part) || (part.length > 1 && part.data[0] == '0') || (i < 2 && *text++ != '.'))
            return false;
    }
    for (const char *c = text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-.+", *c) == NULL)
            return false;
    return *text == '\0' || ((*text == '-' || *text == '+') && text[1] != '\0');
}

static int order_identifiers(const char *a, size_t a_length, const char *b, size_t b_length)
{
    struct part x = { a, a_length, strspn(a, "0123456789") >= a_length },
                y = { b, b_length, strspn(b, "0123456789") >= b_length };

    if (x.is_number != y.is_number)
        return x.is_number ? -1 : 1;
    return x.is_number ? order_numbers(&x, &y) : order_words(&x, &y);
}

/* What stands between "-" and "+", identifier by identifier; a version without it comes later. */
static int order_prerelease(const char *a, const char *b)
{
    const char *a_end = a + strcspn(a, "+"), *b_end = b + strcspn(b, "+");

    if (*a != '-' || *b != '-')
        return (*b == '-') - (*a == '-');
    for (a++, b++; a < a_end && b < b_end;) {
        size_t x = strcspn(a, ".+"), y = strcspn(b, ".+");
        int order = order_identifiers(a, x, b, y);

        if (order != 0)
            return order;
        a += x + (a + x < a_end);
        b += y + (b + y < b_end);
    }
    return (a < a_end) - (b < b_end);
}

static bool order_semantic(struct eval *eval, const char *a, const char *b, int *order_out)
{
    int order = 0;

    if (!valid_semantic(a) || !valid_semantic(b))
        return eval_fail(eval, "Version comparison failed: invalid semantic version '%s'", valid_semantic(a) ? b : a) !=
               NULL;
    for (int i = 0; i < 3 && order == 0; i++) {
        struct part x, y;

        take_number(&a, &x);
        take_number(&b, &y);
        order = order_numbers(&x, &y);
        a += *a == '.';
        b += *b == '.';
    }
    *order_out = order != 0 ? order : order_prerelease(a, b);
    return true;
}

static bool order_pep440(struct eval *eval, const char *a, const char *b, int *order_out)
{
    struct pep440 x, y;
    bool is_left = pep440_read(a, strlen(a), &x);

    if (!is_left || !pep440_read(b, strlen(b), &y))
        return eval_fail(eval, "Version comparison failed: Invalid version: '%s'", is_left ? b : a) != NULL;
    *order_out = pep440_order_local(&x, &y);
    return true;
}

bool version_order(struct eval *eval, const char *type, const char *a, const char *b, int *order_out)
{
    if (strcmp(type, "strict") == 0)
        return order_strict(eval, a, b, order_out);
    if (strcmp(type, "semver") == 0 || strcmp(type, "semantic") == 0)
        return order_semantic(eval, a, b, order_out);
    if (strcmp(type, "pep440") == 0)
        return order_pep440(eval, a, b, order_out);
    if (strcmp(type, "loose") == 0)
        return order_loose(eval, a, b, order_out);
    return eval_fail(eval,
                     "Invalid version type (%s). Must be one of 'loose', 'strict', 'semver', 'semantic', 'pep440'",
                     type) != NULL;
}
