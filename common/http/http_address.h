/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that no public server may send us to (server-side request forgery): loopback, private, link-local and
 * other special ranges of RFC 6890, and IPv6 forms that hold such an IPv4 address.
 */
#pragma once

#include <sys/socket.h>

#include "common/http/http.h"

bool http_sockaddr_is_private(const struct sockaddr *address);
bool http_address_is_private(const char *text);          /* an address as text; what is none is not private */
bool http_has_proxy(const struct http_request *request); /* the environment may send this one through a proxy */
