/// Why a request was not done. The numbers are part of the protocol and are never reused.
package enum Reason: UInt32, Sendable, CaseIterable {
    case notPrimary = 101
    case fencedWhileExecuting = 102
    case followerLost = 103
    case overloaded = 104
    case rateLimited = 105
    case diskFull = 107
    case insufficientCopies = 108
    case noReadLease = 109
    case starting = 110
    case deadlineExceeded = 111
    case cancelled = 112
    case readOnly = 113
    /// What had to be executed before has not been, as far as is known here.
    case outOfOrder = 114
    case versionMismatch = 201
    /// The request goes against the present state: a project that is in no team made private to its
    /// team, a section that is not empty deleted.
    case conflict = 202
    case sessionExpired = 203
    case requestIDReused = 204
    case alreadyExists = 205
    case tooLarge = 301
    case badField = 302
    case badFrame = 303
    case unknownMethod = 304
    case unknownExtension = 305
    case limitReached = 306
    case badToken = 401
    case forbidden = 403
    case notFound = 404
    case compacted = 501
    case corrupt = 901
    case failed = 902

    /// gRPC's number of the status that goes with it.
    package var status: UInt16 {
        switch self {
        case .notPrimary, .fencedWhileExecuting, .followerLost, .insufficientCopies, .noReadLease,
            .starting:
            14
        case .overloaded, .rateLimited, .diskFull, .limitReached: 8
        case .deadlineExceeded: 4
        case .cancelled: 1
        case .readOnly, .sessionExpired, .conflict: 9
        case .versionMismatch, .outOfOrder: 10
        case .requestIDReused, .alreadyExists: 6
        case .tooLarge, .badField, .badFrame, .unknownExtension: 3
        case .unknownMethod: 12
        case .badToken: 16
        case .forbidden: 7
        case .notFound: 5
        case .compacted: 11
        case .corrupt: 15
        case .failed: 13
        }
    }

    /// Whether the request ran, as far as this reason can tell.
    package var outcome: Outcome {
        switch self {
        case .fencedWhileExecuting, .sessionExpired, .corrupt, .deadlineExceeded, .failed: .unknown
        default: .notExecuted
        }
    }

    /// What to do next.
    package var retry: Retry {
        switch self {
        case .notPrimary, .fencedWhileExecuting, .noReadLease, .starting: .elsewhere
        case .followerLost, .overloaded, .rateLimited, .insufficientCopies, .deadlineExceeded,
            .outOfOrder:
            .backoff
        case .diskFull, .readOnly, .versionMismatch, .sessionExpired, .compacted: .afterFix
        default: .never
        }
    }
}

/// A command or query that the rules refuse: what is wrong, said so that the caller can mend it.
/// Nothing was changed.
package struct Rejection: Error, Equatable, Sendable, CustomStringConvertible {
    package var reason: Reason
    package var message: String
    /// The fields at fault, by their paths in the request.
    package var fields: [FieldProblem]
    /// For a version mismatch: the object and the version it has.
    package var entity: Gid
    package var currentVersion: UInt32
    /// Whether the request was done before, by an attempt whose answer the caller may not have now.
    package var wasExecuted = false

    package init(
        _ reason: Reason, _ message: String, fields: [FieldProblem] = [], entity: Gid = .none,
        currentVersion: UInt32 = 0
    ) {
        self.reason = reason
        self.message = message
        self.fields = fields
        self.entity = entity
        self.currentVersion = currentVersion
    }

    /// The one answer for what is not there and for what the principal may not see: the same bytes.
    package static let notFound = Rejection(.notFound, "There is no such object, or not for you.")

    /// A field of the request that cannot be.
    package static func badField(_ field: String, _ message: String) -> Rejection {
        var problem = FieldProblem()
        problem.field = field
        problem.message = message
        return Rejection(.badField, "\(field): \(message)", fields: [problem])
    }

    package var description: String { message }
}
