import Domain
import Foundation
import Protocols
import Testing

/// Malformed frames by grammar and by chance: reliability A1.
@Suite struct XACARSFuzzTests {
    @Test func alwaysGivesAnOutcomeInTime() {
        let outcome = Storm.run(XACARSAdapter.self, statuses: 200...200, check: { !$0.text.hasPrefix("1") }) {
            Self.frame(&$0)
        }
        // Neither may be the only one, or the test tests nothing.
        #expect(outcome.requests > 200 && outcome.errors > 200, "\(outcome)")
    }

    /// Requests of every kind, cut at every byte, in the body and in the query.
    @Test func survivesTruncation() {
        let adapter = XACARSAdapter()
        for (action, form) in Self.forms {
            let bytes = Array(form.utf8)
            for length in 0...bytes.count {
                let cut = String(decoding: bytes.prefix(length), as: UTF8.self)
                for method in ["GET", "POST"] {
                    let frame = XACARSSample.frame(action, cut, method: method)
                    if case .failure(let error) = adapter.decode(frame).outcome {
                        #expect(adapter.encode(error, to: frame).text.hasPrefix("0|"))
                    }
                }
            }
        }
    }

    static let forms: [(String, String)] = [
        ("acars", XACARSSample.form([("DATA2", "TEST"), ("DATA3", "VMS0001")])),
        ("acars", XACARSSample.form([("DATA2", "BEGINFLIGHT"), ("DATA3", XACARSSample.begin), ("DATA4", "")])),
        ("acars", "DATA1=XACARS|1.1&DATA2=BEGINFLIGHT&DATA3=\(XACARSSample.begin)&DATA4="),
        (
            "acars",
            XACARSSample.form([("DATA2", "MESSAGE"), ("DATA3", XACARSSample.flight), ("DATA4", XACARSSample.message)])
        ),
        ("acars", XACARSSample.form([("DATA2", "PAUSEFLIGHT"), ("DATA3", XACARSSample.flight), ("DATA4", "1")])),
        ("acars", XACARSSample.form([("DATA2", "ENDFLIGHT"), ("DATA3", XACARSSample.flight)])),
        ("data", XACARSSample.form([("DATA2", "bid"), ("DATA4", "VMS0001"), ("DATA5", "secret")])),
        ("data", XACARSSample.form([("DATA2", "VMS1000")])),
        ("pirep", XACARSSample.form([("DATA2", XACARSSample.report)])),
        ("pirep", XACARSSample.form([("DATA2", XACARSSample.longReport)])),
    ]

    static let values = [
        "", "0", "-1", "1e308", "1e400", "NaN", "99999999999999999999", "N91 99.9 W999 0.0", "|", "~",
        "||||||||||||||||||",
        "~~~~~~~~~~~~~~~~~", "%", "%zz", "%00", "%F0%9F", "é😀", "/", "//////", "Message:", "Msg Label: ", "[", "]",
        "\r\n",
        "' OR 1=1 --", "<script>", "\u{202E}", "POS", "/POS N", "-99:99", "FL", "FL1e9", "32.13.2026 25:61",
    ]

    static func frame(_ random: inout SeededGenerator) -> RawFrame {
        let (action, form) = forms.randomElement(using: &random) ?? ("acars", "")
        var bytes = Array(form.utf8)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0...6, using: &random) {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes += bytes
            case 2:
                bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            case 3:
                bytes.insert(
                    contentsOf: repeatElement(UInt8.random(in: 0...255, using: &random), count: 2000), at: place)
            case 4 where !bytes.isEmpty:
                bytes[min(place, bytes.count - 1)] = UInt8.random(in: 0...255, using: &random)
            default: bytes.insert(contentsOf: (values.randomElement(using: &random) ?? "").utf8, at: place)
            }
        }
        bytes = Array(bytes.prefix(1 << 16))
        let isQuery = Int.random(in: 0...3, using: &random) == 0
        let frame = XACARSSample.frame(action, "")
        return isQuery
            ? frame.with(query: String(decoding: bytes, as: UTF8.self)) : frame.with(body: bytes)
    }
}
