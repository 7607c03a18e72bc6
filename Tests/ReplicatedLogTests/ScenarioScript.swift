import Environment
import ReplicatedLog

/// A script of commands to a world of two nodes, with what came of each:
///
///     # words for the reader
///     start A
///     ----
///     A 1000: started 0 commit 0 whole
///         become primary in 1.1
///
/// A block ends with an empty line. Commands: `world paired|solo [running] [policy=solo] [lag=N]`,
/// `start N [undecided|damaged]`, `crash N` (what is not flushed is lost), `connect N M`, `cut`,
/// `deliver [N]` (the next parcel to it), `settle` (deliver, flush and apply until nothing moves),
/// `flush N`, `apply N`, `submit N`, `tick N`, `pass MS`, `read N`, `fail N`, `trim N COUNT`,
/// `tear N COUNT`, `wipe N`, `forgive`, `digest N same|other`, `operator N
/// promote|switchover|degrade|join …`, `status N`.
struct ScenarioScript {
    struct Block {
        var comment: [String]
        var commands: [String]
        var output: [String]
    }

    var blocks: [Block] = []

    init(_ text: String) {
        var block = Block(comment: [], commands: [], output: [])
        var isOutput = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.isEmpty {
                if !block.commands.isEmpty || !block.comment.isEmpty { blocks.append(block) }
                block = Block(comment: [], commands: [], output: [])
                isOutput = false
            } else if line == "----" {
                isOutput = true
            } else if isOutput {
                block.output.append(line)
            } else if line.hasPrefix("#") {
                block.comment.append(line)
            } else {
                block.commands.append(line)
            }
        }
        if !block.commands.isEmpty || !block.comment.isEmpty { blocks.append(block) }
    }

    var text: String {
        blocks.map { block in
            let output = block.commands.isEmpty ? [] : ["----"] + block.output
            return (block.comment + block.commands + output).joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    /// The script with the output that running it gives.
    func run() -> ScenarioScript {
        var result = self
        var world = ReplicaWorld(seed: 1, paired: true)
        world.keepsTrace = true
        for index in result.blocks.indices {
            var output: [String] = []
            for command in result.blocks[index].commands {
                do {
                    try world.obey(command.split(separator: " ").map(String.init))
                } catch {
                    world.note("error: \(error)")
                }
                output += world.trace
                world.trace = []
            }
            result.blocks[index].output = output.isEmpty ? ["ok"] : output
        }
        return result
    }
}

extension ReplicaWorld {
    private struct Unknown: Error { var command: [String] }

    private func index(_ words: [String], _ place: Int = 1) throws -> Int {
        guard words.count > place, let index = nodes.firstIndex(where: { $0.name == words[place] })
        else { throw Unknown(command: words) }
        return index
    }

    mutating func obey(_ words: [String]) throws {
        switch words.first {
        case "world": self = try Self.world(words)
        case "start":
            let end: LogEnd =
                words.contains("undecided")
                ? .undecided : words.contains("damaged") ? .damaged("a bad batch at LSN 2") : .whole
            try start(try index(words), end: end)
        case "crash": crash(try index(words), losing: true)
        case "connect": connect(try index(words), try index(words, 2))
        case "cut": for link in links.indices where links[link].isUp { cut(link) }
        case "deliver": try deliverNext(words.count > 1 ? try index(words) : nil)
        case "settle": try settle()
        case "flush": try flush(try index(words))
        case "apply": try apply(try index(words))
        case "submit": try submitOrSay(try index(words), words)
        case "tick": try give(.ticked, to: try index(words))
        case "pass": time += (UInt64(words[1]) ?? 0) * 1_000_000
        case "read": try readOrSay(try index(words))
        case "fail": try give(.logFailed("input/output error"), to: try index(words))
        case "trim": nodes[try index(words)].log.gone = Int(words[2]) ?? 0
        case "tear": nodes[try index(words)].log.crash(keeping: Int(words[2]) ?? 0)
        case "wipe": wipe(try index(words))
        case "digest": try compareDigests(try index(words), words)
        case "operator": try command(try index(words), words)
        // What is lost by order is no violation.
        case "forgive": seen = []
        case "status": say(try index(words))
        default: throw Unknown(command: words)
        }
    }

    private static func world(_ words: [String]) throws -> ReplicaWorld {
        var world = ReplicaWorld(
            seed: 1, paired: words.contains("paired"),
            policy: words.contains("policy=solo") ? .solo : .block)
        world.keepsTrace = true
        for word in words where word.hasPrefix("lag=") {
            world.applyLag = Int(word.dropFirst(4)) ?? 1
        }
        guard words.contains("running") else { return world }
        for index in world.nodes.indices { try world.start(index) }
        world.connect(1, 0)
        try world.settle()
        world.trace = []
        return world
    }

    private mutating func deliverNext(_ index: Int?) throws {
        for link in links.indices {
            for end in 0...1 where !links[link].inbound[end].isEmpty {
                if index == nil || links[link].ends[end] == index {
                    return try deliver(link, toEnd: end)
                }
            }
        }
    }

    /// Everything that is under way arrives, is flushed and applied; no time passes.
    mutating func settle() throws {
        var isBusy = true
        while isBusy {
            isBusy = false
            for link in links.indices {
                for end in 0...1 where !links[link].inbound[end].isEmpty {
                    isBusy = true
                    try deliver(link, toEnd: end)
                }
            }
            for index in nodes.indices {
                let before = nodes[index]
                try flush(index)
                try apply(index)
                isBusy = isBusy || nodes[index].log != before.log
            }
        }
        forgetDeadLinks()
    }

    private mutating func wipe(_ index: Int) {
        nodes[index].meta = Self.invited(Identity(high: 0, low: nextIdentity))
        nextIdentity += 1
        nodes[index].log = FakeLog()
        nodes[index].committed = .zero
        nodes[index].applied = .zero
    }

    private mutating func submitOrSay(_ index: Int, _ words: [String]) throws {
        let copies = words.contains("copies=2") ? 2 : 1
        guard try !submit(index, minReplicas: copies), let replica = nodes[index].replica else {
            return
        }
        note("write refused: \(replica.writeRight(minReplicas: copies, now: clock(index)))")
    }

    private mutating func readOrSay(_ index: Int) throws {
        guard let replica = nodes[index].replica else { return note("down") }
        note("read right: \(ScriptText.of(replica.readRight(now: clock(index))))")
        try read(from: index)
    }

    private mutating func compareDigests(_ index: Int, _ words: [String]) throws {
        guard let commit = nodes[index].replica?.commit else { return }
        try give(.digestTaken(at: commit, [1, 2, 3]), to: index)
        try settle()
        let equal = words.contains("same")
        try give(.digestCompared(at: commit, equal: equal), to: 1 - index)
    }

    private mutating func command(_ index: Int, _ words: [String]) throws {
        let other = nodes[1 - index].meta.node
        let command: OperatorCommand
        switch words.dropFirst(2).first {
        case "degrade": command = .degrade
        case "switchover": command = .switchover
        case "join": command = .join(other)
        case "promote":
            command = .promote(
                PromotionOrder(
                    primaryIsDown: words.contains("down") ? other : nil,
                    solo: words.contains("solo"),
                    forcedHistory: words.contains("forced") ? Identity(high: 9, low: 9) : nil))
        default: throw Unknown(command: words)
        }
        let id = nextCommand
        nextCommand += 1
        try give(
            .operatorAsked(id, command, Words(reason: "script", actor: "test", at: 5)), to: index)
    }

    private mutating func say(_ index: Int) {
        guard let replica = nodes[index].replica else { return note("\(nodes[index].name) down") }
        let status = replica.status(now: clock(index))
        note(
            "\(nodes[index].name) \(status.role) \(status.state), epoch \(status.epoch), appended "
                + "\(status.appended) flushed \(status.flushed) commit \(status.commit) applied "
                + "\(status.applied)")
    }
}

extension ScriptText {
    static func of(_ right: Replica.ReadRight) -> String {
        switch right {
        case .now: "now"
        case .afterConfirmation(let moment):
            "after a confirmation sent at \(moment.nanoseconds / 1_000_000)"
        case .no(let reason): "no: \(reason.rawValue) \(reason)"
        }
    }
}
