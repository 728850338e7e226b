import Domain

/// Frame -> message: query and form, in whatever encoding. Nothing in a position can be wrong enough to refuse it.
struct FSACARSDecoder {
    private let call: FSACARSCall?
    private let form: LegacyForm
    private let site: TrackerSite
    private let earlierParts: String

    init(_ frame: RawFrame) {
        call = FSACARSCall(frame)
        form = LegacyForm(frame)
        site = frame.site
        earlierParts = frame.earlierParts
    }

    /// Whoever owns the key of the path, and if the call names a pilot it must be that one.
    var credential: Credential {
        guard let call else { return .none }
        return .pilot(form.text(call.pilot).map { LegacyNames.pilot($0, site) }, secret: nil)
    }

    var unrecognised: [String: String] { call.map { form.unrecognised(beyond: $0.fields) } ?? [:] }

    func message() throws(DecodeError) -> FSACARSMessage {
        guard let call else {
            throw DecodeError(.unknownEndpoint, message: "There is no such action", status: 200)
        }
        guard !form.isTooLong else {
            throw DecodeError(.malformed, message: "The request has too many fields", status: 200)
        }
        switch call {
        case .status: return .status(status)
        case .message: return .message(try text())
        case .flightPlan: return .flightPlan
        case .report: return .report(try report())
        }
    }

    // MARK: In flight

    private func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
        form.number(name).flatMap { range.contains($0) ? $0 : nil }
    }

    private var status: FSACARSStatus {
        var others: [String: String] = [:]
        for name in ["disdepapt", "timedepapt"] {
            if let text = form.text(name) { others[name] = LegacyText.cut(text, to: 32) }
        }
        return FSACARSStatus(
            position: LegacyPosition.read(latitude: form.text("lat"), longitude: form.text("long")),
            groundSpeed: number("GS", 0...2500), altitude: number("Alt", -2000...100_000), flight: form.text("IATA"),
            departure: form.text("depaptICAO"), arrival: form.text("destaptICAO"),
            distanceRemaining: number("disdestapt", 0...20_000),
            timeRemaining: form.text("timedestapt").flatMap { LegacyTime.duration($0) }, phase: phase,
            isCargo: form.text("cargo") == "1", registration: form.text("Regist"), online: form.text("Online"),
            others: others)
    }

    /// `detailph`; where that is empty the coarse `Ph` stands for one of its values.
    private var phase: Int? {
        if let text = form.text("detailph") { return LegacyNumber.whole(text, in: 0...9) }
        switch form.text("Ph") {
        case "2": return 3
        case "3": return 5
        case "4": return 9
        default: return 1
        }
    }

    /// The client puts a sign of its own in front: words and a pound sign, whole or damaged on the way.
    private func text() throws(DecodeError) -> String {
        var text = form["mcontent"] ?? ""
        let prefix = "Message content: "
        if text.hasPrefix(prefix) {
            text = String(text.dropFirst(prefix.count))
            if let sign = ["\u{C2}\u{A3}", "\u{A3}", "\u{FFFD}"].first(where: { text.hasPrefix($0) }) {
                text = String(text.dropFirst(sign.count))
            }
        }
        text = LegacyText.trimmed(text)
        guard !text.isEmpty else {
            throw DecodeError(.missingField, field: "mcontent", message: "There is no message", status: 200)
        }
        return text
    }

    // MARK: Reports

    private func report() throws(DecodeError) -> FSACARSReport {
        let continues = form.text("more") == "1"
        guard let piece = form["log"], continues || !LegacyText.trimmed(piece).isEmpty else {
            throw DecodeError(.missingField, field: "log", message: "There is no log", status: 200)
        }
        return FSACARSReport(
            date: form.text("date") ?? "", time: form.text("time") ?? "", callsign: form.text("callsign"),
            registration: form.text("reg"), origin: form.text("origin"), destination: form.text("dest"),
            alternate: form.text("alt"), equipment: form.text("equipment"), fuel: form.text("fuel"),
            duration: form.text("duration"), distance: form.text("distance"), version: form.text("version"),
            tour: form.text("tour"), piece: piece, continues: continues, log: FSACARSLog(earlierParts + piece))
    }
}
