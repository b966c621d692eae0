/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about dates share. */
#pragma once

#include <time.h>

#include "engine/template/object_date.h"

struct date_method {
    const char *name;
    const struct value *(*run)(struct eval *eval, const struct date *self, struct call_args *args);
    const char *params; /* see args.h */
};

void date_split(const struct date *date, struct tm *out);
int64_t date_micros(const struct date *date);
int64_t date_utc_us(const struct date *date); /* one without an offset: of its own clock */
void date_add_offset(struct text *out, int64_t offset_s, const char *separator); /* "+02:00" */
/* strftime; `date` gives %f, %z and %Z; NULL: those of `parts`, as time.strftime does. */
bool date_format(struct eval *eval, struct text *out, const struct tm *parts, const struct date *date,
                 const char *format);
