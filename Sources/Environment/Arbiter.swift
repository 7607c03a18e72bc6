/// The compare-and-set register that says which node is primary.
///
/// With an operator as the arbiter there is none of these; etcd is one (`replication.md`).
package protocol Arbiter: AnyObject, Sendable {
    /// Replaces the register's value if its version is still `expected`. The answer may be lost:
    /// then it is `.unknown`, and is never retried blindly.
    func compareAndSet(
        expected: UInt64, _ value: [UInt8], on queue: any SerialQueue,
        completed: @escaping @Sendable (ArbiterAnswer) -> Void)
}

package enum ArbiterAnswer: Equatable, Sendable {
    case won(version: UInt64)
    case lost(version: UInt64, value: [UInt8])
    case unknown
}
