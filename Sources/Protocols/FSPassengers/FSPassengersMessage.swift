/// A post exactly as sent: wire names (the spelling is the client's), texts without white space around, nil for a field
/// that is missing or empty.
enum FSPassengersMessage: Sendable {
    /// `FsPAskConnexion`: a test of name and password.
    case connect(Pilot)
    /// `FsPAskToRegister`.
    case register(Pilot, Report)

    enum Call: String, Sendable, CaseIterable { case connect, register }
    var call: Call {
        switch self {
        case .connect: .connect
        case .register: .register
        }
    }

    var pilot: Pilot {
        switch self {
        case .connect(let pilot), .register(let pilot, _): pilot
        }
    }
    /// Fields that nothing here reads.
    var unrecognised: [String: String] {
        if case .register(_, let report) = self { report.unrecognised } else { [:] }
    }

    struct Pilot: Sendable {
        let userName: String
        /// With its white space; empty when it is missing.
        let password: String
    }

    struct Report: Sendable {
        /// Every field of the report by name, as sent.
        let fields: [String: String]
        let unrecognised: [String: String]

        subscript(name: String) -> String? {
            guard let text = fields[name].map({ LegacyText.trimmed($0) }), !text.isEmpty else { return nil }
            return text
        }

        /// Fields in the order in which the client sends them.
        static let names = [
            "CompanyName", "PilotName", "FlightId", "OnlineNetworkNbr", "FlightDate", "AircraftName", "AircraftType",
            "NbrPassengers", "CargoWeight", "Mtow", "StartAircraftWeight", "EndAircraftWeight", "StartFuelQuantity",
            "EndFuelQuantity", "DepartureIcaoName", "ArrivalIcaoName", "DepartureLocalHour", "ArrivalLocalHour",
            "DepartureGmtHour", "ArrivalGmtHour", "TotalBlockTime", "TotalBlockTimeNight", "TotalAirbornTime",
            "TotalTimeOnGround", "TotalDistance", "MaxAltitude", "CruiseSpeed", "CruiseMachSpeed",
            "CruiseTimeStartSec", "CruiseTimeStopSec", "CruiseFuelStart", "CruiseFuelStop", "LandingSpeed",
            "LandingPitch", "TouchDownVertSpeedFt", "CaptainSentMayday", "CrashFlag", "FlightResult",
            "PassengersOpinion", "PassengersOpinionText", "FailureText", "CasualtiesText", "PilotBonusText",
            "BonusPoints", "PilotPenalityText", "PenalityPoints", "BitsPenalityDisabled",
        ]
        /// Of these the ones of whole sentences.
        static let texts: Set<String> = [
            "PassengersOpinionText", "FailureText", "CasualtiesText", "PilotBonusText", "PilotPenalityText",
        ]
    }
}
