/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of Python packages and their order: PEP 440 (https://peps.python.org/pep-0440/). Borrowed text: a struct
 * is good for as long as the text it was read from. Of a release the first PEP440_PARTS numbers count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEP440_PARTS 16

struct pep440 {
    int64_t epoch;
    int64_t release[PEP440_PARTS];
    size_t release_count;
    int64_t pre,
        pre_number;    /* 0 alpha, 1 beta, 2 candidate, INT64_MAX none; -1: nothing but a .dev, before all of them */
    int64_t post;      /* -1: none */
    int64_t dev;       /* INT64_MAX: none */
    const char *local; /* behind '+', or NULL */
    size_t local_length;
};

/* False if the text is no version. White space around it is not part of it, a leading v neither. */
bool pep440_read(const char *text, size_t length, struct pep440 *out);
/* <0, 0, >0, without the local part ... */
int pep440_order(const struct pep440 *a, const struct pep440 *b);
/* ... and with it. */
int pep440_order_local(const struct pep440 *a, const struct pep440 *b);
bool pep440_is_prerelease(const struct pep440 *version); /* .dev counts too */
/* Epoch and the first `count` numbers of the release (what is missing is 0). */
int pep440_order_release(const struct pep440 *a, const struct pep440 *b, size_t count);
