public import Domain

/// The text that XACARS and FS Flight Keeper send in flight: header lines, `Message:`, then items split by slashes.
public struct LegacyMessage: Hashable, Sendable {
    /// Whole minutes, of the client's clock.
    public private(set) var time: Timestamp?
    public private(set) var registration: String?
    /// `PR`, `QA` …; nil when the text has none.
    public private(set) var label: String?
    public private(set) var number: String?
    /// What follows `Message:`; nil when the text has no such line.
    public private(set) var body: String?
    /// Values by name, upper case; of several with one name the first.
    public private(set) var items: [String: String] = [:]

    public init(_ text: String) {
        let text = text.replacing("\r\n", with: "\n")
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while let line = lines.popFirst() {
            let line = LegacyText.trimmed(line)
            if line.hasPrefix("[") { time = LegacyTime.monthFirst(line) ?? time }
            if let value = Self.value("Aircraft Reg:", in: line) {
                registration = String(value.drop { $0 == "." || $0 == " " })
            }
            if let value = Self.value("Msg Label:", in: line) {
                label = value.split(separator: " ").first.map { $0.uppercased() }
            }
            if let value = Self.value("Msg No:", in: line) {
                number = value.split(separator: " ").first.map(String.init)
            }
            guard let rest = Self.value("Message:", in: line) else { continue }
            let body = ([rest[...]] + lines).joined(separator: "\n")
            self.body = LegacyText.trimmed(body)
            break
        }
        if let body { read(body) }
    }

    private static func value(_ name: String, in line: String) -> String? {
        line.firstRange(of: name).map { LegacyText.trimmed(line[$0.upperBound...]) }
    }

    private mutating func read(_ body: String) {
        for part in body.prefix(16_384).split(separator: "/").prefix(256) {
            let part = LegacyText.trimmed(part)
            let name = part.prefix { !$0.isWhitespace }.uppercased()
            guard (1...16).contains(name.utf8.count), items[name] == nil else { continue }
            items[name] = LegacyText.trimmed(part.dropFirst(name.count))
        }
    }

    /// First word of the body: `OUT`, `POS` …
    public var event: String { (body ?? "").prefix { !$0.isWhitespace && $0 != "/" }.uppercased() }
    public var position: Position? { items["POS"].flatMap { LegacyPosition.read($0)?.position } }
    /// Of `[KODAP]` behind the position.
    public var waypoint: String? {
        guard let text = items["POS"], let open = text.firstIndex(of: "["),
            let close = text[open...].firstIndex(of: "]")
        else { return nil }
        let name = LegacyText.trimmed(text[text.index(after: open)..<close])
        return name.isEmpty ? nil : name
    }
    /// `CLIMB`, `LEVEL` or `DESC` behind the altitude.
    public var trend: String? {
        items["ALT"]?.split(separator: " ").dropFirst().first.map { $0.uppercased() }
    }

    /// What the items say, in the gateway's units; `positionIsHeld` is set when there is no usable position. Ground speed
    /// comes from true airspeed and wind, else is the true, else the indicated airspeed.
    /// - Parameter prefersMagnetic: The protocol's servers show the magnetic heading (`HDG`) where both are sent.
    /// - Returns: nil when the text says nothing about the aircraft.
    public func sample(receivedAt: Timestamp, prefersMagnetic: Bool) -> PositionSample? {
        func number(_ name: String) -> Double? { items[name].flatMap { LegacyNumber.read($0) } }
        guard let anywhere = Position(latitude: 0, longitude: 0) else { return nil }
        var sample = PositionSample(eventTime: receivedAt, receivedAt: receivedAt, position: position ?? anywhere)
        sample.positionIsHeld = position == nil
        sample.altitudeMSL = number("ALT").map { Feet($0) }
        let trueHeading = number("HDT") ?? number("HDG")
        let heading = prefersMagnetic ? number("HDG") ?? trueHeading : trueHeading
        sample.heading = heading.flatMap { (0...360).contains($0) ? Degrees($0 == 360 ? 0 : $0) : nil }
        sample.indicatedAirspeed = number("IAS").map { Knots($0) }
        sample.trueAirspeed = number("TAS").map { Knots($0) }
        if let wind = items["WND"].flatMap({ LegacyPosition.wind($0) }) {
            sample.windDirection = wind.from
            sample.windSpeed = wind.speed
            if let airspeed = sample.trueAirspeed, let trueHeading, airspeed.rawValue > 0 {
                sample.groundSpeed = LegacyPosition.groundSpeed(
                    true: airspeed, heading: Degrees(trueHeading), wind: wind)
            }
        }
        sample.groundSpeed = sample.groundSpeed ?? sample.trueAirspeed ?? sample.indicatedAirspeed
        sample.outsideTemperature = number("OAT")
        sample.fuel = items["FOB"].flatMap { LegacyNumber.mass($0, standard: .pounds) }
        for name in ["HDG", "HDT", "TAT", "ZFW", "DST", "AP"] {
            if let value = items[name] { sample.extras[name] = LegacyText.cut(value, to: 32) }
        }
        if let waypoint { sample.extras["waypoint"] = LegacyText.cut(waypoint, to: 32) }
        if let time { sample.extras["time"] = time.iso8601 }
        let saysNothing =
            sample.positionIsHeld && sample.altitudeMSL == nil && sample.indicatedAirspeed == nil && sample.fuel == nil
        return saysNothing ? nil : sample
    }
}
