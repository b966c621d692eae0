/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every manifest, whoever reads or makes it. */
#pragma once

#include "common/trust/bundle_manifest.h"

/* Files are sorted by path (strcmp). */
bool bundle_rules_check(const struct bundle_manifest *manifest, struct error *err);
/* Whether `agent` ("0.10.2") is `minimum` or newer; false with an error if one of them is no version. */
bool bundle_rules_agent(const char *agent, const char *minimum, struct error *err);
int bundle_rules_order(const void *a, const void *b); /* of struct bundle_file, for qsort */
