import ByteCoding
import Foundation
import Testing

@testable import WorkProtocol

/// The generated messages against vectors that Protocol Buffers' own library made
/// (`tools/generate-vectors`): three for every message, empty, about half full, and full.
@Suite struct MessageVectorTests {
    struct Vector: CustomTestStringConvertible {
        var message: String
        var bytes: [UInt8]
        var fields: JSONValue
        var testDescription: String { "\(message), \(bytes.count) bytes" }
    }

    /// By message, so that a failure names it.
    static let vectors: [String: [Vector]] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/vectors.json")
        guard let text = try? String(contentsOf: file, encoding: .utf8),
            case .object(let members)? = try? JSONReader.value(of: text),
            case .array(let entries)? = members.first(where: { $0.name == "vectors" })?.value
        else { return [:] }
        return Dictionary(grouping: entries.compactMap(vector), by: \.message)
    }()

    private static func vector(_ entry: JSONValue) -> Vector? {
        guard case .object(let members) = entry, members.count == 3,
            case .string(let message) = members[0].value, case .string(let hex) = members[1].value
        else { return nil }
        return Vector(message: message, bytes: bytes(hex: hex), fields: members[2].value)
    }

    private static func bytes(hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    static let names = messageTypes.map { $0.messageName }

    @Test func `every message of the schema has vectors`() {
        for name in Self.names {
            #expect(Self.vectors[name]?.count == 3, "\(name): run tools/generate-vectors")
        }
        #expect(Self.vectors.count == Self.names.count)
    }

    @Test(arguments: messageTypes.map { Named(type: $0) })
    func `decoded and encoded again, the bytes are the same`(message: Named) throws {
        for vector in Self.vectors[message.name] ?? [] {
            let decoded = try message.type.init(decoding: vector.bytes)
            #expect(decoded.encoded() == vector.bytes)
        }
    }

    @Test(arguments: names)
    func `the bytes become the same JSON`(name: String) throws {
        for vector in Self.vectors[name] ?? [] {
            let json = try SchemaJSON.json(of: name, vector.bytes)
            #expect(try JSONReader.value(of: json).isEqual(to: vector.fields))
            let indented = try SchemaJSON.json(of: name, vector.bytes, isIndented: true)
            #expect(try JSONReader.value(of: indented) == JSONReader.value(of: json))
        }
    }

    @Test(arguments: names)
    func `the JSON becomes the same bytes`(name: String) throws {
        for vector in Self.vectors[name] ?? [] {
            let json = vector.fields.text(isIndented: false)
            #expect(try SchemaJSON.bytes(of: name, json: json) == vector.bytes)
        }
    }

    @Test(arguments: messageTypes.map { Named(type: $0) })
    func `a truncated message is refused or understood, never more`(message: Named) {
        for vector in Self.vectors[message.name] ?? [] {
            for count in 0..<min(vector.bytes.count, 600) {
                Self.decode(message.type, Array(vector.bytes[..<count]))
            }
        }
    }

    @Test(arguments: messageTypes.map { Named(type: $0) })
    func `a message with flipped bits is refused or understood, never more`(message: Named) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededNumbers(seed: seed)
        for vector in Self.vectors[message.name] ?? [] where !vector.bytes.isEmpty {
            for _ in 0..<50 {
                var bytes = vector.bytes
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let bit = Int.random(in: 0..<(bytes.count * 8), using: &random)
                    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                }
                Self.decode(message.type, bytes, "seed \(seed)")
            }
        }
    }

    /// Decodes; if that goes well, the canonical bytes are a fixed point, and the table agrees.
    private static func decode(
        _ type: any Message.Type, _ bytes: [UInt8], _ note: Testing.Comment? = nil
    ) {
        let name = type.messageName
        guard let message = try? type.init(decoding: bytes) else { return }
        _ = try? message.validate()
        let canonical = message.encoded()
        #expect((try? type.init(decoding: canonical))?.encoded() == canonical, note)
        let json = try? SchemaJSON.json(of: name, bytes)
        #expect(json != nil, note)
    }

    struct Named: Sendable, CustomTestStringConvertible {
        var type: any Message.Type
        var name: String { type.messageName }
        var testDescription: String { name }
    }
}

extension JSONValue {
    /// Equal but for the order of members, and for how a number is written.
    func isEqual(to other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object(let mine), .object(let theirs)):
            return mine.count == theirs.count
                && mine.allSatisfy { member in
                    theirs.contains {
                        $0.name == member.name && member.value.isEqual(to: $0.value)
                    }
                }
        case (.array(let mine), .array(let theirs)):
            return mine.count == theirs.count
                && zip(mine, theirs).allSatisfy { $0.isEqual(to: $1) }
        case (.number(let mine), .number(let theirs)):
            return mine == theirs || Double(mine) == Double(theirs)
        default:
            return self == other
        }
    }
}
