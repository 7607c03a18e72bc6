/// Whether a small history is linearizable, found by search, without trusting any position: the
/// algorithm of Wing and Gong (1993) with Lowe's memory of states seen (2017).
///
/// For windows of some tens of operations, beside `HistoryChecker`, whose positions come from the
/// server that is being checked.
package struct LinearizabilitySearch<State: Hashable, Act: Sendable> {
    /// An operation: what it was, when, and what was answered (nil: nobody told).
    package struct Step: Sendable {
        package var act: Act
        package var called: Int
        package var returned: Int
        package var answer: Int?

        package init(_ act: Act, called: Int, returned: Int, answer: Int?) {
            self.act = act
            self.called = called
            self.returned = answer == nil ? .max : returned
            self.answer = answer
        }
    }

    private let initial: State
    private let perform: (inout State, Act) -> Int

    /// - Parameter perform: the model: what an act does, and what it answers.
    package init(from initial: State, _ perform: @escaping (inout State, Act) -> Int) {
        self.initial = initial
        self.perform = perform
    }

    private struct Seen: Hashable {
        var done: [Bool]
        var state: State
    }

    /// True or false; nil when the search would take more than `budget` steps.
    package func isLinearizable(_ history: [Step], budget: Int = 1_000_000) -> Bool? {
        var seen: Set<Seen> = []
        var done = [Bool](repeating: false, count: history.count)
        var left = budget
        return search(history, history.count { $0.answer != nil }, initial, &done, &seen, &left)
    }

    private func search(
        _ history: [Step], _ known: Int, _ state: State, _ done: inout [Bool],
        _ seen: inout Set<Seen>, _ budget: inout Int
    ) -> Bool? {
        if known == 0 { return true }
        budget -= 1
        if budget < 0 { return nil }
        let open = history.indices.filter { !done[$0] }
        // Whatever goes next was called before everything that is left had returned.
        let limit = open.map { history[$0].returned }.min() ?? .max
        for index in open where history[index].called <= limit {
            var next = state
            let answer = perform(&next, history[index].act)
            if let told = history[index].answer, told != answer { continue }
            done[index] = true
            if seen.insert(Seen(done: done, state: next)).inserted {
                let rest = known - (history[index].answer == nil ? 0 : 1)
                let result = search(history, rest, next, &done, &seen, &budget)
                if result != false { return result }
            }
            done[index] = false
        }
        return false
    }
}
