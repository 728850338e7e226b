#ifndef CRABBITMQ_SHIM_H
#define CRABBITMQ_SHIM_H

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* The calling thread's name for the kernel, of which it keeps 15 bytes; prctl is variadic. */
static inline void crabbit_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/* amqp_login is variadic, which Swift does not import. The library announces too little by itself: without the
   capabilities below the broker sends neither connection.blocked nor basic.cancel. */
static inline amqp_rpc_reply_t crabbit_login(amqp_connection_state_t connection, const char *vhost, int frame_max,
                                             int heartbeat, const char *user, const char *password,
                                             const char *name) {
  static const char *const able[] = {"publisher_confirms", "basic.nack", "connection.blocked",
                                     "consumer_cancel_notify"};
  amqp_table_entry_t capabilities[4], properties[2];
  for (int i = 0; i < 4; i++) {
    capabilities[i].key = amqp_cstring_bytes(able[i]);
    capabilities[i].value.kind = AMQP_FIELD_KIND_BOOLEAN;
    capabilities[i].value.value.boolean = 1;
  }
  properties[0].key = amqp_cstring_bytes("capabilities");
  properties[0].value.kind = AMQP_FIELD_KIND_TABLE;
  properties[0].value.value.table.num_entries = 4;
  properties[0].value.value.table.entries = capabilities;
  properties[1].key = amqp_cstring_bytes("connection_name");
  properties[1].value.kind = AMQP_FIELD_KIND_UTF8;
  properties[1].value.value.bytes = amqp_cstring_bytes(name);
  amqp_table_t table = {2, properties};
  return amqp_login_with_properties(connection, vhost, 0, frame_max, heartbeat, &table, AMQP_SASL_METHOD_PLAIN, user,
                                    password);
}

/* Keeps why a certificate was refused: the library frees the SSL before anybody can ask it. */
static inline int crabbit_note_refusal(int accepted, X509_STORE_CTX *store) {
  if (!accepted) {
    SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    SSL_CTX_set_app_data(SSL_get_SSL_CTX(ssl), (void *)(intptr_t)X509_STORE_CTX_get_error(store));
  }
  return accepted;
}

/* The library indicates the host it connects to; the name to check, if any, is what counts. An address is never sent
   (RFC 6066, section 3). */
static inline void crabbit_indicate_name(const SSL *ssl, int where, int value) {
  (void)value;
  if (where & SSL_CB_HANDSHAKE_START) {
    SSL *own = (SSL *)ssl;
    SSL_set_tlsext_host_name(own, X509_VERIFY_PARAM_get0_host(SSL_get0_param(own), 0));
  }
}

/* Sets up the context of an SSL socket. The library's own check of the host name knows no addresses, so OpenSSL does it,
   in the handshake. `ca` NULL: the system's certificates; `name` NULL: no name is checked or indicated. 1 on success. */
static inline int crabbit_secure(amqp_socket_t *socket, const char *ca, const char *name, int verify) {
  SSL_CTX *context = (SSL_CTX *)amqp_ssl_socket_get_context(socket);
  amqp_ssl_socket_set_verify_peer(socket, verify);
  amqp_ssl_socket_set_verify_hostname(socket, 0);
  if (ca ? SSL_CTX_load_verify_locations(context, ca, 0) != 1 : SSL_CTX_set_default_verify_paths(context) != 1) return 0;
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return 0;
  if (name) {
    X509_VERIFY_PARAM *wanted = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, name) != 1 && X509_VERIFY_PARAM_set1_host(wanted, name, 0) != 1) return 0;
  }
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, verify ? crabbit_note_refusal : 0);
  SSL_CTX_set_info_callback(context, crabbit_indicate_name);
  return 1;
}

/* Why the last handshake on this socket failed; NULL when it is not known. */
static inline const char *crabbit_refusal(amqp_socket_t *socket) {
  SSL_CTX *context = (SSL_CTX *)amqp_ssl_socket_get_context(socket);
  long code = (long)(intptr_t)SSL_CTX_get_app_data(context);
  if (code) return X509_verify_cert_error_string(code);
  return ERR_reason_error_string(ERR_peek_last_error());
}

#endif
