/* SPDX-License-Identifier: Apache-2.0 */
/* The query language of ipaddr, for the filters that are built on it. */
#pragma once

#include "engine/template/eval.h"
#include "engine/template/network.h"

struct ip_request {
    struct eval *eval;
    const struct value *value; /* what a query that only asks gives back */
    struct network network;
    bool is_network; /* it was written with a prefix */
    const char *query, *alias;
    int version;              /* 4, 6 or 0: either */
    struct network container; /* of the query that is a network */
    bool has_container;
};

/* ipaddr(value, query, version); NULL: error set. */
const struct value *ipaddr_query(struct eval *eval, const struct value *value, const char *query, int version,
                                 const char *alias);
/* The value as ipaddr understands it; false: it is no address. */
bool ipaddr_read(struct ip_request *request);
/* The network of a value, with the address's host bits or without, as the filters on subnets take it. */
bool ipaddr_network(struct eval *eval, const struct value *value, struct network *out);
/* First and last usable address of a network of more than one. */
void ipaddr_usable(const struct network *network, ip_number *first_out, ip_number *last_out);
/* A number of up to 128 bits. */
const struct value *ipaddr_number(struct eval *eval, ip_number number);

/* The answer to request->query, NULL if it failed; false: there is no such question. */
bool ipaddr_answer(struct ip_request *request, const struct value **out);
bool ipaddr_is_query(const char *name);
