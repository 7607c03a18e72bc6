/// The few primitives of cryptography that the core needs and may not import.
///
/// All are pure functions of their arguments and of the keys the implementation was made with. In
/// simulation they are the same functions or seeded stand-ins.
package protocol Cryptography: AnyObject, Sendable {
    /// SHA-256 of `bytes`: 32 bytes.
    func sha256(_ bytes: [UInt8]) -> [UInt8]
    /// HMAC-SHA-256 of `bytes` under `key`: 32 bytes.
    func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8]
    /// Whether both are the same, in a time that depends only on their lengths.
    func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool
    /// Maps a block of 16 bytes to another by a secret permutation; `open16` undoes it.
    ///
    /// Equal blocks give equal results, and every 16 bytes open to something: who seals puts a
    /// check (zeroes are enough) into the block, and looks at it after opening.
    func seal16(_ block: [UInt8]) -> [UInt8]
    /// The block that `seal16` made `sealed` from. Both are 16 bytes.
    func open16(_ sealed: [UInt8]) -> [UInt8]
}
