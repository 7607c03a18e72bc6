import Checking
import Testing
import WorkProtocol

@Suite struct HistoryCheckerTests {
    private static let session = [UInt8](repeating: 7, count: 16)

    /// A log of tasks made and renamed, and the operations that did it, all in order.
    private func history(_ count: Int) -> (operations: [Operation], log: [LoggedRecord]) {
        var operations: [Operation] = []
        var log: [LoggedRecord] = []
        for index in 1...count {
            let lsn = UInt64(index)
            var row = TaskRow()
            row.gid = 100 + lsn % 5
            row.version = UInt32(index)
            row.name = "task \(index)"
            var record = ChangeRecord()
            record.session = Self.session
            record.sequence = lsn
            record.answer = [UInt8(index % 200)]
            var change = Change()
            change.row = UInt32(row.gid)
            change.kind = .task
            change.content = row.encoded()
            record.changes = [change]
            log.append(LoggedRecord(lsn: lsn, workspace: 1, body: record.encoded()))
            operations.append(
                operation(
                    .write(session: Self.session, sequence: lsn), at: lsn, record.answer))
            var shown = WorkTask()
            shown.gid = row.gid
            shown.version = row.version
            shown.name = row.name
            operations.append(operation(.read(task: row.gid), at: lsn, shown.encoded()))
        }
        return (operations, log)
    }

    private func operation(
        _ kind: Operation.Kind, at lsn: UInt64, _ answer: [UInt8]
    ) -> Operation {
        let isRead = if case .read = kind { true } else { false }
        let called = lsn * 100 + (isRead ? 50 : 0)
        return Operation(
            kind, workspace: 1, called: called, returned: called + 10,
            ending: .answered(lsn: lsn, answer: answer))
    }

    @Test func `a history that is as it should be is good`() {
        let (operations, log) = history(50)
        let verdict = HistoryChecker(operations: operations, log: log).check()
        #expect(verdict.isGood, "\(verdict.problems)")
        #expect(verdict.acknowledged == 50)
        #expect(verdict.reads == 50)
    }

    @Test func `an acknowledged write that the log lacks is lost`() {
        var (operations, log) = history(50)
        log.remove(at: 20)
        operations.removeAll { if case .read = $0.kind { true } else { false } }
        #expect(HistoryChecker(operations: operations, log: log).check().lost == 1)
    }

    @Test func `a request that the log holds twice is doubled`() {
        var (operations, log) = history(50)
        var again = log[10]
        again.lsn = 51
        log.append(again)
        operations.removeAll { if case .read = $0.kind { true } else { false } }
        #expect(HistoryChecker(operations: operations, log: log).check().doubled == 1)
    }

    @Test func `a write acknowledged with another's answer is lost`() {
        let log = history(50).log
        var operations = history(50).operations
        operations[20].ending = .answered(lsn: 11, answer: [255])
        #expect(HistoryChecker(operations: operations, log: log).check().lost > 0)
        #expect(HistoryChecker(operations: operations, log: []).check().lost == 50)
    }

    @Test func `a read of another state than that of its position is found`() {
        let log = history(50).log
        var operations = history(50).operations
        guard case .answered(_, let answer) = operations[21].ending else { return }
        operations[21].ending = .answered(lsn: 9, answer: answer)
        #expect(HistoryChecker(operations: operations, log: log).check().stale > 0)
    }

    @Test func `an answer from before what somebody knew already is stale`() {
        let log = history(50).log
        var operations = history(50).operations
        // Asked at the very end, answered rightly from the beginning.
        operations[1].called = 99_000
        operations[1].returned = 99_010
        #expect(HistoryChecker(operations: operations, log: log).check().stale == 1)
    }
}
