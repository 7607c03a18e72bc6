internal import ByteCoding
internal import ReplicatedLog
internal import WorkGraph
internal import WorkProtocol

/// Having memory fetched for what comes next, while it is not needed yet. Changes no answer.
extension Node {
    /// How many requests or records are fetched for at a time: more would push one another out of
    /// the cache before their turn.
    static let foreseen = 16

    /// Fetches what the next requests of a connection will look at.
    /// - Returns: how many frames were looked at.
    func foresee(
        _ decoder: borrowing FrameDecoder, _ input: borrowing ByteReader,
        _ principal: Principal
    ) -> Int {
        let count = decoder.glance(at: input, most: Self.foreseen) { header, payload in
            guard let method = Method(rawValue: header.code) else { return }
            let ordinal = Self.workspace(header.route, method)
            foresights.append(
                shards.shard(of: ordinal).foresee(method, payload, in: ordinal, as: principal))
        }
        fetchForeseen()
        return count
    }

    /// Notes what a record that will be applied soon changes; `fetchForeseen` goes on.
    func foresee(_ record: borrowing RecordView) {
        guard record.type == .change, record.lsn > applied else { return }
        let ordinal = UInt32(truncatingIfNeeded: record.workspace)
        foresights.append(
            shards.shard(of: ordinal).foresee(record: record.body, in: ordinal))
    }

    /// Fetches step by step: each step reads what the one before has asked for.
    func fetchForeseen() {
        var isOpen = true
        while isOpen {
            isOpen = false
            for index in foresights.indices where foresights[index].isOpen {
                let ordinal = foresights[index].workspace
                shards.shard(of: ordinal).fetch(&foresights[index])
                isOpen = isOpen || foresights[index].isOpen
            }
        }
        foresights.removeAll(keepingCapacity: true)
    }
}
