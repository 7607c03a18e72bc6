internal import ArgumentParser
internal import LocalPair
internal import StoreClient
internal import WorkProtocol

/// `holdfast status`: how both nodes are.
struct StatusCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show both nodes: roles, positions, lag, snapshots, archive, mode.",
        discussion: """
            Asks every node it can find. Exit code 69 if none of them is primary.

            EXAMPLES
              holdfast status
              holdfast status --watch
              holdfast status -o json
            """)
    @Flag(help: "Again every second, until interrupted.") var watch = false
    @OptionGroup var common: CommonOptions

    func run(_ client: Client) async throws {
        guard watch else { return try await show(client) }
        while true {
            if client.output.isTerminal { StandardStream.output.write("\u{1B}[H\u{1B}[2J") }
            do { try await show(client) } catch {
                _ = Holdfast.report(error)
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func show(_ client: Client) async throws {
        let answers = try await StatusSurvey(client).answers()
        let summary = PairStatus(answers)
        try summary.print(client.output)
        if client.output.isForPeople, let advice = summary.advice {
            client.output.tell("help: \(advice)")
        }
        guard summary.hasPrimary else {
            throw Complaint(
                .unavailable, "no node is primary",
                help: "holdfast admin promote --primary-is-down NODE --solo --reason TEXT")
        }
    }
}

/// Asks every node of the store how it is: those that were given and those they name.
struct StatusSurvey {
    private let client: Client

    init(_ client: Client) { self.client = client }

    func answers() async throws -> [Status] {
        if let pair = client.connection.pair { return try await answers(of: pair) }
        guard let location = client.connection.location else { throw Location.unknown }
        var answers: [Status] = []
        var failure: (any Error)?
        for address in try location.addresses {
            do { answers.append(try await ask(address, location)) } catch { failure = error }
        }
        guard !answers.isEmpty else { throw failure ?? Location.unknown }
        var asked = Set(answers.compactMap { $0.nodes.first?.address })
        for address in answers.flatMap(\.nodes).map(\.address)
        where !address.isEmpty && asked.insert(address).inserted {
            // Who is silent is shown as the others see it.
            if let status = try? await ask(address, location) { answers.append(status) }
        }
        return answers
    }

    private func answers(of pair: LocalPair) async throws -> [Status] {
        var answers: [Status] = []
        for index in pair.members.indices where pair.members[index].isRunning {
            let store = try await pair.connect(toMember: index)
            defer { Task { await store.close() } }
            answers.append(try await store.perform(GetStatus(), as: Status.self).value)
        }
        return answers
    }

    private func ask(_ address: String, _ location: Location) async throws -> Status {
        var options = Store.Options()
        options.seeksPrimary = false
        options.patience = .seconds(2)
        options.deadline = .seconds(3)
        options.clientVersion = Holdfast.version
        let store = try await Store.connect(
            to: [address], certificateAuthority: try location.authority,
            token: try location.token, options: options)
        do {
            let status = try await store.perform(GetStatus(), as: Status.self).value
            await store.close()
            return status
        } catch {
            await store.close()
            throw error
        }
    }
}

/// What the nodes said, put together.
struct PairStatus {
    /// The answer to go by: the primary's, else the first.
    let status: Status
    let nodes: [NodeStatus]

    init(_ answers: [Status]) {
        let primary = answers.first { $0.nodes.first?.role == "primary" }
        status = primary ?? answers.first ?? Status()
        // Each node's own word goes before what the other one says of it.
        var nodes: [NodeStatus] = []
        for answer in (primary.map { [$0] } ?? []) + answers {
            guard let own = answer.nodes.first,
                !nodes.contains(where: { $0.node == own.node })
            else { continue }
            nodes.append(own)
        }
        for node in status.nodes {
            guard let index = nodes.firstIndex(where: { $0.node == node.node }) else {
                nodes.append(node)
                continue
            }
            // How far it is behind, only the primary knows.
            if index > 0 { nodes[index].lag = node.lag }
        }
        self.nodes = nodes
    }

    var hasPrimary: Bool {
        nodes.contains { $0.role == "primary" && $0.state != PairStatus.unreachable }
    }

    /// What an operator has to decide, where something waits for it.
    var advice: String? {
        guard let primary = nodes.first(where: { $0.role == "primary" }) else { return nil }
        if primary.state == "waiting for the follower" {
            return "writes wait: start the follower again, or "
                + "holdfast admin degrade --solo --reason TEXT"
        }
        guard status.mode == "solo",
            let other = nodes.first(where: { $0.role == "follower" && $0.state == "following" })
        else { return nil }
        return "\(other.name) follows and does not count yet: "
            + "holdfast admin join \(other.node) --reason TEXT"
    }

    func print(_ output: Output) throws {
        switch output.format {
        case .json, .jsonl:
            try output.show(self, as: PairStatus.shape(status))
        case .csv, .tsv:
            try output.list(nodes, of: "nodes", as: PairStatus.nodeShape)
        case .table:
            let epoch = nodes.first?.epochVersion ?? 0
            try output.list(nodes, of: "nodes", as: PairStatus.nodeShape)
            StandardStream.output.write(
                """
                \(status.mode), epoch \(epoch), when the follower is lost: \(status.policy); \
                \(archive)
                \(TextWidth.count(status.workspaces, "workspace")), \
                \(TextWidth.count(status.tasks, "task")), \
                \(TextWidth.count(status.connections, "connection"))\(noSnapshot)

                """)
        }
    }

    /// What the archive has, for people.
    var archive: String {
        if status.archive.isEmpty { return "no archive" }
        if status.archiveState == PairStatus.unseen { return "archive not looked at yet" }
        let state = "archive \(status.archiveState)"
        if status.archived > 0 { return "\(state), to LSN \(status.archived)" }
        // Of one that does not answer nobody knows what is in it.
        return status.archiveState.hasPrefix("waiting") ? state : "\(state), nothing in it yet"
    }

    /// Where there is a snapshot, the table has its age.
    var noSnapshot: String {
        nodes.contains { $0.snapshot > 0 } ? "" : "; no snapshot yet"
    }

    static var nodeShape: Shape<NodeStatus> {
        Shape([
            .init("name", "Node") { .text($0.name) },
            .init("role", "Role") { .text($0.role) },
            .init("state", "State") { .text($0.state) },
            .init("address", "Address", isWhole: true) { .text($0.address) },
            .init("epoch", "Epoch", isRight: true) { .text("\($0.epochVersion).\($0.epochBoot)") },
            .init("appended", "Appended", isRight: true, isSpare: true) {
                position($0.appended, of: $0)
            },
            .init("flushed", "Flushed", isRight: true, isSpare: true) {
                position($0.flushed, of: $0)
            },
            .init("replicated", "Replicated", isRight: true, isSpare: true) {
                $0.role == "primary" ? .count($0.replicated) : .missing
            },
            .init("commit", "Commit", isRight: true) { position($0.commit, of: $0) },
            .init("applied", nil) { position($0.applied, of: $0) },
            .init("lag", "Lag", isRight: true) {
                // Nobody knows it of a node that was never heard.
                $0.state == unreachable && $0.flushed == 0 ? .missing : .count($0.lag)
            },
            .init("snapshot", "Snapshot LSN", isRight: true, isSpare: true) {
                $0.snapshot == 0 ? .missing : .count($0.snapshot)
            },
            .init("snapshot_age", "Snapshot", isRight: true) {
                $0.snapshot == 0 ? .missing : .text(age($0.snapshotAge))
            },
            .init("node", nil) { .text($0.node) },
            .init("version", nil) { .text($0.version) },
        ])
    }

    /// What the other node was heard to say last is still worth showing; what it never said is not.
    private static func position(_ lsn: UInt64, of node: NodeStatus) -> Cell {
        node.state == unreachable && lsn == 0 ? .missing : .count(lsn)
    }

    private static let unreachable = "unreachable"
    /// The state of an archive from which no answer has come since the node's start.
    private static let unseen = "none"

    private static func age(_ milliseconds: UInt64) -> String {
        let seconds = milliseconds / 1000
        if seconds < 120 { return "\(seconds) s" }
        if seconds < 7200 { return "\(seconds / 60) min" }
        return seconds < 172_800 ? "\(seconds / 3600) h" : "\(seconds / 86_400) days"
    }

    private static func shape(_ status: Status) -> Shape<PairStatus> {
        Shape([
            .init("nodes", nil) { pair in
                .list(
                    pair.nodes.map { node in
                        .object(nodeShape.columns.map { ($0.key, member($0, node)) })
                    })
            },
            .init("cluster", nil) { .text($0.status.cluster) },
            .init("mode", nil) { .text($0.status.mode) },
            .init("policy", nil) { .text($0.status.policy) },
            .init("reason", nil) { .text(orMissing: $0.status.reason) },
            .init("members", nil) { .list($0.nodes.map { .text($0.node) }) },
            .init("archive", nil) {
                .object([
                    ("state", .text($0.status.archiveState)),
                    ("archived", .count($0.status.archived)),
                ])
            },
            .init("workspaces", nil) { .count($0.status.workspaces) },
            .init("tasks", nil) { .count($0.status.tasks) },
            .init("connections", nil) { .count($0.status.connections) },
            .init("server_time", nil) { .moment($0.status.serverTime) },
            .init("digests", nil) { .list($0.status.digests.map(digest)) },
        ])
    }

    /// In JSON an age is a number of milliseconds.
    private static func member(
        _ column: Shape<NodeStatus>.Column, _ node: NodeStatus
    ) -> Cell {
        guard column.key == "snapshot_age" else { return column.cell(node) }
        return node.snapshot == 0 ? .missing : .count(node.snapshotAge)
    }

    private static func digest(_ digest: WorkspaceDigest) -> Cell {
        .object([
            ("workspace", .count(digest.workspace)), ("position", .count(digest.position)),
            ("digest", .text(String(digest.digest, radix: 16))),
        ])
    }
}
