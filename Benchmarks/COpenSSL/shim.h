// TLS for the load program: Debian's OpenSSL. What OpenSSL has as macros, Swift cannot see.
#ifndef HOLDFAST_COPENSSL_H
#define HOLDFAST_COPENSSL_H
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// Takes TLS 1.3 and nothing else.
static inline int holdfast_require_tls13(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
}

/// Lets a write go on from another address and in parts: the bytes are in a queue that moves.
static inline void holdfast_allow_partial_writes(SSL_CTX *context) {
    SSL_CTX_set_mode(context,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
#endif
