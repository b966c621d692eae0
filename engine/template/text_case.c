/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Case mapping by rule for Latin, Greek, Cyrillic and Armenian; other scripts have no case or are left as
 * they are. Facts from Unicode's UnicodeData.txt.
 */
#include "engine/template/text_case.h"

struct offset_range {
    uint32_t first, last;
    int32_t to_lower;
}; /* upper case letters */

static const struct offset_range offsets[] = {
    { 'A', 'Z', 32 },     { 0xC0, 0xD6, 32 },   { 0xD8, 0xDE, 32 },     { 0x388, 0x38A, 37 }, { 0x391, 0x3A1, 32 },
    { 0x3A3, 0x3AB, 32 }, { 0x400, 0x40F, 80 }, { 0x410, 0x42F, 32 },   { 0x531, 0x556, 48 }, { 0x386, 0x386, 38 },
    { 0x38C, 0x38C, 64 }, { 0x38E, 0x38F, 63 }, { 0x178, 0x178, -121 },
};

struct pair_range {
    uint32_t first, last;
    bool upper_is_even;
}; /* upper and lower case side by side */

static const struct pair_range pairs[] = {
    { 0x100, 0x12F, true },  { 0x132, 0x137, true },   { 0x139, 0x148, false },  { 0x14A, 0x177, true },
    { 0x179, 0x17E, false }, { 0x1CD, 0x1DC, false },  { 0x1DE, 0x1EF, true },   { 0x1F8, 0x21F, true },
    { 0x222, 0x233, true },  { 0x460, 0x481, true },   { 0x48A, 0x4BF, true },   { 0x4C1, 0x4CE, false },
    { 0x4D0, 0x52F, true },  { 0x1E00, 0x1E95, true }, { 0x1EA0, 0x1EFF, true },
};

uint32_t text_case_lower(uint32_t codepoint)
{
    if (codepoint < 0x80)
        return codepoint >= 'A' && codepoint <= 'Z' ? codepoint + 32 : codepoint;
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        if (codepoint >= offsets[i].first && codepoint <= offsets[i].last)
            return (uint32_t)((int32_t)codepoint + offsets[i].to_lower);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (codepoint >= pairs[i].first && codepoint <= pairs[i].last)
            return ((codepoint & 1) == 0) == pairs[i].upper_is_even ? codepoint + 1 : codepoint;
    return codepoint;
}

uint32_t text_case_upper(uint32_t codepoint)
{
    if (codepoint < 0x80)
        return codepoint >= 'a' && codepoint <= 'z' ? codepoint - 32 : codepoint;
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uint32_t upper = (uint32_t)((int32_t)codepoint - offsets[i].to_lower);

        if (upper >= offsets[i].first && upper <= offsets[i].last)
            return upper;
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (codepoint >= pairs[i].first && codepoint <= pairs[i].last)
            return ((codepoint & 1) == 0) == pairs[i].upper_is_even ? codepoint : codepoint - 1;
    return codepoint == 0x3C2 ? 0x3A3 : codepoint == 0xB5 ? 0x39C : codepoint;
}

static void add_cased(struct text *out, uint32_t codepoint, bool upper)
{
    if (upper && codepoint == 0xDF)
        text_add(out, "SS");
    else
        text_add_codepoint(out, upper ? text_case_upper(codepoint) : text_case_lower(codepoint));
}

static bool has_case(uint32_t codepoint)
{
    return text_case_lower(codepoint) != codepoint || text_case_upper(codepoint) != codepoint || codepoint == 0xDF;
}

void text_case_convert(struct text *out, const char *data, size_t length, enum text_case how)
{
    bool in_word = false;

    for (size_t at = 0; at < length;) {
        bool first = at == 0;
        uint32_t codepoint = text_utf8_next(data, length, &at);

        switch (how) {
        case CASE_UPPER:
        case CASE_LOWER:
            add_cased(out, codepoint, how == CASE_UPPER);
            break;
        case CASE_SWAP:
            add_cased(out, codepoint, text_case_lower(codepoint) == codepoint);
            break;
        case CASE_CAPITALIZE:
            add_cased(out, codepoint, first);
            break;
        case CASE_TITLE:
            add_cased(out, codepoint, !in_word);
            break;
        }
        in_word = has_case(codepoint);
    }
}

bool text_is_alpha(uint32_t codepoint)
{
    if (codepoint < 0x80)
        return (codepoint | 32) >= 'a' && (codepoint | 32) <= 'z';
    if (codepoint < 0xC0)
        return codepoint == 0xAA || codepoint == 0xB5 || codepoint == 0xBA;
    return codepoint != 0xD7 && codepoint != 0xF7 && !(codepoint >= 0x2000 && codepoint <= 0x2BFF) &&
           !(codepoint >= 0x3000 && codepoint <= 0x3004) && !(codepoint >= 0xFE00 && codepoint <= 0xFE6F) &&
           codepoint < 0x1F000;
}

bool text_is_space(uint32_t codepoint)
{
    return (codepoint >= 9 && codepoint <= 13) || (codepoint >= 0x1C && codepoint <= 0x20) || codepoint == 0x85 ||
           codepoint == 0xA0 || codepoint == 0x1680 || (codepoint >= 0x2000 && codepoint <= 0x200A) ||
           codepoint == 0x2028 || codepoint == 0x2029 || codepoint == 0x202F || codepoint == 0x205F ||
           codepoint == 0x3000;
}
