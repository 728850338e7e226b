import Application
import ArgumentParser
import Domain
import Protocols

struct PIREPCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pirep", abstract: "Flight reports and what was decided about them.",
        subcommands: [List.self, Show.self, Accept.self, Reject.self, ReRun.self])

    /// Names one report.
    struct Report: ParsableArguments {
        @Option(help: "The airline's slug.") var tenant: String
        @Argument(help: "The report's id, as /v1 and `pirep list` show it, or its number.") var id: String

        func find(_ parts: Composition) async throws -> (tenant: TenantID, details: FlightQueries.Details) {
            let (tenant, _) = try await parts.tenant(slug: tenant)
            var flight = FlightID(id)
            if flight == nil, let number = Int(id) { flight = try await parts.directory.flight(tenant, number: number) }
            guard let flight, let details = try await parts.queries.details(tenant, flight), details.pirep.report != nil
            else { throw Refused("no report \(id) in this tenant: see `albatross pirep list`") }
            return (tenant, details)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show reports, newest first.")
        @Option(help: "The airline's slug.") var tenant: String
        @Option(help: "filed, in-review, accepted or rejected.") var state: String?
        @Option(help: "Only of this pilot: ident.") var user: String?
        @Option(help: "At most so many.") var limit = 50
        @OptionGroup var store: StoreOptions

        func validate() throws {
            if let state, PIREP.State(rawValue: state) == nil {
                throw ValidationError("--state must be filed, in-review, accepted or rejected")
            }
            guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
        }

        func run() async throws {
            try await store.withParts { parts in
                let (id, _) = try await parts.tenant(slug: tenant)
                // From what the commits themselves wrote, so that it is right also while no server runs.
                var users = try await parts.directory.users(id).compactMap(\.profile)
                if let user {
                    let only = try await parts.user(id, named: user).profile
                    users = [only]
                }
                var found: [(report: ReportRecord, pilot: UserProfile)] = []
                for pilot in users {
                    for report in try await parts.directory.reports(id, of: pilot.id)
                    where state == nil || report.state.rawValue == state {
                        found.append((report, pilot))
                    }
                }
                found.sort { ($0.report.filedAt, $0.report.number) > ($1.report.filedAt, $1.report.number) }
                var rows: [[String]] = []
                var items: [JSONValue] = []
                for (report, pilot) in found.prefix(limit) {
                    let flight = try await parts.directory.flight(id, report.flight)?.opening
                    rows.append([
                        "\(report.flight)", pilot.ident, flight?.callsign ?? "-",
                        "\(flight?.departure?.code ?? "????")-\(flight?.arrival?.code ?? "????")",
                        report.state.rawValue,
                        report.filedAt.iso8601,
                    ])
                    items.append(
                        .make([
                            "id": .text(report.flight), "number": .number(report.number), "pilot": .string(pilot.ident),
                            "callsign": .text(flight?.callsign), "dep": .text(flight?.departure),
                            "arr": .text(flight?.arrival), "state": .string(report.state.rawValue),
                            "filed_at": .string(report.filedAt.iso8601),
                        ]))
                }
                store.output.show(
                    .array(items),
                    rows.isEmpty
                        ? "No reports."
                        : TextTable.render(["ID", "PILOT", "FLIGHT", "ROUTE", "STATE", "FILED"], rows))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a report with its findings.")
        @OptionGroup var report: Report
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (_, details) = try await report.find(parts)
                store.output.show(PIREPText.json(details), PIREPText.text(details))
            }
        }
    }

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Accept a report, whatever the rules said.")
        @OptionGroup var report: Report
        @Option(help: "Why.") var reason = ""
        @OptionGroup var store: StoreOptions
        func run() async throws { try await PIREPCommands.decide(.accept, reason, report, store) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Reject a report; the pilot reads the reason.")
        @OptionGroup var report: Report
        @Option(help: "Why, in ten characters or more.") var reason = ""
        @OptionGroup var store: StoreOptions
        func run() async throws { try await PIREPCommands.decide(.reject, reason, report, store) }
    }

    struct ReRun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "re-run", abstract: "Judge a report again by what is stored now; a person's decision stands.")
        @OptionGroup var report: Report
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await store.withParts { parts in
                let (tenant, before) = try await report.find(parts)
                try await parts.evaluation().judgeAgain(tenant, before.opening.id)
                guard let after = try await parts.queries.details(tenant, before.opening.id) else { return }
                store.output.show(PIREPText.json(after), PIREPText.text(after))
            }
        }
    }

    /// Who decides at the command line: nobody of the airline.
    static let console = (id: UserID(platformTenant.uuid), ident: "console")

    static func decide(
        _ outcome: Review.Outcome, _ reason: String, _ report: Report, _ store: StoreOptions
    ) async throws {
        try await store.withParts { parts in
            let (tenant, details) = try await report.find(parts)
            let id = details.opening.id
            do {
                try await parts.flights.review(
                    tenant, id,
                    Review(
                        outcome: outcome, reason: reason, reviewer: console.id, reviewerIdent: console.ident,
                        at: Composition.now()))
            } catch PIREPRejection.alreadyReviewed(let by) {
                throw Refused("\(by) has decided on this report already: a decision is not changed")
            } catch PIREPRejection.reasonNeeded {
                throw Refused("a rejection needs a reason of ten characters or more: add --reason \"…\"")
            }
            let state: PIREP.State = outcome == .accept ? .accepted : .rejected
            store.output.show(
                .make(["id": .text(id), "state": .string(state.rawValue)]), "Report \(id) \(state.rawValue)")
        }
    }
}

/// A report as text and as JSON.
enum PIREPText {
    static func json(_ details: FlightQueries.Details) -> JSONValue {
        let report = details.pirep.report
        let judgement = details.pirep.judgement
        return .make([
            "id": .text(details.opening.id), "number": .number(details.opening.number),
            "pilot": .string(details.opening.pilotIdent), "callsign": .string(details.opening.callsign),
            "dep": .text(details.opening.departure), "arr": .text(details.opening.arrival),
            "type": .text(details.opening.aircraft?.type), "reg": .text(details.opening.aircraft?.registration),
            "state": .string(details.pirep.state.rawValue), "filed_at": .text(report?.filedAt.iso8601),
            "positions": .number(details.samples.count), "outcome": .text(judgement?.outcome.rawValue),
            "score": .number(judgement?.score),
            "ruleset": judgement.map { .string("\($0.ruleset.id) version \($0.ruleset.version)") },
            "landing_rate_fpm": .number(report?.content.landingRate?.rawValue),
            "block_min": .number(judgement?.figures.blockTime?.rawValue),
            "oooi": .make([
                "out_at": .text(judgement?.figures.out?.iso8601), "off_at": .text(judgement?.figures.off?.iso8601),
                "on_at": .text(judgement?.figures.on?.iso8601), "in_at": .text(judgement?.figures.inBlock?.iso8601),
            ]),
            "findings": .array((judgement?.findings ?? []).map(finding)),
            "review": details.pirep.review.map {
                .make([
                    "outcome": .string($0.outcome.rawValue), "reason": .string($0.reason),
                    "by": .string($0.reviewerIdent),
                    "at": .string($0.at.iso8601),
                ])
            },
        ])
    }

    private static func finding(_ finding: Finding) -> JSONValue {
        .make([
            "rule": .string(finding.rule), "verdict": .string(finding.verdict.rawValue),
            "severity": .string(finding.severity.rawValue), "action": .string(finding.action.rawValue),
            "points": .number(finding.points), "title": .string(finding.title), "text": .string(finding.staffText),
            "evidence": .array(
                finding.evidence.map {
                    .make(["first": .string($0.first.iso8601), "last": .string($0.last.iso8601)])
                }),
        ])
    }

    static func text(_ details: FlightQueries.Details) -> String {
        let opening = details.opening
        var lines = [
            "\(opening.callsign) \(opening.departure?.code ?? "????")-\(opening.arrival?.code ?? "????") by \(opening.pilotIdent)"
                + (opening.aircraft.map { ", \($0.type) \($0.registration)" } ?? ""),
            "Report \(opening.id), number \(opening.number): \(details.pirep.state.rawValue)",
        ]
        if let report = details.pirep.report {
            lines.append(
                "Filed \(report.filedAt.iso8601), \(details.samples.count) positions"
                    + (report.content.landingRate.map { ", landing rate \(Int($0.rawValue)) fpm" } ?? ""))
        }
        if let judgement = details.pirep.judgement {
            let figures = judgement.figures
            func shown(_ time: Timestamp?) -> String { time?.iso8601 ?? "not seen" }
            lines.append(
                "Out \(shown(figures.out)), off \(shown(figures.off)), on \(shown(figures.on)), in \(shown(figures.inBlock))"
            )
            lines.append(
                "Judged by \(judgement.ruleset.id) version \(judgement.ruleset.version): \(judgement.outcome.rawValue), score \(judgement.score)"
            )
            for finding in judgement.findings where finding.verdict == .violated || finding.verdict == .inconclusive {
                lines.append(
                    "  \(finding.verdict.rawValue) \(finding.rule) (\(finding.action.rawValue)): \(finding.staffText)")
            }
        } else {
            lines.append("Not judged yet: a running server judges it")
        }
        if let review = details.pirep.review {
            lines.append(
                "\(review.outcome == .accept ? "Accepted" : "Rejected") by \(review.reviewerIdent) \(review.at.iso8601)"
                    + (review.reason.isEmpty ? "" : ": \(review.reason)"))
        }
        return lines.joined(separator: "\n")
    }
}
