internal import Crypto
internal import CryptoExtras
internal import Environment

/// The port's functions, from BoringSSL.
package final class SystemCryptography: Cryptography {
    private let blockKey: SymmetricKey

    /// - Parameter blockKey: 32 random bytes, for `seal16`.
    package init(blockKey: [UInt8]) {
        precondition(blockKey.count == 32, "a key of \(blockKey.count) bytes instead of 32")
        self.blockKey = SymmetricKey(data: blockKey)
    }

    package func sha256(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: bytes))
    }

    package func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: key)))
    }

    package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    /// One AES-256 block: 16 bytes become 16, as a position in the protocol must. An authenticated
    /// cipher would add 28 bytes. Nor is one needed: the block holds 8 bytes of zeroes beside the
    /// position, and a forged one has them with a chance of 1 in 2⁶⁴.
    package func seal16(_ block: [UInt8]) -> [UInt8] {
        permuted(block) { try AES.permute(&$0, key: blockKey) }
    }

    package func open16(_ sealed: [UInt8]) -> [UInt8] {
        permuted(sealed) { try AES.inversePermute(&$0, key: blockKey) }
    }

    private func permuted(_ block: [UInt8], _ permute: (inout [UInt8]) throws -> Void) -> [UInt8] {
        precondition(block.count == 16, "a block of \(block.count) bytes instead of 16")
        var block = block
        do {
            try permute(&block)
        } catch {
            preconditionFailure("AES refuses a block of 16 bytes: \(error)")
        }
        return block
    }
}

/// Makes positions opaque: small values that a client gives back as it got them, and that must tell
/// it nothing (a raw position tells how much others do).
///
/// A value of 8 bytes becomes one block of 16 bytes, the same for the same value, so that equal
/// positions look equal and nothing else can be seen. Longer values (to 24 bytes) become their
/// length and 28 bytes, different each time, with AES-256-GCM.
package struct PositionSeal: Sendable {
    private let cryptography: SystemCryptography
    private let key: SymmetricKey

    /// - Parameter key: 32 random bytes; who has another key cannot open.
    package init(key: [UInt8]) {
        precondition(key.count == 32, "a key of \(key.count) bytes instead of 32")
        // Two ciphers must not share a key.
        let secret = SymmetricKey(data: key)
        func derived(_ use: String) -> [UInt8] {
            Array(HMAC<SHA256>.authenticationCode(for: Array(use.utf8), using: secret))
        }
        cryptography = SystemCryptography(blockKey: derived("position block"))
        self.key = SymmetricKey(data: derived("position token"))
    }

    /// Seals 8 to 24 bytes.
    package func seal(_ value: [UInt8]) -> [UInt8] {
        precondition((8...24).contains(value.count), "a position of \(value.count) bytes")
        if value.count == 8 {
            return cryptography.seal16(value + [UInt8](repeating: 0, count: 8))
        }
        do {
            let box = try AES.GCM.seal(value, using: key)
            return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
        } catch {
            preconditionFailure("AES-GCM refuses \(value.count) bytes: \(error)")
        }
    }

    /// What was sealed; nil for anything else, from whomever it comes.
    package func open(_ sealed: [UInt8]) -> [UInt8]? {
        if sealed.count == 16 {
            let block = cryptography.open16(sealed)
            let check = [UInt8](repeating: 0, count: 8)
            return cryptography.constantTimeEquals(Array(block[8...]), check)
                ? Array(block[..<8]) : nil
        }
        guard (37...52).contains(sealed.count) else { return nil }
        // Every failure means the same: this is none of ours.
        guard
            let box = try? AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: sealed.prefix(12)),
                ciphertext: sealed.dropFirst(12).dropLast(16), tag: sealed.suffix(16)),
            let value = try? AES.GCM.open(box, using: key)
        else { return nil }
        return Array(value)
    }
}
