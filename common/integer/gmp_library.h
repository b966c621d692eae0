/* SPDX-License-Identifier: Apache-2.0 */
/* GMP, found at run time: only what computes beyond 64 bits needs it. Included by this folder alone. */
#pragma once

#include <stdio.h> /* gmp.h declares its printing only behind it */

#include <gmp.h>
#include <stdbool.h>

#include "common/base/error.h"

struct gmp_library {
    __typeof__(mpz_init) *init;
    __typeof__(mpz_clear) *clear;
    __typeof__(mpz_init_set_si) *init_set_si;
    __typeof__(mpz_init_set_str) *init_set_str;
    __typeof__(mpz_add) *add;
    __typeof__(mpz_sub) *sub;
    __typeof__(mpz_mul) *mul;
    __typeof__(mpz_mul_2exp) *mul_2exp;
    __typeof__(mpz_fdiv_q) *fdiv_q;
    __typeof__(mpz_fdiv_r) *fdiv_r;
    __typeof__(mpz_tdiv_qr) *tdiv_qr;
    __typeof__(mpz_pow_ui) *pow_ui;
    __typeof__(mpz_sizeinbase) *sizeinbase;
    __typeof__(mpz_fits_slong_p) *fits_slong_p;
    __typeof__(mpz_get_si) *get_si;
    __typeof__(mpz_get_ui) *get_ui;
    __typeof__(mpz_get_str) *get_str;
    __typeof__(mpz_import) *import;
    __typeof__(mpz_export) *export;
};

bool gmp_library_load(struct gmp_library *out, struct error *err);
