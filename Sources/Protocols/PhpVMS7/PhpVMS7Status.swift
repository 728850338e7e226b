import Domain

/// Phases as phpVMS writes them: spec, section 2.2.
enum PhpVMS7Status: String, Sendable, CaseIterable {
    case initiated = "INI"
    case scheduled = "SCH"
    case boarding = "BST"
    case ready = "RDT"
    case pushback = "PBT"
    case departed = "OFB"
    case readyForDeicing = "DIR"
    case deicing = "DIC"
    case groundReturn = "GRT"
    case taxi = "TXI"
    case takeoff = "TOF"
    case initialClimb = "ICL"
    case airborne = "TKO"
    case enroute = "ENR"
    case diverted = "DV"
    case approach = "TEN"
    case approachICAO = "APR"
    case finalApproach = "FIN"
    case landing = "LDG"
    case landed = "LAN"
    case onBlock = "ONB"
    case arrived = "ARR"
    case cancelled = "DX"
    case emergencyDescent = "EMG"
    case paused = "PSD"

    var text: String {
        switch self {
        case .initiated: "Initiated"
        case .scheduled: "Scheduled"
        case .boarding: "Boarding"
        case .ready: "Ready for start"
        case .pushback: "Pushback/towing"
        case .departed: "Departed (off block)"
        case .readyForDeicing: "Ready for de-icing"
        case .deicing: "De-icing in progress"
        case .groundReturn: "Ground return"
        case .taxi: "Taxi"
        case .takeoff: "Takeoff"
        case .initialClimb: "Initial Climb"
        case .airborne, .enroute: "Enroute"
        case .diverted: "Diverted"
        case .approach: "Approach"
        case .approachICAO: "Approach (ICAO)"
        case .finalApproach: "Final approach"
        case .landing: "Landing"
        case .landed: "Landed"
        case .onBlock: "Arrived (on block)"
        case .arrived: "Arrived"
        case .cancelled: "Cancelled"
        case .emergencyDescent: "Emergency descent"
        case .paused: "Paused"
        }
    }

    /// A tracker uses `DX` and `PSD` for deboarding and shutdown: they say nothing about the phase.
    var phase: PhaseOfFlight? {
        switch self {
        case .initiated, .scheduled, .boarding, .ready: .boarding
        case .pushback, .departed: .pushback
        case .readyForDeicing, .deicing, .groundReturn, .taxi: .taxiOut
        case .takeoff: .takeoff
        case .initialClimb, .airborne: .climb
        case .enroute: .cruise
        case .emergencyDescent: .descent
        case .diverted, .approach, .approachICAO, .finalApproach: .approach
        case .landing, .landed: .landing
        case .onBlock, .arrived: .arrived
        case .cancelled, .paused: nil
        }
    }
}
