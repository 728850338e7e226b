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

    /// - Parameter eventStandsApart: What stands in front of the first slash is an item only where it holds a position: it
    ///   may have an item's name (`POS [ROBUC]`, then `/POS N41 …`).
    public init(_ text: String, eventStandsApart: Bool = false) {
        let bytes = Self.withoutCarriageReturns(text)
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let line = bytes[start..<end]
            start = end + 1
            if line.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "[") {
                time = LegacyTime.monthFirst(LegacyText.trimmed(Self.text(line))) ?? time
            }
            // Every mark ends with a colon.
            var colon = line.firstIndex(of: UInt8(ascii: ":"))
            while let here = colon, body == nil {
                let rest = line[(here + 1)...]
                switch Mark.allCases.first(where: { line[...here].hasSuffix($0.bytes) }) {
                case .registration?:
                    registration = String(
                        Substring(Self.value(rest).utf8.drop { $0 == UInt8(ascii: ".") || $0 == 0x20 }))
                case .label?: label = LegacyText.words(Self.text(rest), atMost: 1).first?.uppercased()
                case .number?: number = LegacyText.words(Self.text(rest), atMost: 1).first.map(String.init)
                case .message?:
                    body = LegacyText.trimmed(Self.value(rest) + "\n" + Self.text(bytes[min(start, bytes.count)...]))
                case nil: break
                }
                colon = rest.firstIndex(of: UInt8(ascii: ":"))
            }
            if body != nil { break }
        }
        guard let body else { return }
        let (event, items) = halves
        let isApart = eventStandsApart && !items.isEmpty && LegacyPosition.read(event.dropFirst(3)) == nil
        read(isApart ? String(items) : body)
    }

    private static func withoutCarriageReturns(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        guard bytes.contains(0x0D) else { return bytes }
        var kept = 0
        for index in bytes.indices {
            if bytes[index] == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { continue }
            bytes[kept] = bytes[index]
            kept += 1
        }
        bytes.removeSubrange(kept...)
        return bytes
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What stands in front of a value.
    private enum Mark: CaseIterable {
        case registration, label, number, message

        var bytes: StaticString {
            switch self {
            case .registration: "Aircraft Reg:"
            case .label: "Msg Label:"
            case .number: "Msg No:"
            case .message: "Message:"
            }
        }
    }

    private static func value(_ bytes: ArraySlice<UInt8>) -> String { LegacyText.trimmed(text(bytes)) }

    private mutating func read(_ body: String) {
        items.reserveCapacity(16)
        for part in Array(body.utf8.prefix(16_384)).split(separator: UInt8(ascii: "/"), maxSplits: 256).prefix(256) {
            let part = part.drop(while: Self.isSpace)
            let name = part.prefix { !Self.isSpace($0) }
            guard (1...16).contains(name.count) else { continue }
            let key = Self.text(name).uppercased()
            if items[key] == nil { items[key] = LegacyText.trimmed(Self.text(part[name.endIndex...])) }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The body up to its first slash, and the rest from there on.
    var halves: (event: Substring, items: Substring) {
        guard let body else { return ("", "") }
        let slash = body.utf8.firstIndex(of: UInt8(ascii: "/")) ?? body.endIndex
        return (body[..<slash], body[slash...])
    }
    /// First word of the body: `OUT`, `POS` …
    public var event: String { LegacyText.words(halves.event, atMost: 1).first?.uppercased() ?? "" }
    public var position: Position? { items["POS"].flatMap { LegacyPosition.read($0)?.position } }
    /// Of `[KODAP]` behind the position.
    public var waypoint: String? { items["POS"].flatMap { Self.waypoint(in: $0) } }

    static func waypoint(in text: some StringProtocol) -> String? {
        guard let open = text.utf8.firstIndex(of: UInt8(ascii: "[")),
            let close = text.utf8[open...].firstIndex(of: UInt8(ascii: "]"))
        else { return nil }
        let name = LegacyText.trimmed(text[text.utf8.index(after: open)..<close])
        return name.isEmpty ? nil : name
    }
    /// `CLIMB`, `LEVEL` or `DESC` behind the altitude.
    public var trend: String? {
        items["ALT"].flatMap { LegacyText.words($0).dropFirst().first?.uppercased() }
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

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        for offset in 0..<length where self[endIndex - length + offset] != text.utf8Start[offset] { return false }
        return true
    }
}
