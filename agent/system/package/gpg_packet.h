/* SPDX-License-Identifier: Apache-2.0 */
/* One packet of OpenPGP data, and what a signature says about a key. For gpg_key.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

enum { GPG_SIGNATURE = 2, GPG_KEY = 6, GPG_SUBKEY = 14 };

struct gpg_packet {
    int tag;
    const unsigned char *body;
    size_t length;     /* of the body */
    size_t start, end; /* of the packet in the data */
};

struct gpg_signature {
    int type;
    int64_t created, lifetime; /* seconds; lifetime of the key it is about, 0: no end */
    char issuer[17];           /* upper case; "": not said */
};

bool gpg_packet_read(const char *data, size_t length, size_t at, struct gpg_packet *out, struct error *err);
bool gpg_signature_parse(const struct gpg_packet *packet, struct gpg_signature *out);
int64_t gpg_number(const unsigned char *bytes, size_t count); /* big-endian */
