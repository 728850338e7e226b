/// A request as sent: names and units of the wire, nil for what is not there.
struct KestrelMessage: Hashable, Sendable {
    enum Call: String, Sendable, CaseIterable { case hello, here, done }
    let call: Call
    /// Number as printed.
    var pilot = ""
    var word = ""
    /// With the airline's code.
    var flight: String?
    var from: String?
    var to: String?
    /// Decimal degrees.
    var latitude: String?
    var longitude: String?
    /// Feet.
    var altitude: String?
    /// Knots.
    var speed: String?
    /// Whole minutes.
    var minutes: String?
    /// Feet per minute, negative down.
    var landing: String?
    var unrecognised: [String: String] = [:]
}
