/// The remote directory that snapshots and log segments are shipped to.
///
/// What is published is never changed. Names are as `isName` has them.
package protocol Archive: AnyObject, Sendable {
    /// All names under `prefix`, sorted.
    func list(_ prefix: String) throws(DiskError) -> [String]
    func read(_ name: String) throws(DiskError) -> [UInt8]
    /// Publishes `bytes` as `name`, visible only when whole and durable: written under another
    /// name, flushed, read back, compared, then linked. Publishing the same bytes again is fine;
    /// other bytes under a name that is taken throw `.exists`, and nothing is changed.
    func publish(_ name: String, _ bytes: [UInt8]) throws(DiskError)
    /// Replaces the small file `name`, which is only a hint (`LATEST`) and may be lost.
    func replaceHint(_ name: String, _ bytes: [UInt8]) throws(DiskError)
    /// Removes `name`. A missing one is no error.
    func remove(_ name: String) throws(DiskError)
}

extension Archive {
    /// Whether a text may be a name: components separated by `/`, the whole 1 to 200 of
    /// `a-z 0-9 . - /`, no component empty or beginning with a dot. The hint alone has capitals.
    /// O(bytes).
    package static func isName(_ text: String) -> Bool {
        let components = text.split(separator: "/", omittingEmptySubsequences: false)
        return (1...200).contains(text.utf8.count)
            && components.allSatisfy { isComponent($0) || $0 == hint }
    }

    /// What a hint is called in its folder.
    private static var hint: String { "LATEST" }

    private static func isComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first != 0x2e else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x2d, 0x2e, 0x30...0x39, 0x61...0x7a: true
            default: false
            }
        }
    }
}
