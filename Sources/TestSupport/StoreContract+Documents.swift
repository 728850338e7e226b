import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension StoreContract {
    /// Reservations, lookups and numbers.
    public static let lookups: [StoreCheck] = [
        StoreCheck("of 100 that take one reservation one wins and the others get its id") { run in
            let reservation = Reservation(.bidSlot, "VMS101")
            let results = try await withThrowingTaskGroup(of: (winner: UUID, isOwn: Bool).self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        let owner = run.id()
                        let stream = StreamName(run.tenant, .booking, owner)
                        do throws(EventStoreError) {
                            _ = try await run.store.append(
                                run.request(
                                    [StreamWrite(stream: stream, expected: .noStream, events: [run.event("booked")])],
                                    reserve: [(reservation, owner: owner)]))
                            return (owner, true)
                        } catch {
                            guard case .reservationTaken(reservation, let winner) = error else { throw error }
                            return (winner, false)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try requireEqual(results.count { $0.isOwn }, 1, "winners")
            try requireEqual(Set(results.map(\.winner)).count, 1, "owners named")
            try requireEqual(try await run.store.owner(run.tenant, of: reservation), results[0].winner, "owner")
            try requireEqual(try await run.store.head(), 1, "events")
        },
        StoreCheck("the owner may take its reservation again, others only after its release") { run in
            let reservation = Reservation(.registration, "N845MJ")
            let (first, second) = (run.id(), run.id())
            _ = try await run.store.append(run.request([], reserve: [(reservation, owner: first)]))
            _ = try await run.store.append(run.request([], reserve: [(reservation, owner: first)]))
            try await requireFailure(.reservationTaken(reservation, owner: first), "taken") {
                try await run.store.append(run.request([], reserve: [(reservation, owner: second)]))
            }
            _ = try await run.store.append(
                run.request([], release: [reservation, Reservation(.registration, "unknown")]))
            try requireEqual(try await run.store.owner(run.tenant, of: reservation), nil, "owner after the release")
            _ = try await run.store.append(run.request([], reserve: [(reservation, owner: second)]))
            // Released before it is taken: a hand-over in one append.
            _ = try await run.store.append(
                run.request([], reserve: [(reservation, owner: first)], release: [reservation]))
            try requireEqual(try await run.store.owner(run.tenant, of: reservation), first, "owner after the hand-over")
            try await requireFailure(.reservationTaken(Reservation(.slug, "x"), owner: first), "twice in one append") {
                try await run.store.append(
                    run.request(
                        [],
                        reserve: [(Reservation(.slug, "x"), owner: first), (Reservation(.slug, "x"), owner: second)]))
            }
        },
        StoreCheck("scopes and tenants keep reservations apart") { run in
            let (mine, theirs) = (run.id(), run.id())
            _ = try await run.store.append(run.request([], reserve: [(Reservation(.email, "a@b.c"), owner: mine)]))
            _ = try await run.store.append(
                run.request([], of: run.other, reserve: [(Reservation(.email, "a@b.c"), owner: theirs)]))
            _ = try await run.store.append(run.request([], reserve: [(Reservation(.host, "a@b.c"), owner: theirs)]))
            try requireEqual(try await run.store.owner(run.tenant, of: Reservation(.email, "a@b.c")), mine, "own")
            try requireEqual(
                try await run.store.owner(run.other, of: Reservation(.email, "a@b.c")), theirs, "other tenant's")
        },
        StoreCheck("a lookup written by an append is in the next read") { run in
            let stream = run.stream()
            for index in 0..<50 {
                _ = try await run.store.append(
                    run.request(
                        [
                            StreamWrite(
                                stream: stream, expected: .exactly(Int64(index)), events: [run.event("\(index)")])
                        ],
                        lookups: [.put(kind: "status", key: "s", value: [UInt8(index)])]))
                try requireEqual(
                    try await run.store.lookup(run.tenant, kind: "status", key: "s"), [UInt8(index)], "own write")
            }
            _ = try await run.store.append(
                run.request([], lookups: [.delete(kind: "status", key: "s"), .delete(kind: "x", key: "y")]))
            try requireEqual(try await run.store.lookup(run.tenant, kind: "status", key: "s"), nil, "after the delete")
        },
        StoreCheck("lookups of another tenant or kind are not seen") { run in
            _ = try await run.store.append(run.request([], lookups: [.put(kind: "user", key: "k", value: [1])]))
            try requireEqual(try await run.store.lookup(run.other, kind: "user", key: "k"), nil, "other tenant")
            try requireEqual(try await run.store.lookup(run.tenant, kind: "users", key: "k"), nil, "other kind")
            try require(
                try await run.store.lookups(run.other, kind: "user", DocumentRange()).isEmpty, "other tenant's list")
        },
        StoreCheck("ranges go by prefix, cursor, direction and limit, in the order of UTF-8 bytes") { run in
            // The last two are one text to Unicode, two to a key.
            let keys = ["", "a", "a/1", "a/10", "a/2", "a0", "b", "z", "é", "e\u{301}", "\u{10FFFF}x"]
            _ = try await run.store.append(
                run.request([], lookups: keys.map { .put(kind: "k", key: $0, value: Array($0.utf8)) }))
            let sorted = keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
            func scan(_ range: DocumentRange) async throws -> [[UInt8]] {
                let found = try await run.store.lookups(run.tenant, kind: "k", range)
                for document in found { try requireEqual(document.value, Array(document.key.utf8), "value of a key") }
                return found.map { Array($0.key.utf8) }
            }
            try requireEqual(try await scan(DocumentRange()), sorted, "all")
            try requireEqual(try await scan(DocumentRange(descending: true)), sorted.reversed(), "all, descending")
            let under = ["a/1", "a/10", "a/2"].map { Array($0.utf8) }
            try requireEqual(try await scan(DocumentRange(prefix: "a/")), under, "prefix")
            try requireEqual(
                try await scan(DocumentRange(prefix: "a/", descending: true)), under.reversed(), "prefix, descending")
            try requireEqual(
                try await scan(DocumentRange(prefix: "a/", past: "a/1", limit: 1)), [under[1]], "cursor and limit")
            try requireEqual(
                try await scan(DocumentRange(prefix: "a/", past: "a/2", descending: true, limit: 9)),
                [under[1], under[0]], "cursor, descending")
            try requireEqual(
                try await scan(DocumentRange(prefix: "\u{10FFFF}")), [Array("\u{10FFFF}x".utf8)], "last prefix")
            try requireEqual(try await scan(DocumentRange(limit: 0)), [], "limit 0")
        },
        StoreCheck("numbers start at 1, are never given twice, and go on after opening again") { run in
            let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await run.store.nextNumber(run.tenant, kind: "flight", wanted: nil) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try requireEqual(numbers.sorted(), Array(1...200), "numbers")
            try requireEqual(try await run.store.nextNumber(run.tenant, kind: "booking", wanted: nil), 1, "other kind")
            try requireEqual(try await run.store.nextNumber(run.other, kind: "flight", wanted: nil), 1, "other tenant")
            try await run.reopened { store in
                try requireEqual(
                    try await store.nextNumber(run.tenant, kind: "flight", wanted: nil), 201, "after opening")
            }
        },
        StoreCheck("a wanted number is given when it lies above all that were given") { run in
            func next(_ wanted: Int?) async throws -> Int {
                try await run.store.nextNumber(run.tenant, kind: "user", wanted: wanted)
            }
            try requireEqual(try await next(7), 7, "wanted 7")
            try requireEqual(try await next(7), 8, "wanted 7 again")
            try requireEqual(try await next(3), 9, "wanted one below")
            for wrong in [0, -1, Int(Int32.max) + 1] { _ = try await next(wrong) }
            try requireEqual(try await next(nil), 13, "after numbers that cannot be had")
            try requireEqual(try await next(Int(Int32.max)), Int(Int32.max), "the largest")
            do {
                _ = try await next(nil)
                throw ContractViolation(what: "a number past the largest", line: #line)
            } catch let error as EventStoreError {
                guard case .unavailable = error else { throw error }
            }
        },
        StoreCheck("replacing the lookups leaves only the new ones") { run in
            let (old, new) = (run.id(), run.id())
            _ = try await run.store.append(
                run.request(
                    [StreamWrite(stream: run.stream(), expected: .noStream, events: [run.event("a")])],
                    reserve: [(Reservation(.slug, "old"), owner: old)],
                    lookups: [.put(kind: "k", key: "old", value: Array("1".utf8))]))
            do {
                try await run.store.replaceLookups(upTo: 0, documents: [], reservations: [])
                throw ContractViolation(what: "replaced from a replay that misses an event", line: #line)
            } catch let error as EventStoreError {
                guard case .unavailable = error else { throw error }
            }
            try await run.store.replaceLookups(
                upTo: 1,
                documents: [
                    (run.tenant, .put(kind: "k", key: "b", value: Array("2".utf8))),
                    (run.tenant, .put(kind: "k", key: "a", value: Array("3".utf8))),
                ], reservations: [(run.tenant, Reservation(.slug, "new"), new)])
            try requireEqual(try await run.store.owner(run.tenant, of: Reservation(.slug, "old")), nil, "old owner")
            try requireEqual(try await run.store.owner(run.tenant, of: Reservation(.slug, "new")), new, "new owner")
            try requireEqual(
                try await run.store.lookupDigest(),
                [
                    "lookup \(run.tenant) k a 3", "lookup \(run.tenant) k b 2",
                    "reservation \(run.tenant) slug new \(new.uuidString.lowercased())",
                ], "digest")
        },
    ]

    /// Projections.
    public static let models: [StoreCheck] = [
        StoreCheck("a projection that never ran is at generation 1, position 0") { run in
            try requireEqual(
                try await run.store.progress("flights"),
                ProjectionProgress(generation: 1, positions: [Int64](repeating: 0, count: Partitions.count)), "progress"
            )
        },
        StoreCheck("documents and their checkpoint are committed together") { run in
            for step in 1...40 {
                async let committed: Void = run.project(
                    "flights",
                    (0..<5).map { (run.tenant, .put(kind: "f", key: "\($0)", value: [UInt8(step)])) },
                    checkpoint: Int64(step))
                // Whatever of the two sides of the commit a scan sees, it sees whole.
                let seen = Set(
                    try await run.store.documents(run.tenant, "flights", kind: "f", DocumentRange()).map(\.value))
                try require(seen.count <= 1, "half a commit: \(seen)")
                try await committed
                try requireEqual(try await run.store.progress("flights").position, Int64(step), "checkpoint")
                try requireEqual(
                    try await run.store.document(run.tenant, "flights", kind: "f", key: "3"), [UInt8(step)], "document")
            }
            try await run.project(
                "flights", [(run.tenant, .delete(kind: "f", key: "3"))], checkpoint: 41)
            try requireEqual(try await run.store.document(run.tenant, "flights", kind: "f", key: "3"), nil, "deleted")
            try await run.reopened { store in
                try requireEqual(try await store.progress("flights").position, 41, "checkpoint after opening again")
            }
        },
        StoreCheck("tenants, projections and kinds keep documents apart") { run in
            try await run.project(
                "flights", [(run.tenant, .put(kind: "f", key: "k", value: [1]))], checkpoint: 1)
            try requireEqual(
                try await run.store.document(run.other, "flights", kind: "f", key: "k"), nil, "other tenant")
            try requireEqual(
                try await run.store.document(run.tenant, "stats", kind: "f", key: "k"), nil, "other projection")
            try requireEqual(
                try await run.store.document(run.tenant, "flights", kind: "g", key: "k"), nil, "other kind")
            try require(
                try await run.store.documents(run.other, "flights", kind: "f", DocumentRange()).isEmpty,
                "other tenant's list")
        },
        StoreCheck("documents are listed by prefix, cursor, direction and limit") { run in
            let keys = ["a/1", "a/2", "a/3", "b/1"]
            try await run.project(
                "m", keys.map { (run.tenant, .put(kind: "k", key: $0, value: [])) },
                checkpoint: 1)
            func scan(_ range: DocumentRange) async throws -> [String] {
                try await run.store.documents(run.tenant, "m", kind: "k", range).map(\.key)
            }
            try requireEqual(
                try await scan(DocumentRange(prefix: "a/", past: "a/1")), ["a/2", "a/3"], "after a cursor")
            try requireEqual(try await scan(DocumentRange(descending: true, limit: 2)), ["b/1", "a/3"], "from the end")
        },
        StoreCheck("readers stay on the old generation until the next one is activated") { run in
            func write(_ generation: Int, _ value: UInt8, _ checkpoint: Int64) async throws {
                try await run.project(
                    "m", generation: generation, [(run.tenant, .put(kind: "k", key: "a", value: [value]))],
                    checkpoint: checkpoint)
            }
            try await write(1, 1, 10)
            try await write(2, 2, 5)
            try requireEqual(try await run.store.document(run.tenant, "m", kind: "k", key: "a"), [1], "while it fills")
            try requireEqual(try await run.store.progress("m").position, 10, "checkpoint while it fills")
            try requireEqual(try await run.store.readModelDigest("m", generation: 2).count, 1, "digest of the next")
            try await write(2, 3, 12)
            try await run.store.activate("m", generation: 2)
            let progress = try await run.store.progress("m")
            try requireEqual(progress.generation, 2, "generation after the switch")
            try requireEqual(progress.position, 12, "checkpoint after the switch")
            try requireEqual(
                try await run.store.document(run.tenant, "m", kind: "k", key: "a"), [3], "after the switch")
            try require(try await run.store.readModelDigest("m", generation: 1).isEmpty, "the old generation is gone")
            do {
                try await write(1, 9, 11)
                throw ContractViolation(what: "a commit to a generation that is gone", line: #line)
            } catch let error as EventStoreError {
                guard case .unavailable = error else { throw error }
            }
        },
        StoreCheck("a projector that fell behind another cannot turn the model back") { run in
            try await run.project(
                "m", [(run.tenant, .put(kind: "k", key: "a", value: [2]))], checkpoint: 20)
            do {
                try await run.project(
                    "m", [(run.tenant, .put(kind: "k", key: "a", value: [1]))], checkpoint: 10)
                throw ContractViolation(what: "an older checkpoint was taken", line: #line)
            } catch let error as EventStoreError {
                guard case .unavailable = error else { throw error }
            }
            try requireEqual(try await run.store.document(run.tenant, "m", kind: "k", key: "a"), [2], "document")
            try await run.project("m", [], checkpoint: 20)
        },
        StoreCheck("a rebuild that was cut off begins anew") { run in
            try await run.project(
                "m", generation: 2, [(run.tenant, .put(kind: "k", key: "stale", value: [1]))], checkpoint: 900)
            try await run.project(
                "m", generation: 2, [(run.tenant, .put(kind: "k", key: "fresh", value: [1]))], checkpoint: 500)
            try await run.store.activate("m", generation: 2)
            try requireEqual(
                try await run.store.documents(run.tenant, "m", kind: "k", DocumentRange()).map(\.key), ["fresh"],
                "documents")
            try requireEqual(
                try await run.store.readModelDigest("m", generation: 2).count, 1, "digest")
        },
        StoreCheck("each partition of a projection has its own checkpoint, all share its documents") { run in
            func commit(_ partitions: Range<Int>, _ key: String, _ checkpoint: Int64) async throws {
                try await run.store.commit(
                    "m", generation: 1, partitions: partitions,
                    writes: [(run.tenant, .put(kind: "k", key: key, value: [UInt8(checkpoint)]))],
                    checkpoint: checkpoint)
            }
            func refuses(_ partitions: Range<Int>, _ checkpoint: Int64) async throws {
                do { try await commit(partitions, "refused", checkpoint) } catch let error as EventStoreError {
                    guard case .unavailable = error else { throw error }
                    return
                }
                throw ContractViolation(what: "\(partitions) was turned back to \(checkpoint)", line: #line)
            }
            try await commit(3..<4, "three", 50)
            try await commit(7..<8, "seven", 20)
            var wanted = [Int64](repeating: 0, count: Partitions.count)
            (wanted[3], wanted[7]) = (50, 20)
            try requireEqual(
                try await run.store.progress("m"), ProjectionProgress(generation: 1, positions: wanted),
                "two partitions")
            try await refuses(3..<4, 49)
            // One partition that is ahead refuses the whole commit.
            try await refuses(0..<8, 30)
            try await commit(7..<8, "seven", 30)
            try await commit(4..<8, "seven", 40)
            for partition in 4..<8 { wanted[partition] = 40 }
            try requireEqual(try await run.store.progress("m").positions, wanted, "after a range")
            try requireEqual(
                try await run.store.documents(run.tenant, "m", kind: "k", DocumentRange()),
                [Document(key: "seven", value: [40]), Document(key: "three", value: [50])], "documents")
            try await run.project("m", [], checkpoint: 60)
            try requireEqual(try await run.store.progress("m").position, 60, "all at once")
        },
        StoreCheck("of commits of one partition at once none turns back another that went through") { run in
            let taken = try await withThrowingTaskGroup(of: Int64?.self) { group in
                for index in 1...60 {
                    let checkpoint = Int64(index * 37 % 61)
                    group.addTask {
                        do throws(EventStoreError) {
                            try await run.store.commit(
                                "m", generation: 1, partitions: 5..<6,
                                writes: [(run.tenant, .put(kind: "k", key: "a", value: [UInt8(checkpoint)]))],
                                checkpoint: checkpoint)
                            return checkpoint
                        } catch {
                            guard case .unavailable = error else { throw error }
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [Int64]()) { if let checkpoint = $1 { $0.append(checkpoint) } }
            }
            let last = taken.max() ?? 0
            try requireEqual(last, 60, "the furthest commit")
            try requireEqual(try await run.store.progress("m").positions[5], last, "checkpoint")
            try requireEqual(
                try await run.store.document(run.tenant, "m", kind: "k", key: "a"), [UInt8(last)], "document")
        },
        StoreCheck("a rebuild that begins anew in one partition forgets the others") { run in
            try await run.store.commit(
                "m", generation: 2, partitions: 0..<1,
                writes: [(run.tenant, .put(kind: "k", key: "zero", value: []))], checkpoint: 90)
            try await run.store.commit(
                "m", generation: 2, partitions: 1..<2,
                writes: [(run.tenant, .put(kind: "k", key: "one", value: []))], checkpoint: 80)
            try requireEqual(try await run.store.readModelDigest("m", generation: 2).count, 2, "documents")
            try await run.store.commit("m", generation: 2, partitions: 0..<1, writes: [], checkpoint: 10)
            try requireEqual(
                try await run.store.readModelDigest("m", generation: 2), [], "documents after the new start")
            try await run.store.activate("m", generation: 2)
            try requireEqual(try await run.store.progress("m").positions.prefix(3), [10, 0, 0], "checkpoints")
        },
    ]

    /// Sessions.
    public static let sessions: [StoreCheck] = [
        StoreCheck("a session is found by its tenant, kind and hash only") { run in
            let session = SessionRecord(
                tenant: run.tenant, kind: "smartcars", hash: [1, 2, 3], user: UserID(run.id()),
                expires: run.clock.now + .hours(1))
            try await run.store.saveSession(session)
            try requireEqual(
                try await run.store.session(run.tenant, kind: "smartcars", hash: [1, 2, 3]), session, "session")
            try requireEqual(
                try await run.store.session(run.other, kind: "smartcars", hash: [1, 2, 3]), nil, "other tenant")
            try requireEqual(
                try await run.store.session(run.tenant, kind: "refresh", hash: [1, 2, 3]), nil, "other kind")
            try requireEqual(
                try await run.store.session(run.tenant, kind: "smartcars", hash: [1, 2]), nil, "other hash")
            try await run.reopened { store in
                try requireEqual(
                    try await store.session(run.tenant, kind: "smartcars", hash: [1, 2, 3]), session,
                    "after opening again")
            }
        },
        StoreCheck("of 50 that end one session one is told so") { run in
            let user = UserID(run.id())
            try await run.store.saveSession(
                SessionRecord(tenant: run.tenant, kind: "refresh", hash: [9], user: user, expires: run.clock.now))
            try requireEqual(
                try await run.store.endSessions(run.other, kind: nil, user: user, hash: nil), false, "other tenant")
            try requireEqual(
                try await run.store.endSessions(run.tenant, kind: nil, user: UserID(run.id()), hash: [9]), false,
                "other user")
            let told = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await run.store.endSessions(run.tenant, kind: "refresh", user: user, hash: [9])
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            try requireEqual(told, 1, "told true")
            try requireEqual(try await run.store.session(run.tenant, kind: "refresh", hash: [9]), nil, "after its end")
        },
        StoreCheck("all sessions of a user end at once, or those of one kind, or the expired ones") { run in
            let (user, another) = (UserID(run.id()), UserID(run.id()))
            func save(_ kind: String, _ hash: UInt8, _ user: UserID, expires: Timestamp) async throws {
                try await run.store.saveSession(
                    SessionRecord(tenant: run.tenant, kind: kind, hash: [hash], user: user, expires: expires))
            }
            let later = run.clock.now + .hours(1)
            try await save("a", 1, user, expires: later)
            try await save("b", 2, user, expires: later)
            try await save("b", 3, user, expires: later)
            try await save("b", 4, another, expires: later)
            try await save("b", 5, another, expires: run.clock.now)
            func left() async throws -> [UInt8] {
                var found: [UInt8] = []
                for hash: UInt8 in 1...5 {
                    let inA = try await run.store.session(run.tenant, kind: "a", hash: [hash])
                    let inB = try await run.store.session(run.tenant, kind: "b", hash: [hash])
                    if inA != nil || inB != nil { found.append(hash) }
                }
                return found
            }
            try require(try await run.store.endSessions(run.tenant, kind: "a", user: user, hash: nil), "one of a kind")
            try requireEqual(try await left(), [2, 3, 4, 5], "after one kind")
            try require(try await run.store.endSessions(run.tenant, kind: nil, user: user, hash: nil), "all of a user")
            try requireEqual(try await left(), [4, 5], "after a user")
            try await run.store.removeExpiredSessions(before: later)
            try requireEqual(try await left(), [4], "after the expired ones")
        },
    ]

    /// Quarantine.
    public static let quarantine: [StoreCheck] = [
        StoreCheck("frames are kept up to the bound, the oldest go, the newest are listed first") { run in
            let limit = run.subject.quarantineLimit
            func frame(_ index: Int) -> QuarantinedFrame {
                QuarantinedFrame(
                    id: "frame-\(index)", adapter: "kacars", code: "invalid-field", detail: "lat", method: "POST",
                    path: "/action.php/kacars_free", bytes: [0, 255, UInt8(truncatingIfNeeded: index)],
                    receivedAt: run.clock.now + Milliseconds(Int64(index)))
            }
            for start in stride(from: 0, to: limit + 9, by: 3) {
                try await run.store.quarantine(run.tenant, (start..<start + 3).map(frame))
            }
            try await run.store.quarantine(run.tenant, [frame(limit + 8)])
            try await run.store.quarantine(run.other, [frame(1)])
            let last = (limit + 11) / 3 * 3 - 1
            let all = try await run.store.quarantined(run.tenant, past: nil, limit: limit * 2)
            try requireEqual(all.count, limit, "frames kept")
            try requireEqual(all, (0..<limit).map { frame(last - $0) }, "frames, newest first")
            let page = try await run.store.quarantined(run.tenant, past: all[4].id, limit: 3)
            try requireEqual(page, Array(all[5..<8]), "page")
            try requireEqual(
                try await run.store.quarantined(run.tenant, past: "frame-0", limit: 3), [], "past one that is gone")
            try requireEqual(try await run.store.quarantined(run.other, past: nil, limit: 9).count, 1, "other tenant's")
        },
        StoreCheck("samples are bounded by adapter and listed apart, and what is old goes") { run in
            let most = run.subject.sampleLimit
            func frame(_ index: Int, _ adapter: String, _ code: String) -> QuarantinedFrame {
                QuarantinedFrame(
                    id: "\(adapter)-\(code)-\(index)", adapter: adapter, code: code, detail: "", method: "GET",
                    path: "", bytes: [UInt8(truncatingIfNeeded: index)],
                    receivedAt: run.clock.now + Milliseconds(Int64(index)))
            }
            let sample = QuarantinedFrame.sampleCode
            try await run.store.quarantine(run.tenant, [frame(0, "kacars", "malformed"), frame(0, "xacars", sample)])
            for index in 1...most + 2 {
                try await run.store.quarantine(run.tenant, [frame(index, "kacars", sample)])
            }
            let refused = try await run.store.quarantined(run.tenant, past: nil, limit: 99)
            try requireEqual(refused.map(\.id), ["kacars-malformed-0"], "frames that were not understood")
            let all = try await run.store.quarantined(run.tenant, FrameFilter(samples: true), past: nil, limit: 99)
            let kept = (3...most + 2).reversed().map { "kacars-sample-\($0)" }
            try requireEqual(all.map(\.id), kept + ["xacars-sample-0"], "samples, newest first")
            let one = FrameFilter(samples: true, adapter: "xacars")
            try requireEqual(
                try await run.store.quarantined(run.tenant, one, past: nil, limit: 9).map(\.id), ["xacars-sample-0"],
                "one adapter's")
            try requireEqual(
                try await run.store.quarantined(
                    run.tenant, FrameFilter(samples: true, adapter: "kacars"), past: kept[0], limit: 2
                ).map(\.id), Array(kept[1..<3]), "page")
            try requireEqual(
                try await run.store.quarantined(run.tenant, id: kept[1]), frame(most + 1, "kacars", sample), "by id")
            try requireEqual(try await run.store.quarantined(run.other, id: kept[1]), nil, "by id, other tenant's")
            try await run.store.removeFrames(run.other, before: run.clock.now + Milliseconds.hours(9))
            try await run.store.removeFrames(run.tenant, before: run.clock.now + Milliseconds(Int64(most + 2)))
            let left = try await run.store.quarantined(run.tenant, FrameFilter(samples: true), past: nil, limit: 99)
            try requireEqual(left.map(\.id), [kept[0]], "after the old ones went")
            try requireEqual(
                try await run.store.quarantined(run.tenant, past: nil, limit: 99), [], "old ones that were refused")
        },
        StoreCheck("frames that many callers bring at once are all kept") { run in
            let limit = run.subject.quarantineLimit
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<limit {
                    group.addTask {
                        let frame = QuarantinedFrame(
                            id: "\(index)", adapter: "a", code: "c", detail: "", method: "", path: "", bytes: [],
                            receivedAt: run.clock.now)
                        try await run.store.quarantine(run.tenant, [frame, frame])
                    }
                }
                try await group.waitForAll()
            }
            let kept = try await run.store.quarantined(run.tenant, past: nil, limit: limit * 2)
            try requireEqual(kept.count, limit, "frames")
            try requireEqual(Set(kept.map(\.id)).count, limit, "different frames")
        },
    ]

    /// Leases.
    public static let leases: [StoreCheck] = [
        StoreCheck("a lease has one holder, who may renew it, until it is given back") { run in
            let (first, second) = (run.id(), run.id())
            func lease(_ holder: UUID, _ name: String = "relay") async throws -> Bool {
                try await run.store.lease(name, holder: holder, seconds: 300)
            }
            try require(try await lease(first), "nobody had it")
            try require(try await !lease(second), "taken from its holder")
            try require(try await lease(first), "renewed")
            try require(try await lease(second, "sweep"), "another name")
            try await run.store.releaseLease("relay", holder: second)
            try require(try await !lease(second), "given back by one who did not have it")
            try await run.store.releaseLease("relay", holder: first)
            try require(try await lease(second), "after it was given back")
            try require(try await !lease(first), "gone to another")
        },
        StoreCheck("of 50 that want a lease one gets it") { run in
            let won = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await run.store.lease("relay", holder: run.id(), seconds: 300) }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            try requireEqual(won, 1, "holders")
        },
        StoreCheck("a lease ends after its time, which a renewal starts anew") { run in
            let (first, second) = (run.id(), run.id())
            try require(try await run.store.lease("relay", holder: first, seconds: 1), "nobody had it")
            try require(try await run.store.lease("relay", holder: first, seconds: 300), "renewed")
            try await run.subject.elapse(run.clock, .seconds(1.2))
            try require(try await !run.store.lease("relay", holder: second, seconds: 1), "after the first second")
            try require(try await run.store.lease("relay", holder: first, seconds: 1), "shortened")
            try await run.subject.elapse(run.clock, .seconds(1.2))
            try require(try await run.store.lease("relay", holder: second, seconds: 300), "after its end")
            try require(try await !run.store.lease("relay", holder: first, seconds: 1), "its holder came too late")
        },
    ]
}
