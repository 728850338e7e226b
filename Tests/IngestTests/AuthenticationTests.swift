import Application
import Domain
import EventSchema
import Foundation
import Protocols
import Secrets
import StoreSQLite
import Testing

@Suite struct AuthenticationTests {
    /// Who the gateway takes the caller for.
    private func who(
        _ world: TestWorld, _ credential: Credential, _ adapter: any TrackerAdapter.Type = KeyedAdapter.self,
        key: String? = nil, address: String = "192.0.2.1"
    ) async -> Result<String, Refusal> {
        do {
            let reply = try await world.send(adapter, key: key, address: address) { _ in
                DecodedFrame(credential: credential, outcome: .success(.identify))
            }
            guard case .profile(let profile) = reply else { return .success("?") }
            return .success(profile.profile.ident)
        } catch { return .failure(error as? Refusal ?? .unavailable(retryAfterSeconds: 0)) }
    }

    @Test func aKeyInThePathIsItsPilot() async throws {
        let world = try await TestWorld.make()
        let key = world.keys[0]
        let right: [PilotName?] = [nil, .number(1), .ident("vms0001"), .email("p1@demo.example")]
        for name in right {
            #expect(await who(world, .pilot(name, secret: nil), key: key) == .success("VMS0001"))
        }
        for name: PilotName in [.number(2), .ident("VMS0002"), .email("p2@demo.example"), .unusable, .number(99)] {
            #expect(await who(world, .pilot(name, secret: nil), key: key) == .failure(.pilotUnknown))
        }
        #expect(await who(world, .pilot(.number(1), secret: nil), key: "nope") == .failure(.pilotUnknown))
        #expect(await who(world, .pilot(.number(1), secret: "secret1"), key: key) == .success("VMS0001"))
        #expect(await who(world, .pilot(.number(1), secret: "wrong"), key: key) == .failure(.credentialsWrong))
        await world.close()
    }

    @Test func withoutAKeyNothingIsProven() async throws {
        let world = try await TestWorld.make()
        for credential: Credential in [
            .pilot(nil, secret: nil), .pilot(.number(1), secret: nil), .pilot(.number(1), secret: "secret1"),
        ] {
            #expect(await who(world, credential) == .failure(.pilotUnknown))
        }
        // An adapter that asks for a password with every call needs no key.
        #expect(await who(world, .pilot(.number(1), secret: "secret1"), PlainAdapter.self) == .success("VMS0001"))
        #expect(await who(world, .pilot(.number(1), secret: nil), PlainAdapter.self) == .failure(.pilotUnknown))
        await world.close()
    }

    @Test func theSameAddressWindowIsASetting() async throws {
        let world = try await TestWorld.make { $0.sameAddressMinutes = 30 }
        #expect(await who(world, .pilot(.number(1), secret: nil)) == .failure(.pilotUnknown))
        #expect(await who(world, .pilot(.number(1), secret: "wrong")) == .failure(.credentialsWrong))
        #expect(await who(world, .pilot(.number(1), secret: nil)) == .failure(.pilotUnknown))
        #expect(await who(world, .pilot(.number(1), secret: "secret1")) == .success("VMS0001"))
        #expect(await who(world, .pilot(.number(1), secret: nil)) == .success("VMS0001"))
        #expect(await who(world, .pilot(.number(2), secret: nil)) == .failure(.pilotUnknown))
        #expect(await who(world, .pilot(.number(1), secret: nil), address: "192.0.2.2") == .failure(.pilotUnknown))
        world.clock.advance(.minutes(31))
        #expect(await who(world, .pilot(.number(1), secret: nil)) == .failure(.pilotUnknown))
        await world.close()
    }

    @Test func aTrackerKeyOrItsDigestStandsForThePassword() async throws {
        let world = try await TestWorld.make()
        let digests = KeyDigests.all(of: world.keys[0])
        #expect(digests.map(\.utf8.count) == [32, 40, 64, 128])
        for secret in [world.keys[0]] + digests + digests.map({ $0.uppercased() }) {
            #expect(await who(world, .pilot(.number(1), secret: secret), PlainAdapter.self) == .success("VMS0001"))
            #expect(
                await who(world, .pilot(.number(2), secret: secret), PlainAdapter.self) == .failure(.credentialsWrong))
        }
        // Digests open no path, and the digest of a password is no password.
        #expect(await who(world, .pilot(nil, secret: nil), key: digests[0]) == .failure(.pilotUnknown))
        let hashed = KeyDigests.all(of: "secret1")[0]
        #expect(await who(world, .pilot(.number(1), secret: hashed), PlainAdapter.self) == .failure(.credentialsWrong))
        await world.close()
    }

    @Test func aSecretIsHashedOnceAndForgottenWithTheUser() async throws {
        let world = try await TestWorld.make()
        let credential = Credential.pilot(.number(1), secret: "secret1")
        for _ in 0..<20 { #expect(await who(world, credential, PlainAdapter.self) == .success("VMS0001")) }
        #expect(world.node.passwords.count == 1)
        world.clock.advance(.minutes(6))
        _ = await who(world, credential, PlainAdapter.self)
        #expect(world.node.passwords.count == 2)
        try await world.node.administration.changePassword(world.id, world.pilots[0].id, hash: "hash:new")
        let events = try await world.node.store.readStream(
            StreamName(world.id, .user, world.pilots[0].id.uuid), after: 0, limit: 10)
        for envelope in events { world.node.accounts.observe(envelope, try EventCodec.decode(envelope.event)) }
        #expect(await who(world, credential, PlainAdapter.self) == .failure(.credentialsWrong))
        #expect(await who(world, .pilot(.number(1), secret: "new"), PlainAdapter.self) == .success("VMS0001"))
        await world.close()
    }

    @Test func whoIsSwitchedOffIsToldSoOnlyWithTheRightSecret() async throws {
        let world = try await TestWorld.make()
        try await world.node.administration.setDisabled(world.id, world.pilots[2].id, true)
        #expect(await who(world, .pilot(.number(3), secret: "secret3"), PlainAdapter.self) == .failure(.pilotInactive))
        #expect(await who(world, .pilot(.number(3), secret: "x"), PlainAdapter.self) == .failure(.credentialsWrong))
        #expect(await who(world, .pilot(nil, secret: nil), key: world.keys[2]) == .failure(.pilotUnknown))
        #expect(await who(world, .key(world.keys[2]), PlainAdapter.self) == .failure(.sessionInvalid))
        await world.close()
    }

    @Test func guessingIsSlowed() async throws {
        let world = try await TestWorld.make(loginsPerMinute: 5)
        for _ in 0..<5 {
            #expect(await who(world, .pilot(.number(1), secret: "x"), PlainAdapter.self) == .failure(.credentialsWrong))
        }
        guard
            case .failure(.tooManyRequests) = await who(
                world, .pilot(.number(1), secret: "x"), PlainAdapter.self)
        else {
            Issue.record("not slowed")
            return
        }
        var last = Result<String, Refusal>.success("")
        for index in 0..<40 { last = await who(world, .pilot(nil, secret: nil), key: "guess\(index)") }
        guard case .failure(.tooManyRequests) = last else {
            Issue.record("keys can be guessed: \(last)")
            return
        }
        await world.close()
    }

    @Test func keysAndSessionsOfTrackersAreTakenWhereAKeyIs() async throws {
        let world = try await TestWorld.make()
        #expect(await who(world, .key(world.keys[1]), PlainAdapter.self) == .success("VMS0002"))
        #expect(await who(world, .key(nil), PlainAdapter.self) == .failure(.sessionInvalid))
        #expect(await who(world, .key(""), PlainAdapter.self) == .failure(.sessionInvalid))
        #expect(await who(world, .key("nope"), PlainAdapter.self) == .failure(.sessionInvalid))
        let reply = try await world.send { _ in
            DecodedFrame(
                credential: .none, outcome: .success(.logIn(LogIn(name: .number(1), password: "secret1"))))
        }
        guard case .pilot(let pilot) = reply else { return }
        #expect(await who(world, .key(pilot.token), PlainAdapter.self) == .success("VMS0001"))
        await world.close()
    }

    @Test func aSessionOfTheClientsOwnMakingBelongsToOnePilotAndAirline() async throws {
        let world = try await TestWorld.make()
        let session = String(repeating: "S", count: 64)
        func logIn(_ pilot: Int, _ session: String) async throws -> TrackerReply {
            try await world.send { _ in
                DecodedFrame(
                    credential: .none,
                    outcome: .success(
                        .logIn(LogIn(name: .number(pilot), password: "secret\(pilot)", session: session))))
            }
        }
        guard case .profile(let profile) = try await logIn(1, session) else { return }
        #expect(profile.session == session)
        let own = Credential.clientSession(pilot: 1, token: session)
        #expect(await who(world, own, PlainAdapter.self) == .success("VMS0001"))
        #expect(
            await who(world, .clientSession(pilot: 2, token: session), PlainAdapter.self) == .failure(.sessionInvalid))
        // The same token of another pilot is another session.
        _ = try await logIn(2, session)
        #expect(await who(world, own, PlainAdapter.self) == .success("VMS0001"))
        for token in ["", session + "S"] {
            await #expect(throws: Refusal.credentialsWrong) { _ = try await logIn(1, token) }
            #expect(
                await who(world, .clientSession(pilot: 1, token: token), PlainAdapter.self)
                    == .failure(.sessionInvalid))
        }
        let next = try await world.send { _ in
            DecodedFrame(
                credential: .none, outcome: .success(.clientSession(pilot: 1, old: session, new: "T")))
        }
        guard case .profile(let renewed) = next else { return }
        #expect(renewed.session == "T")
        #expect(await who(world, .clientSession(pilot: 1, token: "T"), PlainAdapter.self) == .success("VMS0001"))
        let other = try await world.node.administration.createTenant(
            slug: "other", name: "Other", icao: "VMS", iata: nil)
        let tenant = try #require(try await world.node.directory.tenant(other))
        await #expect(throws: Refusal.sessionInvalid) {
            try await world.send(tenant: tenant) { _ in
                DecodedFrame(credential: own, outcome: .success(.identify))
            }
        }
        world.clock.advance(.hours(24 * 31))
        #expect(await who(world, own, PlainAdapter.self) == .failure(.sessionInvalid))
        await world.close()
    }

    @Test func aNameThatNothingProvesReadsOnly() async throws {
        let world = try await TestWorld.make()
        func ask(_ pilot: Int, _ request: TrackerRequest) async throws -> TrackerReply {
            try await world.send { _ in
                DecodedFrame(credential: .named(.number(pilot)), outcome: .success(request))
            }
        }
        guard case .bookings(let bookings, _) = try await ask(1, .bookings) else { return }
        #expect(bookings.count == 1)
        await #expect(throws: Refusal.pilotUnknown) { try await ask(99, .statistics) }
        for request: TrackerRequest in [
            .identify, .cancelBooking(.number(1)), .book(schedule: "2", aircraft: nil, repeatIsSame: false),
            .progress(FlightKey(booking: 1), world.progress()), .file(FlightKey(booking: 1), world.report()),
        ] {
            await #expect(throws: Refusal.sessionInvalid) { try await ask(1, request) }
        }
        await world.close()
    }

    @Test func anAdapterCanBeSwitchedOff() async throws {
        let world = try await TestWorld.make()
        try await world.change { $0.disabledAdapters = ["plain"] }
        await #expect(throws: Refusal.adapterOff) { try await world.ask(.identify) }
        _ = try await world.ask(.identify, adapter: KeyedAdapter.self)
        await world.close()
    }

    @Test func requestsThatNeedAPilotAreRefusedWithoutOne() async throws {
        let world = try await TestWorld.make()
        for request: TrackerRequest in [
            .identify, .statistics, .bookings, .nextBooking, .booking(1), .startFlight(booking: 1),
            .begin(FlightStart(FlightDetails())), .progress(FlightKey(booking: 1), world.progress()),
            .comment(FlightKey(id: "1"), "x"), .cancelFlight(FlightKey(booking: 1), withdraws: true),
            .file(FlightKey(booking: 1), world.report()), .flights(FlightQuery()), .searchReports(ReportQuery()),
            .latestReport, .reportDetails(id: "1"), .cancelBooking(.schedule("1")),
            .book(schedule: "2", aircraft: nil, repeatIsSame: true),
        ] {
            await #expect(throws: Refusal.sessionInvalid, "\(request)") {
                try await world.send { _ in DecodedFrame(credential: .none, outcome: .success(request)) }
            }
        }
        await world.close()
    }
}
