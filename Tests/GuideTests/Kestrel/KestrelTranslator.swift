import Domain
import Protocols

/// Message -> request: the only place where units and codes change.
struct KestrelTranslator {
    let frame: RawFrame

    func credential(_ message: KestrelMessage) -> Credential {
        .pilot(LegacyNames.pilot(message.pilot, frame.site), secret: message.word)
    }

    func request(_ message: KestrelMessage) throws(DecodeError) -> TrackerRequest {
        switch message.call {
        case .hello: return .identify
        case .here:
            guard let position = LegacyPosition.read(latitude: message.latitude, longitude: message.longitude) else {
                throw DecodeError(.invalidField, field: "LAT", message: "NO that is nowhere", status: 400)
            }
            var sample = PositionSample(
                eventTime: frame.receivedAt, receivedAt: frame.receivedAt, position: position)
            sample.altitudeMSL = number(message.altitude, -2000...100_000).map { Feet($0) }
            sample.groundSpeed = number(message.speed, 0...2500).map { Knots($0) }
            var progress = FlightProgress(details: try details(message))
            progress.positions = [PositionReport(sample: sample)]
            return .progress(try key(message), progress)
        case .done:
            var details = try details(message)
            details.flightTime = message.minutes.flatMap { LegacyNumber.whole($0, in: 0...4320) }.map { Minutes($0) }
            details.landingRate = number(message.landing, -10_000...10_000).map { FeetPerMinute($0) }
            return .file(try key(message), FilingRequest(details))
        }
    }

    private func details(_ message: KestrelMessage) throws(DecodeError) -> FlightDetails {
        var details = FlightDetails()
        guard let number = message.flight.flatMap({ LegacyNames.flight($0, frame.site) }),
            let from = message.from.flatMap({ LegacyNames.airport($0) }),
            let to = message.to.flatMap({ LegacyNames.airport($0) })
        else { throw DecodeError(.missingField, field: "FLIGHT", message: "NO which flight", status: 400) }
        details.airline = number.airline
        details.flightNumber = number.number
        details.departure = from
        details.arrival = to
        return details
    }

    private func key(_ message: KestrelMessage) throws(DecodeError) -> FlightKey {
        let details = try details(message)
        return FlightKey(
            legs: FlightLegs(
                airline: details.airline, number: details.flightNumber ?? "", departure: details.departure,
                arrival: details.arrival))
    }

    private func number(_ text: String?, _ range: ClosedRange<Double>) -> Double? {
        text.flatMap { LegacyNumber.read($0) }.flatMap { range.contains($0) ? $0 : nil }
    }
}
