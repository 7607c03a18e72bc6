import ByteCoding
import Testing

@Suite struct ChecksumTests {
    @Test func `CRC-32C gives the figures of RFC 3720, B_4`() {
        let rising = (0..<32).map(UInt8.init)
        let command: [UInt8] = [
            0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0,
            0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
        ]
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(rising) == 0x46DD_794E)
        #expect(CRC32C.checksum(rising.reversed()) == 0x113F_DB5C)
        #expect(CRC32C.checksum(command) == 0xD996_3A56)
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8]()) == 0)
    }

    @Test func `CRC-32C of a part continues to that of the whole`() {
        var random = SeededBytes(seed: 1)
        let bytes = random.noise(100)
        let whole = CRC32C.checksum(bytes)
        for cut in 0...bytes.count {
            let first = CRC32C.checksum(Array(bytes[..<cut]))
            #expect(CRC32C.checksum(Array(bytes[cut...]), seed: first) == whole)
        }
    }

    @Test func `CRC-32C notices every flip of one bit`() {
        var random = SeededBytes(seed: 2)
        for count in [1, 7, 8, 9, 64, 300] {
            var bytes = random.noise(count)
            let right = CRC32C.checksum(bytes)
            for bit in 0..<(count * 8) {
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(CRC32C.checksum(bytes) != right)
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    /// xxHash's own self-test: its buffer, and its figures for lengths on every path of the
    /// algorithm.
    static let published: [(count: Int, plain: UInt64, seeded: UInt64)] = [
        (0, 0x2D06_8005_38D3_94C2, 0xA8A6_B918_B2F0_364A),
        (1, 0xC44B_DFF4_074E_ECDB, 0x032B_E332_DD76_6EF8),
        (6, 0x27B5_6A84_CD2D_7325, 0x8458_9C11_6AB5_9AB9),
        (12, 0xA713_DAF0_DFBB_77E7, 0xE730_3E1B_2336_DE0E),
        (24, 0xA3FE_70BF_9D35_10EB, 0x850E_80FC_35BD_D690),
        (48, 0x397D_A259_ECBA_1F11, 0xADC2_CBAA_44AC_C616),
        (80, 0xBCDE_FBBB_2C47_C90A, 0xC6DD_0CB6_9953_2E73),
        (195, 0xCD94_217E_E362_EC3A, 0xBA68_003D_370C_B3D9),
        (403, 0xCDEB_804D_65C6_DEA4, 0x6259_F6EC_FD64_43FD),
        (512, 0x617E_4959_9013_CB6B, 0x3CE4_57DE_14C2_7708),
        (2048, 0xDD59_E2C3_A5F0_38E0, 0x66F8_1670_669A_BABC),
        (2240, 0x6E73_A905_39CF_2948, 0x757B_A848_7D1B_5247),
        (2367, 0xCB37_AEB9_E5D3_61ED, 0xD2DB_3415_B942_B42A),
    ]

    static func publishedBuffer(_ count: Int) -> [UInt8] {
        var generator: UInt64 = 2_654_435_761
        return (0..<count).map { _ in
            defer { generator = generator &* 11_400_714_785_074_694_797 }
            return UInt8(truncatingIfNeeded: generator >> 56)
        }
    }

    @Test(arguments: published)
    func `XXH3 gives the figures of its own self-test`(
        vector: (count: Int, plain: UInt64, seeded: UInt64)
    ) {
        let bytes = Self.publishedBuffer(vector.count)
        #expect(XXH3.hash(bytes) == vector.plain)
        #expect(XXH3.hash(bytes, seed: 11_400_714_785_074_694_797) == vector.seeded)
    }

    @Test func `XXH3 with 128 bits gives the figures of its own self-test`() {
        let nothing = XXH3.hash128([UInt8]().span.bytes)
        #expect(nothing.low == 0x6001_C324_468D_497F && nothing.high == 0x99AA_06D3_0147_98D8)
        let one = XXH3.hash128(Self.publishedBuffer(1).span.bytes)
        #expect(one.low == 0xC44B_DFF4_074E_ECDB && one.high == 0xA6CD_5E93_9200_0F6A)
    }
}
