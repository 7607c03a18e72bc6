internal import ArgumentParser
internal import Environment
internal import Interchange
internal import StoreClient
internal import SystemEnvironment
internal import WorkProtocol

/// Why a command did not do what it was asked: what, where, and what next, and the exit code.
struct Complaint: Error {
    /// The exit codes of all programs (`cli.md`, "Habits").
    enum Code: Int32 {
        case checkFailed = 1
        case usage = 64
        case badData = 65
        case notFound = 66
        case unavailable = 69
        case `internal` = 70
        case exists = 73
        case io = 74
        case tryAgain = 75
        case `protocol` = 76
        case forbidden = 77
        case configuration = 78
        case corruption = 80
        case lost = 81
        case interrupted = 130
    }

    var code: Code
    var message: String
    /// Where it happened: a server, a file. Empty where there is nothing to say.
    var place: String
    var help: String

    init(_ code: Code, _ message: String, at place: String = "", help: String = "") {
        self.code = code
        self.message = message
        self.place = place
        self.help = help
    }

    /// `holdfast: what (where)`, and `help: what next`.
    var lines: [String] {
        let first = place.isEmpty ? "holdfast: \(message)" : "holdfast: \(message) (\(place))"
        return help.isEmpty ? [first] : [first, "help: \(help)"]
    }
}

extension Complaint {
    /// What an error means to the one who typed the command; nil for ArgumentParser's own.
    init?(_ error: any Error) {
        switch error {
        case let complaint as Complaint: self = complaint
        case let error as StoreError: self.init(error)
        case let error as DiskError: self.init(error)
        case let failure as ImportFailure:
            self.init(failure.isUnreadable ? .io : .badData, failure.description)
        case let problem as TextProblem:
            self.init(problem.kind == .unreadable ? .io : .badData, problem.description)
        case let failure as SchemaJSON.Failure: self.init(.badData, failure.description)
        case let problem as ConfigurationFile.Problem:
            self.init(.configuration, problem.description)
        default: return nil
        }
    }

    init(_ error: DiskError) {
        let code: Code =
            switch error.kind {
            case .missing: .notFound
            case .exists: .exists
            case .denied: .forbidden
            case .inUse: .tryAgain
            case .noSpace, .ioError: .io
            }
        self.init(code, error.reason, at: error.path)
    }

    init(_ error: StoreError) {
        self.init(
            Complaint.codes[error.code] ?? .internal, Complaint.sentence(error),
            at: error.server, help: Complaint.help(error))
    }

    private static let codes: [StoreError.Code: Code] = [
        .outcomeUnknown: .tryAgain, .deadlineExceeded: .tryAgain, .unavailable: .unavailable,
        .overloaded: .tryAgain, .insufficientCopies: .unavailable, .readOnly: .unavailable,
        .versionMismatch: .tryAgain, .conflict: .badData, .sessionExpired: .tryAgain,
        .requestIDReused: .usage, .alreadyExists: .exists, .notFound: .notFound,
        .badToken: .forbidden, .forbidden: .forbidden, .invalidRequest: .badData,
        .limitReached: .badData, .unknownMethod: .protocol, .untrusted: .configuration,
        .protocolViolation: .protocol, .cancelled: .interrupted, .closed: .unavailable,
        .corrupt: .corruption, .failed: .internal,
    ]

    /// A sentence as part of a line: without the full stop, and not with a capital letter, unless
    /// it is a word in capitals or a name.
    static func clause(_ sentence: String) -> String {
        var text = sentence
        if text.hasSuffix(".") { text.removeLast() }
        // A problem of a field begins with the field's name: `due_on: This …`.
        var start = text.startIndex
        if let colon = text.firstRange(of: ": "),
            text[..<colon.lowerBound].allSatisfy({ $0.isLowercase || "_.[]0123456789".contains($0) }
            )
        {
            start = colon.upperBound
        }
        let second = text[start...].dropFirst().first
        let isWord = second?.isLowercase ?? false || text[start...].hasPrefix("A ")
        guard let first = text[start...].first, isWord else { return text }
        return text[..<start] + first.lowercased() + text[start...].dropFirst()
    }

    /// What happened, and how often it was tried.
    private static func sentence(_ error: StoreError) -> String {
        var text = error.message
        // The place is said at the end.
        let place = "\(error.server): "
        if text.hasPrefix(place), !error.server.isEmpty { text.removeFirst(place.count) }
        text = clause(text)
        if error.code == .versionMismatch, error.currentVersion > 0 {
            text += "; it has version \(error.currentVersion)"
        }
        if error.outcome == .unknown { text += "; whether it was done is not known" }
        if error.attempts > 1 { text += "; tried \(error.attempts) times" }
        return text
    }

    private static func help(_ error: StoreError) -> String {
        if error.outcome == .unknown, let id = error.requestID {
            return "ask again with --request-id \(id): it is done at most once"
        }
        if !error.hint.isEmpty { return clause(error.hint) }
        switch error.code {
        case .unavailable where error.reason == nil:
            return "is holdfastd running there? holdfast config explain says who named it"
        case .unavailable, .insufficientCopies, .readOnly: return "holdfast status"
        case .badToken: return "holdfast login, or --token-file FILE"
        case .untrusted: return "check --ca FILE: it must be the authority of this store"
        case .versionMismatch: return "read it again, and give its version to --if-version"
        case .overloaded, .deadlineExceeded: return "try again in a moment"
        case .forbidden: return "holdfast whoami shows what this token may do"
        default: return ""
        }
    }
}
