import ArgumentParser
import Environment
import ReplicatedLog
import SystemEnvironment

/// Where a node keeps what is its own, and what the files in it are.
struct DataDirectory {
    let path: String

    init(_ path: String) {
        self.path = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
    }

    var configuration: String { "\(path)/holdfast.toml" }
    var adminToken: String { "\(path)/admin.token" }
    var positionKey: String { "\(path)/tls/position.key" }
    var clientAuthority: String { "\(path)/tls/ca.pem" }
    var clientAuthorityKey: String { "\(path)/tls/ca.key" }
    var server: String { "\(path)/tls/server.pem" }
    var serverKey: String { "\(path)/tls/server.key" }
    var nodeAuthority: String { "\(path)/tls/node-ca.pem" }
    var nodeAuthorityKey: String { "\(path)/tls/node-ca.key" }
    var node: String { "\(path)/tls/node.pem" }
    var nodeKey: String { "\(path)/tls/node.key" }
    var socket: String { "\(path)/holdfast.sock" }

    /// Whether a file is of those that `init` makes and nobody can make again.
    static func isEnrolled(_ path: String) -> Bool {
        let names = Enrolment.fileNames.map { "/tls/\($0)" } + ["/admin.token"]
        return names.contains { path.hasSuffix($0) }
    }

    func material() throws(DiskError) -> TLSMaterial {
        TLSMaterial(
            clientAuthority: try FileText.read(clientAuthority),
            server: TLSMaterial.Identity(
                certificates: try FileText.read(server), key: try FileText.read(serverKey)),
            nodeAuthority: try FileText.read(nodeAuthority),
            node: TLSMaterial.Identity(
                certificates: try FileText.read(node), key: try FileText.read(nodeKey)))
    }
}

/// An error of a program: one line of what and where, one of what to do next, and the exit code.
struct Failure: Error, CustomStringConvertible {
    var exitCode: Int32
    var message: String
    var help: String

    init(_ exitCode: Int32, _ message: String, help: String = "") {
        self.exitCode = exitCode
        self.message = message
        self.help = help
    }

    init(_ error: DiskError) {
        let code: Int32 =
            switch error.kind {
            case .missing: 66
            case .exists: 73
            case .denied: 77
            case .inUse: 75
            case .noSpace, .ioError: 74
            }
        self.init(code, error.description, help: Self.help(error))
    }

    /// What to do next, whatever the program was about to do with the file.
    private static func help(_ error: DiskError) -> String {
        switch error.kind {
        case .missing where DataDirectory.isEnrolled(error.path):
            "put it back from a backup, or make this node anew: `holdfastd invite` on the other "
                + "one, then `holdfastd init --invitation`"
        case .missing: "is the path right?"
        case .exists: "choose another name, or move that away"
        case .denied: "run it as the owner of the file"
        case .inUse: "stop the process that uses it"
        case .noSpace: "make room on the disk"
        case .ioError: "look at the disk and at the kernel's messages"
        }
    }

    var description: String {
        help.isEmpty ? "holdfastd: \(message)" : "holdfastd: \(message)\nhelp: \(help)"
    }

    /// Says it, and gives ArgumentParser the exit code.
    func exit() -> ExitCode {
        Terminal.tell(description)
        return ExitCode(exitCode)
    }
}
