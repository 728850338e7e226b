/// Frame -> message: which posts are FSPassengers at all.
enum FSPassengersDecoder {
    private static let commands: Set<String> = ["FsPAskConnexion", "FsPAskToRegister", "UserName", "Password"]

    static func message(_ frame: RawFrame) throws(DecodeError) -> FSPassengersMessage {
        guard frame.method == "POST" else { throw DecodeError(.wrongMethod, message: "", status: 200) }
        // A client that was given the bare root keeps it.
        guard [[], ["acars", "fspax"]].contains(LegacyPath.segments(frame)) else { throw unknown }
        let form = LegacyForm(frame)
        let pilot = FSPassengersMessage.Pilot(
            userName: form.text("UserName") ?? "", password: form["Password"] ?? "")
        if form["FsPAskConnexion"] == "yes" { return .connect(pilot) }
        guard form["FsPAskToRegister"] == "yes" else { throw unknown }
        var fields: [String: String] = [:]
        for name in form.names where !commands.contains(name) { fields[name] = form[name] }
        let known = commands.union(FSPassengersMessage.Report.names)
        return .register(pilot, .init(fields: fields, unrecognised: form.unrecognised(beyond: known)))
    }

    /// The script says nothing to what it does not know.
    private static var unknown: DecodeError { DecodeError(.unknownEndpoint, message: "", status: 200) }
}
