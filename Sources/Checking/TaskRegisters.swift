/// Whether what clients saw of single tasks fits together, whatever positions the server named:
/// each task's name is a register, and its history must be linearizable by itself (linearizability
/// is local: Herlihy and Wing 1990).
///
/// Beside `HistoryChecker`, which is complete, but believes the server's positions.
package struct TaskRegisters: Sendable {
    /// What was done to a task, or seen of it.
    package struct Sighting: Sendable {
        package enum Act: Hashable, Sendable {
            /// It was given this name, or made with it.
            case named(String)
            /// It was looked at, and had this name.
            case seen(String)
        }

        package var task: UInt64
        package var act: Act
        package var called: UInt64
        /// When the answer came; nil if nobody told whether it was done.
        package var returned: UInt64?

        package init(task: UInt64, act: Act, called: UInt64, returned: UInt64?) {
            self.task = task
            self.act = act
            self.called = called
            self.returned = returned
        }
    }

    private var histories: [UInt64: [Sighting]] = [:]

    package init(_ sightings: [Sighting]) {
        for sighting in sightings { histories[sighting.task, default: []].append(sighting) }
    }

    /// How many tasks were looked at, how many histories took too long to decide, and what is
    /// wrong.
    package struct Outcome: Equatable, Sendable {
        package var tasks = 0
        package var undecided = 0
        package var problems: [String] = []
    }

    /// - Parameter budget: steps of the search for one task.
    package func check(budget: Int = 20_000) -> Outcome {
        var outcome = Outcome()
        for task in histories.keys.sorted() {
            outcome.tasks += 1
            switch isLinearizable(histories[task] ?? [], budget) {
            case true?: continue
            case false?: outcome.problems.append("what was seen of task \(task) fits no order")
            case nil: outcome.undecided += 1
            }
        }
        return outcome
    }

    private enum Act: Sendable {
        case set(Int)
        case get
    }

    private func isLinearizable(_ history: [Sighting], _ budget: Int) -> Bool? {
        var numbers: [String: Int] = [:]
        func number(_ name: String) -> Int {
            if let known = numbers[name] { return known }
            numbers[name] = numbers.count + 1
            return numbers.count
        }
        let search = LinearizabilitySearch<Int, Act>(from: 0) { state, act in
            if case .set(let name) = act { state = name }
            return state
        }
        let steps = history.map { sighting in
            let act: Act
            let name: Int
            switch sighting.act {
            case .named(let text):
                name = number(text)
                act = .set(name)
            case .seen(let text):
                name = number(text)
                act = .get
            }
            return LinearizabilitySearch<Int, Act>.Step(
                act, called: Int(clamping: sighting.called),
                returned: Int(clamping: sighting.returned ?? .max),
                answer: sighting.returned == nil ? nil : name)
        }
        return search.isLinearizable(steps, budget: budget)
    }
}
