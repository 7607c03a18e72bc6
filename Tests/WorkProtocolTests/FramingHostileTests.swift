import ByteCoding
import Testing

@testable import WorkProtocol

struct FramingHostileTests {
    /// Frames worth mutating: all golden ones, a few responses, fragments, compressed ones.
    static func corpus(_ features: Features) -> [[UInt8]] {
        var frames = FramingGoldenTests.fixtures.map(\.bytes)
        let encoder = FrameEncoder(features: features)
        for count in [0, 5, 200, 9000] {
            frames.append(FramingDecoderTests.request(1, count).encoded(encoder))
        }
        return frames
    }

    @Test(arguments: [Features(), .checksums, [.lz4], [.checksums, .lz4]])
    func `mutated frames never trap`(features: Features) {
        let seed = UInt64.random(in: 0 ... .max)
        print("mutated frames, features \(features.rawValue): seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let corpus = Self.corpus(features)
        var taken = 0
        var refused = 0
        for _ in 0..<Self.rounds {
            var bytes = corpus[Int.random(in: 0..<corpus.count, using: &numbers)]
            Self.mutate(&bytes, &numbers)
            if Int.random(in: 0..<4, using: &numbers) == 0 {
                bytes += corpus[Int.random(in: 0..<corpus.count, using: &numbers)]
            }
            let sender: FrameDecoder.Sender =
                [.client, .server, .peer][Int.random(in: 0..<3, using: &numbers)]
            var decoder = FrameDecoder(from: sender)
            if sender == .client, Bool.random(using: &numbers) { bytes = Preface.bytes + bytes }
            if Int.random(in: 0..<8, using: &numbers) != 0 {
                decoder = .opened(from: sender, features: features)
            }
            let step = [1, 13, 100, Int.max][Int.random(in: 0..<4, using: &numbers)]
            do {
                taken += try decoder.frames(in: bytes, step: step).count
            } catch {
                refused += 1
                #expect(error.corruption.offset >= 0)
            }
            #expect(decoder.heldBytes <= bytes.count)
        }
        #expect(taken > 0 && refused > 0, "seed \(seed)")
    }

    /// 10^6 in a release build, where it takes seconds.
    static var rounds: Int {
        #if DEBUG
            5_000
        #else
            250_000
        #endif
    }

    static func mutate(_ bytes: inout [UInt8], _ numbers: inout SeededNumbers) {
        for _ in 0..<Int.random(in: 1...4, using: &numbers) {
            guard !bytes.isEmpty else { return }
            let place = Int.random(in: 0..<min(bytes.count, 64), using: &numbers)
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
            case 2: bytes.removeSubrange(place...)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &numbers), at: place)
            case 4:
                let end = min(place + 4, bytes.count)
                for index in place..<end { bytes[index] = 0xFF }
            default: bytes += numbers.bytes(Int.random(in: 0..<40, using: &numbers))
            }
        }
    }

    @Test func `random bytes never trap`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("random frames: seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<Self.rounds / 10 {
            let bytes = numbers.bytes(Int.random(in: 0..<100, using: &numbers))
            var decoder = FrameDecoder.opened(from: .client, features: [.lz4])
            _ = try? decoder.frames(in: bytes)
            _ = try? FramingExtensionsTests.decode(bytes)
        }
    }
}
