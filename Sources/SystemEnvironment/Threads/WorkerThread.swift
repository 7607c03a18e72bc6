internal import Glibc

/// A thread of its own for work that blocks and never ends, or ends by itself.
enum WorkerThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread named `name` (at most 15 bytes).
    static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
        let named = Body {
            setName(name)
            run()
        }
        let body = unsafe Unmanaged.passRetained(named).toOpaque()
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, body)
        precondition(result == 0, "no thread for \(name): error \(result)")
        // Fails only for a thread that is not there any more.
        _ = pthread_detach(thread)
    }

    /// Gives the thread its name for `top -H` and debuggers: a courtesy, so that failure is no
    /// matter. (`pthread_setname_np` is not in Swift's Glibc.)
    private static func setName(_ name: String) {
        let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        var text = name
        text.withUTF8 { _ = unsafe write(file, $0.baseAddress, $0.count) }
        _ = close(file)
    }
}

/// A counting semaphore: cheaper than a queue's wake-up, and it may be signalled from anywhere.
@safe
final class Semaphore: @unchecked Sendable {
    // Safe and unchecked because the compiler cannot know that `sem_t` is made for being shared;
    // the pointer is never changed.
    private let value: UnsafeMutablePointer<sem_t>

    init() {
        unsafe value = .allocate(capacity: 1)
        unsafe value.initialize(to: sem_t())
        let result = unsafe sem_init(value, 0, 0)
        precondition(result == 0, "no semaphore: errno \(errno)")
    }

    deinit {
        unsafe sem_destroy(value)
        unsafe value.deallocate()
    }

    func signal() {
        _ = unsafe sem_post(value)
    }

    func wait() {
        while unsafe sem_wait(value) != 0 {
            precondition(errno == EINTR, "semaphore: errno \(errno)")
        }
    }
}
