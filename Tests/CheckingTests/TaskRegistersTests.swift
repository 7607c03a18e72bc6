import Checking
import Testing

@Suite struct TaskRegistersTests {
    private typealias Sighting = TaskRegisters.Sighting

    @Test func `what is seen in the order it was done fits together`() {
        let outcome = TaskRegisters([
            Sighting(task: 7, act: .named("a"), called: 0, returned: 1),
            Sighting(task: 7, act: .named("b"), called: 2, returned: 5),
            Sighting(task: 7, act: .seen("a"), called: 3, returned: 4),
            Sighting(task: 7, act: .seen("b"), called: 3, returned: 6),
            Sighting(task: 8, act: .named("a"), called: 0, returned: 1),
        ]).check()
        #expect(outcome.tasks == 2)
        #expect(outcome.undecided == 0)
        #expect(outcome.problems.isEmpty)
    }

    @Test func `an older name after a newer one was seen is found`() {
        let outcome = TaskRegisters([
            Sighting(task: 7, act: .named("a"), called: 0, returned: 1),
            Sighting(task: 7, act: .named("b"), called: 2, returned: 9),
            Sighting(task: 7, act: .seen("b"), called: 3, returned: 4),
            Sighting(task: 7, act: .seen("a"), called: 5, returned: 6),
        ]).check()
        #expect(outcome.problems.count == 1)
    }

    @Test func `a name nobody knows was given may be seen, from its call on`() {
        var history = [
            Sighting(task: 7, act: .named("a"), called: 0, returned: 1),
            Sighting(task: 7, act: .named("b"), called: 5, returned: nil),
            Sighting(task: 7, act: .seen("a"), called: 6, returned: 7),
            Sighting(task: 7, act: .seen("b"), called: 8, returned: 9),
        ]
        #expect(TaskRegisters(history).check().problems.isEmpty)
        history.append(Sighting(task: 7, act: .seen("b"), called: 2, returned: 3))
        #expect(TaskRegisters(history).check().problems.count == 1)
    }
}
