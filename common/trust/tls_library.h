/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of GnuTLS that a TLS connection needs beside those of gnutls_library.h. */
#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "common/base/error.h"

struct tls_library {
    __typeof__(gnutls_strerror) *strerror;
    __typeof__(gnutls_error_is_fatal) *error_is_fatal;
    __typeof__(gnutls_alert_get) *alert_get;
    __typeof__(gnutls_alert_get_name) *alert_get_name;
    __typeof__(gnutls_certificate_allocate_credentials) *certificate_allocate_credentials;
    __typeof__(gnutls_certificate_free_credentials) *certificate_free_credentials;
    __typeof__(gnutls_certificate_set_x509_key_mem) *certificate_set_x509_key_mem;
    __typeof__(gnutls_init) *init;
    __typeof__(gnutls_deinit) *deinit;
    __typeof__(gnutls_priority_set_direct) *priority_set_direct;
    __typeof__(gnutls_credentials_set) *credentials_set;
    __typeof__(gnutls_server_name_set) *server_name_set;
    __typeof__(gnutls_session_set_ptr) *session_set_ptr;
    __typeof__(gnutls_session_get_ptr) *session_get_ptr;
    __typeof__(gnutls_session_set_verify_function) *session_set_verify_function;
    __typeof__(gnutls_transport_set_int2) *transport_set_int2;
    __typeof__(gnutls_handshake) *handshake;
    __typeof__(gnutls_record_send) *record_send;
    __typeof__(gnutls_record_recv) *record_recv;
    __typeof__(gnutls_record_get_direction) *record_get_direction;
    __typeof__(gnutls_record_check_pending) *record_check_pending;
    __typeof__(gnutls_bye) *bye;
    __typeof__(gnutls_certificate_server_set_request) *certificate_server_set_request;
};

bool tls_library_load(struct tls_library *out, struct error *err);
