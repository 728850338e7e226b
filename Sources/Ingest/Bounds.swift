import Domain
import Protocols

/// Bounds on what one frame may add to a flight: texts are cut and lists end, the frame is still taken.
enum Bounds {
    static let line = 1000
    static let value = 1000
    static let name = 64
    static let fields = 200
    static let waypoints = 2000
    static let fares = 200
    static let route = 8000
    static let notes = 65_536
    static let comment = 10_000
    /// Bytes of a sample's extras: decisions C6.
    static let extras = 4096

    static func cut(_ text: String, _ limit: Int) -> String { LegacyText.cut(text, to: limit) }

    /// - Parameter keeping: A name whose value is bounded elsewhere.
    static func named(_ values: [String: String], keeping: String? = nil) -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where result.count < fields {
            result[cut(name, Self.name)] = name == keeping ? value : cut(value, Self.value)
        }
        return result
    }

    static func details(_ details: FlightDetails) -> FlightDetails {
        var bounded = details
        func text(_ property: WritableKeyPath<FlightDetails, String?>, _ limit: Int = 100) {
            if let value = bounded[keyPath: property] { bounded[keyPath: property] = cut(value, limit) }
        }
        text(\.airline, 8)
        text(\.flightNumber, 32)
        text(\.routeCode, 32)
        text(\.routeLeg, 32)
        text(\.flightType, 8)
        text(\.aircraftText)
        text(\.route, route)
        text(\.notes, notes)
        text(\.client)
        text(\.status, 32)
        text(\.network, 32)
        text(\.flightRules, 8)
        bounded.fields = named(details.fields)
        bounded.asSent = named(details.asSent)
        bounded.fares = details.fares.map { Array($0.prefix(fares)) }
        bounded.waypoints = details.waypoints.map { Array($0.prefix(waypoints)) }
        return bounded
    }

    static func sample(_ sample: PositionSample) -> PositionSample {
        guard !sample.extras.isEmpty || sample.clientID != nil else { return sample }
        var bounded = sample
        bounded.clientID = sample.clientID.map { cut($0, 64) }
        var bytes = 0
        bounded.extras = [:]
        for (name, value) in sample.extras.sorted(by: { $0.key < $1.key }) {
            let value = cut(value, 256)
            bytes += name.utf8.count + value.utf8.count
            guard bytes <= extras, name.utf8.count <= Self.name else { break }
            bounded.extras[name] = value
        }
        return bounded
    }

    static func line(_ line: FlightLine) -> FlightLine {
        FlightLine(
            line.kind, cut(line.text, Self.line), time: line.time, position: line.position,
            clientID: line.clientID.map { cut($0, 64) }, receivedAt: line.receivedAt)
    }
}
