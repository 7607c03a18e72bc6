internal import ArgumentParser
internal import Interchange
internal import LocalPair
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// `holdfast demo`: a pair to try things with.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Start a primary and a follower, load an organization, and take commands.",
        discussion: """
            Every command of this program works at the prompt, without `holdfast`; and \
            `kill primary`, `kill follower`, `help`, `quit`. Commands may come by a pipe: it stops \
            at the first that fails, with its exit code.

            EXAMPLES
              holdfast demo
              holdfast demo --import export.csv
              printf 'task create "Order the cake"\\nkill primary\\nmy\\n' | holdfast demo
            """)
    @Option(help: "Put the nodes in this folder, and leave it.") var keep: String?
    @Option(help: "Load this file instead of a generated organization.") var `import`: String?
    @Option(help: "How many tasks to generate.") var tasks = 5_000
    @Option(help: "The seed of the generated organization.") var seed: UInt64 = 7

    func validate() throws {
        guard (0...1_000_000).contains(tasks) else {
            throw ValidationError("--tasks must be between 0 and 1,000,000.")
        }
    }

    func run() async throws {
        if let file = `import`, !FileText.exists(file) {
            throw Complaint(.notFound, "there is no such file", at: file)
        }
        let root = keep.map(Program.absolute) ?? DemoFolder.temporary
        if FileText.exists("\(root)/node-a0") {
            throw Complaint(
                .exists, "there is a demo in it already", at: root,
                help: "give --keep another folder, or remove this one")
        }
        if keep == nil { Interruption.note(folder: root) }
        Interruption.outliveTerminal()
        let pair = LocalPair(programs: Program.folder, root: root)
        // Segments are written ahead in full: three nodes would take a gigabyte of somebody's /tmp.
        pair.settings = ["segment_bytes = \(16 << 20)"]
        var isKept = keep != nil
        defer {
            pair.stop()
            if !isKept { FileRemoval.removeTree(root) }
        }
        try await start(pair)
        let shell = DemoShell(pair)
        try await load(shell)
        shell.greet()
        let code = await shell.run()
        await shell.connection.close()
        // What was lost, and why, is in the nodes' folders.
        if code == Complaint.Code.lost.rawValue { isKept = true }
        if keep != nil { tellHowToGoOn(pair) }
        guard code == 0 else { throw ExitCode(code) }
    }

    /// What was kept is a pair like any other.
    private func tellHowToGoOn(_ pair: LocalPair) {
        let running = pair.members.filter(\.isRunning)
        var lines = "The nodes' folders stay in \(pair.root). To go on with them:\n"
        for member in running { lines += "  holdfastd run --data \(member.folder) &\n" }
        if let first = running.first { lines += "  holdfast status --data \(first.folder)\n" }
        StandardStream.output.write(lines)
    }

    private func start(_ pair: LocalPair) async throws {
        pair.started = { Interruption.note(processes: $0) }
        do { try await pair.start() } catch let failure as LocalPair.Failure {
            throw Complaint(.unavailable, failure.description)
        }
        StandardStream.output.write(
            """
            Primary \(pair.members[0].address) and follower \(pair.members[1].address), archive in \
            a folder beside them; TLS with a certificate authority made just now.

            """)
    }

    private func load(_ shell: DemoShell) async throws {
        if let file = `import` {
            let code = await shell.execute(["import", Program.absolute(file)])
            guard code == 0 else { throw ExitCode(code) }
            return
        }
        let client = try shell.client()
        let workspace = try await client.workspace()
        var generator = Generator(
            GeneratorOptions(tasks: tasks, seed: seed, today: client.output.time.today))
        var load = ImportLoad(client, workspace: workspace.ordinal)
        generator.begin(people: try await load.people(generator.accounts))
        var progress = ProgressLine()
        while let batch = generator.nextBatch() {
            try await load.load(batch)
            progress.show(
                "\(TextWidth.grouped(load.created["tasks"] ?? 0)) of "
                    + "\(TextWidth.count(tasks, "task")) …")
        }
        try await load.finish()
        progress.end()
        let projects = TextWidth.count(load.created["projects"] ?? 0, "project")
        let people = TextWidth.count(generator.options.peopleCount, "person", "people")
        let tasks = TextWidth.count(load.created["tasks"] ?? 0, "task")
        StandardStream.output.write(
            """
            Loaded a generated organization: \(projects), \(people), \(tasks).  Every write is on \
            both disks before it is acknowledged.

            """)
    }
}

/// Where a demo's nodes live if nobody says where.
enum DemoFolder {
    static var temporary: String {
        let parent = Variables["TMPDIR"] ?? "/tmp"
        let name = SystemRandomness().bytes(6).map { String($0, radix: 36) }.joined()
        return "\(parent)/holdfast-demo-\(name)"
    }
}
