/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debian version order, as deb-version(7) states it: epoch, upstream version, revision; digits compare as
 * numbers, letters before all else, '~' before even the end. Pure text, nothing here touches the host.
 */
#include "agent/system/package/package_version.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

struct version_part {
    const char *at, *end;
};

static int part_weight(const struct version_part *part)
{
    if (part->at == part->end || isdigit((unsigned char)*part->at))
        return 0;
    if (isalpha((unsigned char)*part->at))
        return (unsigned char)*part->at;
    if (*part->at == '~')
        return -1;
    return (unsigned char)*part->at + 256;
}

static bool part_is_digit(const struct version_part *part)
{
    return part->at < part->end && isdigit((unsigned char)*part->at);
}

static int part_compare_text(struct version_part *a, struct version_part *b)
{
    while ((a->at < a->end && !part_is_digit(a)) || (b->at < b->end && !part_is_digit(b))) {
        int difference = part_weight(a) - part_weight(b);

        if (difference != 0)
            return difference;
        a->at += a->at < a->end;
        b->at += b->at < b->end;
    }
    return 0;
}

static int part_compare_number(struct version_part *a, struct version_part *b)
{
    int first_difference = 0;

    while (a->at < a->end && *a->at == '0')
        a->at++;
    while (b->at < b->end && *b->at == '0')
        b->at++;
    while (part_is_digit(a) && part_is_digit(b)) {
        if (first_difference == 0)
            first_difference = *a->at - *b->at;
        a->at++;
        b->at++;
    }
    if (part_is_digit(a))
        return 1;
    if (part_is_digit(b))
        return -1;
    return first_difference;
}

static int part_compare(struct version_part a, struct version_part b)
{
    while (a.at < a.end || b.at < b.end) {
        int order = part_compare_text(&a, &b);

        if (order == 0)
            order = part_compare_number(&a, &b);
        if (order != 0)
            return order;
    }
    return 0;
}

/* Cuts "epoch:upstream-revision"; parts that are missing are empty, which compares as 0. */
static void version_cut(const char *version, struct version_part out[3])
{
    const char *end = version + strlen(version);
    const char *colon = strchr(version, ':');
    const char *start = colon != NULL ? colon + 1 : version;
    const char *dash = memrchr(start, '-', (size_t)(end - start));

    out[0] = (struct version_part){ version, colon != NULL ? colon : version };
    out[1] = (struct version_part){ start, dash != NULL ? dash : end };
    out[2] = (struct version_part){ dash != NULL ? dash + 1 : end, end };
}

int package_version_compare(const char *a, const char *b)
{
    struct version_part left[3], right[3];

    version_cut(a, left);
    version_cut(b, right);
    for (size_t i = 0; i < 3; i++) {
        int order = part_compare(left[i], right[i]);

        if (order != 0)
            return order;
    }
    return 0;
}

bool package_glob_match(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

bool package_is_glob(const char *name)
{
    return name[strcspn(name, "*?[]!")] != '\0';
}

struct package_spec package_spec_split(struct arena *arena, const char *text)
{
    struct package_spec spec = { .text = text, .name = text };
    const char *equals = strchr(text, '=');

    if (equals == NULL)
        return spec;
    bool is_minimum = equals > text && equals[-1] == '>';
    spec.operator_ = is_minimum ? ">=" : "=";
    spec.name = arena_copy_n(arena, text, (size_t)(equals - text) - (is_minimum ? 1 : 0));
    spec.version = equals + 1;
    return spec;
}
