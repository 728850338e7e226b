import Application
import Domain
import Synchronization

/// Keeps every seat of the demonstration in the air: when a flight has ended, the seat's next pilot books the next one.
final class DemoPilots: Sendable {
    private let parts: Composition
    private let airline: DemoAirline
    private let speed: Double
    private let tracks = DemoTracks.load()
    /// When flights of a route end, this run's.
    private let ends = Mutex<[String: [ContinuousClock.Instant]]>([:])

    init(parts: Composition, airline: DemoAirline, speed: Double) {
        self.parts = parts
        self.airline = airline
        self.speed = speed
    }

    /// Flies until cancelled.
    func fly(to address: String) async {
        await withTaskGroup(of: Void.self) { group in
            for seat in DemoAirline.seats.indices { group.addTask { await self.fly(seat: seat, to: address) } }
        }
    }

    private func fly(seat index: Int, to address: String) async {
        let seat = DemoAirline.seats[index]
        let crew = airline.pilots[index]
        var turn = 0
        // A restart goes on with the pilots who have rested longest.
        var next = await firstRested(crew)
        while !Task.isCancelled {
            let ident = crew[next % crew.count]
            next += 1
            guard let recording = tracks[seat.tracks[turn % seat.tracks.count]] else { return }
            var order = FlightOrder()
            order.adapter = seat.adapter
            order.pilot.user = ident
            order.pilot.password = DemoAirline.password
            order.flight = "VMS" + seat.flightNumber
            order.speed = speed
            order.from = turn == 0 ? seat.from : 0
            turn += 1
            let name = "VMS\(seat.flightNumber) \(seat.departure)-\(seat.arrival) by \(ident)"
            let flight = SimulatedFlight(
                order: order, recording: recording, airports: parts.airports,
                filed: { _ in Terminal.print("filed     \(name)") })
            do {
                try await Task.sleep(until: takeSlot(seat, recording, from: order.from), clock: .continuous)
                let root = "http://\(Self.local(address))/acars/\(DemoAirline.slug)/\(seat.adapter.rawValue)/"
                let result = try await flight.fly(root: root)
                Terminal.print(try await judged(result, name))
            } catch {
                if Task.isCancelled { return }
                Terminal.note("\(name): \(ErrorText.line(for: error)); the next pilot takes over in 10 s")
                try? await Task.sleep(for: .seconds(10))  // Cancelled at the end: the loop ends.
                // Else nobody could book this flight again; what fails here is tried again after the next failure.
                try? await airline.endFlights(of: crew, parts)
            }
        }
    }

    /// Flights of one route fly one recording. Two that end at the same moment would carry the same positions at the same
    /// times, which is what a report filed twice looks like: the later one waits.
    /// - Returns: When to start.
    private func takeSlot(
        _ seat: DemoAirline.Seat, _ recording: Recording, from part: Double
    ) -> ContinuousClock.Instant {
        let length = Duration.seconds((recording.last - recording.first).seconds * (1 - part) / speed)
        let apart = min(.seconds(15), length / 6)
        let now = ContinuousClock.now
        return ends.withLock { ends in
            let route = seat.departure + seat.arrival
            var taken = (ends[route] ?? []).filter { $0 > now - apart }.sorted()
            var end = now + length
            for other in taken where other > end - apart && other < end + apart { end = other + apart }
            taken.append(end)
            ends[route] = taken
            return end - length
        }
    }

    /// Where a flight of this seat was last filed, plus one.
    private func firstRested(_ crew: [String]) async -> Int {
        var latest: (at: Timestamp, place: Int)?
        for (place, ident) in crew.enumerated() {
            // A store that cannot be read now will be said by the flight itself.
            guard let pilot = try? await parts.directory.user(airline.id, ident: ident)?.profile?.id,
                let last = try? await parts.directory.reports(airline.id, of: pilot, limit: 1).first?.filedAt
            else { continue }
            if latest.map({ last > $0.at }) ?? true { latest = (last, place) }
        }
        return latest.map { $0.place + 1 } ?? 0
    }

    private func judged(_ result: FlightResult, _ name: String) async throws -> String {
        guard let id = FlightID(result.id), let details = try await parts.queries.details(airline.id, id),
            let judgement = details.pirep.judgement
        else { return "pending   \(name)" }
        let word: String =
            switch judgement.outcome {
            case .accept: "accepted "
            case .flag: "in review"
            case .reject: "rejected "
            }
        let causes = judgement.findings.filter {
            ($0.verdict == .violated || $0.verdict == .inconclusive) && $0.action != .accept
        }.map(\.title)
        return "\(word) \(name), score \(judgement.score)"
            + (causes.isEmpty ? "" : ": \(causes.joined(separator: "; "))")
    }

    /// A server that listens everywhere is reached here.
    static func local(_ address: String) -> String {
        if address.hasPrefix("0.0.0.0:") { return "127.0.0.1:" + address.dropFirst("0.0.0.0:".count) }
        if address.hasPrefix("[::]:") { return "[::1]:" + address.dropFirst("[::]:".count) }
        return address
    }
}
