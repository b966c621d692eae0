/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of text. */
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/pattern.h"
#include "engine/template/test.h"
#include "engine/template/text_case.h"

static bool has_case(struct eval *eval, const struct value *input, bool upper, bool *out)
{
    bool any = false;

    input = eval_str(eval, input);
    if (input == NULL)
        return false;
    *out = false;
    for (size_t at = 0; at < input->as.string.length;) {
        uint32_t code = text_utf8_next(input->as.string.data, input->as.string.length, &at);
        bool is_upper = text_case_lower(code) != code, is_lower = text_case_upper(code) != code;

        if (upper ? is_lower && !is_upper : is_upper)
            return true;
        any |= is_upper || is_lower;
    }
    *out = any;
    return true;
}

static bool test_lower(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    return has_case(eval, input, false, out);
}

static bool test_upper(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    return has_case(eval, input, true, out);
}

struct pattern {
    const struct value *input, *pattern;
    unsigned flags;
    bool at_start, whole;
};

static bool run_pattern(struct eval *eval, const struct pattern *job, bool *out)
{
    const struct value *text = eval_str(eval, job->input),
                       *pattern = text == NULL ? NULL : eval_str(eval, job->pattern);
    struct pattern_match match;
    struct regex *regex;
    enum pattern_status status;

    if (pattern == NULL)
        return false;
    if (job->pattern->kind != VALUE_STRING)
        return eval_fail_type(eval, "first argument must be string or compiled pattern") != NULL;
    regex = pattern_compile(eval->env, pattern->as.string.data, pattern->as.string.length, job->flags, eval->err);
    if (regex == NULL)
        return false;
    status = (job->at_start ? pattern_match_at : pattern_search)(regex, text->as.string.data, text->as.string.length, 0,
                                                                 &match, eval->err);
    *out = status == PATTERN_FOUND && (!job->whole || match.end[0] == text->as.string.length);
    return status != PATTERN_FAILED;
}

static struct pattern pattern_of(const struct value *input, const struct call_args *args)
{
    static const struct value empty = { .kind = VALUE_STRING, .as.string = { "", 0 } };

    return (struct pattern){ .input = input,
                             .pattern = args->bound[0] == NULL ? &empty : args->bound[0],
                             .flags = (args_true(args->bound[1], false) ? PATTERN_IGNORECASE : 0u) |
                                      (args_true(args->bound[2], false) ? PATTERN_MULTILINE : 0u) };
}

static bool test_search(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    struct pattern job = pattern_of(input, args);

    return run_pattern(eval, &job, out);
}

static bool test_match(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    struct pattern job = pattern_of(input, args);

    job.at_start = true;
    return run_pattern(eval, &job, out);
}

static bool test_regex(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    struct pattern job = pattern_of(input, args);
    const char *kind = args_text(eval, args->bound[3], "search", "match_type");

    if (kind == NULL)
        return false;
    if (strcmp(kind, "search") != 0 && strcmp(kind, "match") != 0 && strcmp(kind, "fullmatch") != 0)
        return eval_fail_type(eval, "'str' object is not callable") != NULL;
    job.at_start = strcmp(kind, "match") == 0 || strcmp(kind, "fullmatch") == 0;
    job.whole = strcmp(kind, "fullmatch") == 0;
    return run_pattern(eval, &job, out);
}

static bool test_vault_encrypted(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    if (eval_is_strict(eval, input))
        return eval_fail_undefined(eval, input) != NULL;
    *out = (input->marks & VALUE_VAULT) != 0;
    return true;
}

/* --- addresses --- */

/* Length of "scheme", or 0 when the text does not begin with "scheme:". */
static size_t scheme_length(const char *text)
{
    size_t length = 0;

    if (!isalpha((unsigned char)*text))
        return 0;
    while (isalnum((unsigned char)text[length]) || (text[length] != '\0' && strchr("+-.", text[length]) != NULL))
        length++;
    return text[length] == ':' ? length : 0;
}

static bool scheme_allowed(const char *text, size_t length, const struct value *schemes)
{
    if (schemes == NULL || schemes->kind != VALUE_LIST)
        return true;
    for (size_t i = 0; i < schemes->as.list.count; i++) {
        const char *scheme = value_text(schemes->as.list.items[i]);

        if (scheme != NULL && strlen(scheme) == length && strncasecmp(scheme, text, length) == 0)
            return true;
    }
    return false;
}

static bool test_uri(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const char *text = value_text(input);
    size_t scheme = text == NULL ? 0 : scheme_length(text);

    (void)eval;
    *out = text != NULL && scheme_allowed(text, scheme, args->bound[0]); /* every text is a URI to Ansible */
    return true;
}

static bool test_url(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const char *text = value_text(input);
    size_t scheme = text == NULL ? 0 : scheme_length(text);

    (void)eval;
    *out = scheme > 0 && scheme_allowed(text, scheme, args->bound[0]) &&
           ((strncmp(text + scheme, "://", 3) == 0 && text[scheme + 3] != '/' && text[scheme + 3] != '\0') ||
            (scheme == 4 && strncasecmp(text, "file", 4) == 0));
    return true;
}

static bool test_urn(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const char *text = value_text(input);

    (void)eval;
    (void)args;
    *out = text != NULL && strncasecmp(text, "urn:", 4) == 0;
    return true;
}

const struct test tests_text[] = {
    { "lower", test_lower, "" },
    { "upper", test_upper, "" },
    { "search", test_search, "pattern ignorecase multiline" },
    { "match", test_match, "pattern ignorecase multiline" },
    { "regex", test_regex, "pattern ignorecase multiline match_type" },
    { "vault_encrypted", test_vault_encrypted, "" },
    { "uri", test_uri, "schemes" },
    { "url", test_url, "schemes" },
    { "urn", test_urn, "" },
    { .name = NULL },
};
