import Domain

/// The flight does not match a booking of this pilot (or a schedule entry).
struct NoMatchingBooking: Rule {
    static let id = "no-matching-booking"
    static let inputs: RuleInputs = .none
    enum Requirement: String, Sendable { case booking, schedule, none }
    var require = Requirement.booking

    var parameters: [Parameter] {
        [
            Parameter("require", require.rawValue),
            Parameter("free_flight_allowed", require == .none ? "true" : "false"),
            Parameter("number_match", "normalised"),
        ]
    }

    func evaluate(_ evidence: Evidence) -> Verdict {
        guard require != .none, let opening = evidence.opening else { return .notApplicable("No booking is asked for") }
        let opened =
            "\(opening.flightNumber.isEmpty ? opening.callsign : opening.flightNumber) "
            + "\(opening.departure?.code ?? "?")–\(opening.arrival?.code ?? "?")"
        var seen = Observation()
        seen.confidence = .measured
        seen.advice = "Book a flight before you start it, or tell staff which one this was."
        if require == .booking {
            guard let booking = opening.booking, booking.user == opening.user else {
                seen.pilot = "You had no booking for \(opened)."
                seen.staff = "No open booking of this pilot when the flight was opened (\(opened))"
                return .violated(seen)
            }
        }
        guard let schedule = opening.schedule else {
            if require == .booking {
                return .inconclusive(
                    "The booking's schedule entry is not known",
                    pilot: "We could not compare your flight with the timetable.")
            }
            seen.pilot = "\(opened) is not in the timetable."
            seen.staff = "No schedule entry when the flight was opened (\(opened))"
            return .violated(seen)
        }
        let booked = "\(schedule.airline)\(schedule.flightNumber) \(schedule.departure)–\(schedule.arrival)"
        var differences: [String] = []
        if let departure = opening.departure, departure != schedule.departure { differences.append("departure") }
        if let arrival = opening.arrival, arrival != schedule.arrival { differences.append("arrival") }
        if !opening.flightNumber.isEmpty, !isSame(opening.flightNumber, schedule) {
            differences.append("flight number")
        }
        guard differences.isEmpty else {
            seen.pilot = "You flew \(opened), but your booking was \(booked)."
            seen.staff = "Opened as \(opened), booked \(booked); differs in \(differences.joined(separator: ", "))"
            return .violated(seen)
        }
        if opening.departure == nil || opening.arrival == nil {
            return .inconclusive(
                "The tracker named no departure or arrival (booked \(booked))",
                pilot: "Your tracker did not say where you flew.")
        }
        return .pass("\(opened) fits the booking \(booked)")
    }

    /// The same number without the airline's code and leading zeros.
    private func isSame(_ number: String, _ schedule: ScheduleDetails) -> Bool {
        let airline = TypeProfile.normalised(schedule.airline)
        func plain(_ text: String) -> Set<String> {
            let text = TypeProfile.normalised(text)
            var forms = [Substring(text)]
            if !airline.isEmpty, text.hasPrefix(airline) { forms.append(text.dropFirst(airline.count)) }
            // Another code of the same airline: two or three characters, at least one a letter, before a digit.
            for length in [2, 3]
            where text.prefix(length).contains(where: \.isLetter) && text.dropFirst(length).first?.isNumber == true {
                forms.append(text.dropFirst(length))
            }
            return Set(forms.map { String($0.drop { $0 == "0" }) }.filter { !$0.isEmpty })
        }
        return !plain(number).isDisjoint(with: plain(schedule.flightNumber))
    }
}
