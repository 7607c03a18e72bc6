import Environment
import ReplicatedLog

/// Events, effects and messages as golden scripts and traces print them: short, and the same on
/// every run.
enum ScriptText {
    static func name(_ node: Identity) -> String {
        node == .none ? "-" : node.high == 0 ? "node\(node.low)" : "\(node)"
    }

    static func of(_ head: LogHead) -> String {
        head == .empty ? "0" : "\(head.last)@\(head.epoch)"
    }

    static func of(_ batch: Batch) -> String {
        batch.count == 1
            ? "\(batch.first)@\(batch.epoch)" : "\(batch.first)-\(batch.last)@\(batch.epoch)"
    }

    static func of(_ register: Register) -> String {
        let members = register.members.map(name).joined(separator: ",")
        let solo = register.soloSince > .zero ? " solo since \(register.soloSince)" : ""
        return "register \(register.version) \(name(register.primary)) [\(members)]\(solo)"
    }

    static func of(_ meta: NodeMeta) -> String {
        let members = meta.members.map(name).joined(separator: ",")
        let soundness = meta.soundness == .sound ? "" : " \(meta.soundness)"
        return
            "\(meta.actingRole) promised \(meta.promised) acting \(meta.actingEpoch) "
            + "with [\(members)]"
            + " \(of(meta.register))\(soundness)"
    }

    static func of(_ epochs: EpochHistory) -> String {
        epochs.starts.map { "\($0.epoch):\($0.first)" }.joined(separator: " ")
    }

    static func of(_ hello: Hello) -> String {
        let soundness = hello.soundness == .sound ? "" : " \(hello.soundness)"
        return "hello \(hello.role) promised \(hello.promised) head \(of(hello.head)) "
            + "epochs [\(of(hello.epochs))] \(of(hello.register))\(soundness)"
    }

    static func of(_ token: Instant?) -> String {
        token.map { " token \($0.nanoseconds / 1_000_000)" } ?? ""
    }

    static func of(_ message: PeerMessage) -> String {
        switch message {
        case .hello(let hello): of(hello)
        case .rejected(let why, let text): "rejected (\(why)): \(text)"
        case .reign(let reign):
            "reign \(reign.epoch) from \(of(reign.start)) goal \(reign.goal) commit \(reign.commit)"
                + "\(of(reign.token)) \(of(reign.register))"
        case .append(let append):
            "append \(of(append.batch)) after \(of(append.previous)) epoch \(append.epoch) commit "
                + "\(append.commit)\(of(append.token))"
        case .heartbeat(let epoch, let commit, let token):
            "heartbeat \(epoch) commit \(commit)\(of(token))"
        case .ack(let ack):
            "ack \(ack.epoch) flushed \(ack.flushed) applied \(ack.applied)\(of(ack.token))"
                + (ack.isSound ? "" : " unsound")
        case .fenced(let promised, let register): "fenced \(promised) \(of(register))"
        case .resign(let epoch): "resign \(epoch)"
        case .snapshotBegin(let epoch, _): "snapshot begin \(epoch)"
        case .snapshotChunk: "snapshot chunk"
        case .snapshotEnd: "snapshot end"
        case .digest(let epoch, let place, _): "digest \(epoch) at \(place)"
        case .digestDiffers(let epoch, let place): "digest differs \(epoch) at \(place)"
        case .handOverAsked: "hand-over asked"
        case .handOverRefused(let text): "hand-over refused: \(text)"
        case .handOver(let register): "hand-over \(of(register))"
        case .tailAsked(let head): "tail asked after \(of(head))"
        case .tail(let after, let batches, let isLast):
            "tail after \(after): \(batches.map(of).joined(separator: " "))"
                + (isLast ? ", the last" : "")
        }
    }

    static func of(_ event: ReplicaEvent) -> String {
        switch event {
        case .started(let start): "started \(of(start.head)) commit \(start.commit) \(start.end)"
        case .ticked: "ticked"
        case .submitted(_, let count, _): "submitted \(count)"
        case .flushed(let place): "flushed \(place)"
        case .logFailed(let reason): "log failed: \(reason)"
        case .applied(let place): "applied \(place)"
        case .logRead(let after, .batches(let batches)):
            "log read after \(after): \(batches.map(of).joined(separator: " "))"
        case .logRead(let after, .gone): "log read after \(after): gone"
        case .logTruncated(let head): "log truncated to \(of(head))"
        case .snapshotInstalled(let head, _): "snapshot installed \(of(head))"
        case .snapshotFailed(let reason): "snapshot failed: \(reason)"
        case .peerConnected(let link, let node): "\(link) connected to \(name(node))"
        case .peerReceived(let link, let message): "\(link) received \(of(message))"
        case .peerDisconnected(let link): "\(link) disconnected"
        case .operatorAsked(let id, let command, _): "operator \(id) asked \(of(command))"
        case .confirmationAsked: "confirmation asked"
        case .digestTaken(let place, _): "digest taken at \(place)"
        case .digestCompared(let place, let equal): "digest compared at \(place): \(equal)"
        }
    }

    static func of(_ command: OperatorCommand) -> String {
        switch command {
        case .promote(let order):
            "promote" + (order.primaryIsDown.map { ", \(name($0)) is down" } ?? "")
                + (order.solo ? ", solo" : "") + (order.forcedHistory == nil ? "" : ", forced")
        case .switchover: "switchover"
        case .degrade: "degrade"
        case .join(let node): "join \(name(node))"
        }
    }

    static func of(_ effect: ReplicaEffect) -> String {
        switch effect {
        case .write(let batch): "write \(of(batch))"
        case .send(let link, let message): "send on \(link): \(of(message))"
        case .disconnect(let link, let reason): "disconnect \(link): \(reason)"
        case .connectPeer: "connect peer"
        case .storeMeta(let meta): "store \(of(meta))"
        case .advanceCommit(let place): "advance commit to \(place)"
        case .applyThrough(let place): "apply through \(place)"
        case .truncateLog(let head): "truncate log after \(of(head))"
        case .reloadState(let place): "reload state through \(place)"
        case .readLog(let after, _): "read log after \(after)"
        case .sendSnapshot(let link, let epoch): "send snapshot on \(link) in \(epoch)"
        case .expectSnapshot: "expect snapshot"
        case .storeSnapshot: "store snapshot"
        case .installSnapshot: "install snapshot"
        case .becomePrimary(let epoch): "become primary in \(epoch)"
        case .becomeFollower: "become follower"
        case .openGate(let epoch): "open gate in \(epoch)"
        case .closeGate: "close gate"
        case .confirmReads(let moment): "confirm reads through \(moment.nanoseconds / 1_000_000)"
        case .compareDigest(let place, _): "compare digest at \(place)"
        case .answerOperator(let id, .done(let text)): "answer operator \(id): done: \(text)"
        case .answerOperator(let id, .refused(let text)): "answer operator \(id): refused: \(text)"
        case .alarm(let text): "alarm: \(text)"
        case .end(.diskFailed(let reason)): "end: disk failed: \(reason)"
        case .end(.fenced(let node)): "end: fenced by \(name(node))"
        case .end(.damaged(let what)): "end: damaged: \(what)"
        }
    }
}
