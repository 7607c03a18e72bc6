internal import ByteCoding
package import Checking
internal import Environment
internal import ReplicatedLog
internal import StoreNode

/// What a run comes to.
extension SimulatedCluster {
    /// Lets everybody finish, and checks everything that was answered against all that was ever
    /// committed.
    package func verdict() -> Verdict {
        for client in clients { client.finish() }
        run(until: { self.clients.allSatisfy { !$0.isBusy } }, limit: .seconds(30))
        run(for: .seconds(1))
        guard let node = primary?.node else {
            var verdict = Verdict()
            verdict.problems = ["nobody is primary in the end:\n\(summary)"]
            return verdict
        }
        var problems = node.stateProblems + clients.flatMap(\.surprises)
        gatherArchive(&problems)
        committed.gather(from: node)
        problems += watch.problems + committed.problems + missing(on: node)
        var verdict = HistoryChecker(
            operations: clients.flatMap(\.operations), log: committed.inOrder
        ).check()
        verdict.problems += TaskRegisters(clients.flatMap(\.sightings)).check().problems
        verdict.problems += problems + copiesDiffer()
        count(verdict)
        return verdict
    }

    /// What was shipped to the archive must be what was committed.
    private func gatherArchive(_ problems: inout [String]) {
        do {
            let check = try ArchiveCheck(
                archive: archive, cryptography: cryptography,
                prefix: ArchivePrefix(cluster: cluster, history: history))
            for stretch in check.contents.logs {
                for batch in try check.log(stretch).batches {
                    try batch.forEachRecord { record throws(Corruption) in
                        guard record.type == .change else { return }
                        committed.take(
                            LoggedRecord(
                                lsn: record.lsn.rawValue, workspace: record.workspace,
                                body: record.copy().body))
                    }
                }
            }
        } catch {
            problems.append("the archive cannot be read: \(error)")
        }
    }

    /// Nothing that was ever committed may lie after where the last primary has come to.
    private func missing(on node: Node) -> [String] {
        guard let last = committed.inOrder.last?.lsn, last > node.standing.commit.rawValue else {
            return []
        }
        return ["\(last) was committed, and the primary's log ends at \(node.standing.commit)"]
    }

    /// Both copies at the same point must be the same.
    private func copiesDiffer() -> [String] {
        let nodes = hosts.compactMap(\.node)
        guard nodes.count == 2, isPaired else { return [] }
        let isLevel = run(
            until: { nodes[0].statePoint == nodes[1].statePoint }, limit: .seconds(20))
        guard isLevel else { return ["the copies did not come level:\n\(summary)"] }
        let isEqual = nodes[0].stateDigests == nodes[1].stateDigests
        return isEqual ? [] : ["the copies' digests differ at \(nodes[0].statePoint)"]
    }

    private func count(_ verdict: Verdict) {
        for host in hosts { coverage.add(host.coverage) }
        coverage[.published] += archive.contents.count
        coverage[.acknowledged] += verdict.acknowledged
        coverage[.unknown] += verdict.unknown
        coverage[.refused] += verdict.refused
        coverage[.read] += verdict.reads
    }
}
