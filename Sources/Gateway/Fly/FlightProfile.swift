import Domain

/// What a tracker inside the cockpit would have known of a recorded flight: true altitude, ground contact, phases, OOOI.
/// All of it is derived; nothing of it is in the recording.
struct FlightProfile: Sendable {
    struct Sample: Sendable {
        let row: Recording.Row
        /// Above mean sea level.
        var altitude: Feet
        var isOnGround: Bool
        var groundSpeed: Knots
        var heading: Degrees
        var phase = SmartCARSPhase.boarding
        /// In ``FlightProfile/ordered``.
        var place = 0
        var time: Timestamp { row.time }
        var position: Position { row.position }
    }

    /// In the order of the recording.
    let samples: [Sample]
    /// The same, by time.
    let ordered: [Sample]
    private(set) var out: Timestamp?
    private(set) var off: Timestamp?
    private(set) var on: Timestamp?
    private(set) var inBlock: Timestamp?
    /// At the last landing; nil when the recording shows none.
    private(set) var landingRate: FeetPerMinute?

    /// - Parameters:
    ///   - planned: Airports of the flight; where one of them is near it counts before nearer fields.
    init(_ recording: Recording, airports: any AirportDirectory, planned: [ICAOLocation] = []) {
        let order = recording.rows.indices.sorted {
            (recording.rows[$0].time, $0) < (recording.rows[$1].time, $1)
        }
        let rows = order.map { recording.rows[$0] }
        var ground = GroundContact(rows)
        let altitude = AltitudeModel(rows, &ground, FieldElevations(airports: airports, planned: planned))
        var derived: [Sample] = []
        derived.reserveCapacity(rows.count)
        var speed = rows.lazy.compactMap(\.groundSpeed).first ?? .zero
        var heading = rows.lazy.compactMap(\.track).first ?? .zero
        for (index, row) in rows.enumerated() {
            speed = row.groundSpeed ?? speed
            heading = row.track ?? heading
            let turned = heading.rawValue.truncatingRemainder(dividingBy: 360)
            derived.append(
                Sample(
                    row: row, altitude: altitude.altitudes[index], isOnGround: ground.isOnGround[index],
                    groundSpeed: speed, heading: Degrees(turned < 0 ? turned + 360 : turned)))
        }
        var phases = PhaseMachine(derived, arrivalElevation: altitude.arrivalElevation)
        for index in derived.indices {
            derived[index].phase = phases.next()
            derived[index].place = index
        }
        out = phases.out.map { derived[$0].time }
        off = ground.liftOffs.first.map { derived[$0].time }
        on = ground.touchdowns.last.map { derived[$0].time }
        inBlock = phases.inBlock.map { derived[$0].time }
        landingRate = ground.touchdowns.last.map { Self.rate(rows, touchdown: $0) }
        ordered = derived
        var samples = derived
        for (place, index) in order.enumerated() { samples[index] = derived[place] }
        self.samples = samples
    }

    /// Vertical rate around the contact. ADS-B reports it smoothed and about once a second, so that the mean of the last
    /// sample in the air and the first on the ground is as near as the recording gets.
    private static func rate(_ rows: [Recording.Row], touchdown: Int) -> FeetPerMinute {
        var rates: [Double] = []
        if touchdown > 0, let rate = rows[touchdown - 1].verticalRate { rates.append(rate.rawValue) }
        if let rate = rows[touchdown].verticalRate { rates.append(rate.rawValue) }
        let mean = rates.isEmpty ? -180 : rates.reduce(0, +) / Double(rates.count)
        return FeetPerMinute(min(-60, max(-450, mean.rounded())))
    }
}

/// Which samples were on the ground. The recorded flag lags behind: after a landing it comes seconds late.
struct GroundContact: Sendable {
    private(set) var isOnGround: [Bool]

    /// Slower than this nothing with wings flies.
    private static let slowest = 50.0
    /// A flag that comes late comes within this span, seconds.
    private static let flagLag = 30.0

    /// - Parameter rows: By time.
    init(_ rows: [Recording.Row]) {
        isOnGround = rows.map { row in
            if let onGround = row.onGround { return onGround }
            let speed = row.groundSpeed?.rawValue
            // A row without altitude and flag is a surface position that lost its flag.
            if row.pressureAltitude == nil { return speed.map { $0 < 150 } ?? false }
            return speed.map { $0 < Self.slowest } ?? false
        }
        // Receivers write altitude 0 for "on the ground": a run of zeros that touches a slow row was rolled.
        func isZero(_ index: Int) -> Bool { rows[index].onGround == nil && rows[index].pressureAltitude == .zero }
        for index in rows.indices.dropFirst() where isZero(index) && isOnGround[index - 1] { isOnGround[index] = true }
        for index in rows.indices.dropLast().reversed() where isZero(index) && isOnGround[index + 1] {
            isOnGround[index] = true
        }
        // Level and slowing down before the flag comes: already down.
        for first in rows.indices.dropFirst() where isOnGround[first] && !isOnGround[first - 1] {
            guard let last = rows[first - 1].pressureAltitude?.rawValue else { continue }
            var index = first - 1
            while index > 0, !isOnGround[index], let altitude = rows[index].pressureAltitude?.rawValue,
                let rate = rows[index].verticalRate?.rawValue, rate.magnitude <= 130, (altitude - last).magnitude <= 50,
                (rows[first].time - rows[index].time).seconds <= Self.flagLag
            {
                isOnGround[index] = true
                index -= 1
            }
        }
    }

    /// Indices of first samples in the air after ground.
    var liftOffs: [Int] { isOnGround.indices.dropFirst().filter { !isOnGround[$0] && isOnGround[$0 - 1] } }
    /// Indices of first samples on the ground after air.
    var touchdowns: [Int] { isOnGround.indices.dropFirst().filter { isOnGround[$0] && !isOnGround[$0 - 1] } }
}

/// Elevations of the fields along a track; asks the directory once for a stretch of it.
struct FieldElevations: Sendable {
    let airports: any AirportDirectory
    private let planned: [Airport]
    private var anchor: Position?
    private var nearest: Airport?
    /// An aircraft on the ground is at an airport within this distance.
    private static let reach = NauticalMiles(5)

    init(airports: any AirportDirectory, planned: [ICAOLocation]) {
        self.airports = airports
        self.planned = planned.compactMap { airports.airport($0) }.filter { $0.elevation != nil }
    }

    mutating func elevation(at position: Position) -> Feet? {
        if let airport = planned.first(where: { greatCircleDistance(from: $0.position, to: position) <= Self.reach }) {
            return airport.elevation
        }
        if let anchor, greatCircleDistance(from: anchor, to: position) < NauticalMiles(0.5) {
            return nearest?.elevation
        }
        anchor = position
        nearest = airports.airports(near: position, within: Self.reach).first { $0.elevation != nil }
        return nearest?.elevation
    }
}

/// True altitude from pressure altitude: at each lift-off and touchdown the difference is what makes the altitude meet the
/// field; between two of them it changes evenly with time, as the air pressure on the way does.
struct AltitudeModel: Sendable {
    private struct Anchor {
        let time: Timestamp
        let offset: Double
    }
    let altitudes: [Feet]
    /// Field of the last touchdown.
    private(set) var arrivalElevation: Feet?

    /// - Parameter rows: By time.
    init(_ rows: [Recording.Row], _ ground: inout GroundContact, _ fields: FieldElevations) {
        var fields = fields
        var anchors: [Anchor] = []
        /// Pressure altitude at the contact, carried there from a sample in the air by its vertical rate.
        func carried(from air: Int, to contact: Int) -> Double? {
            guard let altitude = rows[air].pressureAltitude?.rawValue else { return nil }
            let seconds = (rows[contact].time - rows[air].time).seconds
            guard seconds.magnitude <= 30 else { return nil }
            return altitude + (rows[air].verticalRate?.rawValue ?? 0) * seconds / 60
        }
        for first in ground.liftOffs {
            let contact = first - 1
            guard let pressure = carried(from: first, to: contact),
                let elevation = fields.elevation(at: rows[contact].position)?.rawValue
            else { continue }
            anchors.append(Anchor(time: rows[contact].time, offset: elevation - pressure))
        }
        for contact in ground.touchdowns {
            guard let elevation = fields.elevation(at: rows[contact].position) else { continue }
            arrivalElevation = elevation
            guard let pressure = carried(from: contact - 1, to: contact) else { continue }
            anchors.append(Anchor(time: rows[contact].time, offset: elevation.rawValue - pressure))
        }
        anchors.sort { $0.time < $1.time }

        var altitudes: [Feet] = []
        altitudes.reserveCapacity(rows.count)
        var next = 0
        let pressures = Self.filled(rows)
        for (index, row) in rows.enumerated() {
            while next < anchors.count, anchors[next].time <= row.time { next += 1 }
            let before = next > 0 ? anchors[next - 1] : nil
            let after = next < anchors.count ? anchors[next] : nil
            let offset: Double
            switch (before, after) {
            case (let before?, let after?):
                let span = (after.time - before.time).seconds
                let share = span > 0 ? (row.time - before.time).seconds / span : 0
                offset = before.offset + (after.offset - before.offset) * share
            case (let only?, nil), (nil, let only?): offset = only.offset
            case (nil, nil): offset = 0
            }
            var altitude = (pressures[index] ?? 0) + offset
            if ground.isOnGround[index] {
                altitude = fields.elevation(at: row.position)?.rawValue ?? altitudes.last?.rawValue ?? altitude
            }
            altitudes.append(Feet(altitude.rounded()))
        }
        self.altitudes = altitudes
    }

    /// Pressure altitudes, the missing ones between their neighbours by time.
    private static func filled(_ rows: [Recording.Row]) -> [Double?] {
        var result = rows.map { $0.pressureAltitude?.rawValue }
        var known: Int?
        for index in rows.indices where rows[index].pressureAltitude != nil {
            if let known, index > known + 1, let from = result[known], let to = result[index] {
                let span = (rows[index].time - rows[known].time).seconds
                for between in (known + 1)..<index {
                    let share = span > 0 ? (rows[between].time - rows[known].time).seconds / span : 0
                    result[between] = from + (to - from) * share
                }
            } else if known == nil, index > 0 {
                for before in 0..<index { result[before] = result[index] }
            }
            known = index
        }
        if let known { for after in (known + 1)..<max(known + 1, rows.count) { result[after] = result[known] } }
        return result
    }
}
