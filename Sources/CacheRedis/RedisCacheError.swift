/// Why Redis cannot be used as it is configured; `description` is one line for a person, without the password.
public struct RedisCacheError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is. New ones may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The URL is not one, or names a file that cannot be read. Another try changes nothing.
        public static let invalidURL = Code(description: "invalid-url")
        /// The certificate is not signed by whom it should be, is out of date or is made out to another host.
        public static let untrusted = Code(description: "untrusted")
        /// Redis answers, and refuses the login, the database or what the cache wants to do.
        public static let refused = Code(description: "refused")
        /// Nobody answers, not in time, or not as Redis does. It may pass.
        public static let unavailable = Code(description: "unavailable")
    }
    public let code: Code
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        // What a server says may hold anything, and this is printed.
        self.description = String(
            String.UnicodeScalarView(
                description.unicodeScalars.prefix(400).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
