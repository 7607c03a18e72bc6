package import Environment

/// Decides what is put into the archive next. Pure: it is told what is there and what was done, and
/// names one step at a time; `ShippingStep.perform` does it, on the background queue.
///
/// It begins, and begins again after any error, by listing, so that it can be interrupted anywhere:
/// what has been published is found, what has not is done again, and publishing the same bytes
/// again is no error. A snapshot's manifest goes last, after its chunks and after the log it needs:
/// what has a manifest can be restored.
///
/// - Invariant: `archived` never runs ahead of what the archive holds without a gap.
package struct Shipper: Sendable {
    package let identity: LogIdentity
    /// Everything from `archivedFrom` to here is in the archive.
    package private(set) var archived: LSN = .zero
    package private(set) var archivedFrom: LSN = .zero
    /// Set when the archive holds other bytes under a name of ours. Nothing is shipped any more,
    /// and somebody must look: two nodes believe that they ship this history.
    package private(set) var conflict: DiskError?
    /// The last error, while it is being waited out.
    package private(set) var failure: DiskError?
    /// Records that were trimmed before they had been shipped: the archive cannot be restored
    /// across.
    package private(set) var gaps: [ClosedRange<LSN>] = []

    private var contents: ArchiveContents?
    private var committed: LSN = .zero
    private var closed: LSN = .zero
    private var oldest = LSN(1)
    /// When the oldest committed record that is not shipped was noticed.
    private var waitingSince: Instant?
    private var retryAt: Instant?
    private var delay = Shipper.firstDelay
    /// The newest snapshot, until its manifest is shipped.
    private var snapshot: Manifest?
    private var missingChunks: [Chunk] = []
    /// Its chunks that this shipper has published itself, or found to be the same. What another
    /// left under their names, in a snapshot that has no manifest, is not taken on trust.
    private var publishedChunks: [String] = []
    /// The newest snapshot that is wholly in the archive.
    private var shipped: LSN = .zero

    /// A stretch of the log is shipped at this age, though its segment is not closed yet.
    package static let age = Interval.seconds(60)
    private static let firstDelay = Interval.seconds(1)
    private static let longestDelay = Interval.seconds(60)

    package init(identity: LogIdentity) { self.identity = identity }

    package var prefix: ArchivePrefix {
        ArchivePrefix(cluster: identity.cluster, history: identity.history)
    }

    /// The log is so far: its first record that is still there, its last in a closed segment, its
    /// commit point.
    package mutating func noteLog(oldest: LSN, closed: LSN, committed: LSN, now: Instant) {
        self.oldest = oldest
        self.closed = max(self.closed, min(closed, committed))
        self.committed = max(self.committed, committed)
        if self.committed > archived, waitingSince == nil { waitingSince = now }
    }

    /// A snapshot was published here; it takes the place of an older one that is not shipped yet.
    package mutating func noteSnapshot(_ manifest: Manifest) {
        guard manifest.point > max(snapshot?.point ?? .zero, shipped) else { return }
        snapshot = manifest
        publishedChunks = []
        missingChunks = missing(of: manifest)
    }

    private func missing(of manifest: Manifest) -> [Chunk] {
        let there = contents?.snapshots.first { $0.point == manifest.point }?.files ?? []
        let good = Set(publishedChunks).intersection(there)
        return manifest.chunks.filter { !good.contains($0.name) }
    }

    /// The next step, if there is one now. It stays the next until it is reported as done.
    package func next(now: Instant) -> ShippingStep? {
        guard conflict == nil else { return nil }
        if let retryAt, now < retryAt { return nil }
        guard let contents else { return .list }
        if let snapshot, let step = next(for: snapshot, contents) { return step }
        if let step = log(through: closed) { return step }
        guard let waitingSince, now.since(waitingSince) >= Self.age else { return nil }
        return log(through: committed)
    }

    /// What a snapshot still needs, in order. Nil if the log it needs is gone from here before it
    /// was shipped: then it stays unshipped, and a later one takes its place.
    private func next(for snapshot: Manifest, _ contents: ArchiveContents) -> ShippingStep? {
        if contents.points.contains(snapshot.point) { return .hint(snapshot.point) }
        if let chunk = missingChunks.first { return .chunk(chunk, of: snapshot.point) }
        if archivedFrom <= snapshot.start.last.next, archived >= snapshot.complete.last {
            return .manifest(snapshot)
        }
        return log(through: min(committed, snapshot.complete.last))
    }

    /// The stretch from the end of what is archived, or from the oldest record that is still here.
    private func log(through last: LSN) -> ShippingStep? {
        let start = max(archived.next, oldest)
        return start <= last ? .log(from: start, through: last) : nil
    }

    /// A step was done.
    package mutating func noteDone(_ step: ShippingStep, _ outcome: ShippingOutcome) {
        failure = nil
        retryAt = nil
        delay = Self.firstDelay
        switch (step, outcome) {
        case (.list, .listed(let names)): noteListed(names)
        case (.log(let from, _), .shipped(let last)): noteShipped(from: from, through: last)
        case (.chunk(let chunk, let point), _):
            guard snapshot?.point == point else { return }
            publishedChunks.append(chunk.name)
            missingChunks.removeAll { $0.name == chunk.name }
        case (.manifest, _): contents = nil
        case (.hint(let point), _):
            shipped = max(shipped, point)
            if snapshot?.point == point { snapshot = nil }
        case (.list, _), (.log, _): contents = nil
        }
    }

    private mutating func noteListed(_ names: [String]) {
        let found = ArchiveContents(prefix, names: names)
        contents = found
        // The stretch that goes on at the end of what is there; nothing, if nothing is there any
        // more, whatever was shipped before.
        archivedFrom = found.logs.first?.first ?? .zero
        archived = .zero
        gaps = []
        for log in found.logs {
            if log.first > archived.next {
                if archived > .zero { gaps.append(archived.next...LSN(log.first.rawValue - 1)) }
                archivedFrom = log.first
            }
            archived = max(archived, log.last)
        }
        if let snapshot { missingChunks = missing(of: snapshot) }
    }

    private mutating func noteShipped(from: LSN, through last: LSN) {
        if from > archived.next, archived > .zero {
            gaps.append(archived.next...LSN(from.rawValue - 1))
        }
        if from > archived.next || archived == .zero { archivedFrom = from }
        archived = max(archived, last)
        // What is left may be as old as the oldest that was shipped just now.
        if committed <= archived { waitingSince = nil }
    }

    /// A step could not be done. It is tried again later, after listing; a name that is taken is
    /// for people.
    package mutating func noteFailed(_ error: DiskError, now: Instant) {
        if error.kind == .exists {
            conflict = error
            return
        }
        failure = error
        contents = nil
        retryAt = now.advanced(by: delay)
        delay = min(Interval(nanoseconds: delay.nanoseconds &* 2), Self.longestDelay)
    }
}

/// One thing to be done with the archive.
package enum ShippingStep: Equatable, Sendable {
    case list
    /// Put batches there, from the one that begins with `from`, at most to `through`.
    case log(from: LSN, through: LSN)
    case chunk(Chunk, of: LSN)
    case manifest(Manifest)
    case hint(LSN)
}

/// What a step came to.
package enum ShippingOutcome: Equatable, Sendable {
    case listed([String])
    /// The log is there up to this record.
    case shipped(through: LSN)
    case done
}
