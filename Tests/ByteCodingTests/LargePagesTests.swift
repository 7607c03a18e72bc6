import Testing

@testable import ByteCoding

@Suite struct LargePagesTests {
    @Test(arguments: [1, 2])
    func `blocks are whole, aligned, and nobody else's`(seed: UInt64) throws {
        var random = SeededBytes(seed: seed)
        // The second time from memory that was made ready, too.
        let first = try #require(LargePages.allocate(4096))
        if seed == 2 {
            #expect(LargePages.prepare())
            #expect(LargePages.prepare())
        }
        defer { LargePages.deallocate(first) }
        var blocks: [(address: UnsafeMutableRawPointer, size: Int, mark: UInt8)] = []
        for step in 0..<3_000 {
            // More is taken than given back in the first half, then all is given back.
            if step < 2_000, blocks.isEmpty || random.next() % 3 > 0 {
                let size = 4096 << Int(random.next() % 7)
                let mark = UInt8(truncatingIfNeeded: random.next())
                let block = try #require(LargePages.allocate(size))
                #expect(UInt(bitPattern: block) % UInt(size) == 0)
                block.storeBytes(of: mark, as: UInt8.self)
                block.storeBytes(of: mark, toByteOffset: size - 1, as: UInt8.self)
                blocks.append((block, size, mark))
            } else if !blocks.isEmpty {
                let block = blocks.remove(at: Int(random.next() % UInt64(blocks.count)))
                #expect(block.address.load(as: UInt8.self) == block.mark)
                #expect(
                    block.address.load(fromByteOffset: block.size - 1, as: UInt8.self)
                        == block.mark)
                LargePages.deallocate(block.address)
            }
        }
        for block in blocks { LargePages.deallocate(block.address) }
    }

    @Test func `there are no blocks of other sizes`() {
        for size in [0, 1, 2048, 4097, 12_288, 1 << 19] {
            #expect(LargePages.allocate(size) == nil)
        }
    }
}
