import Foundation

/// The sample files that lie outside of the project, where there are any: in the folder that the
/// environment variable HOLDFAST_SHARED_DATA names, or else in `../shared/data`.
enum SharedData {
    static let folder: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let asked = ProcessInfo.processInfo.environment["HOLDFAST_SHARED_DATA"]
        let places = [asked.map { URL(filePath: $0) }, root.appending(path: "../shared/data")]
        return places.compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: $0.path)
        }
    }()

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return Array(try Data(contentsOf: folder.appending(path: path)))
    }

    static let scrambled = "asana/scrambled-project-export-A.csv"
    static let dashana = "asana/dashana-project.csv"
    static let sample = "asana/chrisputnam9-Asana-Sample.csv"
    static let spreeloop = "asana/spreeloop-tasks_with_subtasks.json"
    static let bitbucket = "trackers/gdc-bitbucket.db-1.0.json"
    static let archives = ["tls13-spec", "dtls13-spec", "quic-datagram", "cfrg-hpke"]
        .map { "trackers/\($0).archive.json" }
    static let all = [scrambled, dashana, sample, spreeloop, bitbucket] + archives

    /// Why the tests with the sample files are skipped.
    static let absence: String =
        "the sample files are not here: set HOLDFAST_SHARED_DATA to their folder"
}
