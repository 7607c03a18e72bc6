internal import ByteCoding
package import WorkProtocol

/// What a request or a record that comes soon will read: enough to ask the processor for it ahead.
///
/// A row out of a million lies in no cache; a request waits for its slot, then for its row, then
/// for the lists it stands in, 150 to 260 ns each time. Requests that came together need not wait
/// one after the other: whoever has several foresees all of them, then fetches for all of them,
/// step by step, and then runs them.
///
///     var coming = frames.map { shard.foresee($0.method, $0.payload, in: ordinal, as: somebody) }
///     while coming.contains(where: \.isOpen) {
///         for index in coming.indices { shard.fetch(&coming[index]) }
///     }
///
/// Nothing depends on it: it changes no state and answers nothing, and a gid that names nothing, or
/// something the caller may not see, costs a look at an address. Between foreseeing and running
/// anything may happen; what was fetched is then of no use, and no harm.
package struct Foresight: BitwiseCopyable, Sendable {
    /// Whose shard fetches for it.
    package fileprivate(set) var workspace: UInt32 = 0
    /// The row that is asked for or changed; 0 for none.
    fileprivate var row: UInt32 = 0
    fileprivate var project: UInt32 = 0
    fileprivate var section: UInt32 = 0
    fileprivate var assignee: UInt64 = 0
    fileprivate var creator: UInt64 = 0
    fileprivate var step: UInt8 = 0
    fileprivate var steps: UInt8 = 0
    /// Stories of the row will be read or written.
    fileprivate var tellsStories = false

    init() {}

    /// Whether there is something left to fetch.
    package var isOpen: Bool { step < steps }
}

extension Shard {
    /// Foresees a request from its payload, which need not be valid, and takes the first step of
    /// fetching. O(fields) for tasks to be made, else O(1).
    package func foresee(
        _ method: Method, _ payload: RawSpan, in ordinal: UInt32, as principal: Principal
    ) -> Foresight {
        guard let workspace = workspace(ordinal) else { return Foresight() }
        return workspace.foresee(method, payload, as: principal)
    }

    /// Foresees the applying of a record from its body, which need not be valid, and takes the
    /// first step of fetching. O(changes).
    package func foresee(record body: RawSpan, in ordinal: UInt32) -> Foresight {
        guard let workspace = workspace(ordinal) else { return Foresight() }
        return workspace.foresee(record: body)
    }

    /// Takes the next step of fetching. What the step before asked for is read, so that others
    /// should have their turn in between. O(1).
    package func fetch(_ foresight: inout Foresight) {
        guard foresight.isOpen else { return }
        guard let workspace = workspace(foresight.workspace) else {
            return foresight.step = foresight.steps
        }
        workspace.fetch(&foresight)
    }
}

extension WorkspaceGraph {
    func foresee(_ method: Method, _ payload: RawSpan, as principal: Principal) -> Foresight {
        var foresight = Foresight()
        foresight.workspace = ordinal
        do throws(Corruption) {
            if method == .createTask {
                foresight.creator = principal.account.rawValue
                try read(creation: payload, into: &foresight)
            } else {
                try read(named: payload, method, into: &foresight)
            }
        } catch {
            // Whoever runs the request says what is wrong with it.
            return Foresight()
        }
        fetch(&foresight)
        return foresight
    }

    /// Most requests begin with the gid of what they are about.
    private func read(
        named payload: RawSpan, _ method: Method, into foresight: inout Foresight
    ) throws(Corruption) {
        var reader = ByteReader(payload)
        guard !reader.isAtEnd else { return }
        switch (method, try reader.tag()) {
        case (.listTasks, 2 << 3 | 1):
            foresight.section = number(try reader.fixed())
            foresight.steps = 3
        case (_, 1 << 3 | 1):
            foresight.row = number(try reader.fixed())
            foresight.steps = 2
            guard method.kind == .command || method == .listStories else { return }
            foresight.tellsStories = true
            foresight.steps = 3
        default: break
        }
    }

    private func read(
        creation payload: RawSpan, into foresight: inout Foresight
    ) throws(Corruption) {
        var reader = ByteReader(payload)
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 5 << 3 | 1: foresight.assignee = try reader.fixed()
            case 12 << 3 | 2:
                let outer = try reader.enter()
                while !reader.isAtEnd {
                    switch try reader.tag() {
                    case 1 << 3 | 1: foresight.project = number(try reader.fixed())
                    case 2 << 3 | 1: foresight.section = number(try reader.fixed())
                    case let tag: try reader.skipField(tag)
                    }
                }
                reader.leave(outer)
            case let tag: try reader.skipField(tag)
            }
        }
        foresight.steps = 4
    }

    /// The row number that a gid names here, if it could name one.
    private func number(_ gid: UInt64) -> UInt32 {
        let gid = Gid(gid)
        return gid.isValid && gid.workspace == ordinal ? gids.row(gid) : 0
    }

    func foresee(record body: RawSpan) -> Foresight {
        var foresight = Foresight()
        foresight.workspace = ordinal
        do throws(Corruption) {
            guard let change = try RecordHead.firstChange(in: body) else { return foresight }
            try read(change, in: body, into: &foresight)
        } catch {
            return Foresight()
        }
        fetch(&foresight)
        return foresight
    }

    private func read(
        _ change: RecordedChange, in body: RawSpan, into foresight: inout Foresight
    ) throws(Corruption) {
        foresight.row = change.row
        foresight.steps = 2
        guard change.kind == .task, let start = change.start else { return }
        foresight.tellsStories = true
        foresight.steps = 3
        // A task that is new, as far as its number tells, enters lists; another mostly stays there.
        guard change.row >= nextRow else { return }
        let keys = try TaskKeys(decoding: body.extracting(start..<change.end))
        foresight.tellsStories = false
        foresight.section = keys.placements.first?.section ?? 0
        foresight.assignee = keys.assignee
        foresight.creator = keys.createdBy
        foresight.steps = 4
    }

    // MARK: - Fetching

    func fetch(_ foresight: inout Foresight) {
        guard foresight.isOpen else { return }
        if foresight.row != 0 { fetch(row: foresight) }
        if foresight.section != 0 {
            indexes.tasksOfSection.fetch(foresight.section, foresight.step)
        }
        if foresight.project != 0 { fetch(containers: foresight) }
        if foresight.assignee != 0 {
            let new = Indexes.Assigned(account: foresight.assignee, bucket: .new)
            indexes.assigned.fetch(new.number, foresight.step)
            indexes.following.fetch(foresight.assignee, foresight.step)
        }
        if foresight.creator != 0 { indexes.following.fetch(foresight.creator, foresight.step) }
        foresight.step += 1
    }

    private func fetch(row foresight: Foresight) {
        switch foresight.step {
        case 0:
            rows.prefetchSlot(foresight.row)
            indexes.counts.prefetch(foresight.row)
        case 1: rows.prefetch(foresight.row)
        default: break
        }
        if foresight.tellsStories { indexes.stories.fetch(foresight.row, foresight.step) }
    }

    private func fetch(containers foresight: Foresight) {
        switch foresight.step {
        case 0:
            rows.prefetchSlot(foresight.project)
            rows.prefetchSlot(foresight.section)
        case 1:
            rows.prefetchHeader(foresight.project)
            rows.prefetchHeader(foresight.section)
        default: break
        }
    }
}

extension RowMap<RankedList> {
    /// Takes one step of fetching a row's list.
    fileprivate func fetch(_ row: UInt32, _ step: UInt8) {
        if step == 0 { prefetch(row) } else { withValue(row) { $0.fetch(step) } }
    }
}

extension NumberMap<RankedList> {
    fileprivate func fetch(_ key: UInt64, _ step: UInt8) {
        if step == 0 { prefetch(key) } else { withValue(key) { $0.fetch(step) } }
    }
}
