import Environment
import Synchronization
import SystemEnvironment
import Testing

struct ValuesAheadTests {
    @Test func `values made ahead are taken in order, each once`() throws {
        let scheduler = SystemScheduler()
        var taken: [Int] = []
        scheduler.makeAhead(1_000) {
            $0 * 3
        } _: { value in
            taken.append(value)
            return true
        }
        #expect(taken == (0..<1_000).map { $0 * 3 })
        scheduler.makeAhead(0) {
            $0
        } _: { _ in
            false
        }
        scheduler.shutdown()
    }

    @Test(arguments: [1, 3, 40])
    func `who takes may stop, and then nothing more is made`(most: Int) throws {
        let scheduler = SystemScheduler()
        let made = Made()
        var taken = 0
        scheduler.makeAhead(1_000_000) {
            made.note($0)
        } _: { _ in
            taken += 1
            return taken < most
        }
        let count = made.count
        #expect(taken == most && count >= most && count < most + 10)
        scheduler.shutdown()
        #expect(made.count == count)
    }

    /// How many values were made.
    private final class Made: Sendable {
        private let highest = Mutex(0)

        var count: Int { highest.withLock { $0 } }

        func note(_ index: Int) -> Int {
            highest.withLock { $0 = index + 1 }
            return index
        }
    }
}
