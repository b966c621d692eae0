/* SPDX-License-Identifier: Apache-2.0 */
/* Reads versions in every spelling that PEP 440 allows, and orders them by its rules. */
#include "common/base/pep440.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct reader {
    const char *at, *end;
};

static bool is_digit(const struct reader *reader)
{
    return reader->at < reader->end && isdigit((unsigned char)*reader->at);
}

static bool is_separator(const struct reader *reader)
{
    return reader->at < reader->end && strchr("-_.", *reader->at) != NULL && *reader->at != '\0';
}

static int64_t take_number(struct reader *reader)
{
    int64_t number = 0;

    for (; is_digit(reader); reader->at++)
        if (number < INT64_MAX / 100)
            number = number * 10 + (*reader->at - '0');
    return number;
}

/* [sep]WORD[sep]NUMBER; the number may be missing. */
static bool take_part(struct reader *reader, const char *word, int64_t *number_out)
{
    struct reader look = *reader;
    size_t length = strlen(word);

    look.at += is_separator(&look);
    if ((size_t)(look.end - look.at) < length || strncasecmp(look.at, word, length) != 0)
        return false;
    look.at += length;
    *reader = look;
    look.at += is_separator(&look);
    *number_out = 0;
    if (is_digit(&look)) {
        *number_out = take_number(&look);
        *reader = look;
    }
    return true;
}

static void take_pre(struct reader *reader, struct pep440 *out)
{
    static const struct {
        const char *word;
        int64_t rank;
    } words[] = {
        { "alpha", 0 }, { "a", 0 }, { "beta", 1 }, { "b", 1 }, { "preview", 2 }, { "pre", 2 }, { "rc", 2 }, { "c", 2 },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!take_part(reader, words[i].word, &out->pre_number))
            continue;
        out->pre = words[i].rank;
        return;
    }
}

static void take_post(struct reader *reader, struct pep440 *out)
{
    if (take_part(reader, "post", &out->post) || take_part(reader, "rev", &out->post) ||
        take_part(reader, "r", &out->post))
        return;
    struct reader look = *reader;
    if (look.at == look.end || *look.at != '-')
        return;
    look.at++;
    if (!is_digit(&look))
        return;
    out->post = take_number(&look); /* 1.0-1 is 1.0.post1 */
    *reader = look;
}

static bool take_release(struct reader *reader, struct pep440 *out)
{
    struct reader look = *reader;
    int64_t number = take_number(&look);

    if (look.at > reader->at && look.at < look.end && *look.at == '!') {
        out->epoch = number;
        reader->at = look.at + 1;
    }
    if (!is_digit(reader))
        return false;
    for (;;) {
        number = take_number(reader);
        if (out->release_count < PEP440_PARTS)
            out->release[out->release_count++] = number;
        if (reader->end - reader->at < 2 || *reader->at != '.' || !isdigit((unsigned char)reader->at[1]))
            return true;
        reader->at++;
    }
}

static bool take_local(struct reader *reader, struct pep440 *out)
{
    bool wants_part = true;

    if (reader->at == reader->end || *reader->at != '+')
        return true;
    out->local = ++reader->at;
    for (; reader->at < reader->end; reader->at++) {
        bool separator = is_separator(reader);
        if (separator ? wants_part : !isalnum((unsigned char)*reader->at))
            return false;
        wants_part = separator;
    }
    out->local_length = (size_t)(reader->end - out->local);
    return !wants_part;
}

bool pep440_read(const char *text, size_t length, struct pep440 *out)
{
    struct reader reader = { text, text + length };
    struct pep440 version = { .pre = INT64_MAX, .post = -1, .dev = INT64_MAX };

    while (reader.at < reader.end && isspace((unsigned char)*reader.at))
        reader.at++;
    while (reader.end > reader.at && isspace((unsigned char)reader.end[-1]))
        reader.end--;
    if (reader.at < reader.end && (*reader.at == 'v' || *reader.at == 'V'))
        reader.at++;
    if (!take_release(&reader, &version))
        return false;
    take_pre(&reader, &version);
    take_post(&reader, &version);
    (void)take_part(&reader, "dev", &version.dev);
    if (!take_local(&reader, &version) || reader.at != reader.end)
        return false;
    if (version.pre == INT64_MAX && version.post < 0 && version.dev != INT64_MAX)
        version.pre = -1; /* 1.0.dev1 comes before 1.0a1 */
    *out = version;
    return true;
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int pep440_order_release(const struct pep440 *a, const struct pep440 *b, size_t count)
{
    int result = order(a->epoch, b->epoch);

    for (size_t i = 0; i < count && i < PEP440_PARTS && result == 0; i++)
        result = order(a->release[i], b->release[i]);
    return result;
}

int pep440_order(const struct pep440 *a, const struct pep440 *b)
{
    int result = pep440_order_release(a, b, PEP440_PARTS);

    if (result == 0)
        result = order(a->pre, b->pre);
    if (result == 0)
        result = order(a->pre_number, b->pre_number);
    if (result == 0)
        result = order(a->post, b->post);
    return result != 0 ? result : order(a->dev, b->dev);
}

static size_t local_part(const struct reader *reader)
{
    size_t length = 0;

    while (reader->at + length < reader->end && isalnum((unsigned char)reader->at[length]))
        length++;
    return length;
}

/* Numbers are greater than words; words are ordered without case. */
static int order_part(struct reader *a, struct reader *b)
{
    size_t left = local_part(a), right = local_part(b);
    struct reader x = { a->at, a->at + left }, y = { b->at, b->at + right };
    int64_t number_x = take_number(&x), number_y = take_number(&y);
    bool is_x = x.at == x.end, is_y = y.at == y.end;
    int result = order(is_x, is_y);

    if (result == 0 && is_x)
        result = order(number_x, number_y);
    else if (result == 0)
        result = strncasecmp(a->at, b->at, left < right ? left : right);
    if (result == 0 && !is_x)
        result = order((int64_t)left, (int64_t)right);
    a->at += left;
    b->at += right;
    return result;
}

int pep440_order_local(const struct pep440 *a, const struct pep440 *b)
{
    struct reader x = { a->local, a->local ? a->local + a->local_length : NULL };
    struct reader y = { b->local, b->local ? b->local + b->local_length : NULL };
    int result = pep440_order(a, b);

    if (result != 0 || !a->local || !b->local)
        return result != 0 ? result : order(a->local != NULL, b->local != NULL);
    while (result == 0 && x.at < x.end && y.at < y.end) {
        result = order_part(&x, &y);
        x.at += x.at < x.end;
        y.at += y.at < y.end;
    }
    return result != 0 ? result : order(x.at < x.end, y.at < y.end);
}

bool pep440_is_prerelease(const struct pep440 *version)
{
    return version->dev != INT64_MAX || version->pre != INT64_MAX;
}
