internal import ByteCoding
package import WorkProtocol

/// What a request that comes soon will read: enough to ask the processor for it ahead.
///
/// A row out of a million lies in no cache; a request waits for its slot, then for its row, then
/// for the lists it stands in, 150 to 260 ns each time. Requests that came together need not wait
/// one after the other: whoever has several foresees all of them, then fetches for all of them,
/// step by step, and then runs them.
///
///     var coming = frames.map { shard.foresee($0.method, $0.payload, in: ordinal) }
///     while coming.contains(where: \.isOpen) {
///         for index in coming.indices { shard.fetch(&coming[index]) }
///     }
///
/// Nothing depends on it: it changes no state and answers nothing, and a gid that names nothing, or
/// something the caller may not see, costs a look at an address. Between foreseeing and running
/// anything may happen; what was fetched is then of no use, and no harm.
///
/// Only addresses are looked up: to look into a list would count a reference to it, and so wait for
/// the memory it is in.
package struct Foresight: BitwiseCopyable, Sendable {
    /// Whose shard fetches for it.
    package fileprivate(set) var workspace: UInt32 = 0
    /// The row that is asked for or changed; 0 for none.
    fileprivate var row: UInt32 = 0
    /// Where a task is going to be put.
    fileprivate var project: UInt32 = 0
    fileprivate var section: UInt32 = 0
    fileprivate var step = Step.done

    fileprivate enum Step: UInt8, BitwiseCopyable { case places, rows, done }

    init() {}

    /// Whether there is something left to fetch.
    package var isOpen: Bool { if case .done = step { false } else { true } }
}

extension Shard {
    /// Foresees a request from its payload, which need not be valid, and takes the first step of
    /// fetching. O(fields) for tasks to be made, else O(1).
    ///
    /// Who asks makes no difference, so that what is fetched tells nothing of who may see it.
    package func foresee(
        _ method: Method, _ payload: RawSpan, in ordinal: UInt32
    ) -> Foresight {
        guard let workspace = workspace(ordinal) else { return Foresight() }
        return workspace.foresee(method, payload)
    }

    /// Takes the next step of fetching. What the step before asked for is read, so that others
    /// should have their turn in between. O(1).
    package func fetch(_ foresight: inout Foresight) {
        guard foresight.isOpen else { return }
        guard let workspace = workspace(foresight.workspace) else {
            return foresight.step = .done
        }
        workspace.fetch(&foresight)
    }
}

extension WorkspaceGraph {
    func foresee(_ method: Method, _ payload: RawSpan) -> Foresight {
        var foresight = Foresight()
        foresight.workspace = ordinal
        do throws(Corruption) {
            if case .createTask = method {
                try read(creation: payload, into: &foresight)
            } else {
                try read(named: payload, into: &foresight)
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
        named payload: RawSpan, into foresight: inout Foresight
    ) throws(Corruption) {
        var reader = ByteReader(payload)
        guard !reader.isAtEnd, try reader.tag() == 1 << 3 | 1 else { return }
        foresight.row = number(try reader.fixed())
        foresight.step = .places
    }

    private func read(
        creation payload: RawSpan, into foresight: inout Foresight
    ) throws(Corruption) {
        var reader = ByteReader(payload)
        while !reader.isAtEnd {
            let tag = try reader.tag()
            guard tag == 12 << 3 | 2 else {
                try reader.skipField(tag)
                continue
            }
            let outer = try reader.enter()
            while !reader.isAtEnd {
                switch try reader.tag() {
                case 1 << 3 | 1: foresight.project = number(try reader.fixed())
                case 2 << 3 | 1: foresight.section = number(try reader.fixed())
                case let tag: try reader.skipField(tag)
                }
            }
            reader.leave(outer)
            foresight.step = .places
        }
    }

    /// The row number that a gid names here, if it could name one.
    private func number(_ gid: UInt64) -> UInt32 {
        let gid = Gid(gid)
        return gid.isValid && gid.workspace == ordinal ? gids.row(gid) : 0
    }

    // MARK: - Fetching

    func fetch(_ foresight: inout Foresight) {
        switch foresight.step {
        case .places:
            prefetchPlaces(foresight)
            foresight.step = .rows
        case .rows:
            rows.prefetch(foresight.row)
            indexes.hanging.prefetchCounts(foresight.row)
            if foresight.project != 0 {
                rows.prefetchHeader(foresight.project)
                rows.prefetchHeader(foresight.section)
            }
            foresight.step = .done
        case .done: break
        }
    }

    /// Where the rows are told to lie, and where the lists stand that a row may enter.
    private func prefetchPlaces(_ foresight: Foresight) {
        if foresight.row != 0 {
            rows.prefetchSlot(foresight.row)
            indexes.hanging.prefetch(foresight.row)
        }
        if foresight.project != 0 {
            rows.prefetchSlot(foresight.project)
            rows.prefetchSlot(foresight.section)
            indexes.tasksOfSection.prefetch(foresight.section)
        }
    }
}
