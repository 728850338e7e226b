import Application
import ArgumentParser
import Domain
import Protocols

struct TenantCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Airlines on this gateway.",
        subcommands: [Create.self, List.self, Change.self, Host.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add an airline.")
        @Argument(help: "Part of URLs: 2 to 31 of a-z, 0-9 and -, a letter first.") var slug: String
        @Option(help: "Full name.") var name: String
        @Option(help: "ICAO airline designator, e.g. VMS.") var icao: String
        @Option(help: "IATA airline designator, e.g. VM.") var iata: String?
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let id = try await parts.administration.createTenant(slug: slug, name: name, icao: icao, iata: iata)
                store.output.show(
                    .make(["id": .text(id), "slug": .string(slug)]), "Tenant \(slug) (\(name)) made: \(id)")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all airlines.")
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let tenants = try await parts.directory.tenants().sorted { $0.slug < $1.slug }
                let items = tenants.map { tenant in
                    JSONValue.make([
                        "id": .text(tenant.id), "slug": .string(tenant.slug), "name": .string(tenant.name),
                        "icao": .string(tenant.icao), "iata": .text(tenant.iata),
                        "hosts": .array(tenant.hosts.map(JSONValue.string)),
                        "live_public": .bool(tenant.settings.livePublic),
                        "booking_exclusive": .bool(tenant.settings.bookingExclusive),
                        "charters_allowed": .bool(tenant.settings.chartersAllowed),
                        "live_minutes": .number(tenant.settings.liveMinutes),
                        "abandon_hours": .number(tenant.settings.abandonHours),
                    ])
                }
                store.output.show(
                    .array(items),
                    tenants.isEmpty
                        ? "No tenants yet: make one with `albatross tenant create`."
                        : TextTable.render(
                            ["SLUG", "ICAO", "IATA", "LIVE MAP", "HOSTS", "NAME"],
                            tenants.map {
                                [
                                    $0.slug, $0.icao, $0.iata ?? "-", $0.settings.livePublic ? "public" : "private",
                                    $0.hosts.isEmpty ? "-" : $0.hosts.joined(separator: ","), $0.name,
                                ]
                            }))
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "set", abstract: "Change settings of an airline.")
        @Argument(help: "The tenant.") var slug: String
        @Option(help: "Visitors may see the live map.") var livePublic: Bool?
        @Option(help: "One pilot per schedule.") var bookingExclusive: Bool?
        @Option(help: "Pilots may fly charters.") var chartersAllowed: Bool?
        @Option(help: "Minutes without data until a flight is shown as stale.") var liveMinutes: Int?
        @Option(help: "Hours without data until a flight is ended as abandoned.") var abandonHours: Int?
        @OptionGroup var store: StoreOptions

        func validate() throws {
            if let liveMinutes, !(1...1440).contains(liveMinutes) {
                throw ValidationError("--live-minutes must be 1 to 1440")
            }
            if let abandonHours, !(1...720).contains(abandonHours) {
                throw ValidationError("--abandon-hours must be 1 to 720")
            }
            if livePublic == nil, bookingExclusive == nil, chartersAllowed == nil, liveMinutes == nil,
                abandonHours == nil
            {
                throw ValidationError("name a setting, e.g. --live-public true")
            }
        }

        func run() async throws {
            try await store.withParts { parts in
                let (id, tenant) = try await parts.tenant(slug: slug)
                var settings = tenant.settings
                if let livePublic { settings.livePublic = livePublic }
                if let bookingExclusive { settings.bookingExclusive = bookingExclusive }
                if let chartersAllowed { settings.chartersAllowed = chartersAllowed }
                if let liveMinutes { settings.liveMinutes = liveMinutes }
                if let abandonHours { settings.abandonHours = abandonHours }
                try await parts.administration.changeSettings(id, settings)
                store.output.show(
                    .make([
                        "id": .text(id), "slug": .string(slug), "live_public": .bool(settings.livePublic),
                        "booking_exclusive": .bool(settings.bookingExclusive),
                        "charters_allowed": .bool(settings.chartersAllowed),
                        "live_minutes": .number(settings.liveMinutes), "abandon_hours": .number(settings.abandonHours),
                    ]), "Settings of \(slug) changed")
            }
        }
    }

    struct Host: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Host names that lead to an airline.", subcommands: [Add.self])

        struct Add: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Add a host name.")
            @Argument(help: "The tenant.") var slug: String
            @Argument(help: "The host name, without port.") var host: String
            @OptionGroup var store: StoreOptions

            func validate() throws {
                let isName =
                    (1...253).contains(host.utf8.count)
                    && host.utf8.allSatisfy { byte in
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                            || byte == UInt8(ascii: ".")
                    }
                guard isName else {
                    throw ValidationError("\"\(host)\" is no host name: give it without scheme and port")
                }
            }

            func run() async throws {
                try await store.withParts { parts in
                    let (id, _) = try await parts.tenant(slug: slug)
                    try await parts.administration.addHost(id, host: host)
                    store.output.show(
                        .make(["id": .text(id), "slug": .string(slug), "host": .string(host.lowercased())]),
                        "\(host.lowercased()) leads to \(slug)")
                }
            }
        }
    }
}
