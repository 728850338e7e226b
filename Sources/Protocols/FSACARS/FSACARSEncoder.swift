import Domain

/// Reply -> text. Good and bad come with 200; a status is kept for what the client must try again.
struct FSACARSEncoder {
    let call: FSACARSCall?
    let site: TrackerSite

    func encode(_ error: DecodeError) -> EncodedReply {
        if error.code == .tooLarge { return EncodedReply(status: error.status, headers: [], body: []) }
        switch call {
        case .status: return .legacy("OK")
        case .flightPlan: return plan(nil)
        case .message, .report, nil: return .legacy("")
        }
    }

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .filed: .legacy("OK")
        case .progress: .legacy(call == .message ? "" : "OK")
        case .booking(let plan): self.plan(plan)
        case .refused(let refusal): refused(refusal)
        // Answers to questions that this protocol has not.
        default: refused(.unavailable(retryAfterSeconds: 60))
        }
    }

    private func refused(_ refusal: Refusal) -> EncodedReply {
        if let seconds = refusal.retryAfter {
            let isDown = refusal == .unavailable(retryAfterSeconds: seconds)
            return EncodedReply(
                status: isDown ? 503 : 429,
                headers: [
                    ("Content-Type", "text/html; charset=UTF-8"), ("Retry-After", String(max(1, seconds))),
                ], body: [])
        }
        switch call {
        // The client is never told more.
        case .status: return .legacy("OK")
        case .flightPlan: return plan(nil)
        case .message, nil: return .legacy("")
        case .report:
            switch refusal {
            case .credentialsWrong, .pilotUnknown, .pilotUnconfirmed, .pilotInactive, .sessionInvalid, .adapterOff:
                return .legacy("Invalid Pilot!")
            default: return .legacy("")
            }
        }
    }

    /// Share of the seats and the hold that is sold.
    private static let loadFactor = 0.82

    /// Sixteen lines, none of them ended; fifteen are empty without a bid.
    private func plan(_ plan: PlanReply?) -> EncodedReply {
        var lines = Array(repeating: "", count: 16)
        lines[0] = "OK"
        if let plan {
            let schedule = plan.schedule
            lines[1] = schedule.departure.code
            lines[2] = schedule.arrival.code
            lines[4] = schedule.level == 0 ? "" : String(schedule.level)
            lines[5] = plan.aircraft?.name ?? ""
            lines[8] = schedule.airline + schedule.flightNumber
            lines[9] = plan.aircraft?.registration ?? ""
            lines[10] = schedule.airline
            lines[11] = schedule.route
            if let aircraft = plan.aircraft {
                if schedule.isCargo {
                    lines[15] = load(Pounds(aircraft.maximumCargo).rawValue)
                } else {
                    lines[14] = load(Double(aircraft.maximumPassengers))
                }
            }
        }
        return .legacy(lines.map { $0.filter { !$0.isNewline } }.joined(separator: "\n"))
    }

    private func load(_ maximum: Double) -> String {
        guard maximum > 0, let load = Int(exactly: (maximum * Self.loadFactor).rounded()) else { return "" }
        return String(max(1, load))
    }
}
