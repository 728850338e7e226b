import Application
import ArgumentParser
import Domain
import Protocols
import Secrets

struct ApiKeyCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apikey", abstract: "Keys of programs and trackers.", subcommands: [Create.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key; it is shown once and never again.")
        @Option(help: "The airline's slug.") var tenant: String
        @Option(help: "Whose key: ident, e.g. VMS0001.") var user: String
        @Option(
            help: "api for programs, tracker for trackers without a password of their own.",
            transform: oneOf(ApiKeyDetails.Kind.self))
        var kind = ApiKeyDetails.Kind.api
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (tenant, _) = try await parts.tenant(slug: tenant)
                let (_, profile) = try await parts.user(tenant, named: user)
                let (key, details) = parts.makeKey(profile.id, kind)
                try await parts.administration.createApiKey(tenant, details)
                store.output.show(
                    .make([
                        "id": .text(details.id), "key": .string(key), "kind": .string(kind.rawValue),
                        "user": .string(profile.ident),
                    ]),
                    "Key \(details.id) of \(profile.ident), shown only now:\n\(key)")
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a key at once.")
        @Argument(help: "The key's id, as `apikey create` gave it.") var id: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            guard let key = ApiKeyID(id) else {
                throw Refused("\"\(id)\" is no key id: give the id that `apikey create` showed")
            }
            try await store.withParts { parts in
                for tenant in try await parts.directory.tenants().compactMap(\.id) + [platformTenant]
                where try await parts.directory.apiKey(tenant, key) != nil {
                    try await parts.administration.revokeApiKey(tenant, key)
                    return store.output.show(.make(["id": .text(key), "revoked": .bool(true)]), "Key \(key) revoked")
                }
                throw Refused("no key with the id \(id): give the id that `apikey create` showed")
            }
        }
    }
}

enum Hex {
    static func lowerCase(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
