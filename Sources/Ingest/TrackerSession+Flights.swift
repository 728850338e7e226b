import Application
import Domain
import Protocols

/// Flights from the tracker's first word to the report.
extension TrackerSession {
    /// A flight of the adapter that ended this lately is meant by a frame that names only number and airports: a tracker
    /// goes on for a moment after it said that the flight is over.
    private static let afterglow = Milliseconds.minutes(30)

    private var flyer: Flights.Pilot {
        get throws(Refusal) {
            let pilot = try pilot
            return Flights.Pilot(id: pilot.user, ident: pilot.ident, name: pilot.name)
        }
    }

    func open(_ booking: Int, aircraft: Int?, network: String?) async throws -> FlightID {
        try await gateway.flights.open(
            id, pilot: try flyer, adapter: adapter, booking: booking, aircraft: aircraft, network: network,
            receivedAt: frame.receivedAt)
    }

    /// The flight that a key names: decisions B3.
    /// - Returns: nil when there is none yet and the key can open one.
    private func find(_ key: FlightKey) async throws -> FlightID? { try await record(key)?.opening.id }

    private func record(_ key: FlightKey) async throws -> FlightRecord? {
        let user = try pilot.user
        if let text = key.id, let record = try await gateway.flights.flight(id, id: text) {
            guard record.opening.user == user else { throw Refusal.flightOfAnother }
            return record
        }
        if let booking = key.booking {
            return try await gateway.flights.flight(id, booking: booking, of: user, adapter: adapter)
        }
        if key.id != nil { throw Refusal.flightUnknown }
        if let client = key.client {
            let record = try await gateway.flights.flight(id, of: user, adapter: adapter, clientKey: client)
            return record?.state == .cancelled ? nil : record
        }
        let latest = try await gateway.flights.latest(id, of: user, adapter: adapter)
        if let legs = key.legs, !legs.number.isEmpty || legs.departure != nil {
            guard let latest, fits(latest.opening, legs) else { return nil }
            switch latest.state {
            case .open: return latest
            case .abandoned:
                return frame.receivedAt - (latest.endedAt ?? frame.receivedAt) < Self.afterglow ? latest : nil
            case .none, .cancelled, .filed: return nil
            }
        }
        guard let latest, latest.state == .open || latest.state == .abandoned else { throw Refusal.flightUnknown }
        return latest
    }

    private func fits(_ opening: FlightOpening, _ legs: FlightLegs) -> Bool {
        opening.flightNumber == legs.number
            && (legs.airline.map { opening.callsign == $0 + legs.number } ?? true)
            && (legs.departure ?? opening.departure) == opening.departure
            && (legs.arrival ?? opening.arrival) == opening.arrival
    }

    /// Refuses a key that names no flight of the caller's.
    func demand(_ key: FlightKey) async throws { _ = try await find(key) }

    private func addition(_ progress: FlightProgress) -> Flights.Addition {
        var addition = Flights.Addition(at: frame.receivedAt)
        addition.samples = progress.positions.map { Bounds.sample($0.sample) }
        addition.lines = progress.lines.map(Bounds.line)
        addition.details = Bounds.details(progress.details)
        addition.pause = progress.pause
        addition.ends = progress.ends
        addition.takesLate = progress.takesLate
        addition.needsUndecided = progress.needsUndecided
        return addition
    }

    func progress(_ key: FlightKey, _ progress: FlightProgress) async throws -> TrackerReply {
        let user = try pilot.user
        var addition = addition(progress)
        // A key of number and airports, or of nothing, means another flight when this one is over.
        let isLoose = key.id == nil && key.booking == nil && key.client == nil
        addition.onlyOpen = isLoose
        if let flight = gateway.binding(id, user, adapter, key) {
            do {
                let state = try await gateway.flights.add(id, flight, addition)
                return try await answer(progress, flight, state)
            } catch FlightRefusal.unknown {
                gateway.bind(id, user, adapter, key, to: nil)
            }
        }
        var attempts = 0
        while true {
            do {
                let (flight, state) = try await store(key, progress, addition, isLoose: isLoose)
                gateway.bind(id, user, adapter, key, to: flight)
                return try await answer(progress, flight, state)
            } catch FlightRefusal.unknown where isLoose && attempts < 8 {
                // Another flight took the place of this one since it was looked up.
                attempts += 1
            }
        }
    }

    /// Adds to the flight that a key names as of now, or opens it.
    private func store(
        _ key: FlightKey, _ progress: FlightProgress, _ addition: Flights.Addition, isLoose: Bool
    ) async throws -> (FlightID, Flight?) {
        var addition = addition
        let first = progress.positions.first
        let flight: FlightID
        if let known = try await record(key) {
            flight = known.opening.id
            addition.onlyOpen = isLoose && known.state == .open
            // Of the flights with a code the pilot has one at a time, too.
            if isLoose || known.opening.code != nil { addition.latestOf = adapter }
            if key.booking != nil, let aircraft = try await aircraft(first) {
                try await gateway.flights.name(id, flight, aircraft: aircraft, network: first?.sample.network)
            }
        } else if let booking = key.booking {
            flight = try await open(booking, aircraft: try await aircraft(first), network: first?.sample.network)
            addition.onlyOpen = false
        } else if key.client != nil || key.legs != nil {
            addition.onlyOpen = false
            return (try await gateway.flights.begin(tenant, beginning(key, progress.details, addition)).id, nil)
        } else {
            throw Refusal.flightUnknown
        }
        return (flight, try await gateway.flights.add(id, flight, addition))
    }

    private func aircraft(_ position: PositionReport?) async throws -> Int? {
        guard let position else { return nil }
        if position.aircraftText == nil { return position.aircraft }
        return try await gateway.flights.aircraft(id, number: position.aircraft, text: position.aircraftText)?.number
    }

    private func answer(
        _ progress: FlightProgress, _ flight: FlightID, _ state: Flight?
    ) async throws -> TrackerReply {
        .progress(count: progress.count, progress.wantsFlight ? try await reply(flight, state: state) : nil)
    }

    /// A flight as a key and what was said with it describe it.
    private func beginning(
        _ key: FlightKey, _ details: FlightDetails, _ addition: Flights.Addition
    ) throws(Refusal) -> Flights.Beginning {
        var details = Bounds.details(details)
        if let legs = key.legs {
            details.airline = details.airline ?? legs.airline
            details.flightNumber = details.flightNumber ?? legs.number
            details.departure = details.departure ?? legs.departure
            details.arrival = details.arrival ?? legs.arrival
        }
        var beginning = Flights.Beginning(pilot: try flyer, adapter: adapter, details: details, at: frame.receivedAt)
        beginning.clientKey = key.client
        beginning.replacesOpenFlight = key.client == nil
        beginning.takesOpenFlight = true
        beginning.addition = addition
        return beginning
    }

    func begin(_ start: FlightStart) async throws -> TrackerReply {
        var beginning = Flights.Beginning(
            pilot: try flyer, adapter: adapter, details: Bounds.details(start.details), at: frame.receivedAt)
        beginning.schedule = start.schedule
        beginning.givesCode = start.givesCode
        beginning.replacesOpenFlight = start.replacesOpenFlight
        beginning.reuseWithin = start.reuseWithin
        beginning.isStrict = start.isStrict
        beginning.addition = addition(start.progress)
        let (flight, _) = try await gateway.flights.begin(tenant, beginning)
        return .begun(try await reply(flight))
    }

    func comment(_ key: FlightKey, _ text: String) async throws -> TrackerReply {
        guard let flight = try await find(key) else { throw Refusal.flightUnknown }
        let pilot = try pilot
        let comment = FlightComment(
            number: 0, user: pilot.user, ident: pilot.ident, name: pilot.name,
            text: Bounds.cut(text, Bounds.comment), at: frame.receivedAt)
        return .commented(try await gateway.flights.comment(id, flight, comment))
    }

    func cancel(_ key: FlightKey, withdraws: Bool) async throws -> TrackerReply {
        if let flight = try await find(key) {
            try await gateway.flights.cancel(id, flight, withdraws: withdraws, at: frame.receivedAt)
            return .flightCancelled
        }
        // Cancelling a flight that never sent an update succeeds, when the booking is the caller's.
        guard let booking = key.booking else { throw Refusal.flightUnknown }
        _ = try await gateway.bookings.open(id, user: try pilot.user, number: booking)
        return .flightCancelled
    }

    // MARK: Filing

    func file(_ key: FlightKey, _ request: FilingRequest) async throws -> TrackerReply {
        let details = request.content.details
        switch request.scheduleNeed {
        case .numberKnown:
            guard try await gateway.flights.isScheduled(tenant, airline: nil, number: details.flightNumber ?? "") else {
                throw Refusal.scheduleUnknown
            }
        case .bareNumberKnown where details.airline == nil:
            guard try await gateway.flights.isScheduled(tenant, airline: nil, number: details.flightNumber ?? "") else {
                throw Refusal.scheduleUnknown
            }
        case .bareNumberKnown, nil: break
        }
        if request.continues, let piece = request.piece { return try await fileMore(key, piece) }
        var filing = Flights.Filing(content: request.content, at: frame.receivedAt)
        if request.standsAlone {
            filing.content.details = Bounds.details(details)
            if let piece = request.piece { filing.content = Flights.marking(filing.content, parts: piece) }
        }
        filing.flightTimeHours = request.flightTimeHours
        filing.fuelUsedAsSent = request.fuelUsedAsSent
        filing.standsAlone = request.standsAlone
        filing.addition = addition(request.progress)
        if request.standsAlone, key.id == nil, key.booking == nil {
            var details = filing.content.details
            details.asSent = details.asSent.filter { $0.key != Flights.pieces }
            let beginning = try beginning(key, details, Flights.Addition(at: frame.receivedAt))
            let (flight, isRepeat) = try await gateway.flights.fileAlone(tenant, beginning, filing)
            return .filed(try await reply(flight), isRepeat: isRepeat)
        }
        var found = try await find(key)
        if found == nil, request.standsAlone, let booking = key.booking {
            found = try await open(booking, aircraft: details.aircraft, network: details.network)
        }
        guard let flight = found else { throw Refusal.flightUnknown }
        let isRepeat = try await gateway.flights.file(id, flight, filing)
        return .filed(try await reply(flight), isRepeat: isRepeat)
    }

    /// A further part of a report: the codec reads all parts together, and the result takes the place of the content.
    private func fileMore(_ key: FlightKey, _ piece: String) async throws -> TrackerReply {
        for _ in 0..<16 {
            guard let flight = try await find(key), let earlier = try await gateway.flights.parts(id, flight) else {
                // A part without a first one is kept aside.
                try await gateway.keep(
                    id, adapter, codec.withoutSecrets(frame), without: codec.decode(frame).credential.secrets,
                    "part-alone",
                    "A part of a report whose first part did not come")
                return .progress(count: nil, nil)
            }
            // The same part twice in a row is one.
            if earlier.hasSuffix(piece) { return .filed(try await reply(flight), isRepeat: true) }
            var whole = frame
            whole.earlierParts = earlier
            guard earlier.utf8.count + piece.utf8.count <= 1 << 20,
                case .success(.file(_, let request)) = codec.decode(whole).outcome
            else { throw Refusal.flightUnknown }
            var content = request.content
            content.details = Bounds.details(content.details)
            content = Flights.marking(content, parts: earlier + piece)
            if try await gateway.flights.amend(id, flight, content, after: earlier) {
                return .filed(try await reply(flight), isRepeat: false)
            }
        }
        throw EventStoreError.unavailable("the report changes too often")
    }
}
