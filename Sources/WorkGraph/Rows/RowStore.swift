internal import ByteCoding
internal import WorkProtocol

/// Every object of a workspace as one row: a number, a kind, and its encoded bytes, packed into
/// pages.
///
/// A row costs its bytes (rounded up to 8), a header of 12 and a slot of 8. A copy is cheap, and
/// has to be asked for: what it shares is never written to while it is there, which is how a
/// snapshot is taken while writes go on. A row that is written meanwhile gets another place, so
/// that this costs the row and not its page.
struct RowStore: ~Copyable {
    /// Where a row lies. `page` is one more than the index, so that zero means "no row".
    private struct Slot: BitwiseCopyable {
        var page: UInt32 = 0
        var offset: UInt32 = 0
    }

    /// What is known of a page without looking at it: reading counts no references, and writing
    /// touches no line of memory but those of the row.
    private struct Page {
        var memory: RowPage.Memory
        /// Where the next row will lie.
        var used: UInt32 = 0
        /// Bytes of rows that were moved or removed, and of which nothing took the place.
        var dead: UInt32 = 0
        /// Another for each page that was at the same index.
        var generation: UInt32
        /// A copy of the store has it, too, if there still is one.
        var isShared = false

        init(_ page: RowPage, generation: UInt32) {
            memory = page.memory
            self.generation = generation
        }
    }

    /// Keeps the memory that `pages` tells of.
    private var owners: [RowPage] = []
    private var pages: [Page] = []
    private var slots = BlockTable(empty: Slot())
    /// So many pages (1 MiB) a store has before others are in large pages of memory: of a small
    /// one's, what was never written need not be there.
    private static let smallPages = 16
    /// What is left of a hole is another from so many bytes on: less than most stories take.
    private static let smallestHole = 32
    /// The page that new rows go to.
    private var openPage: Int?
    /// Pages that hold nothing any more.
    private var freePages: [Int] = []
    /// Where rows were in pages that are not shared.
    private var holes = RowHoles()
    /// Where rows were in pages that are: nothing may be put there while there is a copy.
    private var sharedHoles = RowHoles()
    /// What a store and its copies have in common. Whoever has it alone has no copy any more.
    private final class Commons {}
    private var commons = Commons()

    init() {}

    /// The same rows, sharing memory. O(pages + holes).
    mutating func copy() -> RowStore {
        for index in pages.indices { pages[index].isShared = true }
        sharedHoles.add(holes)
        holes = RowHoles()
        var copy = RowStore()
        copy.commons = commons
        copy.owners = owners
        copy.pages = pages
        copy.slots = slots
        copy.openPage = openPage
        copy.freePages = freePages
        copy.count = count
        copy.contentBytes = contentBytes
        return copy
    }

    /// How many rows there are.
    private(set) var count = 0
    /// Bytes of all rows' content.
    private(set) var contentBytes = 0
    /// Bytes of memory taken by pages.
    var allocatedBytes: Int { pages.reduce(0) { $0 + $1.memory.capacity } + slots.allocatedBytes }

    /// The largest row number there has been.
    var highestRow: UInt32 { UInt32(clamping: max(0, slots.capacity - 1)) }

    @inline(__always)
    private func slot(_ row: UInt32) -> Slot? {
        let slot = slots[row]
        return slot.page == 0 ? nil : slot
    }

    /// The kind of a row; nil if there is none. O(1).
    func kind(of row: UInt32) -> EntityKind? {
        guard let slot = slot(row) else { return nil }
        let header = pages[Int(slot.page) - 1].memory.header(at: Int(slot.offset))
        return EntityKind(rawValue: UInt32(header.kind))
    }

    /// Whether there is a row of this kind. O(1).
    func has(_ row: UInt32, _ kind: EntityKind) -> Bool {
        guard let slot = slot(row) else { return false }
        let header = pages[Int(slot.page) - 1].memory.header(at: Int(slot.offset))
        return UInt32(header.kind) == kind.rawValue
    }

    /// Calls `body` with the row's bytes, not copied. O(1).
    @inline(__always)
    func withRow<Result, Failure: Error>(
        _ row: UInt32, _ body: (EntityKind, RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let slot = slot(row) else { return nil }
        let memory = pages[Int(slot.page) - 1].memory
        let header = memory.header(at: Int(slot.offset))
        guard let kind = EntityKind(rawValue: UInt32(header.kind)) else { return nil }
        return try body(kind, memory.content(at: Int(slot.offset)))
    }

    /// Asks the processor for a row's bytes ahead of their use. Reads the row's slot.
    @inline(__always)
    func prefetch(_ row: UInt32) {
        guard let slot = slot(row) else { return }
        pages[Int(slot.page) - 1].memory.prefetch(at: Int(slot.offset))
    }

    /// The same for its kind alone.
    @inline(__always)
    func prefetchHeader(_ row: UInt32) {
        guard let slot = slot(row) else { return }
        pages[Int(slot.page) - 1].memory.prefetchHeader(at: Int(slot.offset))
    }

    /// Asks the processor for what `prefetch(_:)` reads.
    @inline(__always)
    func prefetchSlot(_ row: UInt32) { slots.prefetch(row) }

    /// How many bytes a row has; 0 if there is none. O(1).
    func byteCount(of row: UInt32) -> Int {
        withRow(row) { _, span in span.byteCount } ?? 0
    }

    /// A copy of the row's bytes.
    func bytes(of row: UInt32) -> [UInt8]? {
        withRow(row) { _, span in unsafe span.withUnsafeBytes { unsafe [UInt8]($0) } }
    }

    /// Writes a row, over the one that was there. Amortised O(bytes).
    mutating func set(_ row: UInt32, kind: EntityKind, _ content: RawSpan) {
        let kind = UInt8(truncatingIfNeeded: kind.rawValue)
        guard let slot = slot(row) else {
            count += 1
            contentBytes += content.byteCount
            return place(row, kind, content)
        }
        let index = Int(slot.page) - 1
        let old = pages[index].memory.header(at: Int(slot.offset))
        contentBytes += content.byteCount - Int(old.length)
        guard content.byteCount > old.room || !isOurs(index) else {
            let header = RowPage.Header(
                row: row, length: content.byteCount, kind: kind, room: old.room)
            return pages[index].memory.write(header, content, at: Int(slot.offset))
        }
        place(row, kind, content)
        bury(slot, old.room)
    }

    /// Removes a row; nothing happens if there is none.
    mutating func remove(_ row: UInt32) {
        guard let slot = slot(row) else { return }
        let index = Int(slot.page) - 1
        let old = pages[index].memory.header(at: Int(slot.offset))
        contentBytes -= Int(old.length)
        count -= 1
        slots[row] = Slot()
        bury(slot, old.room)
    }

    /// Calls `body` with every row, by ascending number, until it returns false.
    func forEach<Failure: Error>(
        from first: UInt32 = 0,
        _ body: (UInt32, EntityKind, RawSpan) throws(Failure) -> Bool
    ) throws(Failure) {
        var row = Int(first)
        while row < slots.capacity {
            if let slot = slot(UInt32(row)) {
                let memory = pages[Int(slot.page) - 1].memory
                let header = memory.header(at: Int(slot.offset))
                if let kind = EntityKind(rawValue: UInt32(header.kind)),
                    try !body(header.row, kind, memory.content(at: Int(slot.offset)))
                {
                    return
                }
            }
            row += 1
        }
    }

    // MARK: - Pages

    /// Whether nobody reads a page but us. If not, it must not be written to.
    @inline(__always)
    private mutating func isOurs(_ index: Int) -> Bool {
        !pages[index].isShared || takeAllBack()
    }

    /// Makes all pages ours, if there is no copy any more. O(1) if there is one, else
    /// O(pages + holes).
    private mutating func takeAllBack() -> Bool {
        guard isKnownUniquelyReferenced(&commons) else { return false }
        for index in pages.indices { pages[index].isShared = false }
        holes.add(sharedHoles)
        sharedHoles = RowHoles()
        return true
    }

    private mutating func put(_ page: RowPage, at index: Int) {
        owners[index] = page
        pages[index] = Page(page, generation: pages[index].generation &+ 1)
    }

    private mutating func place(_ row: UInt32, _ kind: UInt8, _ content: RawSpan) {
        let room = (content.byteCount + 7) & ~7
        if let hole = takeHole(room) { return fill(hole, by: row, kind, content, room) }
        let index = pageWithRoom(for: RowPage.Header.size + room)
        let offset = Int(pages[index].used)
        pages[index].used += UInt32(RowPage.Header.size + room)
        let header = RowPage.Header(row: row, length: content.byteCount, kind: kind, room: room)
        pages[index].memory.write(header, content, at: offset)
        slots[row] = Slot(page: UInt32(index + 1), offset: UInt32(offset))
    }

    @inline(__always)
    private mutating func pageWithRoom(for needed: Int) -> Int {
        guard let open = openPage,
            Int(pages[open].used) + needed <= pages[open].memory.capacity
        else { return newPage(for: needed) }
        if !isOurs(open) {
            owners[open] = owners[open].copy(of: Int(pages[open].used))
            pages[open].memory = owners[open].memory
            pages[open].isShared = false
        }
        return open
    }

    private mutating func newPage(for needed: Int) -> Int {
        let page = RowPage(
            capacity: max(RowPage.standardCapacity, needed),
            isLarge: pages.count >= Self.smallPages)
        let index: Int
        if let free = freePages.popLast() {
            put(page, at: free)
            index = free
        } else {
            owners.append(page)
            pages.append(Page(page, generation: 0))
            index = pages.count - 1
        }
        if needed <= RowPage.standardCapacity / 2 { openPage = index }
        return index
    }

    /// Puts a row into a hole that has room for it, and leaves the rest to others.
    private mutating func fill(
        _ hole: RowHoles.Hole, by row: UInt32, _ kind: UInt8, _ content: RawSpan, _ room: Int
    ) {
        let index = Int(hole.page)
        let size = pages[index].memory.header(at: Int(hole.offset)).room
        let rest = size - room - RowPage.Header.size
        let isSplit = rest >= Self.smallestHole
        let header = RowPage.Header(
            row: row, length: content.byteCount, kind: kind, room: isSplit ? room : size)
        pages[index].memory.write(header, content, at: Int(hole.offset))
        pages[index].dead -= UInt32(RowPage.Header.size + header.room)
        slots[row] = Slot(page: hole.page + 1, offset: hole.offset)
        guard isSplit else { return }
        // Of no row, so that whoever walks the page passes over it.
        var other = hole
        other.offset += UInt32(RowPage.Header.size + room)
        pages[index].memory.write(
            RowPage.Header(row: 0, length: 0, kind: 0, room: rest), RawSpan(),
            at: Int(other.offset))
        holes.leave(other, room: rest)
    }

    /// A hole for a row, in a page that is ours alone.
    @inline(__always)
    private mutating func takeHole(_ room: Int) -> RowHoles.Hole? {
        while let hole = holes.take(room: room) {
            let page = pages[Int(hole.page)]
            if page.generation == hole.generation, !page.isShared { return hole }
        }
        return nil
    }

    /// Counts as dead what is at `slot`, where a row of so much room was, and leaves it to others;
    /// a page of which more than half is dead is given back.
    private mutating func bury(_ slot: Slot, _ room: Int) {
        let index = Int(slot.page) - 1
        pages[index].dead += UInt32(RowPage.Header.size + room)
        if pages[index].dead > pages[index].used / 2, index != openPage {
            moveOut(of: index)
        } else {
            let hole = RowHoles.Hole(
                page: slot.page - 1, offset: slot.offset, generation: pages[index].generation)
            if pages[index].isShared {
                sharedHoles.leave(hole, room: room)
            } else {
                holes.leave(hole, room: room)
            }
        }
    }

    private mutating func moveOut(of index: Int) {
        let owner = owners[index]
        let page = pages[index]
        // The empty page goes in first, so that what moves does not move into the old one.
        put(RowPage(capacity: 0), at: index)
        var offset = 0
        while offset < Int(page.used) {
            let header = page.memory.header(at: offset)
            if let slot = slot(header.row), Int(slot.page) - 1 == index,
                Int(slot.offset) == offset
            {
                place(header.row, header.kind, page.memory.content(at: offset))
            }
            offset += RowPage.Header.size + header.room
        }
        withExtendedLifetime(owner) {}
        freePages.append(index)
    }
}
