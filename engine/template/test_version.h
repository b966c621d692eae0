/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing version numbers: loose and strict as Python's distutils did, semantic (semver.org 2.0), PEP 440's. */
#pragma once

#include "engine/template/eval.h"

/* "loose", "strict", "semver", "semantic", "pep440". *order_out is <0, 0, >0. False: error set. */
bool version_order(struct eval *eval, const char *type, const char *a, const char *b, int *order_out);
