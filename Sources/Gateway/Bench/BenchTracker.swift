import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import Protocols

/// What the pilots of P1 fly with: how their flights begin, and what one request with positions looks like.
enum BenchTracker: String, CaseIterable, Sendable {
    case smartCARS3 = "position-http"
    case kacars = "position-http-kacars"
    case phpvms7 = "position-http-phpvms7"
    case xacars = "position-http-xacars"

    /// Positions of one request.
    var batch: Int { self == .phpvms7 ? 10 : 1 }
    /// The key that each pilot has; nil where a session does.
    var key: ApiKeyDetails.Kind? {
        switch self {
        case .smartCARS3: nil
        case .phpvms7: .api
        case .kacars, .xacars: .tracker
        }
    }
    var result: String { self == .smartCARS3 ? "P1 \(rawValue)" : "P1b \(rawValue)" }
    var work: String {
        batch == 1 ? "64 connections, 500 pilots" : "64 connections, 500 pilots, \(batch) positions a request"
    }

    /// Begins the flights that need a call of their own, and gives each pilot what the server calls its flight.
    func begun(_ pilots: [BenchWorld.Pilot], port: Int) async throws -> [BenchWorld.Pilot] {
        guard self == .phpvms7 || self == .xacars else { return pilots }
        var begun: [BenchWorld.Pilot] = []
        for pilot in pilots {
            let answer = try await answer(to: beginning(pilot), port: port)
            var pilot = pilot
            switch self {
            case .phpvms7:
                guard case .object(let object)? = try? JSON.decode(Array(answer.utf8)),  // told below
                    case .object(let data)? = object["data"], case .string(let id)? = data["id"]
                else { throw SettingsError("the server to be measured begins no flight: \(answer.prefix(200))") }
                pilot.flight = id
            default:
                guard answer.hasPrefix("1|") else {
                    throw SettingsError("the server to be measured begins no flight: \(answer.prefix(200))")
                }
                pilot.flight = String(answer.dropFirst(2).prefix { $0.isNumber })
            }
            begun.append(pilot)
        }
        return begun
    }

    private func answer(to call: Call, port: Int) async throws -> String {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(call.path)")
        request.method = .POST
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: call.body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    private struct Call {
        let path: String
        let headers: [(String, String)]
        let body: String
    }

    private func beginning(_ pilot: BenchWorld.Pilot) -> Call {
        if self == .phpvms7 {
            let body =
                "{\"airline_id\":1,\"aircraft_id\":1,\"flight_number\":\"\(pilot.flightNumber)\",\"flight_type\":\"J\",\"dpt_airport_id\":\"EGLL\",\"arr_airport_id\":\"LFPG\",\"level\":35000,\"planned_distance\":188,\"planned_flight_time\":75,\"source\":1,\"source_name\":\"vmsacars\"}"
            return Call(
                path: "/acars/bench/phpvms7/api/pireps/prefile",
                headers: [("X-API-Key", pilot.token), ("Content-Type", "application/json")], body: body)
        }
        let fields =
            "\(pilot.code)||BNC\(pilot.flightNumber)|N1BNC||EGLL~LFPG|N51 28.3151 W0 26.8892|83||||9800|44|31012|14|IFR|0||"
        return Call(
            path: xacarsPath(pilot), headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: "DATA1=XACARS%7C1.1&DATA2=BEGINFLIGHT&DATA3=\(Self.escaped(fields))&DATA4=")
    }

    private func xacarsPath(_ pilot: BenchWorld.Pilot) -> String {
        "/acars/bench/xacars/k/\(pilot.token)/action.php/acars/xacars/acars"
    }

    /// - Parameters:
    ///   - step: How many requests this pilot sent before.
    ///   - start: Time of the first position, where the client says one.
    func request(_ pilot: BenchWorld.Pilot, step: Int, start: Timestamp) -> ByteBuffer {
        let latitude = 49.0 + Double(step % 50_000) * 0.0001
        switch self {
        case .smartCARS3: return Bench.update(pilot, step: step)
        case .kacars:
            let body =
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><kacars><switch><data>liveupdate</data></switch><verify><pilotID>\(pilot.code)</pilotID></verify><liveupdate><flightNumber>BNC\(pilot.flightNumber)</flightNumber><registration>N1BNC</registration><depICAO>EGLL</depICAO><arrICAO>LFPG</arrICAO><depTime>14:05</depTime><route>MID UN615 XAMAB</route><latitude>\(latitude)</latitude><longitude>2.500000</longitude><heading>124</heading><altitude>33012</altitude><groundSpeed>447</groundSpeed><status>Cruise</status></liveupdate></kacars>"
            return Self.post(
                Call(
                    path: "/acars/bench/kacars/k/\(pilot.token)/action.php/kacars_free",
                    headers: [("Content-Type", "text/xml")], body: body))
        case .phpvms7:
            let points = (0..<batch).map { index in
                let time = start + .seconds(Double(step * batch + index))
                return
                    "{\"lat\":\(latitude + Double(index) * 0.00001),\"lon\":2.5,\"altitude_agl\":32100,\"altitude_msl\":33012,\"heading\":124,\"vs\":0,\"gs\":447,\"ias\":285,\"transponder\":2000,\"autopilot\":true,\"fuel\":21000,\"fuel_flow\":5200,\"distance\":44,\"status\":\"ENR\",\"sim_time\":\"\(time.iso8601)\"}"
            }
            return Self.post(
                Call(
                    path: "/acars/bench/phpvms7/api/pireps/\(pilot.flight)/acars/position",
                    headers: [("X-API-Key", pilot.token), ("Content-Type", "application/json")],
                    body: "{\"positions\":[\(points.joined(separator: ","))]}"))
        case .xacars:
            let minutes = String(format: "%.4f", (latitude - latitude.rounded(.down)) * 60)
            let text =
                "[11/21/2026 14:32Z]\nACARS Mode: 2 Aircraft Reg: ......N1BNC\nMsg Label: PR Block ID: 01 Msg No: M\(step)A\nFlight ID: BNC\(pilot.flightNumber)\nMessage:\nPOS N\(Int(latitude)) \(minutes) E2 30.0000 [XAMAB]\n/HDG 124 /HDT 126\n/ALT 33012 LEVEL\n/IAS 285 /TAS 455\n/WND 31045 /OAT -52 /TAT -22\n/FOB 8650\n/DST 52 - 162"
            return Self.post(
                Call(
                    path: xacarsPath(pilot), headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: "DATA1=XACARS%7C1.1&DATA2=MESSAGE&DATA3=\(pilot.flight)&DATA4=\(Self.escaped(text))"))
        }
    }

    private static func post(_ call: Call) -> ByteBuffer {
        let headers = call.headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        return ByteBuffer(
            string:
                "POST \(call.path) HTTP/1.1\r\nHost: bench\r\n\(headers)Content-Length: \(call.body.utf8.count)\r\n\r\n\(call.body)"
        )
    }

    /// As forms escape: a blank is a plus sign.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): result += "+"
            default: result += String(format: "%%%02X", Int(byte))
            }
        }
        return result
    }
}
