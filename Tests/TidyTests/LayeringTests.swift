import Testing

/// The manifest says what a target *may* link; SwiftPM still lets it import anything it reaches
/// transitively. This table is the law, and it is short enough to read.
private let allowed: [String: Set<String>] = [
    "CChecksum": [], "CLinux": [], "CLZ4": [],
    "ByteCoding": ["CLZ4", "CChecksum"],
    "Environment": [],
    "WorkProtocol": ["ByteCoding"],
    "WorkGraph": ["WorkProtocol", "ByteCoding", "DequeModule"],
    "ReplicatedLog": ["ByteCoding", "Environment"],
    "Interchange": ["WorkProtocol", "ByteCoding"],
    "Checking": ["WorkProtocol", "ByteCoding"],
    "StoreNode": [
        "WorkGraph", "WorkProtocol", "ReplicatedLog", "Interchange", "ByteCoding", "Environment",
    ],
    "SystemEnvironment": [
        "Environment", "ByteCoding", "CLinux", "Glibc", "Synchronization", "HeapModule", "NIOCore",
        "NIOSSL", "NIOTLS", "Crypto", "CryptoExtras", "X509", "SwiftASN1",
        "FoundationEssentials", "Dispatch",
    ],
    "StoreClient": [
        "WorkProtocol", "ByteCoding", "Environment", "SystemEnvironment", "Synchronization",
    ],
    "Simulation": [
        "StoreNode", "WorkGraph", "ReplicatedLog", "StoreClient", "WorkProtocol", "ByteCoding",
        "Environment", "Checking", "Interchange",
    ],
    "LocalPair": ["StoreClient", "SystemEnvironment", "WorkProtocol", "Environment"],
    "holdfastd": [
        "StoreNode", "SystemEnvironment", "ReplicatedLog", "Environment", "ArgumentParser", "Glibc",
    ],
    "holdfast": [
        "StoreClient", "LocalPair", "Interchange", "WorkProtocol", "ByteCoding",
        "SystemEnvironment", "Environment", "ArgumentParser", "Glibc", "Synchronization",
    ],
    "holdfast-tools": [
        "StoreClient", "LocalPair", "ReplicatedLog", "SystemEnvironment", "Checking", "Interchange",
        "WorkProtocol", "ByteCoding", "Environment", "ArgumentParser", "Subprocess", "Histogram",
        "Glibc", "Synchronization",
    ],
    "simulate": ["Simulation", "Checking", "ReplicatedLog", "ArgumentParser", "Glibc"],
    "Microbenchmarks": [
        "WorkGraph", "WorkProtocol", "ReplicatedLog", "ByteCoding", "Environment",
    ],
]

/// Targets that decide: pure, the same on every machine and in every run.
private let core: Set<String> = [
    "ByteCoding", "Environment", "WorkProtocol", "WorkGraph", "ReplicatedLog", "StoreNode",
    "Interchange", "Checking",
]

/// What the core may not name: clocks, randomness, concurrency, and orders that differ by process.
private let banned = [
    "Date()", "UUID()", ".random(", "Task {", "Task.", "DispatchQueue", "ProcessInfo", ".hashValue",
    "ObjectIdentifier(", " async ", "await ", "Thread.", "getenv(", "print(",
]

@Suite struct LayeringTests {
    @Test func `imports stay inside the layer`() throws {
        for file in try SourceTree.product() {
            let allowed = try #require(allowed[file.target], "\(file.target) is not in the table")
            let strange = file.imports.subtracting(allowed)
            #expect(strange.isEmpty, "\(file.path) imports \(strange.sorted())")
        }
    }

    @Test func `the core names no clock, no randomness and no concurrency`() throws {
        for file in try SourceTree.product() where core.contains(file.target) {
            for (number, line) in file.lines.enumerated() {
                let code = line.split(separator: "//", omittingEmptySubsequences: false).first ?? ""
                for word in banned where names(word, in: code) {
                    Issue.record("\(file.path):\(number + 1) uses \(word)")
                }
            }
        }
    }

    /// Whether `code` has `word` and not merely a longer word that ends like it (`WorkTask.`).
    private func names(_ word: String, in code: Substring) -> Bool {
        var rest = code
        while let range = rest.firstRange(of: word) {
            let before = rest[..<range.lowerBound].last ?? " "
            if !before.isLetter || !(word.first?.isLetter ?? false) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    @Test func `only the simulation and the tests can break the rules of the pair`() throws {
        for file in try SourceTree.product()
        where !["Simulation", "ReplicatedLog", "simulate"].contains(file.target) {
            for (number, line) in file.lines.enumerated()
            where line.contains("ReplicaFaults(") || line.contains("replicaFaults = [.") {
                Issue.record("\(file.path):\(number + 1) plants a fault")
            }
        }
    }
}
