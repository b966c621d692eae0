/* SPDX-License-Identifier: Apache-2.0 */
/* PEP 440's comparison operators. */
#include "agent/system/package/python_specifier.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/pep440.h"

/* Longer operators first: "===" begins with "==". */
static const char *const operators[] = { "===", "~=", "==", "!=", "<=", ">=", "<", ">" };

static const char *operator_of(const char *text)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (strncmp(text, operators[i], strlen(operators[i])) == 0)
            return operators[i];
    return NULL;
}

static bool is_prefix(const char *version, size_t length)
{
    return length > 2 && memcmp(version + length - 2, ".*", 2) == 0;
}

/* Reads the version behind an operator; of "1.2.*" the 1.2. */
static bool version_of(const char *text, struct pep440 *out)
{
    size_t length = strlen(text);

    return pep440_read(text, is_prefix(text, length) ? length - 2 : length, out);
}

char *python_specifier_take(struct arena *arena, const char *text, size_t *length_out)
{
    const char *operator_ = operator_of(text), *at = text;
    struct pep440 version;

    if (!operator_)
        return NULL;
    at += strlen(operator_);
    at += strspn(at, " \t");
    size_t length = strcspn(at, " \t\r\n,;)");
    char *specifier = arena_printf(arena, "%s%.*s", operator_, (int)length, at);
    const char *written = specifier + strlen(operator_);
    if (length == 0)
        return NULL;
    if (strcmp(operator_, "===") != 0) {
        bool may_be_prefix = strcmp(operator_, "==") == 0 || strcmp(operator_, "!=") == 0;
        if (!version_of(written, &version) || (is_prefix(written, length) && (!may_be_prefix || version.local)))
            return NULL;
        if (strcmp(operator_, "~=") == 0 && version.release_count < 2)
            return NULL;
    }
    *length_out = (size_t)(at - text) + length;
    return specifier;
}

/* 1.2.* takes what begins with 1.2; with a letter (1.2a1.*) the release has to be the same. */
static bool met_prefix(const struct pep440 *wanted, const struct pep440 *version)
{
    bool has_more = wanted->pre != INT64_MAX || wanted->post >= 0;

    if (pep440_order_release(version, wanted, has_more ? PEP440_PARTS : wanted->release_count) != 0)
        return false;
    if (wanted->pre != INT64_MAX && (version->pre != wanted->pre || version->pre_number != wanted->pre_number))
        return false;
    return wanted->post < 0 || version->post == wanted->post;
}

static bool met_equal(const struct pep440 *wanted, const struct pep440 *version)
{
    return wanted->local ? pep440_order_local(version, wanted) == 0 : pep440_order(version, wanted) == 0;
}

/* < and > leave out what belongs to the very release they name: 2.0rc1 is not < 2.0, 1.0.post1 not > 1.0. */
static bool met_less(const struct pep440 *wanted, const struct pep440 *version)
{
    bool same = pep440_order_release(version, wanted, PEP440_PARTS) == 0;

    return pep440_order(version, wanted) < 0 &&
           !(same && pep440_is_prerelease(version) && !pep440_is_prerelease(wanted));
}

static bool met_greater(const struct pep440 *wanted, const struct pep440 *version)
{
    bool same = pep440_order_release(version, wanted, PEP440_PARTS) == 0;

    return pep440_order(version, wanted) > 0 && !(same && ((version->post >= 0 && wanted->post < 0) || version->local));
}

/* ~=1.4.5 is >=1.4.5, ==1.4.* */
static bool met_compatible(const struct pep440 *wanted, const struct pep440 *version)
{
    return pep440_order(version, wanted) >= 0 && pep440_order_release(version, wanted, wanted->release_count - 1) == 0;
}

bool python_specifier_met(const char *specifier, const char *version_text)
{
    const char *operator_ = operator_of(specifier);
    struct pep440 wanted, version;

    if (!operator_)
        return false;
    const char *text = specifier + strlen(operator_);
    if (strcmp(operator_, "===") == 0)
        return strcasecmp(text, version_text) == 0;
    if (!version_of(text, &wanted) || !pep440_read(version_text, strlen(version_text), &version))
        return false;
    if (strcmp(operator_, "~=") == 0)
        return met_compatible(&wanted, &version);
    if (operator_[1] == '=' && (operator_[0] == '=' || operator_[0] == '!')) {
        bool equal = is_prefix(text, strlen(text)) ? met_prefix(&wanted, &version) : met_equal(&wanted, &version);
        return equal == (operator_[0] == '=');
    }
    if (operator_[1] == '=')
        return operator_[0] == '<' ? pep440_order(&version, &wanted) <= 0 : pep440_order(&version, &wanted) >= 0;
    return operator_[0] == '<' ? met_less(&wanted, &version) : met_greater(&wanted, &version);
}
