import ArgumentParser
import Environment
import SystemEnvironment

/// `holdfastd invite`: writes what a second node needs to be made.
struct Invite: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write an invitation for the other node of the pair.",
        discussion: """
            EXAMPLES
              holdfastd invite --data DIR --output follower.invitation
              holdfastd invite --data DIR --output f.invitation --certificate-name store2.example
            """)

    @Option(help: "The directory of the node that invites.") var data: String
    @Option(help: "Where to write the invitation; it is secret.") var output: String
    @Option(help: "A name or address of the new node's server certificate.")
    var certificateName: [String] = []

    func run() throws {
        let directory = DataDirectory(data)
        let clock = SystemScheduler()
        defer { clock.shutdown() }
        do {
            let text = String(decoding: try FileText.read(directory.configuration), as: UTF8.self)
            let settings = try Settings(try ConfigurationFile(text))
            let enrolment = try Enrolment(
                inviting: ["localhost", "127.0.0.1", "::1"] + certificateName, by: directory,
                peers: [settings.replicationListen], now: clock.wallTime)
            try FileText.write(output, Array(enrolment.invitation.utf8))
            Terminal.tell("Invitation for node \(enrolment.node) in \(output). It holds keys.")
        } catch let error as Failure {
            throw error.exit()
        } catch let error as DiskError {
            throw Failure(error).exit()
        } catch {
            throw Failure(78, "\(error)").exit()
        }
    }
}
