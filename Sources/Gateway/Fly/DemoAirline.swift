import Application
import Domain

/// The airline of the demonstration: made once, kept by later runs.
struct DemoAirline: Sendable {
    static let slug = "demo"
    /// Of every account; for a server on loopback.
    static let password = "demo-flight"

    /// One line of flights that the demonstration keeps in the air.
    struct Seat: Sendable {
        let flightNumber: String
        let departure: String
        let arrival: String
        let route: String
        let minutes: Int
        let level: Int
        let type: String
        let registration: String
        let adapter: FlyAdapter
        /// Recordings in turn.
        let tracks: [String]
        /// Where the first flight of a run begins, so that the map is full at once.
        let from: Double
    }

    static let seats = [
        Seat(
            flightNumber: "101", departure: "LFPG", arrival: "LFBO", route: "OKASI LMG FISTO", minutes: 76, level: 350,
            type: "A320", registration: "F-VMSA", adapter: .smartcars3, tracks: ["lfpg-lfbo"], from: 0.76),
        Seat(
            flightNumber: "103", departure: "LFPG", arrival: "LFBO", route: "OKASI LMG FISTO", minutes: 76, level: 350,
            type: "A320", registration: "F-VMSB", adapter: .smartcars3v7, tracks: ["lfpg-lfbo"], from: 0.42),
        Seat(
            flightNumber: "105", departure: "LFPG", arrival: "LFBO", route: "OKASI LMG FISTO", minutes: 76, level: 350,
            type: "A320", registration: "F-VMSC", adapter: .smartcars3, tracks: ["lfpg-lfbo"], from: 0.12),
        // Every second flight of this one jumps 60 NM aside: for the review desk.
        Seat(
            flightNumber: "107", departure: "LFPG", arrival: "LFBO", route: "OKASI LMG FISTO", minutes: 76, level: 350,
            type: "A320", registration: "F-VMSD", adapter: .smartcars3, tracks: ["lfpg-lfbo-jump", "lfpg-lfbo"],
            from: 0.54),
        Seat(
            flightNumber: "747", departure: "LIRF", arrival: "LLBG", route: "", minutes: 345, level: 360,
            type: "B744", registration: "4X-VMS", adapter: .smartcars3, tracks: ["lirf-llbg"], from: 0.5),
        Seat(
            flightNumber: "301", departure: "KMSP", arrival: "KDEN", route: "", minutes: 115, level: 340,
            type: "B739", registration: "N301VM", adapter: .smartcars3v7, tracks: ["kmsp-kden"], from: 0.35),
        Seat(
            flightNumber: "205", departure: "LPPR", arrival: "LSZH", route: "", minutes: 140, level: 380,
            type: "A320", registration: "HB-VMS", adapter: .smartcars3, tracks: ["lppr-lszh"], from: 0.3),
        Seat(
            flightNumber: "401", departure: "LTFM", arrival: "ENGM", route: "", minutes: 210, level: 380,
            type: "A321", registration: "TC-VMS", adapter: .smartcars3v7, tracks: ["ltfm-engm"], from: 0.2),
    ]

    let id: TenantID
    /// Idents by seat. A flight takes as long as its recording, however fast it is shown; so that nobody is in two places at
    /// once each seat needs as many pilots as the demonstration is faster than the clock.
    let pilots: [[String]]

    /// Makes what is missing. What a person changed since the last run stays as it is.
    static func make(_ parts: Composition, pilotsPerSeat: Int) async throws -> DemoAirline {
        let id: TenantID
        if let known = try await parts.directory.tenant(slug: slug)?.id {
            id = known
        } else {
            id = try await parts.administration.createTenant(slug: slug, name: "Demo Air", icao: "VMS", iata: "VM")
            var settings = TenantSettings()
            settings.livePublic = true
            try await parts.administration.changeSettings(id, settings)
        }
        var hash: String?
        func user(_ number: Int, _ role: Role, _ name: String, _ email: String) async throws -> String {
            if let known = try await parts.directory.user(id, number: number)?.profile { return known.ident }
            // One password, one hash: two hundred of them would take half a minute.
            let shared: String
            if let hash { shared = hash } else { shared = try await parts.passwords.hash(password) }
            hash = shared
            let digits = String(number)
            return try await parts.administration.createUser(
                id, role: role, ident: "VMS" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits,
                name: name, email: email, passwordHash: shared
            ).ident
        }
        _ = try await user(1, .admin, "Ada Kern", "admin@demo.invalid")
        _ = try await user(2, .staff, "Sam Reyes", "staff@demo.invalid")
        _ = try await user(7, .pilot, "Grace Lindqvist", "pilot@demo.invalid")
        var pilots: [[String]] = []
        for seat in seats.indices {
            var crew: [String] = []
            for place in 0..<pilotsPerSeat {
                let number = 100 * (seat + 1) + 1 + place
                crew.append(try await user(number, .pilot, name(number), "pilot\(number)@demo.invalid"))
            }
            pilots.append(crew)
        }
        for seat in seats { try await publish(seat, parts, id) }
        let airline = DemoAirline(id: id, pilots: pilots)
        try await airline.endFlights(of: pilots.joined(), parts)
        return airline
    }

    private static func name(_ number: Int) -> String {
        let first = [
            "Amelia", "Jorge", "Bessie", "Louis", "Jean", "Hubert", "Elly", "Lotfia", "Charles", "Harriet", "Alberto",
            "Raymonde",
            "Igor", "Beryl", "Katharine", "Otto", "Hanna", "Neville", "Sabiha",
        ]
        let last = [
            "Marsh", "Chavez", "Stone", "Almeida", "Batten", "Latour", "Nadir", "Lind", "Quimby", "Santos", "Rocher",
            "Volkov",
            "Clark", "Weiss", "Norway", "Gokcen", "Baker", "Ito", "Okafor", "Hale", "Moreau", "Petrov", "Silva",
        ]
        return "\(first[number % first.count]) \(last[number % last.count])"
    }

    private static func publish(_ seat: Seat, _ parts: Composition, _ id: TenantID) async throws {
        var row = Administration.AircraftRow(
            registration: seat.registration, type: seat.type, name: aircraftName(seat.type), subfleet: seat.type)
        row.maximumPassengers = 180
        _ = try await parts.administration.register(id, row)
        guard let number = try await parts.directory.aircraft(id, registration: seat.registration)?.number,
            let departure = ICAOLocation(seat.departure), let arrival = ICAOLocation(seat.arrival),
            let from = parts.airports.airport(departure), let to = parts.airports.airport(arrival)
        else { return }
        let distance = greatCircleDistance(from: from.position, to: to.position).rawValue.rounded()
        _ = try await parts.administration.publish(
            id, airline: "VMS", flightNumber: seat.flightNumber, departure: departure, arrival: arrival
        ) { schedule, scheduleNumber in
            ScheduleDetails(
                id: schedule, number: scheduleNumber, airline: "VMS", flightNumber: seat.flightNumber,
                departure: departure, arrival: arrival, route: seat.route, level: seat.level,
                distance: NauticalMiles(distance), departureTime: nil, arrivalTime: nil,
                flightTime: Minutes(seat.minutes),
                notes: "Flown by the demonstration", aircraft: [number], subfleets: [seat.type])
        }
    }

    private static func aircraftName(_ type: String) -> String {
        switch type {
        case "A320": "Airbus A320"
        case "A321": "Airbus A321"
        case "B744": "Boeing 747-400"
        case "B739": "Boeing 737-900"
        default: type
        }
    }

    /// Cancels flights that simulated pilots left in the air, and their bookings.
    func endFlights(of idents: some Sequence<String>, _ parts: Composition) async throws {
        for ident in idents {
            guard let pilot = try await parts.directory.user(id, ident: ident)?.profile?.id else { continue }
            for booking in try await parts.directory.bookings(id, of: pilot) {
                if let flight = try await parts.directory.flight(id, booking: booking.number, adapter: "smartcars3"),
                    let record = try await parts.directory.flight(id, flight),
                    record.state == .open || record.state == .abandoned
                {
                    try await parts.flights.cancel(id, flight, at: Composition.now())
                }
                try await parts.bookings.cancel(id, user: pilot, number: booking.number)
            }
        }
    }
}
