internal import ByteCoding
internal import Environment
internal import Interchange
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

extension ExportCursor: ExportLookup {}

/// An export on its way to a client: parts made on the background queue, sent as the client's
/// credit and the connection allow.
///
/// It reads a workspace as it was at one position (`ExportCursor`), so writers are not in its way
/// nor it in theirs; nothing of it leaves before that position is committed, and nothing after the
/// reader has lost the workspace or the project. One part is being made
/// at a time, while the one before it is on its way, and no more than that ahead of what the client
/// has asked for. It keeps its place on the connection until nothing of it is left, here or on the
/// background queue.
///
/// `@unchecked Sendable`: confined to the core queue, but for `maker`, which is handed to the
/// background queue and back.
final class ExportStream: @unchecked Sendable {
    private weak var session: Session?
    private unowned let node: Node
    private let stream: UInt32
    private let lsn: LSN
    private let workspace: UInt32
    private let request: Export
    /// When it was found that the reader may not have it any more, and that may not be shown yet:
    /// the newest record then.
    private var lost: LSN?
    /// Gone when it is given up: it holds a copy of the workspace.
    private var maker: ExportMaker?
    /// Bytes the client takes before it grants more.
    private var credit = Limits.initialCreditBytes
    /// What was made, and how much of it was sent.
    private var part: [UInt8] = []
    private var sentOfPart = 0
    /// What was made while `part` was on its way.
    private var next: [UInt8]?
    private var isMaking = false
    private var isCommitted = false
    private var isCancelled = false
    /// What it ended with, once everything has been made.
    private var end: ExportEnd?
    /// What the client has taken since when.
    private var taken: (bytes: Int, since: Instant)

    /// Bytes of a DATA frame: small enough that other frames come between.
    private static let pieceBytes = 48 << 10

    init(
        _ session: Session, _ node: Node, _ asked: Node.Asked, _ request: Export, _ lsn: LSN,
        _ maker: ExportMaker
    ) {
        self.session = session
        self.node = node
        stream = asked.stream
        workspace = asked.workspace
        self.request = request
        self.lsn = lsn
        self.maker = maker
        taken = (0, node.now)
    }

    /// The client has taken bytes and lets more come.
    func grant(_ bytes: UInt32) {
        credit = min(credit + Int(bytes), 1 << 30)
        proceed()
    }

    /// What it shows is committed: it may begin.
    func begin() {
        isCommitted = true
        if isCancelled { giveUp() } else { proceed() }
    }

    /// The client does not want it any more, or is gone.
    func cancel() {
        isCancelled = true
        // Before it is committed the gate holds it still.
        if isCommitted, !isMaking { giveUp() }
    }

    private func giveUp() {
        maker = nil
        part = []
        next = nil
        session?.exports.removeValue(forKey: stream)
        session?.finishRequest(stream)
    }

    /// Sends what may be sent, and has more made.
    func proceed() {
        guard isCommitted, !isCancelled, let session, mayGoOn(session) else { return }
        repeat {
            send(session)
            guard sentOfPart == part.count else { return }
            part = next.take() ?? []
            sentOfPart = 0
            if next == nil, end == nil, credit > 0 { make() }
        } while !part.isEmpty
        if let end { finish(end, session) }
    }

    /// Whether the reader may still have it; ends it if not. A loss that is not committed may never
    /// have been (rule R5): till that is certain nothing is told, and nothing sent.
    private func mayGoOn(_ session: Session) -> Bool {
        guard let principal = session.credentials?.principal else { return false }
        do throws(Rejection) {
            guard let workspace = node.shards.workspace(workspace) else { throw .notFound }
            try workspace.checkExport(request, as: principal)
            lost = nil
            return true
        } catch {
            let lsn = lost ?? node.newestSeen(in: workspace)
            lost = lsn
            if let point = node.shown.point, lsn <= point {
                session.fail(stream, node.failure(error))
            }
            return false
        }
    }

    private func send(_ session: Session) {
        while sentOfPart < part.count, credit > 0,
            session.connection.unsentBytes < Limits.unsentBytes / 2
        {
            let count = min(part.count - sentOfPart, credit, Self.pieceBytes)
            let piece = [UInt8](part[sentOfPart..<(sentOfPart + count)])
            credit -= count
            sentOfPart += count
            taken.bytes += count
            session.write(FrameHeader(.data, stream: stream, encoding: .raw), payload: piece)
        }
    }

    private func make() {
        guard let maker, !isMaking else { return }
        isMaking = true
        node.background.run { [self] in
            let made = maker.next()
            node.queue.run { [self] in take(made) }
        }
    }

    private func take(_ made: ExportMaker.Made) {
        isMaking = false
        if isCancelled { return giveUp() }
        switch made {
        case .part(let bytes): next = bytes
        case .end(let end): self.end = end
        }
        proceed()
    }

    private func finish(_ end: ExportEnd, _ session: Session) {
        isCancelled = true
        maker = nil
        session.exports.removeValue(forKey: stream)
        session.deliver(
            HeldReply(
                lsn: lsn, session: session, stream: stream, deadline: node.now,
                isCommand: false, workspacePosition: end.position, content: .answer(end.encoded())))
    }

    /// Ends it if the reader may not have it any more, or takes too little of it: a copy of a
    /// workspace is kept for it.
    func review(_ now: Instant) {
        proceed()
        guard now.since(taken.since) >= .seconds(UInt64(Limits.slowReadingSeconds)) else { return }
        let waits = isCommitted && !isCancelled && sentOfPart < part.count
        let isSlow = taken.bytes < Limits.slowestBytesPerSecond * Limits.slowReadingSeconds
        taken = (0, now)
        guard waits, isSlow else { return }
        var failure = Failure(
            .deadlineExceeded,
            "The export was not read for \(Limits.slowReadingSeconds) s; ask for it again.")
        failure.outcome = .notExecuted
        session?.fail(stream, failure)
    }
}

/// Makes the bytes of an export, a part at a time.
///
/// `@unchecked Sendable`: used by one queue at a time.
final class ExportMaker: @unchecked Sendable {
    private let cursor: ExportCursor
    private var writer: ExportWriter
    private let options: ExportOptions
    private var hasBegun = false
    private var isFinished = false
    /// The tasks still to come, last first, where they are not in the order of the sections.
    private var ordered: [UInt64]?

    init(_ cursor: ExportCursor, _ options: ExportOptions, _ workspace: Workspace) {
        self.cursor = cursor
        self.options = options
        writer = ExportWriter(
            options, project: cursor.project, fields: cursor.fields, workspace: workspace)
    }

    enum Made: Sendable {
        case part([UInt8])
        case end(ExportEnd)
    }

    /// Bytes of a part: what one DATA frame carries.
    private static let partBytes = 48 << 10

    /// The next part, or the end.
    func next() -> Made {
        if !hasBegun {
            hasBegun = true
            if isByRows { ordered = tasksByRows().reversed() }
            writer.begin()
        }
        var task = ByteWriter(capacity: 4096)
        while !isFinished, writer.pendingBytes < Self.partBytes {
            let isRow = options.format == .csv && ordered == nil
            isFinished = isRow ? !takeRow(&task) : !takeStep()
            if isFinished { writer.finish(position: cursor.position) }
        }
        if writer.pendingBytes > 0 { return .part(writer.take()) }
        var end = ExportEnd()
        end.rows = writer.rows
        end.position = cursor.position
        end.bytes = writer.bytesTaken
        return .end(end)
    }

    /// A hand-made file whose rows were not in the order of its sections goes out as it came in.
    private var isByRows: Bool {
        guard options.ids == .external, options.format == .csv, let project = cursor.project else {
            return false
        }
        return ExportOrder.isByRows(project)
    }

    private func tasksByRows() -> [UInt64] {
        var order = ExportOrder()
        while let step = cursor.next() {
            if case .begin(let task) = step { order.append(task.gid, external: task.external) }
        }
        return order.sorted()
    }

    /// Writes the next row; false after the last. A row is made of the task's bytes as they lie.
    private func takeRow(_ task: inout ByteWriter) -> Bool {
        task.removeAll()
        guard cursor.nextTask(into: &task) else { return false }
        do { try writer.row(task.span, cursor) } catch {
            preconditionFailure("a task this program encoded does not decode: \(error)")
        }
        return true
    }

    private func takeStep() -> Bool {
        switch nextStep() {
        case .begin(let task): begin(task)
        case .end: writer.end(cursor)
        case nil: return false
        }
        return true
    }

    private func nextStep() -> ExportCursor.Step? {
        guard ordered != nil else { return cursor.next() }
        while let gid = ordered?.popLast() {
            if let task = cursor.task(gid) { return .begin(task) }
        }
        return nil
    }

    private func begin(_ task: WorkTask) {
        var exported = ExportedTask(task)
        if options.withStories, options.format == .json {
            exported.stories = cursor.stories(of: task.gid)
            exported.attachments = cursor.attachments(of: task.gid)
        }
        writer.begin(exported, cursor)
    }
}

extension Node {
    /// Begins an export: at the workspace's newest record, for what the principal may see there.
    func export(_ asked: Asked, _ payload: RawSpan, _ session: Session) throws(Rejection) {
        let query: Query
        do { query = try Query(method: asked.method, payload: payload) } catch {
            throw Rejection(error)
        }
        guard case .export(let request) = query else {
            throw Rejection(.unknownMethod, "\(asked.method.name) is not for this node.")
        }
        try whenReadable(asked, session) { [weak self, weak session] () throws(Rejection) in
            guard let self, let session else { return }
            try begin(request, asked, session)
        }
    }

    private func begin(
        _ request: Export, _ asked: Asked, _ session: Session
    ) throws(Rejection) {
        // Asked here: several may have waited together for the right to read.
        guard !isExporting(asked.principal, session) else {
            throw Rejection(.overloaded, "One export at a time; wait for the other one.")
        }
        guard let workspace = shards.workspace(asked.workspace) else { throw .notFound }
        let cursor = try workspace.export(request, as: asked.principal)
        let maker = ExportMaker(
            cursor, ExportOptions(request, host: configuration.advertised), workspace.itself)
        let lsn = newestSeen(in: asked.workspace)
        let stream = ExportStream(session, self, asked, request, lsn, maker)
        session.exports[asked.stream] = stream
        hold(
            HeldReply(
                lsn: lsn, session: session, stream: asked.stream, deadline: asked.deadline,
                isCommand: false, workspacePosition: 0, content: .stream(stream)),
            for: session)
    }

    /// Whether an export is under way on one of the principal's connections; an operator's others
    /// are not counted.
    private func isExporting(_ principal: Principal, _ session: Session) -> Bool {
        if principal.scopes.contains(.operate) { return !session.exports.isEmpty }
        return sessions.values.contains {
            !$0.exports.isEmpty && $0.credentials?.principal.account == principal.account
        }
    }
}
