/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to number and boolean. The whole string must be the number: no blanks, no rest, no overflow.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"

bool text_to_int(const char *string, int64_t *out)
{
    const char *digits = string;
    char *end = NULL;
    long long number;

    if (string == NULL)
        return false;
    if (*digits == '-' || *digits == '+')
        digits++;
    if (!isdigit((unsigned char)*digits))
        return false;
    errno = 0;
    number = strtoll(string, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *out = number;
    return true;
}

bool text_to_real(const char *string, double *out)
{
    char *end = NULL;
    double number;

    /* strtod reads hexadecimal and leading blanks too, which no caller means */
    if (string == NULL || *string == '\0' || isspace((unsigned char)*string) || strpbrk(string, "xX(") != NULL)
        return false;
    number = strtod(string, &end);
    if (end == string || *end != '\0')
        return false;
    *out = number;
    return true;
}

bool text_to_bool(const char *string, bool *out)
{
    static const char *const words[] = { "yes", "on", "true", "1", "y", "t", "no", "off", "false", "0", "n", "f" };
    size_t count = sizeof(words) / sizeof(words[0]);
    size_t length;

    if (string == NULL)
        return false;
    while (isspace((unsigned char)*string))
        string++;
    length = strlen(string);
    while (length > 0 && isspace((unsigned char)string[length - 1]))
        length--;
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == length && strncasecmp(words[i], string, length) == 0) {
            *out = i < count / 2;
            return true;
        }
    }
    return false;
}
