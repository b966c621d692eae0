/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking values against a specification that is itself data: meta/argument_specs.yml of a role, or the task
 * validate_argument_spec. Collects every complaint, in Ansible's order and words. Internal to engine/actions.
 */
#pragma once

#include "engine/actions/action_support.h"

struct argument_check {
    struct arena *arena;
    struct value *errors;  /* list of texts */
    struct value *unknown; /* list of texts: "a.b.name" */
    const char *supported; /* what may be written where the last unknown name stood */
};

/* The specification, or the options of one of its arguments. */
struct argument_level {
    struct argument_check *check;
    const struct value *options;        /* name -> type, required, choices ... */
    const struct value *rules;          /* holds mutually_exclusive ...; NULL at the top, where there are none */
    struct value *given;                /* what is checked: grows defaults and converted values */
    const struct argument_level *outer; /* NULL at the top */
    const char *name;                   /* of the argument whose options these are */
};

/* Checks `given` (map) against `spec` (map). False: the specification itself is wrong. */
bool argument_check(struct argument_check *check, const struct value *spec, const struct value *given,
                    struct error *err);
void argument_complain(const struct argument_level *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "a -> b"; NULL at the top. */
const char *argument_place(const struct argument_level *level);
/* As `argument_complain`, with the place appended as most rules do: "... found in a -> b". */
void argument_complain_placed(const struct argument_level *level, const char *message);

/* --- argument_type.c --- */
/* Python's name of the value's class: "<class 'int'>". */
const char *argument_class(struct arena *arena, const struct value *value);
/* A dict, or text that can be read as one. NULL: *why says what it is instead. */
const struct value *argument_dict(struct arena *arena, const struct value *value, const char **why);
/* Converts all that is given to its type, elements of lists too. */
void argument_types(const struct argument_level *level);

/* --- argument_rules.c --- */
void argument_exclusive(const struct argument_level *level);
void argument_required(const struct argument_level *level);
void argument_choices(const struct argument_level *level);
void argument_relations(const struct argument_level *level);
