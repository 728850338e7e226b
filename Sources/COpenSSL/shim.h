#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

/* The plain SHA-256 functions are marked deprecated since OpenSSL 3.0. They stay the only way to keep a keyed hash state
   by value and to hash a short text without an allocation, so their warning is switched off here. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

/* Macros that Swift does not import. */
static inline long copenssl_set_host_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name); }
static inline long copenssl_set_min_tls12(SSL_CTX *context) {
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

#endif
