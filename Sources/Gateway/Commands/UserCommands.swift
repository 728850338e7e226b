import Application
import ArgumentParser
import Domain
import Protocols

struct UserCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "People: pilots, dispatchers, staff, admins.",
        subcommands: [Create.self, List.self, Password.self, Disable.self, Enable.self, Erase.self])

    /// Where a person belongs: an airline, or the platform.
    struct Place: ParsableArguments {
        @Option(help: "The airline's slug.") var tenant: String?
        @Flag(help: "An administrator of the platform instead of a person of an airline.") var platformAdmin = false

        func validate() throws {
            guard (tenant == nil) == platformAdmin else {
                throw ValidationError("give either --tenant SLUG or --platform-admin")
            }
        }
        func id(_ parts: Composition) async throws -> TenantID {
            guard let tenant else { return platformTenant }
            return try await parts.tenant(slug: tenant).id
        }
    }

    /// Names one existing person.
    struct Person: ParsableArguments {
        @OptionGroup var place: Place
        @Option(help: "Ident, e.g. VMS0001.") var id: String?
        @Option(help: "E-mail address, instead of --id.") var email: String?

        func validate() throws {
            guard (id == nil) != (email == nil) else { throw ValidationError("give either --id or --email") }
        }
        func find(_ parts: Composition) async throws -> (tenant: TenantID, profile: UserProfile) {
            let tenant = try await place.id(parts)
            return (tenant, try await parts.user(tenant, named: id ?? email ?? "").profile)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a person, active at once.")
        @OptionGroup var place: Place
        @Option(help: "admin, staff, dispatcher or pilot (default pilot).", transform: oneOf(Role.self)) var role: Role?
        @Option(help: "Ident, e.g. VMS0007: its digits become the pilot's number. Default: the next free one.") var id:
            String?
        @Option(help: "E-mail address.") var email: String
        @Option(help: "Full name.") var name: String?
        @Option(help: "Rank as shown to trackers.") var rank = "Captain"
        @Flag(help: "Not confirmed: the person cannot log in until staff confirm.") var unconfirmed = false
        @Flag(help: "Read the password from standard input, to its end; without it one is made and shown.")
        var passwordStdin = false
        @OptionGroup var store: StoreOptions

        func validate() throws {
            if place.platformAdmin, role != nil, role != .admin {
                throw ValidationError("--platform-admin makes an admin: leave --role out")
            }
            if !place.platformAdmin, name?.isEmpty ?? true { throw ValidationError("give --name") }
        }

        func run() async throws {
            let typed = passwordStdin ? try PasswordInput.read() : nil
            try await store.withParts { parts in
                let tenant = try await place.id(parts)
                let password = typed ?? String(parts.tokens.makeToken().prefix(20))
                let profile = try await parts.administration.createUser(
                    tenant, role: place.platformAdmin ? .admin : role ?? .pilot, ident: id,
                    name: name ?? "Platform admin", email: email,
                    passwordHash: try await parts.passwords.hash(password), rank: rank, isConfirmed: !unconfirmed)
                store.output.show(
                    .make([
                        "id": .text(profile.id), "ident": .string(profile.ident), "number": .number(profile.number),
                        "role": .string(profile.role.rawValue), "email": .string(profile.email),
                    ]).adding("password", typed == nil ? password : nil),
                    "User \(profile.ident) (\(profile.role.rawValue)) made"
                        + (typed == nil ? "; password, shown only now: \(password)" : ""))
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the people of an airline or of the platform.")
        @OptionGroup var place: Place
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let tenant = try await place.id(parts)
                let users = try await parts.directory.users(tenant).compactMap { user in
                    user.profile.map { (user: user, profile: $0) }
                }.sorted { $0.profile.number < $1.profile.number }
                let items = users.map { user, profile in
                    JSONValue.make([
                        "id": .text(profile.id), "ident": .string(profile.ident), "number": .number(profile.number),
                        "name": .string(profile.name), "email": .string(profile.email),
                        "role": .string(profile.role.rawValue), "rank": .string(profile.rank),
                        "confirmed": .bool(profile.isConfirmed), "disabled": .bool(user.isDisabled),
                    ])
                }
                store.output.show(
                    .array(items),
                    users.isEmpty
                        ? "Nobody yet: add people with `albatross user create`."
                        : TextTable.render(
                            ["IDENT", "ROLE", "STATE", "E-MAIL", "NAME"],
                            users.map { user, profile in
                                [
                                    profile.ident, profile.role.rawValue,
                                    user.isDisabled ? "disabled" : profile.isConfirmed ? "active" : "unconfirmed",
                                    profile.email, profile.name,
                                ]
                            }))
            }
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Set a new password.")
        @OptionGroup var person: Person
        @Flag(help: "Read the password from standard input, to its end; without it one is made and shown.")
        var passwordStdin = false
        @OptionGroup var store: StoreOptions

        func run() async throws {
            let typed = passwordStdin ? try PasswordInput.read() : nil
            try await store.withParts { parts in
                let (tenant, profile) = try await person.find(parts)
                let password = typed ?? String(parts.tokens.makeToken().prefix(20))
                try await parts.administration.changePassword(
                    tenant, profile.id, hash: try await parts.passwords.hash(password))
                store.output.show(
                    .make(["id": .text(profile.id), "ident": .string(profile.ident)])
                        .adding("password", typed == nil ? password : nil),
                    "Password of \(profile.ident) changed" + (typed == nil ? "; shown only now: \(password)" : ""))
            }
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shut a person out; what they flew stays.")
        @OptionGroup var person: Person
        @OptionGroup var store: StoreOptions
        func run() async throws { try await UserCommands.setDisabled(true, person, store) }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a disabled person in again.")
        @OptionGroup var person: Person
        @OptionGroup var store: StoreOptions
        func run() async throws { try await UserCommands.setDisabled(false, person, store) }
    }

    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Take what names a person out of the store for good; flights and reports stay under \"Former pilot\".",
            discussion: """
                Name, address, password, chat, comments and notes go out of the stored events, look-ups, read models and
                quarantined frames; the number and the ident stay. Copies made before still hold them.
                """)
        @OptionGroup var person: Person
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (tenant, profile) = try await person.find(parts)
                let outcome = try await parts.erasure().erase(tenant, profile.id) { done, total in
                    Terminal.progress("looked through \(done) of \(total) events")
                }
                let left = outcome.left.map { JSONValue.integer($0) }
                store.output.show(
                    .make([
                        "id": .text(profile.id), "ident": .string(profile.ident), "events": .number(outcome.events),
                        "frames": .number(outcome.frames), "left": .array(left),
                    ]),
                    "User \(profile.ident) erased: \(outcome.events) events rewritten, \(outcome.frames) frames removed"
                        + (left.isEmpty
                            ? "" : "; the name still stands in \(left.count) events that others wrote"))
            }
        }
    }

    static func setDisabled(_ isDisabled: Bool, _ person: Person, _ store: StoreOptions) async throws {
        try await store.withParts { parts in
            let (tenant, profile) = try await person.find(parts)
            try await parts.administration.setDisabled(tenant, profile.id, isDisabled)
            store.output.show(
                .make(["id": .text(profile.id), "ident": .string(profile.ident), "disabled": .bool(isDisabled)]),
                "User \(profile.ident) \(isDisabled ? "disabled" : "enabled")")
        }
    }
}

/// Reads one of an enumeration's raw values.
func oneOf<Value: RawRepresentable<String> & CaseIterable & Sendable>(
    _ type: Value.Type
) -> @Sendable (String) throws -> Value {
    let values = Array(Value.allCases)
    let names = values.map(\.rawValue).joined(separator: ", ")
    return { text in
        guard let value = values.first(where: { $0.rawValue == text }) else {
            throw ValidationError("\"\(text)\" is none of \(names)")
        }
        return value
    }
}
