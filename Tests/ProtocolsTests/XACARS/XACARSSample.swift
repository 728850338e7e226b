import Domain
import Protocols

/// Requests of the conformance cases: docs/protocols/xacars.md.
enum XACARSSample {
    static let begin =
        "VMS0001||VMS1000|N845MJ||KJFK~MERIT~ROBUC3~KBOS|N40 38.3851 W73 46.7355|13||||9800|44|31012|14|IFR|0|secret|"
    static let message = """
        [11/21/2026 14:32Z]
        ACARS Mode: 2 Aircraft Reg: ......N845MJ
        Msg Label: PR Block ID: 01 Msg No: M07A
        Flight ID: VMS1000
        Message:
        POS N41 12.5000 W72 48.2500 [ROBUC]
        /HDG 52 /HDT 39
        /ALT 12040 CLIMB
        /IAS 285 /TAS 341
        /WND 31045 /OAT -12 /TAT 2
        /FOB 8650
        /DST 52 - 162
        """
    static let report =
        "VMS0001~secret~VMS1000~N845MJ~FL180~IFR~KJFK~KBOS~KBDL~21.11.2026 14:10~01:25~01:04~4120~3650~44~800~VATSIM"
    /// Off block at 14:10, 85 minutes later on block; 64 of them in the air.
    static let longReport =
        report + "~1795270200~1795270920~1795274760~1795275300~38000~42000~39000~N40 38.3851~W73 46.7355~13"
        + "~N42 21.8608~W71 0.3109~20~2347~3202~290~450"
    static let flight = "482910573846"

    static func text(_ label: String, _ body: String) -> String {
        "[11/21/2026 14:32Z]\nACARS Mode: 2 Aircraft Reg: ......N845MJ\nMsg Label: \(label) Block ID: 01 Msg No: M07A\n"
            + "Flight ID: VMS1000\nMessage:\n\(body)"
    }

    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
                String(Unicode.Scalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    /// A form with DATA1 in front, escaped.
    static func form(_ fields: [(String, String)], version: String? = "XACARS|1.1") -> String {
        ((version.map { [("DATA1", $0)] } ?? []) + fields).map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&")
    }

    static func frame(
        _ action: String = "acars", _ form: String, method: String = "POST", prefix: String = "action.php/acars/xacars/"
    ) -> RawFrame {
        var frame = RawFrame(
            method: method, path: prefix + action, query: method == "GET" ? form : "",
            contentType: method == "GET" ? nil : "application/x-www-form-urlencoded", authorization: nil,
            body: method == "GET" ? [] : Array(form.utf8), receivedAt: FixtureCorpus.receivedAt)
        frame.site = FixtureCorpus.site
        return frame
    }
    static func live(_ fields: (String, String)..., version: String? = "XACARS|1.1") -> RawFrame {
        frame("acars", form(fields, version: version))
    }
    static func message(_ text: String, flight: String = flight) -> RawFrame {
        live(("DATA2", "MESSAGE"), ("DATA3", flight), ("DATA4", text))
    }
    static func report(_ data: String, version: String? = "XACARS|1.1") -> RawFrame {
        frame("pirep", form([("DATA2", data)], version: version))
    }
}
