internal import ByteCoding
internal import WorkGraph
internal import WorkProtocol

/// Having memory fetched for what comes next, while it is not needed yet. Changes no answer.
extension Node {
    /// How many requests are fetched for at a time: more would push one another out of
    /// the cache before their turn.
    static let foreseen = 16

    /// Fetches what the next requests of a connection will look at.
    /// - Returns: how many frames were looked at.
    func foresee(
        _ decoder: borrowing FrameDecoder, _ input: borrowing ByteReader
    ) -> Int {
        let count = decoder.glance(at: input, most: Self.foreseen) { header, payload in
            guard let method = Method(rawValue: header.code) else { return }
            let ordinal = Self.workspace(header.route, method)
            foresights.append(
                shards.shard(of: ordinal).foresee(method, payload, in: ordinal))
        }
        fetchForeseen()
        return count
    }

    /// Fetches step by step: each step reads what the one before has asked for.
    private func fetchForeseen() {
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
