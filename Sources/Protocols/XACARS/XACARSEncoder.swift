import Domain

/// Answers `1|text` and `0|text`, always with a status of 200 but for limits. Plain text, because answers repeat what
/// was sent.
struct XACARSEncoder {
    let frame: RawFrame

    static let failure = "0|ERROR"
    static let unknownFlight = "0|Invalid Flight ID"
    static let unknownNumber = "0|Flight not found, make sure you include the flight code!"
    static let noBids = "0|No bids found!"

    private enum Call { case test, begin, message, pause, end, bid, number, report, none }

    func encode(_ error: DecodeError) -> EncodedReply {
        error.code == .tooLarge ? text(Self.failure, status: error.status) : text(error.message)
    }

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .preflight: return text("")
        case .profile: return text("1|OK")
        case .begun(let flight): return text("1|\(flight.code)")
        case .progress: return text(call() == .message ? "1|Success" : "1|OK")
        case .booking(let plan?), .schedule(let plan): return text(info(plan))
        case .booking(nil): return text(Self.noBids)
        case .filed: return text("1|Success")
        case .refused(let refusal): return refused(refusal)
        // Answers to questions that this protocol has not.
        default: return text(Self.failure)
        }
    }

    private func text(_ text: String, status: Int = 200, retryAfter: Int? = nil) -> EncodedReply {
        var headers = [("Content-Type", "text/plain; charset=UTF-8")]
        if let retryAfter { headers.append(("Retry-After", String(max(1, retryAfter)))) }
        return EncodedReply(status: status, headers: headers, body: Array(text.utf8))
    }

    /// Which call the frame is.
    private func call(_ form: LegacyForm? = nil) -> Call {
        let form = form ?? LegacyForm(frame)
        switch XACARSEndpoint(frame) {
        case .report?: return .report
        case .info?:
            let info = XACARSMessage.Info(
                what: form.text("DATA2") ?? "", pilot: form.text("DATA4"), password: nil)
            return info.isBid ? .bid : .number
        case .live?:
            switch form.text("DATA2")?.uppercased() {
            case "TEST"?: return .test
            case "BEGINFLIGHT"?: return .begin
            case "MESSAGE"?: return .message
            case "PAUSEFLIGHT"?: return .pause
            case "ENDFLIGHT"?: return .end
            default: return .none
            }
        case nil: return .none
        }
    }

    private func refused(_ refusal: Refusal) -> EncodedReply {
        switch refusal {
        case .tooManyRequests(let seconds), .overloaded(let seconds):
            return text(Self.failure, status: 429, retryAfter: seconds)
        case .unavailable(let seconds): return text(Self.failure, retryAfter: seconds)
        default: break
        }
        let form = LegacyForm(frame)
        let call = call(form)
        switch refusal {
        case .pilotUnknown, .credentialsWrong, .pilotInactive, .pilotUnconfirmed, .sessionInvalid:
            switch call {
            case .test: return text("0|Unknown PilotID \(Self.echo(form["DATA3"] ?? ""))")
            case .begin: return text("0|Login failed")
            case .message, .pause, .end: return text(Self.unknownFlight)
            case .bid: return text(Self.noBids)
            case .number: return text(Self.unknownNumber)
            case .report: return text("0|ERROR: Invalid login!")
            case .none: return text(Self.failure)
            }
        case .flightUnknown, .flightOfAnother:
            switch call {
            case .pause, .end: return text(form.text("DATA3") == nil ? "1|OK" : Self.unknownFlight)
            case .message: return text(Self.unknownFlight)
            default: return text(Self.failure)
            }
        case .flightCancelled, .flightDecided:
            // The id was given out once, which is all that these two calls want to know.
            return text(call == .pause || call == .end ? "1|OK" : call == .message ? Self.unknownFlight : Self.failure)
        case .scheduleUnknown, .bookingUnknown:
            return text(call == .bid ? Self.noBids : call == .number ? Self.unknownNumber : Self.failure)
        default: return text(Self.failure)
        }
    }

    /// A line of what was sent, not longer than a name can be.
    private static func echo(_ text: String) -> String {
        LegacyText.cut(String(text.prefix { !$0.isNewline }), to: 64)
    }

    /// Ten lines, none of them empty: a client that splits at runs of line ends would count wrong.
    private func info(_ plan: PlanReply) -> String {
        let schedule = plan.schedule
        let load = load(plan)
        let lines = [
            "1|flightplan", schedule.departure.code, schedule.arrival.code,
            (schedule.alternate ?? schedule.arrival).code, schedule.route.isEmpty ? "DCT" : Self.line(schedule.route),
            String(load.passengers), String(load.cargo), "IFR", Self.line(plan.aircraft?.registration ?? "ZZZZ"),
            String(schedule.level),
        ]
        return lines.map { $0 + "\n" }.joined()
    }

    private static func line(_ text: String) -> String {
        text.split { $0.isNewline }.joined(separator: " ")
    }

    /// Seats where the fleet has no figure.
    private static let assumedSeats = 50

    /// All seats on a charter, else a share of them that differs from bid to bid and is the same each time it is asked
    /// for.
    private func load(_ plan: PlanReply) -> (passengers: Int, cargo: Int) {
        guard let aircraft = plan.aircraft else { return (0, 0) }
        let draw = (plan.schedule.number + (plan.booking?.number ?? 0)) % 26
        let share = plan.schedule.charterOf == nil ? 70 + draw : 100
        if plan.schedule.isCargo {
            return (0, Int((aircraft.maximumCargo.rawValue / 0.453_592_37).rounded()) * share / 100)
        }
        let seats = aircraft.maximumPassengers > 0 ? aircraft.maximumPassengers : Self.assumedSeats
        return (max(1, seats * share / 100), 0)
    }
}
