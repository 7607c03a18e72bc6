internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast admin`: what an operator does.
struct AdminCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Operate the nodes.",
        discussion: """
            Every one of these is recorded with its reason.

            EXAMPLES
              holdfast admin switchover --reason "kernel update on a"
              holdfast admin promote --data DIR --primary-is-down NODE --solo --reason R
              holdfast admin snapshot
            """,
        subcommands: [
            Snapshot.self, Switchover.self, Promote.self, Degrade.self, Join.self, Limits.self,
        ])

    struct Snapshot: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a snapshot now.",
            discussion: examples("admin snapshot"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let taken = try await client.operate(TakeSnapshot(), as: SnapshotTaken.self)
            guard client.output.isForPeople else {
                return try client.output.show(
                    taken,
                    as: Shape([
                        .init("lsn", "LSN") { .count($0.lsn) },
                        .init("bytes", "Bytes") { .count($0.bytes) },
                        .init("milliseconds", "Milliseconds") { .count($0.milliseconds) },
                    ]))
            }
            client.output.tell(
                "\(client.output.tick) snapshot up to LSN \(taken.lsn), "
                    + "\(TextWidth.count(taken.bytes, "byte")), "
                    + Duration.milliseconds(Int64(clamping: taken.milliseconds)).shown)
        }
    }

    struct Switchover: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the follower primary, with nothing lost and hardly a pause.",
            discussion: examples("admin switchover --reason \"kernel update on a\""))
        @Option(help: "Why: it is recorded.") var reason: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = WorkProtocol.Switchover()
            request.reason = reason
            try await client.changeMode(request)
        }
    }

    struct Promote: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the follower primary because the primary is down.",
            discussion: """
                Asked of the follower itself, by its --data or --address. Without \
                --primary-is-down the primary is asked to hand over (switchover).

                EXAMPLES
                  holdfast admin promote --data DIR --primary-is-down NODE --solo --reason R
                """)
        @Option(help: "The uuid of the primary, which is down for certain (see status).")
        var primaryIsDown: String?
        @Flag(help: "Go on with one copy until another follower has joined.") var solo = false
        @Option(help: "Why: it is recorded.") var reason: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = WorkProtocol.Promote()
            request.primaryIsDown = primaryIsDown ?? ""
            request.solo = solo
            request.reason = reason
            try await client.changeMode(request, anyRole: primaryIsDown != nil)
        }
    }

    struct Degrade: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the primary go on alone, because the follower is lost.",
            discussion: examples("admin degrade --solo --reason \"b has burnt\""))
        @Flag(help: "Say that one copy is enough: needed.") var solo = false
        @Option(help: "Why: it is recorded.") var reason: String
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = WorkProtocol.Degrade()
            request.solo = solo
            request.reason = reason
            try await client.changeMode(request)
        }
    }

    struct Join: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a node that follows already count as the second copy.",
            discussion: examples("admin join NODE --reason \"a is mended\""))
        @Argument(help: "The node's uuid.") var node: String
        @Option(help: "Why: it is recorded.") var reason = ""
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            var request = WorkProtocol.Join()
            request.node = node
            request.reason = reason
            try await client.changeMode(request)
        }
    }

    struct Limits: StoreCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the store's limits.",
            discussion: examples("admin limits"))
        @OptionGroup var common: CommonOptions

        func run(_ client: Client) async throws {
            let found = try await client.operate(GetLimits(), as: LimitList.self)
            try client.output.list(
                found.limits, of: "limits",
                as: Shape([
                    .init("name", "Limit") { .text($0.name) },
                    .init("value", "Value", isRight: true) { .count($0.value) },
                    .init("unit", "Unit") { .text($0.unit) },
                    .init("reply", "Reply") { .text($0.reply) },
                ]))
        }
    }
}

extension Client {
    /// Asks the node itself; it may take longer than other answers.
    func operate<Request: Message, Value: Message>(
        _ request: Request, anyRole: Bool = false, as type: Value.Type
    ) async throws -> Value {
        var call = callOptions(nil)
        call.deadline = .milliseconds(Int64(max(options.connection.timeout, 60) * 1000))
        guard anyRole, let location = connection.location else {
            return try await store.perform(request, in: 0, call, as: Value.self).value
        }
        // A follower, perhaps: the one whose address was given.
        let store = try await Connection.open(location, options.connection, seeksPrimary: false)
        do {
            let value = try await store.perform(request, in: 0, call, as: Value.self).value
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    /// Asks for a change of mode and says what came of it.
    func changeMode<Request: Message>(_ request: Request, anyRole: Bool = false) async throws {
        let changed = try await operate(request, anyRole: anyRole, as: ModeChanged.self)
        guard output.isForPeople else {
            return try output.show(
                changed,
                as: Shape([
                    .init("mode", "Mode") { .text($0.mode) },
                    .init("epoch", "Epoch") { .count($0.epochVersion) },
                    .init("register_version", "Register") { .count($0.registerVersion) },
                    .init("message", "Message") { .text($0.message) },
                ]))
        }
        output.tell(
            "\(output.tick) \(changed.message.isEmpty ? "done" : changed.message)   "
                + output.dimmed("epoch \(changed.epochVersion) · \(changed.mode)"))
    }
}
