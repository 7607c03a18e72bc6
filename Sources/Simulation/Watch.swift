internal import Environment
internal import ReplicatedLog
internal import StoreNode

/// Looks at the nodes again and again while a run goes on, and notes what must never be so.
///
/// - No two nodes serve in one epoch; what a node has promised never goes down, over restarts too.
/// - The commit point is flushed on every member that runs and is sound.
/// - Two copies at the same place have the same digests.
package struct Watch {
    private var promised: [String: Epoch] = [:]
    private var servants: [Epoch: String] = [:]
    /// What was found, the first of it.
    package private(set) var problems: [String] = []

    package init() {}

    /// The newest epoch that anybody has promised.
    var newestPromise: Epoch { promised.values.max() ?? .zero }

    mutating func look(at hosts: [SimulatedHost]) {
        var standings: [(host: SimulatedHost, node: Node, status: ReplicaStatus)] = []
        for host in hosts {
            guard let node = host.node else { continue }
            standings.append((host, node, node.standing))
        }
        for (host, node, status) in standings {
            lookAtEpoch(host.name, status, isOpen: node.isOpen)
            guard node.isOpen else { continue }
            for other in standings where other.host !== host {
                lookAtCopies(node, status, other.node, other.status)
            }
        }
    }

    private mutating func lookAtEpoch(_ name: String, _ status: ReplicaStatus, isOpen: Bool) {
        if let known = promised[name], status.epoch < known, status.epoch != .zero {
            note("\(name) promised \(known) and is in \(status.epoch)")
        }
        promised[name] = max(promised[name] ?? .zero, status.epoch)
        guard isOpen else { return }
        if let known = servants[status.epoch], known != name {
            note("\(known) and \(name) both serve in epoch \(status.epoch)")
        }
        servants[status.epoch] = name
    }

    private mutating func lookAtCopies(
        _ primary: Node, _ status: ReplicaStatus, _ other: Node, _ follower: ReplicaStatus
    ) {
        // One that says itself that it lacks something is not counted by anybody.
        guard follower.role == .follower, follower.state == "following",
            follower.epoch == status.epoch, follower.soundness == .sound
        else { return }
        if status.register.members.contains(other.node), follower.flushed < status.commit {
            note("\(status.commit) is committed, the follower has flushed \(follower.flushed)")
        }
        if primary.statePoint == other.statePoint, primary.stateDigests != other.stateDigests {
            note("the copies' digests differ at \(primary.statePoint)")
        }
    }

    private mutating func note(_ problem: String) {
        if problems.count < 20 { problems.append(problem) }
    }
}
