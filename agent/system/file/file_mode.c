/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads octal and symbolic modes. Copies (g=u) and X look at the mode the file had before the whole text, as
 * Ansible's do; POSIX chmod would look at the intermediate one.
 */
#include "agent/system/file/file_mode.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PERMISSION_BITS ((mode_t)07777)

static bool octal_parse(const char *text, mode_t *out)
{
    unsigned value = 0;

    if (text[0] == '0' && (text[1] == 'o' || text[1] == 'O'))
        text += 2;
    if (!*text || strlen(text) > 8)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '7')
            return false;
        value = value * 8 + (unsigned)(*text - '0');
    }
    *out = (mode_t)value;
    return true;
}

/* rwx bits given as for "other", moved to where `user` has them. */
static mode_t shift_to(char user, mode_t bits)
{
    return user == 'u' ? bits << 6 : user == 'g' ? bits << 3 : bits;
}

static mode_t bits_of(char user, mode_t mode)
{
    return (user == 'u' ? mode >> 6 : user == 'g' ? mode >> 3 : mode) & 7;
}

static mode_t special_bit(char user, char letter)
{
    if (letter == 's')
        return user == 'u' ? S_ISUID : user == 'g' ? S_ISGID : 0;
    return user == 'o' ? S_ISVTX : 0;
}

/* `keep`: bits that the umask lets through. */
static mode_t letter_bits(char user, char letter, mode_t current, mode_t keep)
{
    bool runnable = S_ISDIR(current) || (current & 0111);

    switch (letter) {
    case 'r':
        return shift_to(user, 4) & keep;
    case 'w':
        return shift_to(user, 2) & keep;
    case 'x':
        return shift_to(user, 1) & keep;
    case 'X':
        return runnable ? shift_to(user, 1) : 0;
    case 's':
    case 't':
        return special_bit(user, letter);
    default: /* u, g, o: what they have now */
        return shift_to(user, bits_of(letter, current));
    }
}

static mode_t operation_apply(char user, char operation, mode_t bits, mode_t mode)
{
    if (operation == '+')
        return mode | bits;
    if (operation == '-')
        return mode & ~bits;
    mode_t mask = shift_to(user, 7) | special_bit(user, 's') | special_bit(user, 't');
    return (mode & ~mask) | bits;
}

/* One clause between commas: users, then any number of operator + permissions. */
static bool clause_apply(const char *clause, size_t length, mode_t current, mode_t mask, mode_t *mode)
{
    size_t users_length = strcspn(clause, "+-=,");
    const char *users = clause, *end = clause + length;
    mode_t keep = users_length == 0 ? PERMISSION_BITS & ~mask : PERMISSION_BITS;

    if (strspn(users, "ugo") < users_length && !(users_length == 1 && users[0] == 'a'))
        return false;
    const char *at = clause + users_length;
    if (users_length == 0 || users[0] == 'a') {
        users = "ugo";
        users_length = 3;
    }
    while (at < end) {
        char operation = *at++;
        size_t count = strcspn(at, "+-=,");
        if (strspn(at, "rwxXstugo") < count)
            return false;
        for (size_t u = 0; u < users_length; u++) {
            mode_t bits = 0;
            for (size_t i = 0; i < count; i++)
                bits |= letter_bits(users[u], at[i], current, keep);
            *mode = operation_apply(users[u], operation, bits, *mode);
        }
        at += count;
    }
    return true;
}

bool file_mode_parse(const char *text, mode_t current, mode_t mask, mode_t *out, struct error *err)
{
    mode_t mode = current & PERMISSION_BITS;

    if (octal_parse(text, &mode)) {
        if (mode & ~PERMISSION_BITS)
            return error_set(err, "mode '%s' holds more than permissions", text);
        *out = mode;
        return true;
    }
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        if (!clause_apply(at, length, current, mask, &mode))
            return error_set(err, "mode must be in octal or symbolic form: bad permission in '%.*s'", (int)length, at);
        at += length;
        if (!*at)
            break;
    }
    *out = mode;
    return true;
}

void file_mode_format(mode_t mode, char *out, unsigned long size)
{
    (void)snprintf(out, size, "0%03o", (unsigned)(mode & PERMISSION_BITS));
}

bool file_mode_umask(const char *text, mode_t *out)
{
    const char *digits = strncmp(text, "0o", 2) == 0 ? text + 2 : text;
    mode_t bits = 0;

    for (const char *at = digits; *at; at++) {
        if (*at < '0' || *at > '7' || at - digits > 10)
            return false;
        bits = (bits * 8 + (mode_t)(*at - '0')) & 07777;
    }
    if (!*digits)
        return false;
    *out = bits & 0777;
    return true;
}
