/// Elements in the order they were last used: a list linked by places in one array, so that moving
/// one to the end is O(1) and a copy is one block of memory.
struct UsageOrder<Element> {
    private struct Node {
        var element: Element
        var before: Int32
        var after: Int32
    }

    private static var none: Int32 { -1 }
    private var nodes: [Node] = []
    /// The places that hold nothing, linked by `after`.
    private var free: Int32 = Self.none
    private var first: Int32 = Self.none
    private var last: Int32 = Self.none
    private(set) var count = 0

    /// The element used longest ago, and its place.
    var oldest: (place: Int32, element: Element)? {
        first == Self.none ? nil : (first, nodes[Int(first)].element)
    }

    /// Adds an element as the newest; answers its place.
    mutating func append(_ element: Element) -> Int32 {
        var place = free
        if place == Self.none {
            place = Int32(nodes.count)
            nodes.append(Node(element: element, before: Self.none, after: Self.none))
        } else {
            free = nodes[Int(place)].after
            nodes[Int(place)].element = element
        }
        link(place)
        return place
    }

    /// Makes the element at `place` the newest, and says what it is now.
    mutating func touch(_ place: Int32, _ element: Element) {
        nodes[Int(place)].element = element
        guard place != last else { return }
        unlink(place)
        link(place)
    }

    mutating func remove(_ place: Int32) {
        unlink(place)
        nodes[Int(place)].after = free
        free = place
    }

    /// Calls `body` with every element and its place, that used longest ago first.
    func forEach<Failure: Error>(
        _ body: (Int32, Element) throws(Failure) -> Void
    ) throws(Failure) {
        var place = first
        while place != Self.none {
            try body(place, nodes[Int(place)].element)
            place = nodes[Int(place)].after
        }
    }

    private mutating func link(_ place: Int32) {
        nodes[Int(place)].before = last
        nodes[Int(place)].after = Self.none
        if last == Self.none { first = place } else { nodes[Int(last)].after = place }
        last = place
        count += 1
    }

    private mutating func unlink(_ place: Int32) {
        let node = nodes[Int(place)]
        if node.before == Self.none {
            first = node.after
        } else {
            nodes[Int(node.before)].after = node.after
        }
        if node.after == Self.none {
            last = node.before
        } else {
            nodes[Int(node.after)].before = node.before
        }
        count -= 1
    }
}
