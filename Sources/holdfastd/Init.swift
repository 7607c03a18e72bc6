import ArgumentParser
import Environment
import ReplicatedLog
import SystemEnvironment

/// `holdfastd init`: makes a node's identity, certificates, configuration and first admin token.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a node's directory.",
        discussion: """
            A new store begins with its first node, which makes the cluster's certificate \
            authority and the first admin token. The second node needs an invitation of the first \
            one (`holdfastd invite`).

            EXAMPLES
              holdfastd init --data DIR --when-follower-lost solo
              holdfastd init --data DIR --role single
              holdfastd init --data DIR --role follower --invitation FILE --listen 127.0.0.1:7421
            """)

    enum Role: String, ExpressibleByArgument { case primary, follower, single }
    enum WhenLost: String, ExpressibleByArgument { case block, solo }

    @Option(help: "The node's directory; must be empty or not there.") var data: String
    @Option(help: "A name for people.") var name: String?
    @Option(help: "primary, follower or single.") var role: Role = .primary
    @Option(help: "Where clients connect: HOST:PORT.") var listen = "127.0.0.1:7420"
    @Option(help: "The address clients are told; --listen if not given.") var advertise: String?
    @Option(help: "Where the other node connects: HOST:PORT.")
    var replicationListen = "127.0.0.1:7430"
    @Option(help: "Where the other node is: HOST:PORT of its replication port.")
    var peer: [String] = []
    @Option(help: "The remote directory for snapshots and log.") var archive = ""
    @Option(help: "The name of a new store's first workspace.") var organization = "Home"
    @Option(help: "What a primary does when its follower is lost: block or solo. No default.")
    var whenFollowerLost: WhenLost?
    @Option(help: "For a follower: the file that `holdfastd invite` wrote.") var invitation: String?
    @Option(help: "A further name or address in the server's certificate.")
    var certificateName: [String] = []

    func validate() throws {
        if role == .primary && whenFollowerLost == nil {
            throw ValidationError(
                "A pair needs --when-follower-lost block (an acknowledgement always means two "
                    + "copies) or solo (the primary may go on alone). There is no default.")
        }
        if role == .follower && invitation == nil {
            throw ValidationError(
                "A follower needs --invitation FILE: `holdfastd invite` on the primary writes it.")
        }
        for address in [listen, replicationListen] + peer where Endpoint(address: address) == nil {
            throw ValidationError("\"\(address)\" is not HOST:PORT.")
        }
    }

    func run() throws {
        do throws(Failure) { try make() } catch { throw error.exit() }
    }

    private func make() throws(Failure) {
        let directory = DataDirectory(data)
        let random = SystemRandomness()
        let clock = SystemScheduler()
        defer { clock.shutdown() }
        do {
            try FileText.createFolder("\(directory.path)/tls")
            guard !FileText.exists("\(directory.path)/node.meta") else {
                throw Failure(
                    73, "\(directory.path) is a node's directory already",
                    help: "holdfastd run --data \(directory.path)")
            }
            let enrolment =
                if let invitation {
                    try Enrolment(invitation: invitation)
                } else {
                    try Enrolment(founding: names, random, now: clock.wallTime)
                }
            try enrolment.write(to: directory)
            try FileText.write(directory.configuration, Array(settings(enrolment).text.utf8))
            try NodeMetaStore(disk: SystemDisk(root: directory.path)).store(
                meta(enrolment, at: clock.wallTime))
            report(directory, enrolment)
        } catch let error as Failure {
            throw error
        } catch let error as DiskError {
            throw Failure(error)
        } catch {
            throw Failure(78, "\(error)")
        }
    }

    /// The names clients may know this server by.
    private var names: [String] {
        var names = ["localhost", "127.0.0.1", "::1"]
        for address in [listen, advertise ?? listen] {
            if case .tcp(let host, _)? = Endpoint(address: address) { names.append(host) }
        }
        if let host = Terminal.hostName { names.append(host) }
        names += certificateName
        var seen: Set<String> = ["0.0.0.0", "::"]
        return names.filter { seen.insert($0).inserted }
    }

    private func settings(_ enrolment: Enrolment) -> Settings {
        var settings = Settings(
            name: name ?? enrolment.defaultName, listen: listen, advertise: advertise ?? listen,
            replicationListen: replicationListen, peers: peer + enrolment.peers, archive: archive)
        settings.organization = organization
        return settings
    }

    /// A new store's first node is its primary, alone until a follower has joined; an invited node
    /// has promised nothing yet.
    private func meta(_ enrolment: Enrolment, at now: WallTime) -> NodeMeta {
        let isFirst = role != .follower
        var register = Register(
            cluster: enrolment.cluster, history: enrolment.history, version: 0, primary: .none,
            members: [], policy: whenFollowerLost == .block ? .block : .solo, soloSince: .zero,
            reason: "", actor: "", at: 0)
        if isFirst {
            register.version = 1
            register.primary = enrolment.node
            register.members = [enrolment.node]
            register.reason = "the store was made"
            register.actor = "holdfastd init"
            register.at = now
        }
        let epoch = isFirst ? Epoch(version: 1, boot: 0) : .zero
        return NodeMeta(
            node: enrolment.node, cluster: enrolment.cluster, history: enrolment.history,
            promised: epoch, actingEpoch: epoch, actingRole: isFirst ? .primary : .follower,
            members: isFirst ? [enrolment.node] : [], register: register, bootCounter: 0)
    }

    private func report(_ directory: DataDirectory, _ enrolment: Enrolment) {
        Terminal.tell(
            """
            Node \(enrolment.node) of cluster \(enrolment.cluster), in \(directory.path).
            Its certificate authority: \(enrolment.fingerprint)
            The admin token is in \(directory.adminToken), for its owner alone.
            Next: holdfastd run --data \(directory.path)
            """)
    }
}
