package import Checking
internal import ReplicatedLog
package import StoreNode

/// Every change that a primary has ever called committed, gathered while the run goes on: what was
/// committed once must stay what it was, whoever is primary afterwards.
package struct CommittedHistory {
    private var records: [UInt64: LoggedRecord] = [:]
    /// Everything up to here has been gathered from the present primary.
    private var gathered: [ObjectIdentifier: LSN] = [:]
    /// Records that were another thing before.
    package private(set) var problems: [String] = []

    package init() {}

    /// Takes what a primary has committed since it was asked last; all of its log the first time.
    package mutating func gather(from node: Node) {
        let commit = node.standing.commit
        let known = gathered[ObjectIdentifier(node)] ?? .zero
        guard commit > known else { return }
        do {
            var found: [LoggedRecord] = []
            try node.forEachCommittedChange(from: known.next) { lsn, workspace, body in
                found.append(
                    LoggedRecord(lsn: lsn.rawValue, workspace: workspace, body: body))
            }
            for record in found { take(record) }
            gathered[ObjectIdentifier(node)] = commit
        } catch LogFailure.disk {
            // The machine stopped at this very read; what it holds is gathered after its restart.
        } catch {
            note("the history cannot be read: \(error)")
        }
    }

    /// Takes a record that the archive has.
    package mutating func take(_ record: LoggedRecord) {
        if let known = records[record.lsn], known != record {
            note("record \(record.lsn) is another one than was committed there before")
        }
        records[record.lsn] = record
    }

    private mutating func note(_ problem: String) {
        if problems.count < 20 { problems.append(problem) }
    }

    /// All records, by ascending LSN.
    package var inOrder: [LoggedRecord] {
        records.keys.sorted().compactMap { records[$0] }
    }
}
