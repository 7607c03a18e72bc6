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
    dependencies: [
        .package(name: "holdfast", path: ".."),
        // Without jemalloc and interposers: nothing here counts allocations.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    ],
    targets: [
        // `swift build --product peer-load` builds these three, and nothing of the dependencies.
        .systemLibrary(
            name: "COpenSSL", path: "COpenSSL", pkgConfig: "libssl",
            providers: [.apt(["libssl-dev"])]),
        .target(name: "CEpoll", path: "CEpoll"),
        .executableTarget(
            name: "peer-load", dependencies: ["COpenSSL", "CEpoll"], path: "PeerLoad",
            swiftSettings: settings),
        // `swift package benchmark` finds it by its folder being in one called Benchmarks.
        .executableTarget(
            name: "microbenchmarks",
            dependencies: [
                "ProtobufComparison", .product(name: "Microbenchmarks", package: "holdfast"),
                .product(name: "Benchmark", package: "benchmark"),
            ], path: "Micro", swiftSettings: settings),
        .target(
            name: "ProtobufComparison",
            dependencies: [
                .product(name: "Microbenchmarks", package: "holdfast"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], path: "ProtobufComparison", swiftSettings: settings),
        .testTarget(
            name: "ProtobufComparisonTests",
            dependencies: [
                "ProtobufComparison", .product(name: "Microbenchmarks", package: "holdfast"),
            ], path: "Tests/ProtobufComparisonTests", swiftSettings: settings),
        .testTarget(
            name: "PeerLoadTests", dependencies: ["peer-load"], path: "Tests/PeerLoadTests",
            swiftSettings: settings),
    ]
)
