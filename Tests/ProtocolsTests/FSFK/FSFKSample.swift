import Domain
import Protocols

/// Requests of the conformance cases: docs/protocols/fsfk.md.
enum FSFKSample {
    static let flight = "482910573846"
    static let begin =
        "VMS0001|pilot@example.org|1000|AIRBUS A320|VMS|KJFK~MERIT~KBOS|N40 38.3851 W73 46.7355|13|||130243|9800|44|31012"
        + "|14|IFR|162|secret|31|40.6398~41.3817~42.3643|-73.7789~-73.1375~-71.0052"
    static let brakes = """
        [11/21/2026 14:35Z]
        ACARS Mode: 2 Aircraft Reg: ......N845MJ
        Msg Label: PB Block ID: 01 Msg No: M01A
        Flight ID: 1000
        Message:
        BRK ON
        /ALT 13
        /HDG 44
        /HDT 31
        /IAS 0 /TAS 0
        /WND 31012 /OAT 14 /TAT 14
        /FOB 9800

        """

    static func text(_ body: String, label: String = "PR") -> String {
        "[11/21/2026 14:35Z]\r\nACARS Mode: 2 Aircraft Reg: ......N845MJ\r\n"
            + "Msg Label: \(label) Block ID: 01 Msg No: M01A\r\nFlight ID: 1000\r\nMessage:\r\n\(body)\r\n"
    }

    /// Elements of the stock template, in its order.
    static let elements: [(String, String)] = [
        ("PilotID", "VMS0001"), ("PilotName", "Ada Kern"), ("AircraftTitle", "ERJ-145"), ("AircraftType", "E145"),
        ("AircraftTailNumber", "N845MJ"), ("AircraftAirline", "VMS"), ("FlightNumber", "VMS1000"),
        ("FlightLevel", "18000"), ("FlightType", "IFR"), ("Passenger", "44"), ("Cargo", "800"), ("ZFW", "38000"),
        ("OriginICAO", "KJFK - Kennedy Intl"), ("OriginRunway", "04L"), ("DestinationICAO", "KBOS - Logan Intl"),
        ("DestinationRunway", "04R"), ("AlternateICAO", "KBDL"), ("SID", ""), ("STARS", "ROBUC3"),
        ("FlightDistance", "165"), ("RouteDistance", "162"), ("OUTTime", "21.11.2026 14:05"),
        ("INTime", "21.11.2026 15:17"), ("BlockTime", "01:12"), ("FlightTime", "00:58"), ("BlockFuel", "4120"),
        ("FlightFuel", "3650"), ("TOIAS", "144"), ("LAIAS", "131"), ("ONVS", "-206.76"), ("FlightScore", "57.50%"),
    ]

    /// - Parameter changes: Text by element; the rest of the document is the stock template's, the stray `~` included.
    static func xml(_ changes: [String: String] = [:]) -> String {
        var lines = ["<FLIGHTDATA>"]
        for (name, text) in elements {
            lines.append("\t<\(name)>\(changes[name] ?? text)</\(name)>" + (name == "FlightType" ? "~" : ""))
        }
        lines.append("\t<FLIGHTPLAN>\n\t<![CDATA[\n\t1|KJFK|Airport|14:05|9800\n\t2|MERIT|Fix|14:20|8900")
        lines.append("\t3|ROBUC|Fix|14:40|7700\n\t4|KBOS|Airport|15:17|5680\n\t]]>\n\t</FLIGHTPLAN>")
        lines.append("\t<COMMENT>\n\t<![CDATA[\n\tsmooth & quiet, <b>thanks</b>\n\t]]>\n\t</COMMENT>")
        lines.append("\t<FLIGHTCRITIQUE>\n\t<![CDATA[\n\tLanding lights off late|-5\n\t]]>\n\t</FLIGHTCRITIQUE>")
        lines.append("\t<FLIGHTMAPS>\n\t\t<FlightMapJPG>a.jpg</FlightMapJPG>\n\t</FLIGHTMAPS>\n</FLIGHTDATA>")
        return lines.joined(separator: "\n") + "\n"
    }

    static func form(_ fields: [(String, String)], version: String? = "FLKEEPER|3.0.1") -> String {
        XACARSSample.form(fields, version: version)
    }
    static func frame(_ action: String, _ form: String, method: String = "POST") -> RawFrame {
        XACARSSample.frame(action, form, method: method, prefix: "action.php/fsfk/")
    }
    static func live(_ fields: (String, String)..., version: String? = "FLKEEPER|3.0.1") -> RawFrame {
        frame("acars", form(fields, version: version))
    }
    static func message(_ text: String, flight: String = flight) -> RawFrame {
        live(("DATA2", "MESSAGE"), ("DATA3", flight), ("DATA4", text))
    }
    static func report(_ xml: String) -> RawFrame { frame("pirep", form([("DATA2", xml)], version: nil)) }
}
