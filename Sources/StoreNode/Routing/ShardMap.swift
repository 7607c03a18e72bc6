internal import WorkGraph

/// Which shard has which workspace. All shards of a node run on its core queue today; each is an
/// object of its own so that it can be given a queue of its own.
struct ShardMap {
    let shards: [Shard]

    init(count: Int) {
        precondition(count > 0)
        shards = (0..<count).map { _ in Shard() }
        for shard in shards { shard.meet(shards) }
    }

    /// The shard of a workspace: its ordinal says.
    func shard(of workspace: UInt32) -> Shard { shards[Int(workspace) % shards.count] }

    /// All workspaces, by ascending ordinal.
    var ordinals: [UInt32] { shards.flatMap(\.ordinals).sorted() }

    func workspace(_ ordinal: UInt32) -> WorkspaceGraph? { shard(of: ordinal).workspace(ordinal) }

    /// Until `endReplay`, shards are asked for nothing but to apply records, and for digests.
    func beginReplay() {
        for shard in shards { shard.beginReplay() }
    }

    func endReplay() {
        for shard in shards { shard.endReplay() }
    }

    func removeAll() {
        for shard in shards { shard.removeAll() }
    }
}
