import Domain
@testable import Gateway
import Testing

@Suite struct ScheduleRowTests {
    static let airports = WorldAirports(
        [
            airport("EGLL", 51.4775, -0.4614, 83), airport("LFPG", 49.0097, 2.5478, 392),
            airport("LFBO", 43.635, 1.3678, 499),
        ], version: "test")
    static func airport(_ code: String, _ latitude: Double, _ longitude: Double, _ elevation: Double) -> Airport {
        Airport(
            icao: ICAOLocation(code)!, iata: nil, name: code, country: "",
            position: Position(latitude: latitude, longitude: longitude)!,
            elevation: Feet(elevation))
    }

    static var tenant: Tenant {
        var tenant = Tenant()
        tenant.icao = "VMS"
        tenant.iata = "VM"
        return tenant
    }

    private func row(_ cells: [String: String]) throws -> ScheduleRow {
        var all = [
            "airline": "VMS", "flight_number": "101", "dpt_airport": "EGLL", "arr_airport": "LFPG", "flight_time": "75",
        ]
        all.merge(cells) { $1 }
        let names = all.keys.sorted()
        let text =
            names.joined(separator: ",") + "\n" + names.map { "\"\(all[$0] ?? "")\"" }.joined(separator: ",") + "\n"
        let table = try CSVTable(Array(text.utf8), required: ScheduleRow.requiredColumns)
        return try ScheduleRow(try #require(table.rows.first), tenant: Self.tenant, airports: Self.airports)
    }

    @Test func readsALineOfAnExport() throws {
        let entry = try row([
            "days": "135", "dpt_time": "0845", "arr_time": "10:00", "level": "350", "distance": "188.5",
            "flight_type": "F",
            "route": " mid  UN615 xamab ", "notes": "Daily, \"\"they say\"\"", "active": "0",
            "subfleets": "A320;B738?x=1;0",
            "alt_airport": "lfbo",
        ])
        #expect(entry.name == "VMS101 EGLL-LFPG")
        #expect(entry.days == 0b001_0101)
        #expect(entry.departureTime == "08:45" && entry.arrivalTime == "10:00")
        #expect(entry.level == 350 && entry.distance == NauticalMiles(188.5) && entry.flightTime == Minutes(75))
        #expect(entry.flightType == "F" && entry.route == "MID UN615 XAMAB" && entry.notes == "Daily, \"they say\"")
        #expect(!entry.isActive && entry.subfleets == ["A320", "B738"] && entry.alternate?.code == "LFBO")
    }

    @Test func fillsInWhatIsLeftOut() throws {
        let entry = try row(["airline": "VM", "flight_number": "VMS102", "flight_time": "", "distance": ""])
        #expect(entry.airline == "VMS" && entry.flightNumber == "102")
        #expect((entry.distance.rawValue - 188).magnitude < 2)
        #expect(entry.flightTime == Minutes(55))
        #expect(entry.days == 127 && entry.flightType == "J" && entry.isActive && entry.departureTime == nil)
        let timed = try row(["flight_time": "", "dpt_time": "23:30", "arr_time": "00:45"])
        #expect(timed.flightTime == Minutes(75))
    }

    @Test(arguments: [
        ("0830", "08:30"), ("830", "08:30"), ("8:30", "08:30"), ("08:30:00", "08:30"), ("8:30 PM", "20:30"),
        ("12:05 AM", "00:05"),
        ("08:30Z", "08:30"),
    ])
    func readsTimesAsPeopleWriteThem(_ text: String, _ time: String) throws {
        #expect(try row(["dpt_time": text]).departureTime == time)
    }

    @Test(arguments: [
        ("airline", ""), ("airline", "V!"), ("flight_number", "12345678901"), ("dpt_airport", "ZZZZ"),
        ("arr_airport", "toolong"),
        ("days", "18"), ("dpt_time", "25:00"), ("arr_time", "soon"), ("level", "high"), ("distance", "-1"),
        ("flight_time", "1h"),
        ("flight_type", "JJ"), ("active", "perhaps"), ("alt_airport", "ZZZZ"),
    ])
    func namesTheColumnOfAFault(_ column: String, _ text: String) {
        #expect {
            try row([column: text])
        } throws: {
            let failure = $0 as? CSVTable.Failure
            return failure?.column == column && failure?.line == 2
        }
    }
}

@Suite struct FleetRowTests {
    private func row(_ header: String, _ cells: String) throws -> FleetRow {
        let table = try CSVTable(Array("\(header)\n\(cells)\n".utf8), required: FleetRow.requiredColumns)
        return try FleetRow(try #require(table.rows.first))
    }

    @Test func readsALineOfAnExport() throws {
        let aircraft = try row(
            "subfleet,iata,icao,hub_id,airport_id,name,registration,fin,hex_code,selcal,mtow,zfw,status",
            "B738,738,b738,EGLL,LFPG,Boeing 737-800,g-dema,,,,,,M")
        #expect(aircraft.registration == "G-DEMA" && aircraft.type == "B738" && aircraft.subfleet == "B738")
        #expect(aircraft.location?.code == "LFPG" && !aircraft.isActive && aircraft.name == "Boeing 737-800")
    }

    @Test func takesTheTypeFromTheSubfleet() throws {
        let aircraft = try row("subfleet,registration", "A320-CFM,G-DEMB")
        #expect(aircraft.type == "A320" && aircraft.isActive && aircraft.name == "G-DEMB")
        #expect(throws: CSVTable.Failure.self) { try row("subfleet,registration", "Short haul,G-DEMB") }
    }

    @Test(arguments: [("A,", "registration"), ("A320,G-X,Q", "status"), (",G-X", "subfleet")])
    func namesTheColumnOfAFault(_ cells: String, _ column: String) {
        #expect {
            try row("subfleet,registration,status", cells)
        } throws: {
            ($0 as? CSVTable.Failure)?.column == column
        }
    }
}
