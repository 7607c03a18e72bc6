internal import WorkProtocol

/// Decides whether a history kept the promise, using the position that every answer names.
///
/// The log is replayed once through a naive model: tasks as plain values by gid. Each answer is
/// compared at its position; an acknowledged write must be in the log at the place it was told, and
/// be *that very request*; and what had returned before an operation was called has no later
/// position than it (linearizability: Herlihy and Wing 1990). O(n log n).
package struct HistoryChecker {
    private let operations: [Operation]
    private let log: [LoggedRecord]

    /// - Parameter log: the log of the surviving history, by ascending LSN, of change records only.
    package init(operations: [Operation], log: [LoggedRecord]) {
        self.operations = operations
        self.log = log
    }

    package func check() -> Verdict {
        var verdict = Verdict()
        let records = decoded(&verdict)
        checkWrites(records, &verdict)
        checkReads(records, &verdict)
        checkRealTime(&verdict)
        for operation in operations {
            switch operation.ending {
            case .answered:
                if operation.isWrite { verdict.acknowledged += 1 } else { verdict.reads += 1 }
            case .refused: verdict.refused += 1
            case .unknown: if operation.isWrite { verdict.unknown += 1 }
            }
        }
        return verdict
    }

    private struct Decoded {
        var lsn: UInt64
        var workspace: UInt64
        var record: ChangeRecord
    }

    private func decoded(_ verdict: inout Verdict) -> [Decoded] {
        var records: [Decoded] = []
        var previous: UInt64 = 0
        for entry in log {
            if entry.lsn <= previous { verdict.note("LSN \(entry.lsn) follows \(previous)") }
            previous = entry.lsn
            do {
                let record = try ChangeRecord(decoding: entry.body)
                records.append(
                    Decoded(lsn: entry.lsn, workspace: entry.workspace, record: record))
            } catch {
                verdict.note("record \(entry.lsn) does not decode: \(error)")
            }
        }
        return records
    }

    // MARK: - Writes

    private struct RequestKey: Hashable {
        var session: [UInt8]
        var sequence: UInt64
    }

    private func checkWrites(_ records: [Decoded], _ verdict: inout Verdict) {
        var places: [RequestKey: Int] = [:]
        for (index, entry) in records.enumerated() where !entry.record.session.isEmpty {
            let key = RequestKey(session: entry.record.session, sequence: entry.record.sequence)
            if let other = places[key] {
                verdict.doubled += 1
                verdict.note(
                    "request \(key.sequence) is done twice, at \(records[other].lsn) and "
                        + "\(entry.lsn)"
                )
            }
            places[key] = index
        }
        var acknowledged: [UInt64: RequestKey] = [:]
        for operation in operations {
            guard case .write(let session, let sequence) = operation.kind,
                case .answered(let lsn, let answer) = operation.ending
            else { continue }
            let key = RequestKey(session: session, sequence: sequence)
            guard let place = places[key] else {
                verdict.lost += 1
                verdict.note("request \(sequence), acknowledged at \(lsn), is not in the log")
                continue
            }
            let entry = records[place]
            // The answer's position is that of its record, or later where errands came with it.
            if entry.lsn > lsn || entry.record.answer != answer {
                verdict.lost += 1
                verdict.note("request \(sequence) was acknowledged at \(lsn) as something else")
            }
            if let other = acknowledged[entry.lsn], other != key {
                verdict.lost += 1
                verdict.note("two requests were acknowledged at \(entry.lsn)")
            }
            acknowledged[entry.lsn] = key
        }
    }

    // MARK: - Reads

    /// A task as the model keeps it: what a read is compared with.
    private struct Seen: Equatable {
        var version: UInt32
        var name: String
        var completed: Bool
    }

    private func checkReads(_ records: [Decoded], _ verdict: inout Verdict) {
        let reads = operations.enumerated().compactMap { index, operation -> (UInt64, Int)? in
            guard case .read = operation.kind, case .answered(let lsn, _) = operation.ending else {
                return nil
            }
            return (lsn, index)
        }.sorted { $0 < $1 }
        var tasks: [UInt64: Seen] = [:]
        var next = 0
        for (lsn, index) in reads {
            while next < records.count, records[next].lsn <= lsn {
                apply(records[next].record, to: &tasks)
                next += 1
            }
            guard case .read(let gid) = operations[index].kind,
                case .answered(_, let answer) = operations[index].ending
            else { continue }
            let shown = try? WorkTask(decoding: answer)
            let seen = shown.map {
                Seen(version: $0.version, name: $0.name, completed: $0.completed)
            }
            if seen == nil || seen != tasks[gid] {
                verdict.stale += 1
                verdict.note("task \(gid) read at \(lsn) was not what it is there")
            }
        }
    }

    private func apply(_ record: ChangeRecord, to tasks: inout [UInt64: Seen]) {
        for change in record.changes where change.kind == .task {
            guard let content = change.content, let row = try? TaskRow(decoding: content) else {
                continue
            }
            tasks[row.gid] =
                row.deletedAt == 0
                ? Seen(version: row.version, name: row.name, completed: row.completed) : nil
        }
    }

    // MARK: - Real time

    /// Whoever asks after somebody had an answer must not be answered from before it.
    private func checkRealTime(_ verdict: inout Verdict) {
        var answered: [(called: UInt64, returned: UInt64, lsn: UInt64, workspace: UInt64)] = []
        for operation in operations {
            if case .answered(let lsn, _) = operation.ending {
                answered.append(
                    (operation.called, operation.returned, lsn, operation.workspace))
            }
        }
        let byReturn = answered.sorted { $0.returned < $1.returned }
        var newest: [UInt64: UInt64] = [:]
        var next = 0
        for operation in answered.sorted(by: { $0.called < $1.called }) {
            while next < byReturn.count, byReturn[next].returned < operation.called {
                let earlier = byReturn[next]
                newest[earlier.workspace] = max(newest[earlier.workspace] ?? 0, earlier.lsn)
                next += 1
            }
            if let known = newest[operation.workspace], operation.lsn < known {
                verdict.stale += 1
                verdict.note("an answer from \(operation.lsn) came after one from \(known)")
            }
        }
    }
}
