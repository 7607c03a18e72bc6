package import ByteCoding
package import WorkProtocol

extension WorkspaceGraph {
    /// What a command does, within the transaction under way; the answer's bytes.
    func decide(
        _ command: Command, _ principal: Principal, _ now: Int64
    ) throws(Rejection) -> [UInt8] {
        throw .notFound
    }

    /// Answers a query into `writer`: nothing that the principal may not see. Changes nothing.
    package func answer(
        _ query: Query, as principal: Principal, into writer: inout ByteWriter
    ) throws(Rejection) {
        throw .notFound
    }
}
