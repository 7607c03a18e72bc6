/// A queue in a fixed piece of memory.
struct Ring<Element> {
    private let slots: UnsafeMutablePointer<Element>
    private let mask: Int
    private var head = 0
    private(set) var count = 0

    /// - Parameter capacity: a power of two. Its memory is kept as long as the program runs.
    init(capacity: Int) {
        slots = .allocate(capacity: capacity)
        mask = capacity - 1
    }

    /// - Precondition: there is room.
    mutating func append(_ element: Element) {
        precondition(count <= mask, "a ring is full")
        (slots + ((head + count) & mask)).initialize(to: element)
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        defer {
            head = (head + 1) & mask
            count -= 1
        }
        return slots[head & mask]
    }

    var first: Element? {
        get { count > 0 ? slots[head & mask] : nil }
        nonmutating set { if let newValue, count > 0 { slots[head & mask] = newValue } }
    }
}
