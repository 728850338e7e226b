internal import Domain
internal import SwiftProtobuf

extension ProtoAircraftRegistered: EventMessage {
    static let eventType = "aircraft.registered"
    func event() throws(FieldError) -> DomainEvent {
        guard hasDetails else { throw FieldError("AircraftRegistered.details") }
        return .aircraft(.registered(try details.value()))
    }
}

extension ProtoAircraftUpdated: EventMessage {
    static let eventType = "aircraft.updated"
    func event() throws(FieldError) -> DomainEvent {
        guard hasDetails else { throw FieldError("AircraftUpdated.details") }
        return .aircraft(.updated(try details.value()))
    }
}

extension ProtoAircraftDetails {
    init(_ details: AircraftDetails) {
        self.init()
        id = details.id.data
        number = Int64(details.number)
        registration = details.registration
        type = details.type
        name = details.name
        subfleet = details.subfleet
        active = details.isActive
        if let value = details.location { location = value.code }
        serviceCeilingFt = details.serviceCeiling.rawValue
        maximumPassengers = Int64(details.maximumPassengers)
        maximumCargoKg = details.maximumCargo.rawValue
        if let value = details.minimumRank { minimumRank = value }
    }
    func value() throws(FieldError) -> AircraftDetails {
        AircraftDetails(
            id: try AircraftID(id, "AircraftDetails.id"), number: Int(number), registration: registration, type: type,
            name: name, subfleet: subfleet, isActive: active,
            location: hasLocation ? try ICAOLocation(location, "AircraftDetails.location") : nil,
            serviceCeiling: Feet(rawValue: serviceCeilingFt), maximumPassengers: Int(maximumPassengers),
            maximumCargo: Kilograms(rawValue: maximumCargoKg), minimumRank: hasMinimumRank ? minimumRank : nil
        )
    }
}
