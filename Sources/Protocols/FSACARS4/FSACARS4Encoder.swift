import Domain

/// Reply -> text. Refusals are told in the message of a receipt, so that the client does not send them again.
struct FSACARS4Encoder {
    let call: FSACARS4Call?

    private func text(_ text: String) -> EncodedReply { .legacy(text, type: "text/plain; charset=UTF-8") }

    func encode(_ error: DecodeError) -> EncodedReply {
        if error.code == .tooLarge { return EncodedReply(status: error.status, headers: [], body: []) }
        return switch call {
        case .userQuery: text("NOUSR")
        case .dispatch: dispatch(nil)
        case .report: receipt("Report could not be read")
        case .position, nil: text("")
        }
    }

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .profile: text("USEROK")
        case .booking(let plan): dispatch(plan)
        case .progress: text("")
        case .filed: receipt("Report received")
        case .refused(let refusal): refused(refusal)
        // Answers to questions that this protocol has not.
        default: refused(.unavailable(retryAfterSeconds: 60))
        }
    }

    private func receipt(_ message: String) -> EncodedReply { text("#RXOK#|\(message)|") }

    private func dispatch(_ plan: PlanReply?) -> EncodedReply {
        guard let plan else { return text("|No active booking found|N/A|") }
        let schedule = plan.schedule
        var words = [plan.aircraft?.registration ?? "", schedule.route]
        if schedule.level > 0 { words.append("level \(schedule.level)") }
        let fields = [
            schedule.departure.code, schedule.arrival.code, words.filter { !$0.isEmpty }.joined(separator: ", "),
            schedule.airline + schedule.flightNumber, "RESERVED",
        ]
        return text(fields.map { $0.filter { $0 != "|" && !$0.isNewline } + "|" }.joined())
    }

    private func refused(_ refusal: Refusal) -> EncodedReply {
        if let seconds = refusal.retryAfter {
            let isDown = refusal == .unavailable(retryAfterSeconds: seconds)
            return EncodedReply(
                status: isDown ? 503 : 429,
                headers: [
                    ("Content-Type", "text/plain; charset=UTF-8"), ("Retry-After", String(max(1, seconds))),
                ], body: [])
        }
        switch call {
        case .userQuery: return text("NOUSR")
        case .dispatch: return dispatch(nil)
        case .position, nil: return text("")
        case .report:
            switch refusal {
            case .credentialsWrong, .pilotUnknown, .pilotUnconfirmed, .pilotInactive, .sessionInvalid, .adapterOff:
                return receipt("Invalid login")
            case .alreadyFiled, .flightDecided: return receipt("Another report of this flight was received before")
            default: return receipt("Report refused")
            }
        }
    }
}
