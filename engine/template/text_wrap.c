/* SPDX-License-Identifier: Apache-2.0 */
/* Greedy filling: the paragraph is cut into words and blanks, words too long for a line are broken. */
#include "engine/template/text_wrap.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/template/pattern.h"

/* Words end before blanks, behind a hyphen between letters, and around dashes between words. */
#define BLANK "[\\t\\n\\x0b\\x0c\\r ]"
#define SOLID "[^\\t\\n\\x0b\\x0c\\r ]"
#define PUNCT "[\\w!\"'&.,?]"
#define LETTER "[^\\d\\W]"
#define WITH_HYPHENS                                                                                                   \
    BLANK "+|(?<=" PUNCT ")-{2,}(?=\\w)|" SOLID "+?(?:-(?:(?<=" LETTER "{2}-)|(?<=" LETTER "-" PUNCT "-))(?=" LETTER   \
          "-?" LETTER ")|(?=" BLANK "|\\Z)|(?<=" PUNCT ")(?=-{2,}\\w))"
#define WITHOUT_HYPHENS BLANK "+|" SOLID "+"

struct wrapper {
    struct eval *eval;
    const struct wrap_options *options;
    struct value *lines, *words; /* words: what is still to be placed, from `next` on */
    size_t next;
    struct text line;
    int64_t used;      /* code points in the line */
    size_t blank_from; /* where the line's last piece begins if it is blank, else SIZE_MAX */
};

static int64_t width_of(const struct value *word)
{
    return (int64_t)text_utf8_count(word->as.string.data, word->as.string.length);
}

static bool is_blank(const struct value *word)
{
    return strspn(word->as.string.data, " \t\n\v\f\r") == word->as.string.length;
}

static bool cut_words(struct wrapper *in, const char *data, size_t length)
{
    const char *pattern = in->options->break_on_hyphens ? WITH_HYPHENS : WITHOUT_HYPHENS;
    struct regex *regex = pattern_compile(in->eval->env, pattern, strlen(pattern), 0, in->eval->err);
    struct pattern_match match;
    size_t at = 0;

    if (regex == NULL)
        return false;
    while (at < length) {
        enum pattern_status status = pattern_search(regex, data, length, at, &match, in->eval->err);

        if (status == PATTERN_FAILED)
            return false;
        if (status == PATTERN_NONE || match.end[0] == match.start[0])
            break;
        if (match.start[0] > at)
            value_list_add(in->eval->arena, in->words, eval_string(in->eval, data + at, match.start[0] - at));
        value_list_add(in->eval->arena, in->words,
                       eval_string(in->eval, data + match.start[0], match.end[0] - match.start[0]));
        at = match.end[0];
    }
    if (at < length)
        value_list_add(in->eval->arena, in->words, eval_string(in->eval, data + at, length - at));
    return true;
}

static void place(struct wrapper *in, const struct value *word)
{
    in->blank_from = is_blank(word) ? in->line.length : SIZE_MAX;
    text_add_n(&in->line, word->as.string.data, word->as.string.length);
    in->used += width_of(word);
}

/* Where to cut a word of which `space` code points fit: behind its last hyphen, if there is one. */
static size_t cut_at(const struct wrapper *in, const char *data, size_t length, int64_t space)
{
    size_t end = text_utf8_offset(data, length, (size_t)space);

    if (!in->options->break_on_hyphens)
        return end;
    for (size_t at = end; at > 1; at--)
        if (data[at - 1] == '-')
            return strspn(data, "-") < at - 1 ? at : end;
    return end;
}

static void place_long_word(struct wrapper *in)
{
    const struct value *word = in->words->as.list.items[in->next];
    const char *data = word->as.string.data;
    size_t length = word->as.string.length, cut;

    if (in->options->break_long_words) {
        cut = cut_at(in, data, length, in->options->width - in->used);
        place(in, eval_string(in->eval, data, cut)); /* even of nothing: then the blank before it stays */
        in->words->as.list.items[in->next] = eval_string(in->eval, data + cut, length - cut);
    } else if (in->used == 0) {
        place(in, word);
        in->next++;
    }
}

static void fill_line(struct wrapper *in)
{
    size_t count = in->words->as.list.count;

    in->line = text_new(in->eval->arena);
    in->used = 0;
    in->blank_from = SIZE_MAX;
    if (in->lines->as.list.count > 0 && is_blank(in->words->as.list.items[in->next]))
        in->next++;
    while (in->next < count && in->used + width_of(in->words->as.list.items[in->next]) <= in->options->width)
        place(in, in->words->as.list.items[in->next++]);
    if (in->next < count && width_of(in->words->as.list.items[in->next]) > in->options->width)
        place_long_word(in);
    if (in->blank_from != SIZE_MAX)
        text_truncate(&in->line, in->blank_from);
}

bool text_wrap(struct eval *eval, struct value *lines, const char *data, size_t length,
               const struct wrap_options *options)
{
    struct wrapper in = {
        .eval = eval, .options = options, .lines = value_list(eval->arena), .words = value_list(eval->arena)
    };

    if (options->width <= 0)
        return eval_fail(eval, "invalid width %lld (must be > 0)", (long long)options->width) != NULL;
    if (!cut_words(&in, data, length))
        return false;
    while (in.next < in.words->as.list.count) {
        if (!eval_step(eval))
            return false;
        fill_line(&in);
        if (in.line.length > 0)
            value_list_add(eval->arena, in.lines, value_string_borrow(eval->arena, in.line.data, in.line.length));
    }
    for (size_t i = 0; i < in.lines->as.list.count; i++)
        value_list_add(eval->arena, lines, in.lines->as.list.items[i]);
    return true;
}
