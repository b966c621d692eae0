/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes in bytes and bits, read and written: human_readable, human_to_bytes, filesizeformat. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/python_integer.h"
#include "engine/template/size_text.h"

static const char letters[] = "YZEPTGMKB";

/* 2^80 for Y ... 1 for B */
static double unit_size(char letter)
{
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);

    return found == NULL ? 0 : ldexp(1, 10 * (int)(strlen(letters) - 1 - (size_t)(found - letters)));
}

static const struct value *filter_human_readable(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *unit = value_text(args->bound[1]);
    bool bits = args_true(args->bound[0], false);
    char wanted = unit == NULL || *unit == '\0' ? '\0' : (char)toupper((unsigned char)*unit), letter = 'B';
    double size = 0;

    if (!eval_number(input, &size))
        return eval_fail_type(eval,
                              "human_readable() failed on bad input: '>=' not supported between instances of '%s' "
                              "and 'int'",
                              eval_type(input));
    if (input->kind == VALUE_BIG && isinf(size))
        return eval_fail(eval, "integer division result too large for a float");
    for (const char *c = letters; *c != '\0'; c++)
        if (wanted == '\0' ? size >= unit_size(*c) : wanted == *c) {
            letter = *c;
            break;
        }
    if (letter == 'B')
        return eval_text(eval, arena_printf(eval->arena, "%.2f %s", size, bits ? "bits" : "Bytes"));
    return eval_text(eval, arena_printf(eval->arena, "%.2f %c%c", size / unit_size(letter), letter, bits ? 'b' : 'B'));
}

/* Is "MB" (bytes) or "Mb" (bits) a unit of the wanted sort? */
static bool unit_fits(const char *unit, size_t length, bool bits)
{
    char lower[8] = "";

    if (length < 2)
        return true;
    for (size_t i = 0; i < length && i < sizeof(lower) - 1; i++)
        lower[i] = (char)tolower((unsigned char)unit[i]);
    return strstr(lower, bits ? "bit" : "byte") != NULL || unit[1] == (bits ? 'b' : 'B');
}

bool size_text_read(const char *text, const char *default_unit, bool bits, double *out)
{
    const char *start = text + strspn(text, " \t\n\r\f\v");
    size_t digits = strspn(start, "0123456789."), length;
    const char *unit = start + digits + strspn(start + digits, " \t");
    double size;

    length = strspn(unit, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (digits == 0 || !isdigit((unsigned char)start[*start == '.']))
        return false;
    if (length == 0) {
        unit = default_unit;
        length = unit == NULL ? 0 : strlen(unit);
    }
    size = unit == NULL || length == 0 ? 1 : unit_size((char)toupper((unsigned char)*unit));
    if (size == 0 || (length > 0 && !unit_fits(unit, length, bits)))
        return false;
    *out = nearbyint(strtod(start, NULL) * size);
    return true;
}

static const struct value *filter_human_to_bytes(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *text = eval_str(eval, input);
    double size = 0;

    if (text == NULL)
        return NULL;
    if (!size_text_read(text->as.string.data, value_text(args->bound[0]), args_true(args->bound[1], false), &size))
        return eval_fail(eval, "human_to_bytes() can't interpret following string: %s", text->as.string.data);
    return isfinite(size) ? value_integer_real(eval->arena, size)
                          : eval_fail(eval, "cannot convert float infinity to integer");
}

static const struct value *filter_filesizeformat(struct eval *eval, const struct value *input, struct call_args *args)
{
    static const char *const decimal[] = { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" };
    static const char *const binary[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" };
    bool is_binary = args_true(args->bound[0], false);
    double base = is_binary ? 1024 : 1000, bytes = 0, unit = base;
    size_t i = 0;

    if (!eval_number(input, &bytes) && (input->kind != VALUE_STRING || !text_to_real(input->as.string.data, &bytes)))
        return eval_fail_type(eval, "float() argument must be a string or a real number, not '%s'", eval_type(input));
    if (input->kind == VALUE_BIG && !python_real(eval, input, &bytes))
        return NULL;
    if (bytes == 1)
        return eval_text(eval, "1 Byte");
    if (bytes < base)
        return eval_text(eval, arena_printf(eval->arena, "%.0f Bytes", trunc(bytes) + 0.0));
    for (i = 0; i < 7 && bytes >= unit * base; i++)
        unit *= base;
    return eval_text(eval, arena_printf(eval->arena, "%.1f %s", bytes / unit, is_binary ? binary[i] : decimal[i]));
}

const struct filter filters_size[] = {
    { "human_readable", filter_human_readable, "isbits unit", 0 },
    { "human_to_bytes", filter_human_to_bytes, "default_unit isbits", 0 },
    { "filesizeformat", filter_filesizeformat, "binary", 0 },
    { .name = NULL },
};
