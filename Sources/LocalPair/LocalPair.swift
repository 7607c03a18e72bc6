internal import Environment
package import StoreClient
package import SystemEnvironment
internal import WorkProtocol

/// A pair of real nodes on this machine, in a folder of its own: what the demo shows, what drills
/// break, and what end-to-end tests use.
///
/// It starts `holdfastd` as child processes on the loopback interface and asks them through the
/// client library, as anybody else would. It ends only what it started.
package final class LocalPair {
    /// One node: its folder, its addresses, its process.
    package struct Member {
        package var name: String
        package var folder: String
        package var port: UInt16
        package var replicationPort: UInt16
        package var process: ChildProcess?
        /// Whether nobody has been told its addresses: then it may have others.
        fileprivate var isFresh = true

        fileprivate init(
            name: String, folder: String, port: UInt16, replicationPort: UInt16
        ) {
            self.name = name
            self.folder = folder
            self.port = port
            self.replicationPort = replicationPort
        }

        package var address: String { "127.0.0.1:\(port)" }
        package var isRunning: Bool { process?.isRunning ?? false }
    }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
        package init(_ description: String) { self.description = description }
    }

    package let programs: String
    package let root: String
    package let policy: String
    package let organization: String
    package var members: [Member] = []
    /// The member that was primary last.
    package var primary = 0
    /// Settings added to every node's configuration file.
    package var settings: [String] = []
    /// Told of all processes whenever one was started.
    package var started: (([ChildProcess]) -> Void)?

    /// - Parameters:
    ///   - programs: the folder with `holdfastd`.
    ///   - root: the folder for everything; it is made.
    package init(
        programs: String, root: String, policy: String = "solo", organization: String = "Home"
    ) {
        self.programs = programs
        self.root = root
        self.policy = policy
        self.organization = organization
    }

    package var archive: String { "\(root)/archive" }

    // MARK: - Starting

    /// Makes and starts a primary and a follower, and waits until there are two copies.
    package func start() async throws {
        try FileText.createFolder(root)
        try FileText.createFolder(archive)
        try addPrimary()
        try await waitForPrimary()
        try addFollower()
        try await waitForCopies(2)
    }

    /// Makes and starts the first node.
    package func addPrimary() throws {
        var member = try newMember("a")
        try command([
            "init", "--data", member.folder, "--name", member.name, "--listen", member.address,
            "--replication-listen", "127.0.0.1:\(member.replicationPort)", "--archive", archive,
            "--when-follower-lost", policy, "--organization", organization,
        ])
        try configure(member)
        member.process = try run(member)
        members.append(member)
        primary = members.count - 1
        tellStarted()
    }

    /// Makes and starts a fresh node, invited by the present primary.
    package func addFollower() throws {
        var member = try newMember(Self.names[members.count % Self.names.count])
        let invitation = "\(root)/\(member.name).invitation"
        try command(["invite", "--data", members[primary].folder, "--output", invitation])
        try command([
            "init", "--data", member.folder, "--name", member.name, "--role", "follower",
            "--listen", member.address, "--replication-listen",
            "127.0.0.1:\(member.replicationPort)", "--archive", archive, "--invitation", invitation,
        ])
        try configure(member)
        member.process = try run(member)
        members.append(member)
        tellStarted()
    }

    private func tellStarted() { started?(members.compactMap(\.process)) }

    private static let names = ["a", "b", "c", "d", "e", "f", "g", "h"]

    private func newMember(_ name: String) throws -> Member {
        let (port, other) = try freePorts()
        return Member(
            name: name, folder: "\(root)/node-\(name)\(members.count)", port: port,
            replicationPort: other)
    }

    private func freePorts() throws -> (UInt16, UInt16) {
        for _ in 0..<10 {
            guard let port = ChildProcess.freePort(), let other = ChildProcess.freePort() else {
                break
            }
            if port != other { return (port, other) }
        }
        throw Failure("no free port on the loopback interface")
    }

    private func configure(_ member: Member) throws {
        guard !settings.isEmpty else { return }
        let path = "\(member.folder)/holdfast.toml"
        let text = try FileText.read(path) + Array((settings.joined(separator: "\n") + "\n").utf8)
        try FileText.write(path, text, replacing: true)
    }

    private func run(_ member: Member) throws -> ChildProcess {
        try ChildProcess(
            "\(programs)/holdfastd", ["run", "--data", member.folder, "--until-input-ends"],
            output: "\(member.folder)/diagnostics.txt")
    }

    /// Starts a member again that has ended.
    package func restart(_ index: Int) throws {
        members[index].process = try run(members[index])
        tellStarted()
    }

    private func command(_ arguments: [String]) throws {
        let log = "\(root)/commands.txt"
        let child = try ChildProcess("\(programs)/holdfastd", arguments, output: log)
        let code = child.wait()
        guard code == 0 else {
            let said = String(decoding: (try? FileText.read(log)) ?? [], as: UTF8.self)
            throw Failure("holdfastd \(arguments[0]) ended with \(code ?? -1): \(said)")
        }
    }

    // MARK: - Asking

    /// What the client library needs to find the pair.
    package var addresses: [String] { members.filter(\.isRunning).map(\.address) }

    package var certificateAuthority: [UInt8] {
        get throws { try FileText.read("\(members[primary].folder)/tls/ca.pem") }
    }

    package var token: String {
        get throws {
            let bytes = try FileText.read("\(members[primary].folder)/admin.token")
            return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
        }
    }

    /// A client of the pair, signed in as its operator, wherever the primary is.
    package func connect(_ options: Store.Options = Store.Options()) async throws -> Store {
        try await Store.connect(
            to: addresses, certificateAuthority: certificateAuthority, token: token,
            options: options)
    }

    /// A client of one member alone, whatever its role.
    package func connect(toMember index: Int) async throws -> Store {
        var options = Store.Options()
        options.seeksPrimary = false
        options.patience = .seconds(10)
        return try await Store.connect(
            to: [members[index].address], certificateAuthority: certificateAuthority, token: token,
            options: options)
    }

    /// Waits until the primary takes writes.
    package func waitForPrimary() async throws {
        let clock = ContinuousClock()
        let limit = clock.now.advanced(by: .seconds(60))
        var options = Store.Options()
        options.deadline = .seconds(1)
        while true {
            do {
                await (try connect(options)).close()
                members[primary].isFresh = false
                return
            } catch let error as StoreError {
                try requireRunning()
                guard clock.now < limit else { throw Failure("no primary: \(error.message)") }
            }
        }
    }

    /// Says which member has ended by itself, and what it said last. One that only found a port
    /// taken which was free a moment before gets another one.
    private func requireRunning() throws {
        let ended = members.indices.first { members[$0].process != nil && !members[$0].isRunning }
        guard let ended else { return }
        let member = members[ended]
        guard member.isFresh, member.process?.wait() == Self.addressInUse else {
            throw Failure("node \(member.name) has ended: \(Self.lastLine(member))")
        }
        try move(ended)
        members[ended].process = try run(members[ended])
        tellStarted()
    }

    /// The exit code of a node whose address somebody else has.
    private static let addressInUse: Int32 = 73

    /// Gives a member other ports.
    private func move(_ index: Int) throws {
        let member = members[index]
        let (port, other) = try freePorts()
        let path = "\(member.folder)/holdfast.toml"
        let text = String(decoding: try FileText.read(path), as: UTF8.self)
            .replacing("127.0.0.1:\(member.port)\"", with: "127.0.0.1:\(port)\"")
            .replacing("127.0.0.1:\(member.replicationPort)\"", with: "127.0.0.1:\(other)\"")
        try FileText.write(path, Array(text.utf8), replacing: true)
        members[index].port = port
        members[index].replicationPort = other
    }

    private func patient() -> Store.Options {
        var options = Store.Options()
        options.deadline = .seconds(30)
        return options
    }

    /// Waits until the primary has that many copies.
    package func waitForCopies(_ count: Int) async throws {
        let store = try await connect(patient())
        let clock = ContinuousClock()
        let limit = clock.now.advanced(by: .seconds(60))
        while clock.now < limit {
            let status = try await store.perform(GetStatus(), as: Status.self).value
            let copies = status.nodes.count { $0.state == "level" || $0.role == "primary" }
            if copies >= count, status.mode == (count > 1 ? "paired" : "solo") {
                for index in members.indices { members[index].isFresh = false }
                return await store.close()
            }
            do { try requireRunning() } catch {
                await store.close()
                throw error
            }
            // Asked again after a moment: nothing announces it.
            try await Task.sleep(for: .milliseconds(20))
        }
        await store.close()
        throw Failure("the pair did not come to \(count) copies; see \(root)/*/diagnostics.txt")
    }

    /// What a node said last.
    private static func lastLine(_ member: Member) -> String {
        let said = (try? FileText.read("\(member.folder)/diagnostics.txt")) ?? []
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
        return lines.last.map(String.init) ?? "it said nothing"
    }
}
