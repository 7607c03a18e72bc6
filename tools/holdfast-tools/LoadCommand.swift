import ArgumentParser
import LocalPair
import StoreClient
import SystemEnvironment

/// `load run`: how fast a store is.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Load a store and measure.",
        subcommands: [RunLoad.self, Organization.self, Echo.self])

    struct RunLoad: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run",
            abstract: "Run a load and print rates and latencies.",
            discussion: """
                Without --data it starts a pair of its own. Closed loop: every connection keeps \
                --depth requests under way. With --rate it is an open loop: requests are sent when \
                they are due, and a latency counts from then, so that a slow answer cannot hide \
                others.

                EXAMPLES
                  holdfast-tools load run --connections 64 --depth 16
                  holdfast-tools load run --kind get --rate 20000 --seconds 30
                  holdfast-tools load run --data DIR --socket
                """)

        @Option(help: "create, update, get, list, mix; several separated by commas.")
        var kind = "create,get,list"
        @Option(help: "Connections.") var connections = 64
        @Option(help: "Requests under way on each.") var depth = 1
        @Option(help: "Requests a second, over all connections: an open loop.") var rate: Double?
        @Option(help: "Seconds for each kind.") var seconds = 10.0
        @Option(help: "Tasks made before.") var tasks = 100_000
        @Option(help: "A node's folder on this machine, instead of a pair of its own.")
        var data: String?
        @Flag(help: "Over the UNIX socket, without TLS.") var socket = false
        @Option(name: .shortAndLong, help: "text, json or jsonl.") var output: Output = .text

        func validate() throws {
            guard (1...1_000).contains(connections), (1...256).contains(depth), seconds > 0,
                seconds <= 86_400, tasks > 0
            else { throw ValidationError("--connections 1 to 1000, --depth 1 to 256.") }
            if let rate, rate <= 0 { throw ValidationError("--rate must be positive.") }
        }

        func run() async throws {
            try await reporting {
                let kinds = try kind.split(separator: ",").map { word in
                    guard let kind = LoadKind(rawValue: String(word)) else {
                        throw Failure(
                            64,
                            "\"\(word)\" is no kind of load: create, update, get, "
                                + "list, mix")
                    }
                    return kind
                }
                let pair = try await target()
                defer {
                    if let pair = pair?.pair {
                        pair.stop()
                        Console.removeFolder(pair.root)
                    }
                }
                let folder = data ?? pair?.pair.members[0].folder ?? ""
                let load = try LoadRun(
                    folder: folder, socket: socket, address: pair?.pair.members[0].address,
                    connections: connections, depth: depth, rate: rate, seconds: seconds,
                    processes: pair?.pids ?? [:])
                try await load.prepare(tasks: tasks)
                if output == .text { Console.say(LoadReport.header) }
                for kind in kinds {
                    let report = try await load.run(kind)
                    Console.say(output == .text ? report.line : report.json)
                }
                load.close()
            }
        }

        private func target() async throws -> (pair: LocalPair, pids: [String: Int32])? {
            guard data == nil else { return nil }
            let pair = LocalPair(programs: Console.programs, root: try Console.temporaryFolder())
            try await pair.start()
            var pids: [String: Int32] = [:]
            for (index, member) in pair.members.enumerated() {
                pids[index == pair.primary ? "primary" : "follower"] = member.process?.pid
            }
            return (pair, pids)
        }
    }
}
