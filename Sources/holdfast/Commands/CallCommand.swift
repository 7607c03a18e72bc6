internal import ArgumentParser
internal import StoreClient
internal import WorkProtocol

/// `holdfast call`: any method, in JSON.
struct CallCommand: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Ask any method of the protocol, in JSON.",
        discussion: """
            `holdfast describe` lists the methods, `holdfast describe Tasks/CreateTask` says what \
            one takes.

            EXAMPLES
              holdfast call Directory/WhoAmI
              holdfast call Tasks/CreateTask '{"name": "Order the cake"}'
              holdfast call Interchange/Export '{"project": "7291846502"}' > project.json
            """)
    @Argument(help: "SERVICE/METHOD.") var method: String
    @Argument(help: "The request; - reads it from standard input.") var json = "{}"
    @Option(help: "A gid, or the number of a workspace, to ask; 0 is the directory.")
    var `in`: UInt64?
    @Option(help: "Ask again for what was asked before with this ID.") var requestID: String?
    @OptionGroup var common: CommonOptions

    func run(_ client: Client) async throws {
        guard let method = Method(named: self.method) else {
            throw Complaint(
                .usage, "there is no method “\(self.method)”", help: "holdfast describe")
        }
        let text = json == "-" ? String(decoding: StandardStream.readAll(), as: UTF8.self) : json
        let description = method.description
        let payload = try SchemaJSON.bytes(of: description.request, json: text)
        let isWide =
            description.name.hasPrefix("Directory/") || method.kind == .node
            || method.kind == .session
        let route: UInt64 =
            if let given = `in` { given } else { isWide ? 0 : try await client.route() }
        if method.kind == .stream {
            guard let request = try? Export(decoding: payload) else {
                throw Complaint(.usage, "\(description.name) cannot be called this way")
            }
            for try await bytes in try await client.store.stream(request, in: route) {
                StandardStream.output.write(bytes)
            }
            return
        }
        let reply = try await client.store.call(
            method, payload: payload, in: route, client.callOptions(requestID))
        if method.kind == .command { client.connection.acknowledged?.noteAny() }
        StandardStream.output.write(
            try SchemaJSON.json(
                of: description.response, reply.payload,
                isIndented: client.output.format != .jsonl) + "\n")
        client.output.tell(client.output.dimmed(Client.how(reply.details)))
    }
}

/// `holdfast describe`: the protocol's methods and messages. Needs no store.
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Describe the protocol: all of it, a method, a message.",
        discussion: """
            EXAMPLES
              holdfast describe
              holdfast describe Tasks/CreateTask
            """)
    @Argument(help: "A method or a message.") var name = ""

    func run() throws {
        guard let text = SchemaJSON.description(of: name, isIndented: true) else {
            throw Complaint(
                .notFound, "the protocol has no “\(name)”", help: "holdfast describe")
        }
        StandardStream.output.write(text + "\n")
    }
}
