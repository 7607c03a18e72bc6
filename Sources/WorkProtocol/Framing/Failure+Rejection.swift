/// What goes back to a client whose request failed, and what the client makes of it.
extension Failure {
    /// The failure that tells of a rejection.
    package init(_ rejection: Rejection) {
        self.init(rejection.reason, rejection.message)
        if rejection.wasExecuted { outcome = .executed }
        fields = rejection.fields
        entity = rejection.entity.rawValue
        currentVersion = rejection.currentVersion
    }

    /// A failure with the outcome and the advice that go with its reason.
    package init(
        _ reason: Reason, _ message: String, retryAfter milliseconds: UInt32 = 0,
        primary: String = "", epoch: WireEpoch = WireEpoch()
    ) {
        self.init()
        self.reason = reason.rawValue
        self.message = message
        outcome = reason.outcome
        retry = reason.retry
        retryAfter = milliseconds
        self.primary = primary
        epochVersion = epoch.version
        epochBoot = epoch.boot
    }

    /// Not the primary: where it is, as far as this node knows.
    package static func notPrimary(primary: String, epoch: WireEpoch) -> Failure {
        Failure(
            .notPrimary,
            primary.isEmpty ? "This node is not the primary." : "The primary is \(primary).",
            primary: primary, epoch: epoch)
    }

    /// The reason, if this program knows its number.
    package var knownReason: Reason? { Reason(rawValue: reason) }

    /// The status in the header of a response with this failure.
    package var status: UInt16 { knownReason?.status ?? 2 }

    /// The epoch it names.
    package var epoch: WireEpoch { WireEpoch(version: epochVersion, boot: epochBoot) }
}

extension Rejection {
    /// The rejection a failure tells of. A reason this program does not know becomes `.failed`.
    package init(_ failure: Failure) {
        self.init(
            failure.knownReason ?? .failed, failure.message, fields: failure.fields,
            entity: Gid(failure.entity), currentVersion: failure.currentVersion)
    }

    /// The rejection that a payload deserves which is not its method's message.
    package init(_ malformed: MalformedRequest) {
        switch malformed {
        case .bytes(let corruption):
            self.init(.badField, "The request cannot be read: \(corruption)")
        case .field(let violation):
            self = .badField(violation.path, violation.problem)
        case .method(let method):
            self.init(.unknownMethod, "\(method.name) cannot be asked this way.")
        }
    }
}

/// gRPC's numbers of statuses, as far as they are used by themselves.
package enum StatusCode {
    package static let ok: UInt16 = 0
    package static let cancelled: UInt16 = 1
}
