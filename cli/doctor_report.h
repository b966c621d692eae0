/* SPDX-License-Identifier: Apache-2.0 */
/* What roost doctor found on each host: collected, printed for people or as JSON, made into an exit code. A part of the verb. */
#pragma once

#include <stdio.h>

#include "engine/doctor/doctor.h"

enum doctor_exit {
    DOCTOR_EXIT_WELL = 0, /* nothing, or only information */
    DOCTOR_EXIT_WARNINGS = 1,
    DOCTOR_EXIT_ERRORS = 2,      /* errors, a host that could not be examined, a rule that could not be evaluated */
    DOCTOR_EXIT_UNREACHABLE = 4, /* a host could not be reached, and there are no errors */
};

struct doctor_run {
    struct arena *arena;
    struct template_env *env;
    struct doctor_rules rules;
    struct value *hosts; /* name -> {findings, undecided, problems, worst} or {unreachable: why} or {failed: why} */
};

void doctor_run_host(struct doctor_run *run, const char *host, const struct value *facts);
void doctor_run_lost(struct doctor_run *run, const char *host, const char *why, bool is_unreachable);
struct doctor_look {
    bool color;
    int columns; /* sentences and remedies are wrapped to it; 0: not at all */
};

/* One host as lines. */
void doctor_print_host(struct arena *arena, FILE *out, const char *host, const struct value *entry,
                       struct doctor_look look);
int doctor_exit_code(const struct value *hosts);
