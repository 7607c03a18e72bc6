/// The remote directory that snapshots and log segments are shipped to.
///
/// What is published is never changed. Names are `/`-separated and match `^[a-z0-9./-]{1,200}$`, no
/// component being `.` or `..`.
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
