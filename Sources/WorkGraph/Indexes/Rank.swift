/// Where something is put among the others of an ordered list.
enum Spot: Equatable {
    case first, last
    case before(RankedList.Entry)
    case after(RankedList.Entry)
}

/// Ranks leave room between neighbours, so that an insertion moves nobody.
enum Rank {
    static let gap: Int64 = 1 << 20
    /// What relabelling leaves between two neighbours at least.
    static let room: Int64 = 1 << 10

    /// The rank between two neighbours; nil when there is no room left, or at the ends of numbers.
    static func between(_ before: Int64?, _ after: Int64?) -> Int64? {
        switch (before, after) {
        case (nil, nil): return 0
        case (let low?, nil):
            let (sum, overflow) = low.addingReportingOverflow(gap)
            return overflow ? nil : sum
        case (nil, let high?):
            let (difference, overflow) = high.subtractingReportingOverflow(gap)
            return overflow ? nil : difference
        case (let low?, let high?):
            guard low < high else { return nil }
            let middle = low &+ (high &- low) / 2
            return middle > low && middle < high ? middle : nil
        }
    }
}

/// A place in an ordered list: the rank for what is put there, and who moves to make room for it.
struct Opening: Equatable {
    var rank: Int64
    /// Entries that get another rank; nearly always none.
    var moved: [(entry: RankedList.Entry, rank: Int64)] = []

    static func == (left: Opening, right: Opening) -> Bool {
        left.rank == right.rank
            && left.moved.elementsEqual(right.moved) { $0.entry == $1.entry && $0.rank == $1.rank }
    }
}

extension RankedList {
    /// A place at `spot`. `mover` is the row that is to go there, if it is in the list already: the
    /// others are told as if it were not. O(log n); where there is no room left, neighbours move
    /// apart: amortised O(log n) of them.
    func opening(at spot: Spot, for mover: UInt32? = nil) -> Opening {
        let before: Entry?
        let after: Entry?
        switch spot {
        case .first:
            before = nil
            after = passing(mover, first) { neighbours(of: $0).after }
        case .last:
            before = passing(mover, last) { neighbours(of: $0).before }
            after = nil
        case .before(let entry):
            before = passing(mover, neighbours(of: entry).before) { neighbours(of: $0).before }
            after = entry
        case .after(let entry):
            before = entry
            after = passing(mover, neighbours(of: entry).after) { neighbours(of: $0).after }
        }
        if let rank = Rank.between(before?.rank, after?.rank) { return Opening(rank: rank) }
        return relabelling(before, after, mover)
    }

    /// The entry, or the next one if it is the mover's.
    private func passing(_ mover: UInt32?, _ entry: Entry?, _ next: (Entry) -> Entry?) -> Entry? {
        guard let entry, entry.row == mover else { return entry }
        return next(entry)
    }

    /// Makes room between two neighbours by spreading those around them evenly: as few as leave
    /// `Rank.room` to each.
    private func relabelling(_ before: Entry?, _ after: Entry?, _ mover: UInt32?) -> Opening {
        var left: [Entry] = []
        var right: [Entry] = []
        var low = before
        var high = after
        while true {
            for _ in 0...left.count {
                guard let entry = low else { break }
                left.append(entry)
                low = passing(mover, neighbours(of: entry).before) { neighbours(of: $0).before }
            }
            for _ in 0...right.count {
                guard let entry = high else { break }
                right.append(entry)
                high = passing(mover, neighbours(of: entry).after) { neighbours(of: $0).after }
            }
            let steps = Int64(left.count + right.count + 2)
            let bottom = low?.rank ?? (high?.rank ?? 0) &- steps &* Rank.gap
            let top = high?.rank ?? bottom &+ steps &* Rank.gap
            let step = (top &- bottom) / steps
            guard step >= Rank.room || (low == nil && high == nil) else { continue }
            return spread(left.reversed(), right, from: bottom, by: step)
        }
    }

    private func spread(
        _ left: [Entry], _ right: [Entry], from bottom: Int64, by step: Int64
    ) -> Opening {
        var opening = Opening(rank: 0)
        var rank = bottom
        func move(_ entry: Entry) {
            rank &+= step
            if entry.rank != rank { opening.moved.append((entry, rank)) }
        }
        left.forEach(move)
        rank &+= step
        opening.rank = rank
        right.forEach(move)
        return opening
    }
}
