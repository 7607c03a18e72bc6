/// What a `ShortList` can hold.
protocol Listable: Equatable, BitwiseCopyable {
    init()
}

extension UInt32: Listable {}
extension UInt64: Listable {}

/// A list that is nearly always short: the first four elements lie in the value itself, so that
/// reading them from a row allocates nothing.
struct ShortList<Element: Listable>: RandomAccessCollection, Equatable {
    private var head = Head()
    private var rest: [Element]?

    /// The elements that lie in the value itself. Copying it copies bytes and counts no references.
    struct Head: BitwiseCopyable {
        static var room: Int { 4 }
        fileprivate var elements = InlineArray<4, Element>(repeating: Element())
        fileprivate(set) var count = 0

        /// Takes up an element, if there is room for it.
        mutating func append(_ element: Element) -> Bool {
            guard count < Self.room else { return false }
            elements[count] = element
            count += 1
            return true
        }
    }

    init() {}

    init(_ head: Head, rest: [Element]?) {
        self.head = head
        self.rest = rest
    }

    var startIndex: Int { 0 }
    var endIndex: Int { head.count + (rest?.count ?? 0) }

    subscript(index: Int) -> Element {
        guard index >= Head.room, let rest else { return head.elements[index] }
        return rest[index - Head.room]
    }

    mutating func append(_ element: Element) {
        if !head.append(element) { rest = (rest ?? []) + [element] }
    }

    static func == (left: ShortList, right: ShortList) -> Bool { left.elementsEqual(right) }
}
