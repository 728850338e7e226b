import Domain

extension Evidence {
    /// What the log, the flight page and exports show.
    func figures() -> FlightFigures {
        var figures = FlightFigures()
        figures.positions = points.count
        guard !points.isEmpty else { return figures }
        figures.medianInterval = track.medianInterval.map(Milliseconds.init)
        figures.out = outTime.map(Timestamp.init(milliseconds:))
        figures.off = time(off)
        figures.on = time(on)
        figures.inBlock = time(inBlock)
        figures.blockTime = blockSeconds.map { Minutes(Int(($0 / 60).rounded())) }
        figures.airTime = airSeconds.map { Minutes(Int(($0 / 60).rounded())) }
        let range = (out ?? 0)...max(out ?? 0, inBlock ?? points.count - 1)
        figures.distanceFlown = NauticalMiles(rounded(distance(range), 2))
        let departure = departureMatch(radius: 5)
        let arrival = (inBlock ?? on).flatMap { match($0, radius: 5, planned: planned.arrival) }
        figures.departure = departure?.icao
        figures.arrival = arrival?.icao
        if let from = departure ?? planned.departure.flatMap(airports.airport),
            let to = arrival ?? planned.arrival.flatMap(airports.airport)
        {
            figures.greatCircle = NauticalMiles(
                rounded(greatCircleDistance(from: from.position, to: to.position).rawValue, 2))
        }
        let touchdown = touchdownRate(contact: TouchdownNotObserved().contact(self))
        figures.touchdownRate = touchdown.map { FeetPerMinute(rounded($0.rate, 1)) }
        figures.touchdownSource = touchdown.map(\.source.rawValue) ?? "none"
        figures.maximumAltitude = points.lazy.compactMap(\.anyAltitude).max().map { Feet($0) }
        if let before = points[range].first(where: { $0.fuel ?? 0 > 0 })?.fuel,
            let after = points[range].last(where: { $0.fuel ?? 0 > 0 })?.fuel, before >= after
        {
            figures.fuelUsed = Kilograms(rounded(before - after, 1))
        }
        figures.landings = landings.count
        figures.phases = phases()
        figures.gaps = gaps.map { span($0 - 1, $0).interval }
        return figures
    }

    func distance(_ range: ClosedRange<Int>) -> Double {
        legs[range].dropFirst().reduce(0, +)
    }

    /// At OFF, else at OUT, else where the track starts on the ground.
    func departureMatch(radius: Double) -> Airport? {
        departureIndex.flatMap { match($0, radius: radius, planned: planned.departure) }
    }
    var departureIndex: Int? {
        if let off { return off }
        if let out { return out }
        return ground.source != .none && !points.isEmpty && !isAirborne(0) ? 0 : nil
    }

    struct Touchdown {
        /// fpm, negative down; the worst contact of the final landing.
        let rate: Double
        let source: Finding.Confidence
        let contact: Contact?
        /// What the tracker said, whether used or not.
        let filed: Double?
    }
    static let plausibleRates = 20.0...5000.0
    /// A rate reported for the contact if plausible, else the derived one; of a bounced landing the worst contact.
    /// - Parameter contact: Whether the landing was observed; a rate without a contact is worth nothing.
    func touchdownRate(contact: TouchdownNotObserved.Contact) -> Touchdown? {
        guard contact.isObserved else { return nil }
        func plausible(_ rate: Double?) -> Double? {
            guard let rate, rate < 0, Self.plausibleRates.contains(-rate) else { return nil }
            return rate
        }
        let filed = report?.content.landingRate?.rawValue
        guard on != nil, let landing = landings.last else {
            guard case .event(let event) = contact else { return nil }
            return (plausible(event.touchdownRate) ?? plausible(filed)).map {
                Touchdown(rate: $0, source: .reported, contact: nil, filed: filed)
            }
        }
        var logged: [(time: Int64?, rate: Double)] = []
        for event in report?.content.events ?? [] where event.isTouchdown {
            if let rate = plausible(event.touchdownRate) { logged.append((event.time?.milliseconds, rate)) }
        }
        var worst: Touchdown?
        for (number, contact) in landing.contacts.enumerated() {
            let slack = max(3000, 2 * (points[contact.index].time - points[contact.lastAirborne].time))
            let event = logged.first { log in
                log.time.map { ($0 - points[contact.index].time).magnitude <= slack.magnitude } ?? false
            }
            // A rate without a time, and the filed one, stand for the first contact.
            let first = number == 0 ? plausible(filed) ?? logged.first { $0.time == nil }?.rate : nil
            let touched: Touchdown
            if let said = event?.rate ?? first {
                touched = Touchdown(rate: said, source: .reported, contact: contact, filed: filed)
            } else if let rate = plausible(contact.derivedRate) {
                touched = Touchdown(rate: rate, source: .derived, contact: contact, filed: filed)
            } else {
                continue
            }
            if touched.rate < worst?.rate ?? 0 { worst = touched }
        }
        return worst
    }
}

func rounded(_ value: Double, _ digits: Int) -> Double {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let result = (value * scale).rounded() / scale
    return result == 0 ? 0 : result
}

extension TrackerEvent {
    private static let landing = Phrases(
        "touchdown", "touched down", "touch down", "landed", "landing rate", "wheels on")
    private static let takeOff = Phrases(
        "takeoff", "take-off", "take off", "taking off", "wheels off", "airborne", "lifted off")

    private var isAboutLanding: Bool { Self.landing.occur(in: message) }
    /// The tracker logged a ground contact.
    var isTouchdown: Bool { isAboutLanding }
    var isTakeOff: Bool { Self.takeOff.occur(in: message) }
    /// The first number with a sign in front; fpm.
    var touchdownRate: Double? {
        var digits = ""
        for character in message.unicodeScalars {
            switch character {
            case "-", "\u{2212}": digits = "-"
            case "0"..."9" where !digits.isEmpty: digits.unicodeScalars.append(character)
            case "." where digits.count > 1: digits.append(".")
            case "," where digits.count > 1: continue
            default:
                if digits.count > 1 { return Double(digits) }
                digits = ""
            }
        }
        return digits.count > 1 ? Double(digits) : nil
    }
}

/// Phrases looked for in log lines, in capitals or not. Every line of every report is searched several times: plain bytes
/// take a tenth of the time that strings do.
private struct Phrases: Sendable {
    private let phrases: [[UInt8]]

    /// - Parameter phrases: ASCII, in small letters.
    init(_ phrases: String...) { self.phrases = phrases.map { Array($0.utf8) } }

    func occur(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            for phrase in phrases where phrase.withUnsafeBufferPointer({ Self.occurs($0, in: bytes) }) { return true }
            return false
        }
    }

    private static func occurs(_ phrase: UnsafeBufferPointer<UInt8>, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count >= phrase.count else { return false }
        for start in 0...(bytes.count - phrase.count) {
            var length = 0
            while length < phrase.count, phrase[length] == small(bytes[start + length]) { length += 1 }
            if length == phrase.count { return true }
        }
        return false
    }

    private static func small(_ byte: UInt8) -> UInt8 { 0x41...0x5a ~= byte ? byte | 0x20 : byte }
}
