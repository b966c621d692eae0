/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which chunks of a file are there, and what their SHA-256 is: what neighbours are told and what is verified when they send. It lies in
 * the store as chunks/KEY beside partial/KEY, and beside blobs/sha256/KEY when the file is complete. Written by the one process
 * that fetches the file (which holds the partial file's lock), read by any. Nothing is forced to the disk: after a restart of the machine
 * what it says of content is verified before it is believed.
 */
#pragma once

#include "common/model/store.h"

#define CHUNK_SIZE ((int64_t)16 * 1024 * 1024)
#define CHUNKS_MAX ((int64_t)1 << 20) /* of one file: 16 TiB */

enum chunk_state {
    CHUNK_MISSING = ' ',
    CHUNK_KNOWN = 'k', /* its digest is, the content is not there */
    CHUNK_HAVE = 'h',  /* it is there and has that digest */
};

/* A copy, as of a moment. */
struct chunk_list {
    int64_t size; /* of the file */
    int64_t count;
    const char *rows; /* CHUNK_ROW bytes each: the state, then the digest in hex */
    bool is_doubted;  /* written before the machine was started: of a partial file, nothing of it is believed */
};
#define CHUNK_ROW DIGEST_HEX /* a state and 64 digits */

static inline int64_t chunk_count_of(int64_t size)
{
    return (size + CHUNK_SIZE - 1) / CHUNK_SIZE;
}
static inline int64_t chunk_length_of(int64_t size, int64_t index)
{
    int64_t left = size - index * CHUNK_SIZE;

    return left < CHUNK_SIZE ? left : CHUNK_SIZE;
}

/* Any process. False without an error when there is none (*found_out). */
bool chunk_list_read(const struct model_store *store, struct arena *arena, const char *key, struct chunk_list *out,
                     bool *found_out, struct error *err);
enum chunk_state chunk_list_state(const struct chunk_list *list, int64_t index);
/* Not ended by a NUL: DIGEST_HEX - 1 digits. */
const char *chunk_list_digest(const struct chunk_list *list, int64_t index);

/* The one that is written. Any thread of the process. */
struct chunk_map;

/* Takes up what is there if it is of that identity and size; else all is missing. *kept_out: it was. */
struct chunk_map_place {
    const struct model_store *store;
    const char *key, *identity; /* identity: any text, as in partial_resume */
    int64_t size;
};
bool chunk_map_open(const struct chunk_map_place *place, struct chunk_map **out, bool *kept_out, struct error *err);
void chunk_map_close(struct chunk_map *map); /* NULL is fine */
/* Before the content is used: what is said to be there since another boot, or lies behind the end of the file, is looked at; what lies
 * before `verified` (which the journal of the partial file vouches for) and has no digest yet gets one. */
bool chunk_map_check(struct chunk_map *map, int fd, int64_t verified, struct error *err);
void chunk_map_reset(struct chunk_map *map); /* nothing is there any more, and nothing known */

int64_t chunk_map_size(const struct chunk_map *map);
int64_t chunk_map_count(const struct chunk_map *map);
/* digest_out (may be NULL) is written unless it is missing. */
enum chunk_state chunk_map_state(struct chunk_map *map, int64_t index, char digest_out[DIGEST_HEX]);
/* What the chunk will have to be; nothing for one that is there. */
void chunk_map_know(struct chunk_map *map, int64_t index, const char *digest);
bool chunk_map_have(struct chunk_map *map, int64_t index, const char *digest, struct error *err);
int64_t chunk_map_have_bytes(struct chunk_map *map);
/* Everything before it is there. */
int64_t chunk_map_front(struct chunk_map *map);
/* First byte from `from` on that is not there (the size: all is); *end_out: the first behind it that is. */
int64_t chunk_map_missing(struct chunk_map *map, int64_t from, int64_t *end_out);

/* The file has become a blob: its map goes by that name from now on, and is on the disk. */
void chunk_map_rename(const struct model_store *store, const char *key, const char *sha256);
/* Maps whose file is gone go, too. */
void chunk_map_sweep(const struct model_store *store);
/* SHA-256 of a chunk of an open file. */
bool chunk_digest_of(int fd, int64_t size, int64_t index, char out[DIGEST_HEX], struct error *err);
