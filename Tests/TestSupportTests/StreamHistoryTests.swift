import Domain
import TestSupport
import Testing

/// The checker of histories finds what it is there to find.
@Suite struct StreamHistoryTests {
    private typealias Operation = StreamHistory.Operation
    private func append(
        _ began: Int, _ ended: Int, _ expected: ExpectedVersion, _ written: [String], at position: Int64
    ) -> Operation {
        Operation(began: began, ended: ended, expected: expected, written: written, outcome: .appended(position))
    }
    private func read(_ began: Int, _ ended: Int, _ texts: [String]) -> Operation {
        Operation(began: began, ended: ended, expected: .any, written: [], outcome: .read(texts))
    }
    private func stored(_ texts: String...) -> [StreamHistory.Stored] {
        texts.enumerated().map {
            StreamHistory.Stored(version: Int64($0.offset + 1), position: Int64($0.offset + 1), text: $0.element)
        }
    }
    private func contradictions(_ operations: [Operation], _ stored: [StreamHistory.Stored]) -> [String] {
        StreamHistory(operations: operations, stored: stored).contradictions()
    }

    @Test func acceptsWhatIsSound() {
        let operations = [
            append(1, 2, .noStream, ["a", "b"], at: 2), read(3, 4, ["a", "b"]),
            // At once: whoever was first.
            append(5, 8, .exactly(2), ["c"], at: 3), append(6, 9, .any, ["d"], at: 4), read(7, 10, ["a", "b", "c"]),
            Operation(began: 11, ended: 12, expected: .exactly(2), written: ["x"], outcome: .conflict(4)),
            append(13, 14, .exactly(4), [], at: 4),
            Operation(began: 15, ended: 16, expected: .any, written: ["lost"], outcome: .unknown),
        ]
        #expect(contradictions(operations, stored("a", "b", "c", "d")) == [])
        // The one without an answer may be there, at any time after it began.
        #expect(contradictions(operations, stored("a", "b", "c", "d", "lost")) == [])
        #expect(contradictions([], []) == [])
    }

    @Test func findsLossRepeatsAndStrangers() {
        let one = append(1, 2, .noStream, ["a", "b"], at: 2)
        #expect(contradictions([one], stored()).count == 1)
        #expect(!contradictions([one], stored("a")).isEmpty)
        #expect(!contradictions([one], stored("a", "b", "a", "b")).isEmpty)
        #expect(!contradictions([one], stored("a", "b", "z")).isEmpty)
        #expect(!contradictions([one], stored("b", "a")).isEmpty)
        let refused = Operation(began: 3, ended: 4, expected: .noStream, written: ["c"], outcome: .conflict(2))
        #expect(!contradictions([one, refused], stored("a", "b", "c")).isEmpty)
    }

    @Test func findsWrongVersions() {
        let one = append(1, 2, .noStream, ["a"], at: 1)
        #expect(!contradictions([one, append(3, 4, .exactly(2), ["b"], at: 2)], stored("a", "b")).isEmpty)
        #expect(!contradictions([one, append(3, 4, .noStream, ["b"], at: 2)], stored("a", "b")).isEmpty)
        #expect(!contradictions([one, append(3, 4, .exactly(1), ["b"], at: 9)], stored("a", "b")).isEmpty)
        // An append of nothing that was right about a version which was over, or had not come yet.
        let two = append(3, 4, .exactly(1), ["b"], at: 2)
        #expect(!contradictions([one, two, append(5, 6, .exactly(1), [], at: 2)], stored("a", "b")).isEmpty)
        #expect(!contradictions([one, append(2, 2, .exactly(2), [], at: 2), two], stored("a", "b")).isEmpty)
        let refused = Operation(began: 5, ended: 6, expected: .exactly(2), written: [], outcome: .conflict(2))
        #expect(!contradictions([one, two, refused], stored("a", "b")).isEmpty)
        let gap = [StreamHistory.Stored(version: 2, position: 1, text: "a")]
        #expect(!contradictions([one], gap).isEmpty)
        let backwards = [
            StreamHistory.Stored(version: 1, position: 2, text: "a"),
            StreamHistory.Stored(version: 2, position: 1, text: "b"),
        ]
        #expect(
            !contradictions([append(1, 2, .any, ["a"], at: 2), append(1, 2, .any, ["b"], at: 1)], backwards).isEmpty)
    }

    @Test func findsWhatIsOutOfOrder() {
        // The second began after the first was acknowledged, and stands before it.
        #expect(
            !contradictions([append(1, 2, .any, ["a"], at: 2), append(3, 4, .any, ["b"], at: 1)], stored("b", "a"))
                .isEmpty)
        let pair = append(1, 2, .noStream, ["a", "b"], at: 2)
        // A stale read, a torn one, one of something else, one of the future.
        #expect(!contradictions([pair, read(3, 4, [])], stored("a", "b")).isEmpty)
        #expect(
            !contradictions([append(1, 9, .noStream, ["a", "b"], at: 2), read(3, 4, ["a"])], stored("a", "b")).isEmpty)
        #expect(!contradictions([pair, read(3, 4, ["a", "c"])], stored("a", "b")).isEmpty)
        #expect(!contradictions([append(5, 6, .noStream, ["a"], at: 1), read(3, 4, ["a"])], stored("a")).isEmpty)
        // Two reads, the later of less.
        let slow = append(1, 9, .noStream, ["a"], at: 1)
        #expect(contradictions([slow, read(2, 3, []), read(4, 5, ["a"])], stored("a")) == [])
        #expect(!contradictions([slow, read(2, 3, ["a"]), read(4, 5, [])], stored("a")).isEmpty)
    }
}
