/// A list that is nearly always short: the first two elements lie in the value itself, so that
/// reading them from a row allocates nothing.
struct ShortList<Element: Equatable & BitwiseCopyable>: RandomAccessCollection, Equatable {
    private var first: Element?
    private var second: Element?
    private var rest: [Element] = []

    init() {}

    var startIndex: Int { 0 }
    var endIndex: Int { second == nil ? (first == nil ? 0 : 1) : 2 &+ rest.count }

    subscript(index: Int) -> Element {
        if index == 0, let first { return first }
        if index == 1, let second { return second }
        return rest[index - 2]
    }

    mutating func append(_ element: Element) {
        if first == nil {
            first = element
        } else if second == nil {
            second = element
        } else {
            rest.append(element)
        }
    }
}
