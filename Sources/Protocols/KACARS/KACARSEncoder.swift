import Domain

/// Replies, in the XML of the phpVMS module.
struct KACARSEncoder {
    let frame: RawFrame

    /// Body of the answer to a report that is not taken.
    static let notStored = KACARSXML.document("sitedata", [("pirepStatus", "2")])

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .profile: return verified(true)
        case .booking(nil): return flight("2")
        case .booking(let plan?): return plan.aircraft?.isActive == false ? flight("3") : flight(plan)
        case .schedule(let plan): return flight(plan)
        case .aircraft(let found):
            return action == .aircraftinfo ? details(of: found.first) : fleet(found)
        case .progress: return Self.empty
        case .filed: return info([("pirepStatus", "1")])
        case .refused(let refusal): return failure(refusal)
        default: return failure(nil)
        }
    }

    /// The texts of these errors are whole bodies.
    func encode(_ error: DecodeError) -> EncodedReply {
        let isDocument = error.message == Self.notStored
        return EncodedReply(
            status: error.status, headers: [("Content-Type", isDocument ? KACARSXML.type : Self.html)],
            body: Array(error.message.utf8))
    }

    private static let html = "text/html; charset=UTF-8"
    private static var empty: EncodedReply { .legacy("", type: html) }
    /// Nil for what is no request of this protocol.
    private var action: KACARSMessage.Action? { (try? KACARSDecoder.message(frame))?.action }

    private func info(_ values: [(String, String)], root: String = "sitedata") -> EncodedReply {
        .legacy(KACARSXML.document(root, values), type: KACARSXML.type)
    }

    // MARK: Failures

    /// - Parameter refusal: nil for a reply that this protocol has no word for.
    private func failure(_ refusal: Refusal?) -> EncodedReply {
        let message: KACARSMessage
        do throws(DecodeError) {
            message = try KACARSDecoder.message(frame)
        } catch {
            return encode(error)
        }
        let reply: EncodedReply
        var hasFailureWord = false
        switch message.action {
        case .verify:
            reply = verified(false)
            hasFailureWord = true
        case .pirep:
            reply = info([("pirepStatus", "2")])
            hasFailureWord = true
        case .getbid, .getflight: reply = flight("2")
        case .aircraft: reply = fleet([])
        case .aircraftinfo: reply = details(of: nil)
        case .liveupdate: reply = Self.empty
        }
        guard let refusal, let seconds = refusal.retryAfter else { return reply }
        // "No bid" would be a lie, an empty answer to a position a success.
        var status = 429
        if case .unavailable = refusal { status = hasFailureWord ? 200 : 503 }
        return EncodedReply(
            status: status, headers: reply.headers + [("Retry-After", String(max(1, seconds)))],
            body: hasFailureWord ? reply.body : [])
    }

    // MARK: Answers

    private func verified(_ isAccepted: Bool) -> EncodedReply {
        let site = frame.site
        return info([
            ("loginStatus", isAccepted ? "1" : "0"),
            ("logTimeSetting", site.value(KACARSAdapter.logTime)),
            ("logPauseSetting", site.value(KACARSAdapter.logPause)),
            ("version", site.value(KACARSAdapter.version)),
            ("forceOut", site.value(KACARSAdapter.forceOut)),
            ("charter", site.value(KACARSAdapter.charter)),
        ])
    }

    private func flight(_ status: String) -> EncodedReply { info([("flightStatus", status)]) }

    private func flight(_ plan: PlanReply) -> EncodedReply {
        let schedule = plan.schedule
        let aircraft = plan.aircraft
        return info([
            ("flightStatus", "1"),
            ("flightNumber", schedule.airline + schedule.flightNumber),
            ("aircraftReg", aircraft?.registration ?? ""),
            ("aircraftICAO", aircraft?.type ?? ""),
            ("aircraftFullName", aircraft?.name ?? ""),
            ("flightLevel", schedule.level > 0 ? String(schedule.level) : ""),
            ("aircraftMaxPax", String(aircraft?.maximumPassengers ?? 0)),
            ("aircraftCargo", cargo(aircraft)),
            ("depICAO", schedule.departure.code),
            ("arrICAO", schedule.arrival.code),
            ("route", schedule.route),
            ("depTime", schedule.departureTime ?? "N/A"),
            ("arrTime", schedule.arrivalTime ?? "N/A"),
            ("flightTime", Self.hours(schedule.flightTime)),
            ("flightType", Self.flightType(schedule)),
            ("aircraftName", aircraft?.name ?? ""),
            ("aircraftRange", "0"),
            ("aircraftWeight", ""),
            ("aircraftCruise", "0"),
        ])
    }

    /// All in service, by type.
    private func fleet(_ aircraft: [AircraftDetails]) -> EncodedReply {
        let sorted = aircraft.filter(\.isActive).sorted { ($0.type, $0.registration) < ($1.type, $1.registration) }
        return info(
            sorted.flatMap { [("aircraftICAO", $0.type), ("aircraftReg", $0.registration)] }, root: "aircraftdata")
    }

    /// - Parameter aircraft: nil leaves all nine values empty.
    private func details(of aircraft: AircraftDetails?) -> EncodedReply {
        info([
            ("aircraftReg", aircraft?.registration ?? ""),
            ("aircraftICAO", aircraft?.type ?? ""),
            ("aircraftFullName", aircraft?.name ?? ""),
            ("aircraftMaxPax", aircraft.map { String($0.maximumPassengers) } ?? ""),
            ("aircraftCargo", aircraft == nil ? "" : cargo(aircraft)),
            ("aircraftName", aircraft?.name ?? ""),
            ("aircraftRange", aircraft == nil ? "" : "0"),
            ("aircraftWeight", ""),
            ("aircraftCruise", aircraft == nil ? "" : "0"),
        ])
    }

    /// Digits alone: the client reads an integer.
    private func cargo(_ aircraft: AircraftDetails?) -> String {
        guard let cargo = aircraft?.maximumCargo else { return "0" }
        let value = frame.site.value(KACARSAdapter.weight) == "kg" ? cargo.rawValue : Pounds(cargo).rawValue
        return Int(exactly: value.rounded()).map(String.init) ?? "0"
    }

    /// `h.mm` as PHP prints a number: 70 minutes are `1.1`, two hours are `2`.
    static func hours(_ time: Minutes) -> String {
        let (hours, minutes) = time.rawValue.quotientAndRemainder(dividingBy: 60)
        if minutes == 0 { return String(hours) }
        if minutes % 10 == 0 { return "\(hours).\(minutes / 10)" }
        return "\(hours).\(minutes < 10 ? "0" : "")\(minutes)"
    }

    private static func flightType(_ schedule: ScheduleDetails) -> String {
        if schedule.charterOf != nil { return "H" }
        if schedule.isCargo { return "C" }
        return ["C", "L", "O"].contains(schedule.flightType) ? "H" : "P"
    }
}

/// Documents of two levels, as the module's XML writer makes them.
enum KACARSXML {
    static let type = "text/xml"

    /// With declaration and line feeds; an empty value is an element without content.
    static func document(_ root: String, _ values: [(String, String)]) -> String {
        let info = values.map { name, value in
            let text = escaped(value)
            return text.isEmpty ? "<\(name)/>" : "<\(name)>\(text)</\(name)>"
        }.joined()
        let content = info.isEmpty ? "<info/>" : "<info>\(info)</info>"
        return "<?xml version=\"1.0\"?>\n<\(root)>\(content)</\(root)>\n"
    }

    /// ASCII alone, because the answer names no character set; what XML cannot hold is left out.
    private static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", " "..."~": result.unicodeScalars.append(scalar)
            case "\u{A0}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                result += "&#x\(String(scalar.value, radix: 16, uppercase: true));"
            default: continue
            }
        }
        return result
    }
}
