/// A request exactly as sent: wire names, texts without white space around, nil for a missing or empty element. The
/// official server reads every element in every action, so one shape serves all.
struct KACARSMessage: Sendable {
    enum Action: String, Sendable, CaseIterable {
        case verify, getbid, getflight, liveupdate, pirep, aircraft, aircraftinfo
    }
    let action: Action
    var pilotID: String?
    /// With its white space.
    var password: String?
    var update = Update()
    var report = Report()
    /// Elements that nothing here reads, `parent/name` and text.
    var unrecognised: [String: String] = [:]

    /// Element `liveupdate`.
    struct Update: Sendable {
        var flightNumber: String?
        var registration: String?
        var depICAO: String?
        var arrICAO: String?
        /// `HH:MM`, or `null`.
        var depTime: String?
        var route: String?
        /// Decimal degrees, dot or comma.
        var latitude: String?
        var longitude: String?
        /// Degrees.
        var heading: String?
        /// Feet.
        var altitude: String?
        /// Knots.
        var groundSpeed: String?
        var status: String?
    }

    /// Element `pirep`.
    struct Report: Sendable {
        var flightNumber: String?
        var depICAO: String?
        var arrICAO: String?
        var registration: String?
        var route: String?
        var pax: String?
        /// In the site's weight unit.
        var cargo: String?
        /// Pounds.
        var fuelUsed: String?
        /// `h.mm` or `hh:mm`.
        var flightTime: String?
        /// `P`, `C` or `H`.
        var flightType: String?
        /// Feet per minute, normally negative.
        var landing: String?
        var comments: String?
        var log: String?
    }
}
