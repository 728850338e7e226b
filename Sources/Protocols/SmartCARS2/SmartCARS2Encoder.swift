import Domain

/// Reply -> text. Everything is said with 200; separators inside values are taken out, for there is no escape.
struct SmartCARS2Encoder {
    private let action: SmartCARS2Action?
    private let site: TrackerSite

    init(_ frame: RawFrame) {
        action = SmartCARS2Action(LegacyForm(query: frame.query))
        site = frame.site
    }

    /// The official script's type. The texts in the body are people's, and a browser must not run what is in them.
    private static let headers: [(String, String)] = [
        ("Content-Type", "text/html; charset=UTF-8"),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("X-Content-Type-Options", "nosniff"),
    ]

    private func text(_ text: String) -> EncodedReply {
        EncodedReply(status: 200, headers: Self.headers, body: Array(text.utf8))
    }

    func encode(_ error: DecodeError) -> EncodedReply {
        switch action {
        case .createFlight, .positionReport, .filePIREP: text("ERROR")
        default: text(nothing)
        }
    }

    func encode(_ reply: TrackerReply) -> EncodedReply {
        switch reply {
        case .probe, .preflight:
            return text("Script OK, Frame Version: albatross-w3052, Interface Version: albatross-w3052")
        case .profile(let profile): return text(pilot(profile))
        case .statistics(let statistics): return text(self.statistics(statistics))
        case .airports(let airports): return records(airports.enumerated(), airport)
        case .aircraft(let fleet): return records(fleet, aircraft)
        case .bookings(let bookings, subfleets: _): return orNone(records(bookings, bid))
        case .schedules(let page):
            return orNone(
                records(page.entries.sorted { ($0.airline, $0.flightNumber) < ($1.airline, $1.flightNumber) }, schedule)
            )
        case .booked: return text(action == .bid ? "FLIGHT_BID" : "SUCCESS")
        case .bookingCancelled: return text("FLIGHT_DELETED")
        case .progress, .filed: return text("SUCCESS")
        case .reports(let reports): return orNone(records(reports, report))
        case .reportDetails(let details): return text(self.details(details))
        case .refused(let refusal): return refused(refusal)
        // Answers to questions that this protocol has not.
        case .pilot, .airlines, .subfleets, .flightTypes, .news, .schedule, .booking, .bookingChanged, .started, .begun,
            .commented, .flightCancelled, .flight, .track, .flights, .latestReport:
            return refused(.unavailable(retryAfterSeconds: 60))
        }
    }

    // MARK: Building blocks

    private func records<Elements: Sequence>(
        _ elements: Elements, _ record: (Elements.Element) -> String
    ) -> EncodedReply {
        text(elements.map(record).joined(separator: ";"))
    }
    private func orNone(_ reply: EncodedReply) -> EncodedReply { reply.body.isEmpty ? text("NONE") : reply }

    /// Fields between `|`, without the characters that would end a field or a record.
    private func piped(_ fields: [String]) -> String {
        fields.map { Self.without($0, "|;") }.joined(separator: "|")
    }
    private func commaed(_ fields: [String], without separators: String) -> String {
        fields.map { Self.without($0, separators) }.joined(separator: ",")
    }
    private static func without(_ text: String, _ separators: String) -> String {
        text.utf8.contains { separators.utf8.contains($0) } ? text.filter { !separators.contains($0) } : text
    }

    /// A decimal number with a point, up to six places, no exponent.
    static func plain(_ value: Double) -> String {
        guard let scaled = Int(exactly: (value * 1_000_000).rounded()) else { return "0" }
        let fraction = scaled.magnitude % 1_000_000
        let whole = "\(scaled < 0 ? "-" : "")\(scaled.magnitude / 1_000_000)"
        if fraction == 0 { return whole }
        var digits = String(String(fraction + 1_000_000).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
    private static func whole(_ value: Double) -> String { plain(value.rounded()) }

    /// `H.MM`.
    private static func shown(_ minutes: Int) -> String {
        "\(minutes / 60).\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }

    // MARK: Pilot

    private func pilot(_ reply: ProfileReply) -> String {
        // Given names may be several, the family name is the last word.
        let words = reply.profile.name.split(whereSeparator: \.isWhitespace)
        let first = words.count > 1 ? words.dropLast().joined(separator: " ") : words.joined()
        let last = words.count > 1 ? String(words[words.count - 1]) : ""
        let session = reply.session ?? ""
        if action == .verifySession { return commaed([session, first, last], without: ",") }
        let code = reply.airline.icao
        let ident = reply.profile.ident
        var fields = [
            String(reply.profile.number), code, ident.hasPrefix(code) ? String(ident.dropFirst(code.count)) : ident,
            session, first, last,
        ]
        if site.value(SmartCARS2Adapter.logInFields) != "8" { fields.append(reply.profile.email) }
        return commaed(fields + ["0", reply.profile.rank], without: ",")
    }

    private func statistics(_ reply: StatisticsReply) -> String {
        let hours = (Double(reply.flightTime.rawValue) / 60 * 100).rounded() / 100
        return commaed(
            [
                Self.plain(hours), String(reply.flights),
                reply.averageLandingRate.map { Self.whole($0.rawValue) } ?? "N/A", String(reply.flights),
            ], without: ",")
    }

    // MARK: Reference data

    private func airport(_ entry: EnumeratedSequence<[Airport]>.Element) -> String {
        let airport = entry.element
        return piped([
            String(entry.offset + 1), airport.icao.code, airport.name, Self.plain(airport.position.latitude),
            Self.plain(airport.position.longitude), airport.country,
        ])
    }

    private func aircraft(_ aircraft: AircraftDetails) -> String {
        commaed(
            [
                String(aircraft.number), aircraft.name, aircraft.type, aircraft.registration,
                String(aircraft.maximumPassengers), Self.whole(aircraft.maximumCargo.rawValue), "0",
            ], without: ",;")
    }

    // MARK: Flights

    private func bid(_ bid: BookingReply) -> String {
        let schedule = bid.schedule
        let aircraft = bid.booking.aircraft ?? schedule.aircraft.first
        return piped([
            String(bid.booking.number), String(schedule.number), schedule.airline, schedule.flightNumber,
            schedule.departure.code, schedule.arrival.code, schedule.route, level(schedule),
            aircraft.map { String($0) } ?? "", Self.shown(schedule.flightTime.rawValue), schedule.departureTime ?? "",
            schedule.arrivalTime ?? "", "randomopen", schedule.isCargo ? "C" : "P", days(schedule),
        ])
    }

    private func schedule(_ schedule: ScheduleDetails) -> String {
        piped([
            String(schedule.number), schedule.airline, schedule.flightNumber, schedule.departure.code,
            schedule.arrival.code, schedule.route, level(schedule), schedule.aircraft.first.map { String($0) } ?? "",
            Self.shown(schedule.flightTime.rawValue), schedule.departureTime ?? "", schedule.arrivalTime ?? "",
            days(schedule),
        ])
    }

    private func level(_ schedule: ScheduleDetails) -> String { schedule.level == 0 ? "" : String(schedule.level) }

    /// 0 is Sunday on the wire, bit 6 with us.
    private func days(_ schedule: ScheduleDetails) -> String {
        (0...6).filter { schedule.days >> (($0 + 6) % 7) & 1 == 1 }.map { String($0) }.joined()
    }

    // MARK: Reports

    private func report(_ report: ReportReply) -> String {
        let day = report.filedAt.components
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return piped([
            String(report.number), report.airline, report.flightNumber,
            "\(two(day.month))/\(two(day.day))/\(day.year)", report.departure.code, report.arrival.code,
            report.aircraft.map { String($0) } ?? "",
        ])
    }

    private func details(_ details: ReportDetailsReply) -> String {
        let summary = details.summary
        let minutes = Int(exactly: ((summary?.flightTimeHours ?? 0) * 60).rounded()) ?? 0
        // Entries run on, a star before each, as the official server stores them.
        let log = details.log.map { $0.hasPrefix("[") ? "*" + $0 : $0 }.joined()
        let status =
            switch summary?.status {
            case .accepted: "1"
            case .rejected: "2"
            case .pending, nil: "0"
            }
        return commaed(
            [
                Self.shown(max(0, minutes)), summary?.landingRate.map { Self.whole($0.rawValue) } ?? "0",
                Self.plain(summary?.fuelUsed ?? 0), status, log,
            ], without: ",")
    }

    // MARK: Refusals

    /// What an action answers when there is nothing for whoever asks.
    private var nothing: String {
        switch action {
        case .manualLogIn, .automaticLogIn, .verifySession, .bid, .deleteBid, .createFlight, .positionReport,
            .filePIREP:
            "AUTH_FAILED"
        case .pilotCenter: "NO_DATA"
        case .airports, .aircraft: ""
        case .bids, .searchFlights, .searchPIREPs: "NONE"
        case .pirepData: ",,,,"
        case nil: "ERROR"
        }
    }

    private func refused(_ refusal: Refusal) -> EncodedReply {
        switch refusal {
        case .unavailable(let seconds), .overloaded(let seconds), .tooManyRequests(let seconds):
            return busy(seconds, isLimit: refusal != .unavailable(retryAfterSeconds: seconds))
        case .pilotInactive where action != .verifySession && isLogIn: return text("ACCOUNT_INACTIVE")
        case .pilotUnconfirmed where action != .verifySession && isLogIn: return text("ACCOUNT_UNCONFIRMED")
        case .credentialsWrong, .pilotInactive, .pilotUnconfirmed, .pilotUnknown, .sessionInvalid, .adapterOff:
            return text(nothing)
        default: break
        }
        switch (action, refusal) {
        case (.bid, .bookingTaken), (.bid, .bookingLimit): return text("FLIGHT_ALREADY_BID")
        case (.bid, _): return text("INVALID_ROUTEID")
        // A bid that is gone is gone.
        case (.deleteBid, .bookingUnknown): return text("FLIGHT_DELETED")
        // One report per bid: whatever comes after it is a repeat.
        case (.filePIREP, .alreadyFiled), (.filePIREP, .flightDecided): return text("SUCCESS")
        case (.createFlight, _), (.positionReport, _), (.filePIREP, _), (.deleteBid, _): return text("ERROR")
        default: return text(nothing)
        }
    }

    private var isLogIn: Bool { action == .manualLogIn || action == .automaticLogIn }

    /// `ERROR` where the action has words for failure; where an empty list is all it has, a status says that this is none.
    private func busy(_ seconds: Int, isLimit: Bool) -> EncodedReply {
        let hasFailureWord =
            switch action {
            case .manualLogIn, .automaticLogIn, .verifySession, .bid, .deleteBid, .createFlight, .positionReport,
                .filePIREP:
                true
            default: false
            }
        return EncodedReply(
            status: hasFailureWord ? 200 : isLimit ? 429 : 503,
            headers: Self.headers + [("Retry-After", String(max(1, seconds)))], body: Array("ERROR".utf8))
    }
}
