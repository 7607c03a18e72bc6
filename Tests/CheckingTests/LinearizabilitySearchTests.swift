import Checking
import Testing

/// A register that can be written and read: the smallest store.
private enum Act: Sendable {
    case put(Int, Int)
    case get(Int)

    static func perform(_ state: inout [Int: Int], _ act: Act) -> Int {
        switch act {
        case .put(let key, let value):
            state[key] = value
            return 0
        case .get(let key): return state[key] ?? -1
        }
    }
}

private typealias Search = LinearizabilitySearch<[Int: Int], Act>

@Suite struct LinearizabilitySearchTests {
    private let search = Search(from: [:], Act.perform)

    @Test func `a read of what was written before it is linearizable`() {
        let history = [
            Search.Step(.put(1, 7), called: 0, returned: 1, answer: 0),
            Search.Step(.get(1), called: 2, returned: 3, answer: 7),
        ]
        #expect(search.isLinearizable(history) == true)
    }

    @Test func `a read of an older value after a newer one was acknowledged is not`() {
        let history = [
            Search.Step(.put(1, 7), called: 0, returned: 1, answer: 0),
            Search.Step(.put(1, 8), called: 2, returned: 3, answer: 0),
            Search.Step(.get(1), called: 4, returned: 5, answer: 7),
        ]
        #expect(search.isLinearizable(history) == false)
    }

    @Test func `a write whose fate is unknown may have happened, or not`() {
        let write = Search.Step(.put(1, 7), called: 0, returned: 1, answer: nil)
        for seen in [7, -1] {
            let read = Search.Step(.get(1), called: 9, returned: 10, answer: seen)
            #expect(search.isLinearizable([write, read]) == true)
        }
    }

    @Test func `the search agrees with trying every order`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var draw = Draw(state: seed)
        var refused = 0
        for _ in 0..<3_000 {
            let history = (0..<(1 + draw.below(6))).map { index in
                let called = draw.below(20)
                let act: Act =
                    draw.below(2) == 0 ? .put(draw.below(2), index % 3) : .get(draw.below(2))
                var answer: Int? = 0
                if case .get = act { answer = draw.below(4) - 1 }
                if draw.below(6) == 0 { answer = nil }
                return Search.Step(
                    act, called: called, returned: called + 1 + draw.below(11), answer: answer)
            }
            let expected = isLinearizable(history, Array(history.indices), [:])
            if !expected { refused += 1 }
            #expect(search.isLinearizable(history) == expected, "seed \(seed): \(history)")
        }
        #expect(refused > 100, "seed \(seed): the histories are too easy")
    }

    /// Tries every order that real time allows.
    private func isLinearizable(
        _ history: [Search.Step], _ left: [Int], _ state: [Int: Int]
    ) -> Bool {
        if left.allSatisfy({ history[$0].answer == nil }) { return true }
        for index in left
        where left.allSatisfy({ $0 == index || history[$0].returned >= history[index].called }) {
            var next = state
            let answer = Act.perform(&next, history[index].act)
            if let told = history[index].answer, told != answer { continue }
            if isLinearizable(history, left.filter { $0 != index }, next) { return true }
        }
        return false
    }
}

/// SplitMix64.
struct Draw {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
