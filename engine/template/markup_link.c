/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is escaped, cut into words, and each word that is an address in its middle (brackets in front
 * and punctuation behind set aside) is wrapped in an anchor.
 */
#include "engine/template/markup_link.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/template/markup.h"
#include "engine/template/pattern.h"
#include "engine/template/strings.h"

#define PATTERN_URL                                                                                                    \
    "((https?://|www\\.)(([\\w%-]+\\.)+)?([a-z]{2,63}|xn--[\\w%]{2,59})|([\\w%-]{2,63}\\.)+(com|net|int|edu|gov|org|"  \
    "info|mil)|(https?://)((([\\d]{1,3})(\\.[\\d]{1,3}){3})|(\\[([\\da-f]{0,4}:){2}([\\da-f]{0,4}:?){1,6}\\])))"       \
    "(?::[\\d]{1,5})?(?:[/?#]\\S*)?$"
#define PATTERN_MAIL "\\S+@\\w[\\w.-]*\\.\\w+$"

struct linker {
    struct eval *eval;
    const struct link_options *options;
    struct regex *url, *mail;
    const char *rel, *target; /* attributes, ready to print */
    struct text out;
};

struct word {
    const char *data;
    size_t head, middle, length;
}; /* tail: from head + middle to length */

static bool part_at(const char *data, size_t length, const char *part)
{
    return length >= strlen(part) && memcmp(data, part, strlen(part)) == 0;
}

static size_t head_length(const char *data, size_t length)
{
    size_t at = 0;

    while (at < length) {
        if (data[at] == '(' || data[at] == '<')
            at++;
        else if (part_at(data + at, length - at, "&lt;"))
            at += 4;
        else
            break;
    }
    return at;
}

static size_t tail_start(const char *data, size_t length)
{
    while (length > 0) {
        if (strchr(")>.,\n", data[length - 1]) != NULL)
            length--;
        else if (length >= 4 && memcmp(data + length - 4, "&gt;", 4) == 0)
            length -= 4;
        else
            break;
    }
    return length;
}

static size_t count_of(const char *data, size_t length, const char *part)
{
    size_t count = 0, step = strlen(part);

    for (const char *at = data; (at = memmem(at, length - (size_t)(at - data), part, step)) != NULL; at += step)
        count++;
    return count;
}

/* Closing brackets belong to the address as far as it opened them. */
static void balance(struct word *word, const char *open, const char *close)
{
    const char *middle = word->data + word->head;
    size_t opened = count_of(middle, word->middle, open);

    if (opened <= count_of(middle, word->middle, close))
        return;
    while (opened-- > 0) {
        const char *tail = middle + word->middle;
        const char *found = memmem(tail, word->length - word->head - word->middle, close, strlen(close));

        if (found == NULL)
            return;
        word->middle = (size_t)(found - middle) + strlen(close);
    }
}

static bool matches(struct linker *in, struct regex *regex, const char *data, size_t length)
{
    struct pattern_match match;

    return pattern_match_at(regex, data, length, 0, &match, in->eval->err) == PATTERN_FOUND;
}

static void add_link(struct linker *in, const char *prefix, const char *middle, size_t length, bool trimmed)
{
    size_t shown = length;

    text_printf(&in->out, "<a href=\"%s", prefix);
    text_add_n(&in->out, middle, length);
    text_printf(&in->out, "\"%s%s>", in->rel, in->target);
    if (trimmed && in->options->trim >= 0 && (int64_t)text_utf8_count(middle, length) > in->options->trim)
        shown = text_utf8_offset(middle, length, (size_t)in->options->trim);
    text_add_n(&in->out, middle, shown);
    text_add(&in->out, shown < length ? "...</a>" : "</a>");
}

static void add_mail(struct linker *in, const char *middle, size_t length, bool with_scheme)
{
    size_t skip = with_scheme ? 7 : 0;

    text_printf(&in->out, "<a href=\"mailto:%.*s\">%.*s</a>", (int)(length - skip), middle + skip, (int)(length - skip),
                middle + skip);
}

static bool add_other_scheme(struct linker *in, const char *middle, size_t length)
{
    for (size_t i = 0; i < value_count(in->options->schemes); i++) {
        const char *scheme = value_text(value_item(in->options->schemes, i));

        if (scheme != NULL && strlen(scheme) < length && memcmp(scheme, middle, strlen(scheme)) == 0) {
            add_link(in, "", middle, length, false);
            return true;
        }
    }
    return false;
}

static void add_middle(struct linker *in, const char *middle, size_t length)
{
    const char *text = arena_copy_n(in->eval->arena, middle, length);

    if (matches(in, in->url, text, length))
        add_link(in, text_starts(text, "https://") || text_starts(text, "http://") ? "" : "https://", text, length,
                 true);
    else if (text_starts(text, "mailto:") && matches(in, in->mail, text + 7, length - 7))
        add_mail(in, text, length, true);
    else if (strchr(text, '@') != NULL && !text_starts(text, "www.") && strchr(text, ':') == NULL &&
             matches(in, in->mail, text, length))
        add_mail(in, text, length, false);
    else if (!add_other_scheme(in, text, length))
        text_add_n(&in->out, middle, length);
}

static void add_word(struct linker *in, const char *data, size_t length)
{
    struct word word = { .data = data, .length = length, .head = head_length(data, length) };

    word.middle = tail_start(data + word.head, length - word.head);
    balance(&word, "(", ")");
    balance(&word, "<", ">");
    balance(&word, "&lt;", "&gt;");
    text_add_n(&in->out, data, word.head);
    add_middle(in, data + word.head, word.middle);
    text_add_n(&in->out, data + word.head + word.middle, length - word.head - word.middle);
}

static const char *attribute(struct eval *eval, const char *name, const char *value)
{
    struct text text = text_new(eval->arena);

    if (*value == '\0')
        return "";
    markup_escape(&text, value, strlen(value));
    return arena_printf(eval->arena, " %s=\"%s\"", name, text.data);
}

static bool prepare(struct linker *in)
{
    struct eval *eval = in->eval;

    in->out = text_new(eval->arena);
    in->rel = attribute(eval, "rel", in->options->rel);
    in->target = attribute(eval, "target", in->options->target);
    in->url = pattern_compile(eval->env, PATTERN_URL, strlen(PATTERN_URL), PATTERN_IGNORECASE, eval->err);
    in->mail = pattern_compile(eval->env, PATTERN_MAIL, strlen(PATTERN_MAIL), 0, eval->err);
    return in->url != NULL && in->mail != NULL;
}

const struct value *markup_link(struct eval *eval, const struct value *text, const struct link_options *options)
{
    struct linker in = { .eval = eval, .options = options };
    const char *data;
    size_t length, at = 0;

    text = markup_of(eval, text);
    if (text == NULL || !prepare(&in))
        return NULL;
    data = text->as.string.data;
    length = text->as.string.length;
    while (at < length) {
        size_t word = strcspn(data + at, " \t\n\r\v\f"), blank;

        add_word(&in, data + at, word);
        at += word;
        blank = strspn(data + at, " \t\n\r\v\f");
        text_add_n(&in.out, data + at, blank);
        at += blank;
        if (word + blank == 0)
            break; /* a NUL byte */
    }
    text_add_n(&in.out, data + at, length - at);
    return value_string_borrow(eval->arena, in.out.data, in.out.length);
}
