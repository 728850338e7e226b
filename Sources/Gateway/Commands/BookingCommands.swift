import Application
import ArgumentParser
import Domain
import Protocols

struct BookingCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "booking", abstract: "Bookings of pilots.", subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Book a flight of the timetable for a pilot.")
        @Option(help: "The airline's slug.") var tenant: String
        @Option(help: "Who flies: ident, e.g. VMS0001.") var user: String
        @Option(help: "Code and number, e.g. VMS101.") var flight: String
        @Option(help: "Departure, where the number flies from more than one airport.") var departure: String?
        @Option(help: "The aircraft.") var registration: String?
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (id, details) = try await parts.tenant(slug: tenant)
                let (_, profile) = try await parts.user(id, named: user)
                let entry = try await find(parts, id, details)
                var aircraft: AircraftDetails?
                if let registration {
                    aircraft = try await parts.directory.aircraft(id, registration: registration)
                    guard aircraft?.isActive == true else {
                        throw Refused(
                            "no aircraft \(registration) in service: see the fleet, or add it with `albatross fleet import`"
                        )
                    }
                }
                let booking: BookingDetails
                do {
                    booking = try await parts.bookings.book(
                        details, user: profile.id, schedule: "\(entry.id)", aircraft: aircraft?.number,
                        repeatIsSame: true)
                } catch let refusal as BookingRefusal {
                    throw Refused(Self.text(refusal, flight: flight))
                }
                let name = entry.airline + entry.flightNumber
                store.output.show(
                    .make([
                        "id": .text(booking.id), "number": .number(booking.number), "flight": .string(name),
                        "departure": .text(entry.departure), "arrival": .text(entry.arrival),
                        "user": .string(profile.ident), "registration": .text(aircraft?.registration),
                    ]),
                    "\(name) \(entry.departure)-\(entry.arrival) booked for \(profile.ident): booking \(booking.number)"
                )
            }
        }

        private func find(_ parts: Composition, _ id: TenantID, _ tenant: Tenant) async throws -> ScheduleDetails {
            var entries: [ScheduleDetails] = []
            for (airline, number) in Self.readings(of: flight, tenant: tenant) where entries.isEmpty {
                entries = try await parts.directory.schedules(id, airline: airline, flightNumber: number)
                    .filter { $0.isActive && $0.charterOf == nil }
            }
            if let departure { entries.removeAll { $0.departure.code != departure.uppercased() } }
            guard let entry = entries.first else {
                throw Refused("no flight \(flight) in the timetable: add it with `albatross schedule import`")
            }
            guard entries.count == 1 else {
                let routes = entries.map { "\($0.departure)-\($0.arrival)" }.joined(separator: ", ")
                throw Refused("\(flight) flies \(routes): add --departure")
            }
            return entry
        }

        /// `VMS101` may be `VMS` and `101`, `VM` and `S101`, or a number of the tenant's own airline; the IATA code stands
        /// for the airline's own.
        static func readings(of flight: String, tenant: Tenant) -> [(airline: String, number: String)] {
            let text = flight.uppercased().filter { !$0.isWhitespace }
            var found: [(String, String)] = []
            for code in [tenant.icao, tenant.iata ?? ""]
            where !code.isEmpty && text.hasPrefix(code) && text.count > code.count {
                found.append((tenant.icao, String(text.dropFirst(code.count))))
            }
            for length in [3, 2, 4] where text.count > length {
                found.append((String(text.prefix(length)), String(text.dropFirst(length))))
            }
            found.append((tenant.icao, text))
            return found
        }

        private static func text(_ refusal: BookingRefusal, flight: String) -> String {
            switch refusal {
            case .taken:
                "\(flight) is booked by another pilot: choose another flight, or allow it with `albatross tenant set SLUG --booking-exclusive false`"
            case .limit: "the pilot has as many bookings as this airline allows"
            case .scheduleUnknown: "\(flight) is not in the timetable"
            case .bookingUnknown: "no such booking"
            case .aircraftUnknown: "this aircraft is not in service"
            case .airportUnknown: "an airport of \(flight) is not known"
            case .chartersOff: "this airline allows no charters"
            }
        }
    }
}
