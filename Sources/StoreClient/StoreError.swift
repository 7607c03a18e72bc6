package import WorkProtocol

/// Why a call to a store did not succeed: what happened, whether the request ran, and what to do.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened. More may come; treat one that you do not know by its other properties.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The word for it, as the command line prints it.
        public let description: String

        /// Nobody could say in time whether the command ran. Asking again with `requestID` is safe.
        public static let outcomeUnknown = Code(description: "outcome unknown")
        /// There was no answer in time, and nothing was changed.
        public static let deadlineExceeded = Code(description: "deadline exceeded")
        /// No server could be reached, or none that is primary.
        public static let unavailable = Code(description: "unavailable")
        /// The server has too much to do.
        public static let overloaded = Code(description: "overloaded")
        /// Fewer copies could hold the change than were demanded, or than the policy demands.
        public static let insufficientCopies = Code(description: "insufficient copies")
        /// Writes are refused: the disk is full, or somebody made the store read-only.
        public static let readOnly = Code(description: "read only")
        /// The object has changed since the version the request named.
        public static let versionMismatch = Code(description: "version mismatch")
        /// The request goes against the present state.
        public static let conflict = Code(description: "conflict")
        /// The request ID is too old for the server to know what became of it.
        public static let sessionExpired = Code(description: "session expired")
        /// The request ID was used for another request.
        public static let requestIDReused = Code(description: "request ID reused")
        public static let alreadyExists = Code(description: "already exists")
        /// There is no such object, or it may not be seen.
        public static let notFound = Code(description: "not found")
        public static let badToken = Code(description: "bad token")
        public static let forbidden = Code(description: "forbidden")
        /// The request itself is wrong; `fields` says where.
        public static let invalidRequest = Code(description: "invalid request")
        /// One of the store's limits is reached.
        public static let limitReached = Code(description: "limit reached")
        /// The server does not know the method.
        public static let unknownMethod = Code(description: "unknown method")
        /// The other end's certificate is not to be trusted, or it is another cluster.
        public static let untrusted = Code(description: "untrusted")
        /// The other end speaks something else.
        public static let protocolViolation = Code(description: "protocol violation")
        public static let cancelled = Code(description: "cancelled")
        /// The store was closed.
        public static let closed = Code(description: "closed")
        /// The store has found damage in itself.
        public static let corrupt = Code(description: "corrupt")
        public static let failed = Code(description: "failed")
    }

    /// Whether the request took effect.
    public enum Outcome: Sendable, Hashable { case notExecuted, unknown, executed }

    /// A field of the request that cannot be, by its path.
    public struct FieldProblem: Sendable, Hashable {
        public var field: String
        public var message: String
    }

    public var code: Code
    /// A sentence that says what happened.
    public var message: String
    /// A sentence that says what to do, where there is one.
    public var hint: String = ""
    public var outcome: Outcome = .notExecuted
    /// Whether the same request may be sent again, with the same `requestID`, without harm.
    public var isRetrySafe = false
    /// The request ID of a command, to ask again with.
    public var requestID: String?
    public var fields: [FieldProblem] = []
    /// For a version mismatch: the object and the version it has.
    public var gid: UInt64 = 0
    public var currentVersion: UInt32 = 0
    /// The server it happened at, where it was one.
    public var server: String = ""
    /// How often the request was sent.
    public var attempts = 0
    /// The reason's number in the protocol; 0 where no server gave one.
    package var reasonNumber: UInt32 = 0
    package var retry = Retry.never
    package var retryAfterMilliseconds: UInt32 = 0

    package init(_ code: Code, _ message: String, hint: String = "") {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The server's reason, if it gave one that this program knows.
    package var reason: Reason? { Reason(rawValue: reasonNumber) }

    public var description: String {
        var text = "\(code): \(message)"
        if !hint.isEmpty { text += " \(hint)" }
        if outcome == .unknown, let requestID { text += " (request ID \(requestID))" }
        return text
    }
}

extension StoreError {
    /// What a server's failure means to the application.
    package init(_ failure: Failure, server: String = "") {
        self.init(
            failure.knownReason.map(StoreError.code) ?? .failed,
            failure.message.isEmpty ? "The server gave reason \(failure.reason)." : failure.message,
            hint: failure.help)
        outcome =
            switch failure.outcome {
            case .notExecuted: .notExecuted
            case .unknown: .unknown
            case .executed: .executed
            }
        retry = failure.retry
        retryAfterMilliseconds = failure.retryAfter
        isRetrySafe = failure.retry == .backoff || failure.retry == .elsewhere
        fields = failure.fields.map { FieldProblem(field: $0.field, message: $0.message) }
        gid = failure.entity
        currentVersion = failure.currentVersion
        reasonNumber = failure.reason
        self.server = server
    }

    private static func code(_ reason: Reason) -> Code {
        switch reason {
        case .notPrimary, .fencedWhileExecuting, .noReadLease, .starting, .outOfOrder: .unavailable
        case .followerLost, .insufficientCopies: .insufficientCopies
        case .overloaded, .rateLimited: .overloaded
        case .diskFull, .readOnly: .readOnly
        case .deadlineExceeded: .deadlineExceeded
        case .cancelled: .cancelled
        case .versionMismatch: .versionMismatch
        case .conflict: .conflict
        case .sessionExpired: .sessionExpired
        case .requestIDReused: .requestIDReused
        case .alreadyExists: .alreadyExists
        case .tooLarge, .badField, .unknownExtension: .invalidRequest
        case .badFrame: .protocolViolation
        case .unknownMethod: .unknownMethod
        case .limitReached: .limitReached
        case .badToken: .badToken
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .compacted: .conflict
        case .corrupt: .corrupt
        case .failed: .failed
        }
    }
}

extension RequestID {
    /// Session and sequence, to print and to read back.
    package var text: String {
        func hexadecimal(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hexadecimal(high) + hexadecimal(low) + "-" + String(sequence)
    }

    /// The request ID that `text` prints; nil if it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 32,
            let high = UInt64(parts[0].prefix(16), radix: 16),
            let low = UInt64(parts[0].suffix(16), radix: 16), let sequence = UInt64(parts[1]),
            sequence > 0
        else { return nil }
        self.init(high: high, low: low, sequence: sequence)
    }
}
