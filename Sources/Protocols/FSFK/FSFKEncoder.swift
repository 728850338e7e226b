import Domain

/// Answers live calls with `1|…` and `0|…`, reports with a page or a text, files as they are.
struct FSFKEncoder {
    let frame: RawFrame

    static let unknownFlight = "0|Unknown Flight ID"
    static let invalidPlan = "0|Invalid flight plan data"
    static let notStored = "The report was not stored, please send it again"

    func encode(_ error: DecodeError) -> EncodedReply {
        guard error.code == .tooLarge else { return text(error.message) }
        return text(FSFKEndpoint(frame) == .report ? FSFKReportDecoder.invalid : "0|Invalid Data", status: error.status)
    }

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .preflight: return file()
        case .profile: return text("1|30")
        case .begun(let flight): return text("1|\(flight.code)")
        case .progress: return text("1|")
        case .filed(let flight, _): return EncodedReply.legacy(page(flight))
        case .refused(let refusal): return refused(refusal)
        // Answers to questions that this protocol has not.
        default: return refused(.unavailable(retryAfterSeconds: 60))
        }
    }

    private func text(
        _ text: String, status: Int = 200, headers: [(String, String)] = []
    ) -> EncodedReply {
        EncodedReply(
            status: status, headers: [("Content-Type", "text/plain; charset=UTF-8")] + headers, body: Array(text.utf8))
    }

    private func file() -> EncodedReply {
        guard frame.method == "GET" || frame.method == "POST", case .file(let file)? = FSFKEndpoint(frame) else {
            return text("")
        }
        return text(
            FSFKFiles(frame).text(file),
            headers: [("Content-Disposition", "attachment; filename=\"\(file.rawValue)\"")])
    }

    private func refused(_ refusal: Refusal) -> EncodedReply {
        let isReport = FSFKEndpoint(frame) == .report
        if let wait = refusal.retryAfter {
            let headers = [("Retry-After", String(max(1, wait)))]
            if case .unavailable = refusal {
                // A report has words for a failure, the live calls have none of their own.
                return isReport ? text(Self.notStored, headers: headers) : text("", status: 503, headers: headers)
            }
            return text(isReport ? Self.notStored : "", status: 429, headers: headers)
        }
        let form = LegacyForm(frame)
        let isAboutPilot: Bool =
            switch refusal {
            case .pilotUnknown, .credentialsWrong, .pilotInactive, .pilotUnconfirmed, .sessionInvalid: true
            default: false
            }
        if isReport { return text(isAboutPilot ? "Unknown pilot" : Self.notStored) }
        switch form.text("DATA2")?.uppercased() {
        case "TEST"?: return text("0|Unknown ID \(Self.echo(form["DATA3"] ?? ""))")
        case "BEGINFLIGHT"?: return text("0|Login failed")
        default: return text(Self.unknownFlight)
        }
    }

    /// A line of what was sent, not longer than a name can be.
    private static func echo(_ text: String) -> String {
        LegacyText.cut(String(text.prefix { !$0.isNewline }), to: 64)
    }

    /// The page that the client shows: a link to the report, where its own server would run a script.
    private func page(_ flight: FlightReply) -> String {
        let details = flight.details
        let name = (details.airline ?? "") + (details.flightNumber ?? "")
        let legs = [details.departure?.code, details.arrival?.code].compactMap(\.self).joined(separator: "-")
        let title = Self.escaped([name, legs].filter { !$0.isEmpty }.joined(separator: " "))
        return "<!DOCTYPE html>\n<html><head><meta charset=\"UTF-8\"><title>Report filed</title></head>"
            + "<body><p>Report filed: <a href=\"\(Self.escaped(link(flight)))\">\(title)</a></p></body></html>\n"
    }

    /// The flight's page where the root shows the airline, else the site.
    private func link(_ flight: FlightReply) -> String {
        let parts = frame.site.root.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count >= 2 else { return "/" }
        let origin = "\(parts[0])//\(parts[1])/"
        guard parts.count >= 4, parts[2] == "acars" else { return origin }
        return "\(origin)\(parts[3])/flights/\(flight.id)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
