/// The requests of a connection that are not done, by stream.
///
/// They hold their place until their work is done, also when nobody waits for it any more:
/// otherwise asking and giving up in turn would be a way round every limit. A client's streams only
/// grow, most messages are whole at once and most requests are done in their order, so this is a
/// queue with gaps.
struct OpenRequests {
    private struct Entry {
        var stream: UInt32
        /// Of its message.
        var bytes: Int
        var isWanted = true
        var isDone = false
    }

    /// By ascending stream; before `start` all are done.
    private var entries: [Entry] = []
    private var start = 0
    private(set) var count = 0
    /// The bytes of their messages.
    private(set) var bytes = 0

    /// Takes in a request on a stream that is new here. O(1), but O(requests) for one whose message
    /// was longer under way than those of later streams.
    mutating func add(_ stream: UInt32, bytes: Int) {
        var place = entries.count
        while place > start, entries[place - 1].stream > stream { place -= 1 }
        entries.insert(Entry(stream: stream, bytes: bytes), at: place)
        count += 1
        self.bytes += bytes
    }

    /// Nobody waits for it any more. O(log requests).
    mutating func cancel(_ stream: UInt32) {
        if let place = place(of: stream) { entries[place].isWanted = false }
    }

    /// The work of a request is done; nil if there is none such, else whether somebody waits for
    /// it. O(1) in their order, O(log requests) otherwise.
    mutating func finish(_ stream: UInt32) -> Bool? {
        guard let place = place(of: stream) else { return nil }
        entries[place].isDone = true
        let isWanted = entries[place].isWanted
        count -= 1
        bytes -= entries[place].bytes
        while start < entries.count, entries[start].isDone { start += 1 }
        if start == entries.count {
            entries.removeAll(keepingCapacity: true)
            start = 0
        } else if entries.count > 4 * count + 64 {
            entries.removeAll { $0.isDone }
            start = 0
        }
        return isWanted
    }

    private func place(of stream: UInt32) -> Int? {
        if start < entries.count, entries[start].stream == stream { return start }
        var low = start
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].stream < stream { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].stream == stream, !entries[low].isDone else {
            return nil
        }
        return low
    }
}
