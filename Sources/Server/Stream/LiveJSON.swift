import Application
import Domain

/// A flight as the live map gets it.
enum LiveJSON {
    /// - Parameter withPilot: `false` for visitors.
    static func write(_ view: FlightView, withPilot: Bool, to text: inout JSONText) {
        text.object { text in
            text.field("id", "\(view.id)")
            text.field("callsign", view.callsign)
            text.field("lat", view.latest?.position.latitude, decimals: 6)
            text.field("lon", view.latest?.position.longitude, decimals: 6)
            text.field("alt_ft", view.latest?.altitude?.rawValue, decimals: 0)
            text.field("gs_kt", view.latest?.groundSpeed?.rawValue, decimals: 0)
            text.field("hdg", view.latest?.heading?.rawValue, decimals: 0)
            text.field("vs_fpm", view.latest?.verticalSpeed?.rawValue, decimals: 0)
            text.field("phase", view.phase.rawValue)
            text.field("dep", view.departure?.code)
            text.field("arr", view.arrival?.code)
            text.field("type", view.type)
            text.field("reg", view.registration)
            if withPilot { text.field("pilot", view.pilotIdent) }
            text.field("t", view.latest?.eventTime)
            text.field("seen", view.latest?.seenAt)
            text.field("state", view.flight == .open ? "open" : "landed")
        }
    }
    static func bytes(_ view: FlightView, withPilot: Bool) -> [UInt8] {
        var text = JSONText(capacity: 360)
        write(view, withPilot: withPilot, to: &text)
        return text.bytes
    }
}
