// swift-tools-version: 6.2
import PackageDescription

/// As the main package has it, but for `strictMemorySafety`: a load program that shall not be the
/// bottleneck works on raw buffers throughout, and every line would say `unsafe`.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    // One thread, and no reference that two own: the checks at run time would find nothing.
    .unsafeFlags(["-enforce-exclusivity=unchecked"]),
]

let package = Package(
    name: "holdfast-benchmarks",
    products: [.executable(name: "peer-load", targets: ["peer-load"])],
    targets: [
        .systemLibrary(
            name: "COpenSSL", path: "COpenSSL", pkgConfig: "libssl",
            providers: [.apt(["libssl-dev"])]),
        .target(name: "CEpoll", path: "CEpoll"),
        .executableTarget(
            name: "peer-load", dependencies: ["COpenSSL", "CEpoll"], path: "PeerLoad",
            swiftSettings: settings),
        .testTarget(
            name: "PeerLoadTests", dependencies: ["peer-load"], path: "Tests/PeerLoadTests",
            swiftSettings: settings),
    ]
)
