import SystemEnvironment
import Testing

private func bytes(_ hex: String) -> [UInt8] {
    var rest = Substring(hex.filter { !$0.isWhitespace })
    var bytes: [UInt8] = []
    while let byte = UInt8(rest.prefix(2), radix: 16) {
        bytes.append(byte)
        rest = rest.dropFirst(2)
    }
    return bytes
}

@Suite struct CryptographyTests {
    let cryptography = SystemCryptography(
        // FIPS 197, appendix C.3.
        blockKey: bytes("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"))

    @Test func `sha256 gives the published values`() {
        #expect(
            cryptography.sha256([])
                == bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
        #expect(
            cryptography.sha256(Array("abc".utf8))
                == bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    }

    @Test func `hmac gives RFC 4231's values`() {
        #expect(
            cryptography.hmacSHA256(
                Array("Hi There".utf8), key: [UInt8](repeating: 0x0b, count: 20))
                == bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"))
        #expect(
            cryptography.hmacSHA256(
                Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
                == bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    }

    @Test func `a block is sealed as FIPS 197 says, and opened`() {
        let block = bytes("00112233445566778899aabbccddeeff")
        let sealed = cryptography.seal16(block)
        #expect(sealed == bytes("8ea2b7ca516745bfeafc49904b496089"))
        #expect(cryptography.open16(sealed) == block)
    }

    @Test func `comparing says what equality says`() {
        #expect(cryptography.constantTimeEquals([], []))
        #expect(cryptography.constantTimeEquals([1, 2], [1, 2]))
        #expect(!cryptography.constantTimeEquals([1, 2], [1, 3]))
        #expect(!cryptography.constantTimeEquals([1, 2], [1, 2, 0]))
    }

    @Test(arguments: 8...24)
    func `a position is opened as it was sealed`(_ count: Int) {
        let seal = PositionSeal(key: [UInt8](repeating: 3, count: 32))
        let value = (0..<count).map { UInt8($0) }
        let sealed = seal.seal(value)
        #expect(sealed.count == (count == 8 ? 16 : count + 28))
        #expect(seal.open(sealed) == value)
        #expect(PositionSeal(key: [UInt8](repeating: 4, count: 32)).open(sealed) == nil)
    }

    @Test(arguments: [8, 20])
    func `a position with any bit changed is none`(_ count: Int) {
        let seal = PositionSeal(key: [UInt8](repeating: 3, count: 32))
        let sealed = seal.seal([UInt8](repeating: 9, count: count))
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(seal.open(changed) == nil)
        }
        for length in 0..<60 where length != sealed.count {
            #expect(seal.open([UInt8](repeating: 0, count: length)) == nil)
        }
    }
}
