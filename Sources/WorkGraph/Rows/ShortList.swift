/// What a `ShortList` can hold.
protocol Listable: Equatable, BitwiseCopyable {
    init()
}

extension UInt32: Listable {}
extension UInt64: Listable {}

/// A list that is nearly always short: the first four elements lie in the value itself, so that
/// reading them from a row allocates nothing.
struct ShortList<Element: Listable>: RandomAccessCollection, Equatable {
    private let head: Head
    /// The elements after the fourth.
    private let rest: [Element]?

    /// The elements that lie in the value itself. Copying it copies bytes and counts no references.
    struct Head: Equatable, BitwiseCopyable {
        static var room: Int { 4 }
        // Four fields and no `InlineArray`: of that, Swift 6.3 makes copies by way of metadata.
        private var first = Element()
        private var second = Element()
        private var third = Element()
        private var fourth = Element()
        fileprivate(set) var count = 0

        /// One of the first `count` elements.
        @inline(__always)
        subscript(index: Int) -> Element {
            switch index {
            case 0: first
            case 1: second
            case 2: third
            default: fourth
            }
        }

        /// Takes up an element, if there is room for it.
        mutating func append(_ element: Element) -> Bool {
            switch count {
            case 0: first = element
            case 1: second = element
            case 2: third = element
            case 3: fourth = element
            default: return false
            }
            count += 1
            return true
        }
    }

    init(_ head: Head, rest: [Element]?) {
        self.head = head
        self.rest = rest
    }

    var startIndex: Int { 0 }
    var endIndex: Int { head.count + (rest?.count ?? 0) }

    subscript(index: Int) -> Element {
        precondition(index >= 0 && index < endIndex, "beyond the list")
        guard index >= Head.room, let rest else { return head[index] }
        return rest[index - Head.room]
    }

    static func == (left: ShortList, right: ShortList) -> Bool {
        // What has no element in the heads is alike.
        left.head == right.head && (left.rest ?? []) == (right.rest ?? [])
    }
}
