import Glibc

/// The numbers of the runs that go on at this moment, to be told by a signal handler: a run that
/// meets a trap in the program takes the process with it, and its seed must not be lost.
enum RunningNumbers {
    static let capacity = 64
    /// Allocated once and never freed; a torn read could only garble a message.
    private nonisolated(unsafe) static let numbers = {
        let place = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        unsafe place.initialize(repeating: 0, count: capacity)
        return unsafe place
    }()

    static func set(_ place: Int, _ number: UInt64) { unsafe numbers[place] = number }

    /// From now on a trap tells which runs were under way.
    static func tellWhenKilled() {
        for place in 0..<capacity { set(place, 0) }
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS] {
            _ = signal(number) { number in
                RunningNumbers.tell()
                _ = signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// Nothing but what a signal handler may call: no memory is asked for.
    private static func tell() {
        say("killed in one of the runs (tools/simulate --seed):")
        for place in 0..<capacity where unsafe numbers[place] != 0 {
            say(" ")
            say(unsafe numbers[place])
        }
        say("\n")
    }

    private static func say(_ text: StaticString) {
        _ = unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }

    private static func say(_ number: UInt64) {
        var divisor: UInt64 = 10_000_000_000_000_000_000
        while divisor > 1, number < divisor { divisor /= 10 }
        while divisor > 0 {
            var digit = UInt8(truncatingIfNeeded: number / divisor % 10) + 0x30
            _ = unsafe write(STDERR_FILENO, &digit, 1)
            divisor /= 10
        }
    }
}
