import Application
import ArgumentParser
import Domain
import Foundation
import Protocols

struct TenantCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Airlines on this gateway.",
        subcommands: [Create.self, List.self, Change.self, Host.self, NoticeCommands.self])

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
        @Option(
            help: "Codes of further airlines of the tenant, separated by commas; an empty text is none.")
        var airlineCodes: String?
        @Option(help: "What the number in a pilot code is above the pilot's own number.") var pilotOffset: Int?
        @Option(help: "ICAO code of the airport where new pilots begin.") var hub: String?
        @Option(help: "Open bids one pilot may have; 0 is no limit.") var bookingMaximum: Int?
        @Option(
            help: "Minutes for which a log-in also proves calls without a secret from the same address; 0 is off.")
        var sameAddressMinutes: Int?
        @Option(help: "Adapters that are switched off, separated by commas; an empty text is none.")
        var adaptersOff: String?
        @Option(
            help: ArgumentHelp(
                "A setting of a tracker, e.g. kacars.version=1.0.1.1; without a value the default holds again. May be repeated.",
                valueName: "name=value"))
        var tracker: [String] = []
        @OptionGroup var store: StoreOptions

        func validate() throws {
            if let liveMinutes, !(1...1440).contains(liveMinutes) {
                throw ValidationError("--live-minutes must be 1 to 1440")
            }
            if let abandonHours, !(1...720).contains(abandonHours) {
                throw ValidationError("--abandon-hours must be 1 to 720")
            }
            if let pilotOffset, !(0...1_000_000).contains(pilotOffset) {
                throw ValidationError("--pilot-offset must be 0 to 1000000")
            }
            if let bookingMaximum, !(0...1000).contains(bookingMaximum) {
                throw ValidationError("--booking-maximum must be 0 to 1000")
            }
            if let sameAddressMinutes, !(0...1440).contains(sameAddressMinutes) {
                throw ValidationError("--same-address-minutes must be 0 to 1440")
            }
            if let hub, !hub.isEmpty, ICAOLocation(hub) == nil {
                throw ValidationError("\"\(hub)\" is no airport code")
            }
            for code in list(airlineCodes) ?? [] where !(2...4).contains(code.utf8.count) {
                throw ValidationError("\"\(code)\" is no airline code: give 2 to 4 letters")
            }
            for id in list(adaptersOff) ?? [] where AdapterRegistry.adapter(id.lowercased()) == nil {
                throw ValidationError("no adapter \"\(id.lowercased())\"")
            }
            for setting in tracker { _ = try Self.option(setting) }
            if livePublic == nil, bookingExclusive == nil, chartersAllowed == nil, liveMinutes == nil,
                abandonHours == nil, airlineCodes == nil, pilotOffset == nil, hub == nil, bookingMaximum == nil,
                sameAddressMinutes == nil, adaptersOff == nil, tracker.isEmpty
            {
                throw ValidationError("name a setting, e.g. --live-public true")
            }
        }

        private func list(_ text: String?) -> [String]? {
            text.map { $0.split(separator: ",").map { $0.uppercased().trimmingCharacters(in: .whitespaces) } }
        }

        /// Name and value of a tracker's setting; the value is nil when the default is to hold again.
        private static func option(_ text: String) throws -> (name: String, value: String?) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let known = AdapterRegistry.all.flatMap { $0.options }
            guard parts.count == 2, let option = known.first(where: { $0.name == parts[0] }) else {
                let names = known.map(\.name).sorted().joined(separator: ", ")
                throw ValidationError("no tracker setting \"\(parts[0])\": write NAME=VALUE with one of \(names)")
            }
            let value = String(parts[1])
            guard value.utf8.count <= 200, value.isEmpty || option.choices.isEmpty || option.choices.contains(value)
            else {
                throw ValidationError(
                    "\(option.name) cannot be \"\(value)\": \(option.choices.isEmpty ? "at most 200 characters" : option.choices.joined(separator: ", "))"
                )
            }
            return (option.name, value.isEmpty ? nil : value)
        }

        func run() async throws {
            try await store.withParts { parts in
                let (id, tenant) = try await parts.tenant(slug: slug)
                var settings = tenant.settings
                if let codes = list(airlineCodes) { settings.airlineCodes = codes }
                if let pilotOffset { settings.pilotOffset = pilotOffset }
                if let hub { settings.hub = hub.isEmpty ? nil : hub.uppercased() }
                if let bookingMaximum { settings.bookingMaximum = bookingMaximum }
                if let sameAddressMinutes { settings.sameAddressMinutes = sameAddressMinutes }
                if let off = list(adaptersOff) { settings.disabledAdapters = off.map { $0.lowercased() } }
                for setting in tracker {
                    let (name, value) = try Self.option(setting)
                    settings.trackerOptions[name] = value
                }
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
