import COpenSSL

/// The client's side of TLS over memory buffers: it never touches a socket, so that sending stays in one place, and a
/// write to a closed connection raises no signal.
struct TLSSession: ~Copyable {
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    /// Owned by `ssl`.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let host: String

    /// - Parameter host: The certificate has to be made out to it, a name or an IP address.
    init(host: String, authorities: String?) throws(RedisCacheError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Self.failure("TLS cannot be set up") }
        guard copenssl_set_min_tls12(context) == 1, Self.trust(authorities, in: context) else {
            let error = RedisCacheError(
                .invalidURL,
                authorities.map { "no certificates of authorities can be read from \($0)" }
                    ?? "the system's certificates of authorities cannot be read")
            SSL_CTX_free(context)
            throw error
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard let ssl = SSL_new(context) else {
            SSL_CTX_free(context)
            throw Self.failure("TLS cannot be set up")
        }
        guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()), Self.expect(host, of: ssl)
        else {
            SSL_free(ssl)
            SSL_CTX_free(context)
            throw Self.failure("TLS cannot be set up for \(host)")
        }
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
        self.context = context
        self.ssl = ssl
        self.incoming = incoming
        self.outgoing = outgoing
        self.host = host
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    private static func trust(_ authorities: String?, in context: OpaquePointer) -> Bool {
        guard let authorities else { return SSL_CTX_set_default_verify_paths(context) == 1 }
        return SSL_CTX_load_verify_file(context, authorities) == 1
    }

    /// `X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS` of openssl/x509v3.h: a star stands for a whole label or for nothing.
    private static let noPartialWildcards: UInt32 = 0x4

    private static func expect(_ host: String, of ssl: OpaquePointer) -> Bool {
        // An address is compared with the addresses in the certificate; it is no name, and none is sent for it.
        if X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 { return true }
        SSL_set_hostflags(ssl, noPartialWildcards)
        return SSL_set1_host(ssl, host) == 1 && copenssl_set_host_name(ssl, host) == 1
    }

    /// - Returns: Whether it is complete; if not, send what ``takeOutgoing()`` gives, and call again with more received.
    func handshake() throws(RedisCacheError) -> Bool {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return true }
        let reason = SSL_get_error(ssl, result)
        if reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE { return false }
        let verdict = SSL_get_verify_result(ssl)
        guard verdict == Int(X509_V_OK) else {
            let text = X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "error \(verdict)"
            throw RedisCacheError(.untrusted, "the certificate of \(host) is not trusted: \(text)")
        }
        throw Self.failure("the TLS handshake with \(host) failed")
    }

    /// Takes the first `count` bytes that came from the socket.
    func receive(_ bytes: [UInt8], _ count: Int) throws(RedisCacheError) {
        let taken = bytes.withUnsafeBytes { BIO_write(incoming, $0.baseAddress, Int32(clamping: count)) }
        guard taken == count else { throw Self.failure("TLS cannot keep what came") }
    }

    /// Decrypts what was received.
    /// - Returns: Bytes put into the buffer, 0 when more has to come first, nil at the orderly end.
    func read(into buffer: inout [UInt8]) throws(RedisCacheError) -> Int? {
        ERR_clear_error()
        let count = buffer.withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress, Int32(clamping: $0.count)) }
        if count > 0 { return Int(count) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return 0
        case SSL_ERROR_ZERO_RETURN: return nil
        default: throw Self.failure("TLS broke off")
        }
    }

    func write(_ bytes: [UInt8]) throws(RedisCacheError) {
        ERR_clear_error()
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { SSL_write(ssl, $0.baseAddress, Int32(clamping: $0.count)) }
            // Memory takes everything, so there is nothing to wait for.
            guard count > 0 else { throw Self.failure("TLS broke off") }
            start += Int(count)
        }
    }

    /// Encrypted bytes that wait to be sent.
    func takeOutgoing() -> [UInt8] {
        let waiting = Int(BIO_ctrl_pending(outgoing))
        guard waiting > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: waiting) { buffer, count in
            count = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(clamping: waiting))))
        }
    }

    private static func failure(_ what: String) -> RedisCacheError {
        let code = ERR_get_error()
        let reason = code == 0 ? nil : ERR_reason_error_string(code).map { String(cString: $0) }
        return RedisCacheError(.unavailable, reason.map { "\(what): \($0)" } ?? what)
    }
}
