import Domain
import Foundation
@testable import Gateway
import Protocols
import Testing

@Suite struct CommandLineTests {
    private func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "albatross-cli-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test(arguments: [
        ["nonsense"], ["--no-such-flag"], ["tenant", "create"], ["tenant", "set", "demo"],
        ["tenant", "set", "demo", "--live-public", "perhaps"], ["user", "create", "--email", "a@b.c"],
        ["user", "disable", "--tenant", "demo"], ["user", "list", "--tenant", "demo", "--platform-admin"],
        ["rebuild", "nonsense"], ["decode", "--adapter", "nonsense", "file"], ["demo", "--speed", "0"],
        ["pirep", "list", "--tenant", "demo", "--state", "lost"],
        [
            "fly", "--adapter", "smartcars3", "--url", "http://127.0.0.1:1/", "--user", "7", "--password", "x",
            "--track", "x",
            "--from", "2",
        ],
    ])
    func wrongUsageIsTwo(_ arguments: [String]) async {
        #expect(await Albatross.run(arguments) == 2)
    }

    @Test(arguments: [["--help"], ["tenant", "--help"], []])
    func helpIsZero(_ arguments: [String]) async {
        #expect(await Albatross.run(arguments) == 0)
    }

    @Test func refusalIsOne() async throws {
        let data = try folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        #expect(await Albatross.run(["tenant", "set", "nobody", "--live-public", "true", "--data", data]) == 1)
        #expect(
            await Albatross.run(["schedule", "import", "--tenant", "nobody", "/no/such/file", "--data", data]) == 1)
        #expect(await Albatross.run(["decode", "--adapter", "smartcars3", "/no/such/file"]) == 1)
    }

    @Test func importsGoodLinesBesideBadOnes() async throws {
        let data = try folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        func run(_ arguments: String...) async -> Int32 { await Albatross.run(arguments + ["--data", data]) }
        #expect(await run("tenant", "create", "demo", "--name", "Demo", "--icao", "DEM") == 0)
        let file = data + "/schedule.csv"
        let header = "flight_number,airline,dpt_airport,arr_airport,flight_time,flight_type\n"
        try (header + "1,DEM,EGLL,LFPG,75,J\n2,DEM,EGLL,XXZZ,75,J\n3,DEM,LFPG,EGLL,70,J\n")
            .write(toFile: file, atomically: true, encoding: .utf8)
        #expect(await run("schedule", "import", "--tenant", "demo", file, "--dry-run") == 1)
        #expect(await run("booking", "create", "--tenant", "demo", "--user", "DEM0001", "--flight", "DEM1") == 1)
        #expect(await run("schedule", "import", "--tenant", "demo", file) == 1)
        try (header + "1,DEM,EGLL,LFPG,75,J\n").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(await run("schedule", "import", "--tenant", "demo", file) == 0)
        #expect(
            await run(
                "user", "create", "--tenant", "demo", "--id", "DEM0001", "--email", "a@demo.example", "--name", "Ada")
                == 0)
        #expect(await run("booking", "create", "--tenant", "demo", "--user", "DEM0001", "--flight", "DEM3") == 0)
        #expect(await run("verify") == 0)
    }

    @Test(arguments: [
        ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3cret", "s3cret"), (" two words \n\n", " two words \n"),
        ("\n", ""),
    ])
    func passwordLosesOneLineEnd(_ input: String, _ password: String) {
        #expect(PasswordInput.trimmed(Data(input.utf8)) == password)
    }

    @Test(arguments: [("VMS0001", "0001"), ("7", "7"), ("a7@b.c", "a7@b.c"), ("VM2", "2"), ("nobody", "nobody")])
    func trackersSendThePilotsNumber(_ user: String, _ name: String) {
        #expect(SmartCARS3Client.username(user) == name)
    }

    @Test func readsFlightNamesBothWays() {
        var tenant = Tenant()
        tenant.icao = "VMS"
        tenant.iata = "VM"
        let readings = BookingCommands.Create.readings(of: "vm101", tenant: tenant)
        #expect(readings.first?.airline == "VMS" && readings.first?.number == "101")
        #expect(
            BookingCommands.Create.readings(of: "DEM7", tenant: tenant).first.map { "\($0.airline) \($0.number)" }
                == "DEM 7")
    }
}

@Suite struct CapturedFrameTests {
    private func frame(_ text: String) throws -> RawFrame {
        try CapturedFrame.parse(Array(text.utf8), adapter: "smartcars3", receivedAt: Timestamp(milliseconds: 0))
    }

    @Test(arguments: [
        "POST pilot/login?username=7", "POST /acars/demo/smartcars3/pilot/login?username=7 HTTP/1.1",
        "POST https://va.example/acars/demo/smartcars3/pilot/login?username=7 HTTP/1.1",
    ])
    func findsTheCallBelowTheRoot(_ first: String) throws {
        let frame = try frame(first + "\r\nContent-Type: application/json\r\nAuthorization: Bearer x\r\n\r\n{\"a\":1}")
        #expect(frame.method == "POST" && frame.path == "pilot/login" && frame.query == "username=7")
        #expect(frame.contentType == "application/json" && frame.authorization == "Bearer x")
        #expect(String(decoding: frame.body, as: UTF8.self) == "{\"a\":1}")
    }

    @Test(arguments: [
        ("xacars", "action.php/acars/xacars/data"), ("xacars", "/acars/demo/xacars/action.php/acars/xacars/data"),
        ("xacars", "/va/acars/demo/xacars/k/abc/action.php/acars/xacars/data"),
        ("xacars", "k/abc/action.php/acars/xacars/data"), ("fsfk", "action.php/fsfk/acars"),
    ])
    func keepsAnAddressThatHoldsTheAdaptersName(_ adapter: String, _ target: String) throws {
        let frame = try CapturedFrame.parse(
            Array("GET \(target)?DATA1=x\n\n".utf8), adapter: adapter, receivedAt: Timestamp(milliseconds: 0))
        #expect(frame.path == (adapter == "fsfk" ? "action.php/fsfk/acars" : "action.php/acars/xacars/data"))
        #expect((frame.trackerKey == "abc") == target.contains("k/abc/"))
    }

    @Test(arguments: ["", "\n", "{\"a\":1}", "GET x\nno header\n\n"])
    func refusesWhatIsNoRequest(_ text: String) {
        #expect(throws: Refused.self) { try frame(text) }
    }
}
