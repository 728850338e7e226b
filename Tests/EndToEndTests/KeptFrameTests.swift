import Domain
import Foundation
import Protocols
import Testing

extension EndToEnd.TrackerIsolationTests {
    /// Words that are nowhere but in pilots' heads and in what their trackers send.
    private static let secretWords = [1: "Zq8EinKanarienwort", 7: "Yx7SiebenKanarien"]

    /// Samples and quarantined frames: enough to study a client, and no byte of a password, key, session or token.
    @Test func framesAreKeptWithoutSecrets() async throws {
        try await withServer { server in
            let side = try await make(server, "alpha", IsolationTests.canaryA, passwords: Self.secretWords)
            var names = side.names
            for row in Self.rows { names.take(try await send(row, to: side, .path, side.marks, names), row) }
            try await sendMisplaced(server, side)
            let staff = try await Reader.logIn(side.airline, "VMS0099", password: side.airline.password)
            // The last call is one that nothing else asked: once its sample is there, so are those before it.
            let last = "SampleProbe/9"
            _ = try await Web.send(
                "GET", "\(server.url)/acars/alpha/phpvms7/api/user",
                headers: [("X-API-Key", side.marks.apiKey), ("User-Agent", last)])
            let samples = try await eventually("samples") {
                let found = try await staff.all("quarantine?samples=true")
                return found.contains { $0["detail"]?.text?.contains(last) == true } ? found : nil
            }
            try checkSamples(samples)
            let refused = try await staff.all("quarantine")
            #expect(refused.count > 20)
            #expect(!refused.contains { $0["code"] == "sample" })
            try await checkCommands(server, samples)
            try checkSecrets(server, side, samples + refused)
            // A second walk brings no second sample.
            for row in Self.rows.prefix(60) { _ = try await send(row, to: side, .path, side.marks, names) }
            #expect(try await staff.all("quarantine?samples=true").count <= samples.count + 12)
        }
    }

    /// Secrets where no protocol has them, as people paste them.
    private func sendMisplaced(_ server: AlbatrossServer, _ side: Side) async throws {
        let (marks, root) = (side.marks, "\(server.url)/acars/alpha")
        let words = side.passwords
        let form = ("Content-Type", "application/x-www-form-urlencoded")
        let calls: [(String, String, [(String, String)], String)] = [
            // The key twice, in capitals, and behind the address.
            (
                "POST", "/xacars/k/\(marks.trackerKey)/K/\(marks.trackerKey)/action.php/acars/xacars/acars", [form],
                "DATA1=XACARS|1.1&DATA2=TEST&DATA3=VMS0001&key=\(marks.trackerKey)"
            ),
            (
                "GET",
                "/fsacars/k/\(marks.trackerKey)/action.php/acars/fsacars/flightplans?pilot=VMS0001&x=\(marks.trackerKey)",
                [("X-API-Key", marks.apiKey), ("User-Agent", "odd \(marks.apiKey)")], ""
            ),
            // Somebody's password as a client's name, with percent signs in it, and in a broken report.
            (
                "POST", "/fspassengers/k/\(marks.trackerKey)/action.php/acars/fspax",
                [form, ("User-Agent", words[1] ?? "")],
                "FsPAskConnexion=yes&UserName=VMS0001&Password=\(words[1] ?? "")&Extra=\((words[1] ?? "").replacingOccurrences(of: "a", with: "%61"))"
            ),
            (
                "POST", "/phpvms7/api/pireps/prefile", [("Authorization", "Bearer \(marks.apiKey)")],
                "{\"airline_id\": \"\(marks.apiKey)\", \"x\""
            ),
            (
                "POST", "/smartcars3/flights/update", [("Authorization", "Bearer \(marks.token)")],
                "{\"session\":\"\(marks.token)\",\"note\":\"\(marks.token)"
            ),
            (
                "GET",
                "/smartcars2/frame.php?action=verifysession&dbid=7&sessionid=\(marks.session)&again=\(marks.session)",
                [], ""
            ),
            (
                "POST",
                "/smartcars2/frame.php?action=positionreport&dbid=7&sessionid=\(marks.session)&again=\(marks.session)",
                [form], "route=\(marks.session)"
            ),
            (
                "POST", "/kacars/k/\(marks.trackerKey)/action.php/kacars_free",
                [("Authorization", "Basic \(marks.apiKey)")],
                "<kacars><switch><data>verify</data></switch><verify><pilotID>VMS0001</pilotID><Password>\(words[1] ?? "")</Password><password><![CDATA[\(words[1] ?? "")]]></password></verify></kacars>"
            ),
        ]
        for (method, path, headers, body) in calls {
            let answer = try await Web.send(
                method, root + path, headers: headers, body: body.isEmpty ? nil : Array(body.utf8))
            #expect(answer.status < 500, "\(path): \(answer.text)")
        }
    }

    /// Samples of many calls, and each can be read again. Log-ins have no pilot yet, and what names a flight or a booking
    /// that an earlier row ended is refused: neither is kept.
    private func checkSamples(_ samples: [JSON]) throws {
        for adapter in AdapterRegistry.all {
            let name = adapter.id.rawValue
            let own = samples.filter { $0["adapter"]?.text == name }
            let calls = Set(own.compactMap { $0["detail"]?.text?.split(separator: ",").first.map(String.init) })
            #expect(calls.count * 3 > adapter.calls.count, "\(name): \(calls.sorted())")
            for sample in own {
                let text = try #require(sample["frame_base64"]?.text)
                let bytes = Array(try #require(Data(base64Encoded: text)))
                let frame = try #require(RawFrame(captured: bytes, receivedAt: Timestamp(milliseconds: 0)))
                let found = adapter.call(of: frame)
                let call = try #require(found, "\(name): \(sample["detail"]?.text ?? "")")
                #expect(sample["detail"]?.text?.hasPrefix(call + ",") == true, "\(name): \(call)")
            }
        }
    }

    private func checkCommands(_ server: AlbatrossServer, _ samples: [JSON]) async throws {
        let listed = try await server.run(
            "frames", "list", "--tenant", "alpha", "--samples", "--adapter", "xacars", "--json"
        ).json()
        let wanted = samples.filter { $0["adapter"] == "xacars" }.compactMap { $0["id"]?.text }
        #expect(listed.items?.compactMap { $0["id"]?.text } == wanted)
        let position = try #require(
            samples.first { $0["adapter"] == "xacars" && $0["detail"]?.text?.hasPrefix("MESSAGE") == true }?["id"]?.text
        )
        let shown = try await server.run("frames", "show", "--tenant", "alpha", position).output
        let file = try server.file("frame.raw", shown)
        let decoded = try await server.cli(["decode", "--adapter", "xacars", file], usesData: false)
        #expect(decoded.status == 0, "\(decoded.errors)")
        let unknown = try await server.cli("frames", "show", "--tenant", "alpha", "nothing")
        #expect(unknown.status == 1 && unknown.errors.contains("albatross frames list"))
    }

    private func checkSecrets(_ server: AlbatrossServer, _ side: Side, _ frames: [JSON]) throws {
        let marks = side.marks
        let secrets =
            [marks.trackerKey, marks.apiKey, marks.token, marks.tokenV7, marks.session] + side.passwords.values
        for secret in secrets {
            let isHeld = try server.dataHolds(secret)
            #expect(!isHeld, "\(secret.prefix(3))… is in the data folder")
            for frame in frames {
                let text = frame["frame_base64"]?.text.flatMap { Data(base64Encoded: $0) } ?? Data()
                let plain = FormDecoding.unescaped(Array(text))
                #expect(
                    Data(plain).range(of: Data(secret.utf8)) == nil,
                    "\(frame["adapter"]?.text ?? "") \(secret.prefix(3))…")
                #expect(frame["path"]?.text?.contains(secret) != true)
            }
        }
        // The search can find something.
        let isSearched = try server.dataHolds("VMS0001")
        #expect(isSearched)
    }

    private typealias IsolationTests = EndToEnd.IsolationTests
}

/// Undoes percent-encoding wherever it stands.
private enum FormDecoding {
    static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
