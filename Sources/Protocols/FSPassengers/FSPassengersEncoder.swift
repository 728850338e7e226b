import Domain

/// Replies as the client looks for them: texts that begin with `#Answer#`, exact to the last character.
struct FSPassengersEncoder {
    let site: TrackerSite

    static let invalidFlight = error("Invalid flight ID")
    static func error(_ text: String) -> String { "#Answer# Error - \(text);" }

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .profile: return .legacy(connected)
        case .filed(_, isRepeat: false): return .legacy("#Answer# Ok - Saved;")
        case .filed(_, isRepeat: true), .refused(.alreadyFiled):
            return .legacy("#Answer#exist# Error - Flight already exist in database;")
        case .refused(let refusal): return refused(refusal)
        default: return .legacy(Self.error("Not saved, please try again"))
        }
    }

    private func refused(_ refusal: Refusal) -> EncodedReply {
        switch refusal {
        case .scheduleUnknown: return .legacy(Self.invalidFlight)
        case .pilotUnknown, .credentialsWrong, .pilotInactive, .pilotUnconfirmed, .sessionInvalid, .adapterOff:
            return .legacy(Self.error("Username don't exist or wrong password"))
        case .tooManyRequests(let seconds), .overloaded(let seconds):
            let reply = EncodedReply.legacy(Self.error("Too many requests, please try again later"))
            return EncodedReply(
                status: 429, headers: reply.headers + [("Retry-After", String(max(1, seconds)))], body: reply.body)
        case .unavailable: return .legacy(Self.error("The server is not available, please try again later"))
        default: return .legacy(Self.error("Not saved, please try again"))
        }
    }

    private var connected: String {
        let units = [
            "Weight=\(site.value(FSPassengersAdapter.weight))", "Dist=\(site.value(FSPassengersAdapter.distance))",
            "Speed=\(site.value(FSPassengersAdapter.speed))", "Alt=\(site.value(FSPassengersAdapter.altitude))",
            "Liqu=\(site.value(FSPassengersAdapter.fuel))",
        ]
        // One line, and the mark of the next part must not stand in it.
        let welcome = site.value(FSPassengersAdapter.welcome).unicodeScalars.map {
            $0 == "#" || $0.value < 0x20 ? " " : String($0)
        }.joined()
        return "#Answer# Ok - connected;\(units.joined(separator: " "))#welcome#\(welcome)#endwelcome#"
    }
}
