// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Swift Testing's macros expand to unsafe code, so test targets go without `strictMemorySafety`.
let tested: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let nio = "swift-nio"
let arguments: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [])
    -> Target
{
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: tested)
}

let package = Package(
    name: "holdfast",
    products: [
        .library(name: "StoreClient", targets: ["StoreClient"]),
        // For the package in Benchmarks/ alone.
        .library(name: "Microbenchmarks", targets: ["Microbenchmarks"]),
        .executable(name: "holdfastd", targets: ["holdfastd"]),
        .executable(name: "holdfast", targets: ["holdfast"]),
        .executable(name: "holdfast-tools", targets: ["holdfast-tools"]),
        .executable(name: "simulate", targets: ["simulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(
            url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // Tier 0
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "CChecksum"),
        .target(name: "CLinux"),
        library("ByteCoding", ["CLZ4", "CChecksum"]),
        library("Environment"),
        // Tier 1
        library("WorkProtocol", ["ByteCoding"], exclude: ["Schema"]),
        // Tier 2
        library(
            "WorkGraph",
            [
                "WorkProtocol", "ByteCoding",
                .product(name: "DequeModule", package: "swift-collections"),
            ]),
        library("ReplicatedLog", ["ByteCoding", "Environment"]),
        library(
            "SystemEnvironment",
            [
                "Environment", "ByteCoding", "CLinux",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOTLS", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ]),
        library("Interchange", ["WorkProtocol", "ByteCoding"]),
        library("Checking", ["WorkProtocol", "ByteCoding"]),
        // Tier 3
        library(
            "StoreNode",
            [
                "WorkGraph", "ReplicatedLog", "WorkProtocol", "Interchange", "ByteCoding",
                "Environment",
            ]),
        library(
            "StoreClient", ["WorkProtocol", "ByteCoding", "Environment", "SystemEnvironment"]),
        // Tier 4
        library(
            "Simulation",
            [
                "StoreNode", "StoreClient", "WorkGraph", "ReplicatedLog", "Interchange", "Checking",
                "WorkProtocol", "ByteCoding", "Environment",
            ]),
        library(
            "LocalPair", ["StoreClient", "SystemEnvironment", "WorkProtocol", "Environment"]),
        program(
            "holdfastd",
            ["StoreNode", "ReplicatedLog", "SystemEnvironment", "Environment", arguments]),
        program(
            "holdfast",
            [
                "StoreClient", "LocalPair", "SystemEnvironment", "WorkProtocol", "Interchange",
                "ByteCoding", "Environment", arguments,
            ]),
        // Tier 5
        program(
            "holdfast-tools",
            [
                "StoreClient", "LocalPair", "ReplicatedLog", "SystemEnvironment", "Environment",
                "Checking", "Interchange", "WorkProtocol", "ByteCoding", arguments,
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ], path: "tools/holdfast-tools"),
        program("simulate", ["Simulation", "Checking", "ReplicatedLog", arguments]),
        library(
            "Microbenchmarks",
            ["WorkGraph", "ReplicatedLog", "WorkProtocol", "ByteCoding", "Environment"]),
        // Tests
        tests("ByteCodingTests", ["ByteCoding"]),
        tests(
            "WorkProtocolTests", ["WorkProtocol", "ByteCoding"],
            exclude: ["Fixtures", "FramingFixtures"]),
        tests("WorkGraphTests", ["WorkGraph", "WorkProtocol", "ByteCoding", "Checking"]),
        tests(
            "ReplicatedLogTests", ["ReplicatedLog", "Simulation", "ByteCoding", "Environment"],
            exclude: ["Scenarios"]),
        tests("InterchangeTests", ["Interchange", "WorkProtocol", "ByteCoding"]),
        tests("SystemEnvironmentTests", ["SystemEnvironment", "Environment"]),
        tests(
            "StoreClientTests",
            [
                "StoreClient", "SystemEnvironment", "WorkProtocol", "ByteCoding", "Environment",
                "Simulation", "WorkGraph",
            ]),
        tests(
            "StoreNodeTests",
            [
                "StoreNode", "WorkGraph", "Interchange", "ReplicatedLog", "Simulation",
                "WorkProtocol", "ByteCoding", "Environment",
            ]),
        tests(
            "SimulationTests",
            ["Simulation", "StoreNode", "ReplicatedLog", "Checking", "WorkProtocol", "Environment"]),
        tests("CheckingTests", ["Checking", "WorkProtocol"]),
        tests(
            "EndToEndTests",
            [
                "LocalPair", "StoreClient", "SystemEnvironment", "WorkProtocol", "Checking",
                "ReplicatedLog", "holdfastd", "holdfast", "holdfast-tools",
            ]),
        tests("MicrobenchmarksTests", ["Microbenchmarks"]),
        tests("TidyTests", []),
    ]
)
