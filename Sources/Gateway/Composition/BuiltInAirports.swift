import CReferenceData
import Domain

/// The airports of the world that the program brings along. They are read when the first is asked for: most commands ask for none.
struct BuiltInAirports: AirportDirectory {
    private static let world: WorldAirports = {
        var length = 0
        guard let bytes = alb_airports_tsv(&length) else { return WorldAirports([], version: "none") }
        let text = bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
            String(decoding: UnsafeBufferPointer(start: $0, count: length), as: UTF8.self)
        }
        return WorldAirports(tabSeparated: text, version: "airportsdata-20260905")
    }()

    var version: String { Self.world.version }
    func airport(_ icao: ICAOLocation) -> Airport? { Self.world.airport(icao) }
    func airports(near position: Position, within radius: NauticalMiles) -> [Airport] {
        Self.world.airports(near: position, within: radius)
    }

    /// Reads them now, so that nobody's request waits for it.
    func load() { _ = Self.world }
}
