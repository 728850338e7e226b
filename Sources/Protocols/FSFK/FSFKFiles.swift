/// The files that a client loads its settings from: docs/protocols/fsfk.md.
struct FSFKFiles {
    enum File: String, Sendable, CaseIterable {
        case airline = "VA-Template.txt"
        case live = "LiveACARS.txt"
        case report = "Web.txt"
    }
    /// Ends with a slash, a tracker key in it.
    let root: String
    /// Empty where nobody is named.
    let pilot: String

    init(root: String, pilot: String) {
        self.root = root
        self.pilot = pilot
    }
    init(_ frame: RawFrame) {
        self.init(root: frame.site.root + (frame.trackerKey.map { "k/\($0)/" } ?? ""), pilot: "")
    }

    func text(_ file: File) -> String {
        let lines: [String] =
            switch file {
            case .airline: airline
            case .live: live
            case .report: report
            }
        return lines.map { $0 + "\r\n" }.joined()
    }

    private func url(_ action: String) -> String { root + "action.php/fsfk/" + action }

    /// Of the root's authority, else the scheme's.
    private var port: String {
        let parts = root.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count > 1 else { return "80" }
        let digits = parts[1].split(separator: ":").dropFirst().last ?? ""
        if !digits.isEmpty, digits.utf8.allSatisfy(isDigit) { return String(digits) }
        return parts[0].lowercased() == "https:" ? "443" : "80"
    }

    private var airline: [String] {
        [
            "[VA_CONFIG]", "DOWNLOADURL=\(url("vaconfig_template"))",
            "DOWNLOADURL_LIVEACARS_TEMPLATE=\(url("liveacars_template"))",
            "DOWNLOADURL_PIREP_TEMPLATE=\(url("pirep_template"))", "AUTO_WEB_PIREP=TRUE", "DISABLE_SLEW=TRUE",
        ]
    }

    private var live: [String] {
        [
            "[ACARS_CONFIG]", "ADDRESS=\(url("acars"))", "PORT=\(port)", "USER=\(pilot)", "PASSWORD=",
            "POSITIONREPORT=2", "POSITIONREPORT_EX=10",
        ]
    }

    private var report: [String] {
        let place = "$@$"
        func element(_ name: String, _ value: String? = nil) -> String {
            "\t<\(name)>\(place)\(value ?? name)\(place)</\(name)>"
        }
        func block(_ name: String, _ value: String) -> String {
            "\t<\(name)><![CDATA[\(place)\(value)\(place)]]></\(name)>"
        }
        return [
            "[WEB_CONFIG]", "ADDRESS=\(url("pirep"))", "PORT=\(port)", "LOGIN_ENCODED=FALSE", "USER=\(pilot)",
            "PASSWORD=", "TIMEFORMAT=LOCAL", #"DATETIME_FORMAT_STRING=dd\.mm\.yyyy HH\:nn"#,
            #"TIME_FORMAT_STRING=HH\:nn"#, "", "[DATA]", "<FLIGHTDATA>",
        ] + Self.names.map { element($0, $0 == "STARS" ? "STAR" : nil) } + [
            block("FLIGHTPLAN", "FlightPlan"), block("COMMENT", "Comment"), block("FLIGHTCRITIQUE", "FlightCritique"),
            "</FLIGHTDATA>",
        ]
    }

    private static let names = [
        "PilotID", "PilotName", "AircraftTitle", "AircraftType", "AircraftTailNumber", "AircraftAirline",
        "FlightNumber", "FlightLevel", "FlightType", "Passenger", "Cargo", "ZFW", "OriginICAO", "OriginGate",
        "OriginRunway", "OriginTransitionAltitude", "DestinationICAO", "DestinationGate", "DestinationRunway",
        "DestinationTransitionAltitude", "AlternateICAO", "SID", "STARS", "FlightDistance", "RouteDistance", "OUTTime",
        "OFFTime", "ONTime", "INTime", "DayFlightTime", "NightFlightTime", "BlockTime", "FlightTime", "BlockFuel",
        "FlightFuel", "TOIAS", "LAIAS", "ONVS", "FlightScore",
    ]
}
