import Testing

@testable import WorkGraph

@Suite struct RankedListTests {
    /// Where most entries go: anywhere, before all others, after all others.
    enum Trend: CaseIterable { case none, down, up }

    @Test(arguments: [1, 2, Seeds.fresh()], Trend.allCases)
    func `it is a sorted array, whatever is done to it`(seed: UInt64, trend: Trend) {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        var list = RankedList()
        var model: [RankedList.Entry] = []
        for step in 0..<4_000 {
            let drift =
                switch trend {
                case .none: 0
                case .down: -step / 8
                case .up: step / 8
                }
            let entry = RankedList.Entry(
                rank: Int64(drift + random.below(trend == .none || random.once(in: 4) ? 100 : 4)),
                row: UInt32(random.below(100)))
            let place = model.firstIndex { !($0 < entry) } ?? model.count
            let isThere = place < model.count && model[place] == entry
            #expect(list.contains(entry) == isThere)
            // More goes in than out in the first half, then the other way round.
            if !isThere, step < 2_500 || random.once(in: 3) {
                list.insert(entry)
                model.insert(entry, at: place)
            } else {
                let removed = list.remove(entry)
                #expect(removed == isThere)
                if isThere { model.remove(at: place) }
            }
            let near = list.neighbours(of: entry)
            let before = model.last { $0 < entry }
            let after = model.first { entry < $0 }
            #expect(near.before == before && near.after == after, "seed \(seed), step \(step)")
            #expect(list.count == model.count && list.first == model.first)
            #expect(list.last == model.last && list.isEmpty == model.isEmpty)
            guard step % 100 == 0 else { continue }
            var seen: [RankedList.Entry] = []
            list.forEach(after: entry) { found in
                seen.append(found)
                return seen.count < 1000
            }
            #expect(seen == Array(model.filter { entry < $0 }.prefix(1000)), "seed \(seed)")
        }
    }

    @Test(arguments: [1, 2, Seeds.fresh()])
    func `entries that are put in together lie where they would one by one`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<60 {
            var together = RankedList()
            var apart = RankedList()
            var floor = 0
            for _ in 0..<3 {
                // All after those before, all before them, or among them.
                let count = random.below(1_400)
                floor = [floor + count, floor - 2 * count, floor][random.below(3)]
                let run = (0..<count).map {
                    RankedList.Entry(rank: Int64(floor + $0), row: UInt32(random.below(9)))
                }.filter { !apart.contains($0) }
                together.insert(sorted: run)
                for entry in run { apart.insert(entry) }
            }
            #expect(together == apart, "seed \(seed)")
            #expect(together.count == apart.count && together.first == apart.first)
            #expect(together.last == apart.last)
            let all = apart.entries(after: nil, atMost: .max)
            for entry in all.shuffled(using: &random).prefix(40) {
                #expect(together.contains(entry) && together.remove(entry), "seed \(seed)")
                apart.remove(entry)
            }
            #expect(together == apart, "seed \(seed)")
        }
    }

    @Test func `two lists are equal that came to the same in different ways`() {
        var up = RankedList()
        var down = RankedList()
        for number in 0..<2000 {
            up.insert(RankedList.Entry(rank: Int64(number), row: 1))
            down.insert(RankedList.Entry(rank: Int64(1999 - number), row: 1))
        }
        #expect(up == down)
        up.remove(RankedList.Entry(rank: 7, row: 1))
        #expect(up != down)
    }

    @Test(arguments: [1, 2, Seeds.fresh()])
    func `there is always a place between two neighbours`(seed: UInt64) {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        var list = RankedList()
        var order: [UInt32] = []
        var moves = 0
        for row in UInt32(1)...3000 {
            // Mostly at one spot, which uses up the room there.
            let place = order.isEmpty || random.once(in: 5) ? random.below(order.count + 1) : 1
            let near = place < order.count ? order[place] : nil
            let spot: Spot =
                if let near { .before(entry(near, in: list)) } else { .last }
            let opening = list.opening(at: spot)
            moves += opening.moved.count
            for (entry, _) in opening.moved { list.remove(entry) }
            for (entry, rank) in opening.moved {
                list.insert(RankedList.Entry(rank: rank, row: entry.row))
            }
            list.insert(RankedList.Entry(rank: opening.rank, row: row))
            order.insert(row, at: min(place, order.count))
        }
        var rows: [UInt32] = []
        list.forEach { entry in
            rows.append(entry.row)
            return true
        }
        #expect(rows == order, "seed \(seed)")
        #expect(moves < 1500 * 16, "relabelling moves too many: \(moves)")
    }

    private func entry(_ row: UInt32, in list: RankedList) -> RankedList.Entry {
        var found = RankedList.Entry(rank: 0, row: 0)
        list.forEach { entry in
            if entry.row == row { found = entry }
            return entry.row != row
        }
        return found
    }

    @Test func `what moves within a list does not stand in its own way`() {
        var list = RankedList()
        for row in UInt32(1)...3 { list.insert(.init(rank: Int64(row), row: row)) }
        // 2 goes right before 3, where it is: the others have no room between 1 and 3 but its own.
        let opening = list.opening(at: .before(.init(rank: 3, row: 3)), for: 2)
        #expect(opening.rank == 2 && opening.moved.isEmpty)
        #expect(list.opening(at: .first, for: 1).rank == 2 - Rank.gap)
    }
}
