internal import CLinux
internal import Environment
internal import Glibc

/// The descriptors an event loop waits for, and who they belong to.
///
/// A descriptor is watched under a number that indexes its owner. A number freed in a turn is given
/// again in the next one only: what the kernel told before of the former owner must not reach the
/// new one.
///
/// All but `wake` is for the loop's thread.
@safe
final class Poll {
    typealias Number = UInt32

    /// How many are told of in a turn. Others have their turn in the next one, before those who
    /// were told in this one and are still ready.
    private static let room = 64

    private let descriptor: Descriptor
    private let wakeup: Descriptor
    private var sources: [(any EventSource)?] = []
    private var free: [Number] = []
    /// Freed in this turn.
    private var freed: [Number] = []
    private let ready: UnsafeMutablePointer<holdfast_ready>
    private var readyCount = 0

    init() {
        func made(_ number: Int32, _ what: String) -> Descriptor {
            precondition(number >= 0, "no \(what): errno \(errno)")
            return Descriptor(number)
        }
        descriptor = made(holdfast_poll_create(), "poll")
        wakeup = made(holdfast_wakeup_create(), "wakeup")
        unsafe ready = .allocate(capacity: Self.room)
        unsafe ready.initialize(repeating: holdfast_ready(), count: Self.room)
        let added = holdfast_poll_add_wakeup(descriptor.number, wakeup.number, .max)
        precondition(added == 0, "a poll watches no wakeup: errno \(errno)")
    }

    deinit { unsafe ready.deallocate() }

    /// Ends the waiting of now, or the next one. From any thread.
    func wake() {
        holdfast_wake(wakeup.number)
    }

    func add(_ source: any EventSource, _ watched: Int32, _ interest: Interest)
        throws(SystemError) -> Number
    {
        let number = free.last ?? Number(sources.count)
        _ = try retrying("epoll_ctl") {
            holdfast_poll_add(descriptor.number, watched, number, interest.rawValue)
        }
        if free.isEmpty {
            sources.append(source)
        } else {
            free.removeLast()
            sources[Int(number)] = source
        }
        return number
    }

    func change(_ number: Number, _ watched: Int32, _ interest: Interest) throws(SystemError) {
        _ = try retrying("epoll_ctl") {
            holdfast_poll_change(descriptor.number, watched, number, interest.rawValue)
        }
    }

    func remove(_ number: Number, _ watched: Int32) {
        // Fails only for a descriptor that is not watched.
        _ = holdfast_poll_remove(descriptor.number, watched)
        sources[Int(number)] = nil
        freed.append(number)
    }

    /// Waits until something is ready, at most `limit` (nil: for ever).
    func wait(_ limit: Interval?) {
        let nanoseconds = limit.map { Int64(clamping: $0.nanoseconds) } ?? -1
        let count = unsafe holdfast_poll_wait(
            descriptor.number, ready, Int32(Self.room), nanoseconds)
        precondition(count >= 0, "epoll_wait: errno \(errno)")
        readyCount = Int(count)
    }

    /// Tells everybody that is ready, and after each of them calls `pause` with their number.
    func tell(_ pause: (Int) -> Void) {
        for index in 0..<readyCount {
            let event = unsafe ready[index]
            guard event.number != .max, let source = sources[Int(event.number)] else { continue }
            source.ready(Interest(rawValue: event.events))
            pause(index + 1)
        }
        readyCount = 0
        if !freed.isEmpty {
            free += freed
            freed.removeAll(keepingCapacity: true)
        }
    }

    /// Everybody gives up.
    func abandon() {
        for source in sources { source?.abandon() }
        sources = []
    }
}
