import Protocols
import Testing

/// Malformed frames by grammar and by chance: reliability A1.
@Suite struct PhpVMS7FuzzTests {
    @Test(arguments: [
        String(repeating: "[", count: 100_000), "{\"positions\":" + String(repeating: "[", count: 100_000),
        "{\"positions\":[" + String(repeating: "7,", count: 200_000) + "7]}",
        "{\"positions\":[" + String(repeating: "{},", count: 100_000) + "{}]}",
        "{\"fields\":{" + (0..<500).map { "\"f\($0)\":\"\($0)\"" }.joined(separator: ",") + "}}",
    ])
    func boundsWhatOneFrameCosts(_ body: String) {
        for path in ["acars/position", "update", "file", "route"] {
            let frame = PhpVMS7DecodeTests.frame("POST", "api/pireps/x/\(path)", body)
            let decoded = PhpVMS7DecodeTests.adapter.decode(frame)
            if let error = decoded.error {
                let reply = PhpVMS7DecodeTests.adapter.encode(error, to: frame)
                #expect(reply.status == 400 && reply.body.count < 64_000)
            }
        }
    }
}
