/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of str that ask what it is made of. Digits beyond ASCII count as other characters. */
#include "engine/template/method.h"
#include "engine/template/text_case.h"

typedef bool (*character_test)(uint32_t code);

static bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static bool is_alnum(uint32_t code)
{
    return is_digit(code) || text_is_alpha(code);
}

static bool is_ascii(uint32_t code)
{
    return code < 128;
}

static bool is_printable(uint32_t code)
{
    return code >= 32 && code != 127 && !(code >= 0x80 && code < 0xA1);
}

static const struct value *all(const struct value *self, character_test test, bool when_empty)
{
    for (size_t at = 0; at < self->as.string.length;)
        if (!test(text_utf8_next(self->as.string.data, self->as.string.length, &at)))
            return value_bool(false);
    return value_bool(self->as.string.length > 0 || when_empty);
}

static const struct value *string_isdigit(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return all(self, is_digit, false);
}

static const struct value *string_isalpha(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return all(self, text_is_alpha, false);
}

static const struct value *string_isalnum(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return all(self, is_alnum, false);
}

static const struct value *string_isspace(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return all(self, text_is_space, false);
}

static const struct value *string_isascii(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return all(self, is_ascii, true);
}

static const struct value *string_isprintable(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return all(self, is_printable, true);
}

/* At least one letter with a case, and none of the other case. */
static const struct value *cased(const struct value *self, bool upper)
{
    bool any = false;

    for (size_t at = 0; at < self->as.string.length;) {
        uint32_t code = text_utf8_next(self->as.string.data, self->as.string.length, &at);
        bool is_upper = text_case_lower(code) != code, is_lower = text_case_upper(code) != code;

        if (upper ? is_lower && !is_upper : is_upper)
            return value_bool(false);
        any |= is_upper || is_lower;
    }
    return value_bool(any);
}

static const struct value *string_isupper(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return cased(self, true);
}

static const struct value *string_islower(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return cased(self, false);
}

static const struct value *string_istitle(struct eval *eval, const struct value *self, struct call_args *args)
{
    bool any = false, in_word = false;

    (void)eval;
    (void)args;
    for (size_t at = 0; at < self->as.string.length;) {
        uint32_t code = text_utf8_next(self->as.string.data, self->as.string.length, &at);
        bool is_upper = text_case_lower(code) != code, is_lower = text_case_upper(code) != code;

        if ((is_upper && in_word) || (is_lower && !is_upper && !in_word))
            return value_bool(false);
        in_word = is_upper || is_lower;
        any |= in_word;
    }
    return value_bool(any);
}

static const struct value *string_isidentifier(struct eval *eval, const struct value *self, struct call_args *args)
{
    size_t length = self->as.string.length;

    (void)eval;
    (void)args;
    for (size_t at = 0; at < length;) {
        bool first = at == 0;
        uint32_t code = text_utf8_next(self->as.string.data, length, &at);

        if (code != '_' && !text_is_alpha(code) && (first || !is_digit(code)))
            return value_bool(false);
    }
    return value_bool(length > 0);
}

const struct method method_of_string_test[] = {
    { "isdigit", string_isdigit, "", false },
    { "isdecimal", string_isdigit, "", false },
    { "isnumeric", string_isdigit, "", false },
    { "isalpha", string_isalpha, "", false },
    { "isalnum", string_isalnum, "", false },
    { "isspace", string_isspace, "", false },
    { "isascii", string_isascii, "", false },
    { "isprintable", string_isprintable, "", false },
    { "isupper", string_isupper, "", false },
    { "islower", string_islower, "", false },
    { "istitle", string_istitle, "", false },
    { "isidentifier", string_isidentifier, "", false },
    { .name = NULL },
};
