/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fresh store in a folder of its own. Nouns are tested on a connection that writes directly (`writer`); what needs the
 * writer's thread opens the store itself.
 */
#pragma once

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "controller/store/connection.h"
#include "controller/store/store_node.h"

struct fixture {
    struct arena *arena;
    char parent[64], folder[96], path[128];
    struct store_connection *writer;
    struct error err;
};

/* For bool f(..., &fixture->err). */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call))                                                                                                   \
            fail_msg("%s: %s", #call, fixture->err.text);                                                              \
    } while (0)

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static inline int fixture_new(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    snprintf(fixture->parent, sizeof(fixture->parent), "/tmp/roost-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->parent));
    snprintf(fixture->folder, sizeof(fixture->folder), "%s/store", fixture->parent);
    snprintf(fixture->path, sizeof(fixture->path), "%s/" STORE_FILE, fixture->folder);
    *state = fixture;
    return 0;
}

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = NULL;
    struct store *store = NULL;

    fixture_new(state);
    fixture = *state;
    OK(store_open(fixture->folder, &store, &fixture->err));
    store_close(store);
    OK(connection_open(fixture->path, CONNECTION_WRITE, &fixture->writer, &fixture->err));
    OK(connection_execute(fixture->writer, "PRAGMA synchronous = OFF", &fixture->err)); /* these tests pull no plug */
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    connection_close(fixture->writer);
    arena_free(fixture->arena);
    nftw(fixture->parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

/* A key's fingerprint made of a number. */
static inline const char *fingerprint(struct fixture *fixture, int number)
{
    return arena_printf(fixture->arena, "%064d", number);
}

static inline int64_t node_new(struct fixture *fixture, const char *name, int key)
{
    struct store_enrollment enrollment = { name, fingerprint(fixture, key), 2000, 1000 };
    enum store_enroll outcome = STORE_ENROLL_KNOWN;
    int64_t id = 0, generation = 0;

    OK(store_node_enroll(fixture->writer, &enrollment, &outcome, &id, &generation, &fixture->err));
    assert_int_equal(outcome, STORE_ENROLLED);
    return id;
}
