package import ByteCoding
package import Environment

/// Keeps `node.meta`: loads it at the start and replaces it, durably, when the node promises.
///
/// Confined to one queue, which stores through it one at a time.
package struct NodeMetaStore {
    package static let path = "node.meta"
    private let slots: SlotFile

    package init(disk: any Disk) {
        slots = SlotFile(disk: disk, path: Self.path, slotBytes: 4096)
    }

    package enum Loaded: Equatable, Sendable {
        /// There is none: a node that has never lived, or a folder that is none.
        case fresh
        case found(NodeMeta)
        /// It is there and cannot be read. The node is damaged: it has forgotten what it promised,
        /// so it never leads and resyncs under a new name.
        case damaged(Corruption)
        /// It was written by a newer program, which may have promised what this one cannot read.
        case foreign(ForeignFile)
    }

    /// What is stored. A slot that is torn gives way to the older one.
    package func load() throws(DiskError) -> Loaded {
        switch try slots.load() {
        case .missing: return .fresh
        case .bad(let corruption): return .damaged(corruption)
        case .newer(let version): return Self.foreign(version, SlotFile.version)
        case .found(let content, _):
            if let form = content.first, form != NodeMeta.form {
                return Self.foreign(UInt16(form), UInt16(NodeMeta.form))
            }
            do throws(Corruption) {
                return .found(try NodeMeta(content))
            } catch {
                return .damaged(error.within(file: Self.path, at: SlotFile.headerBytes))
            }
        }
    }

    private static func foreign(_ found: UInt16, _ known: UInt16) -> Loaded {
        .foreign(ForeignFile(file: path, reason: .version(found: found, known: known)))
    }

    /// Replaces what is stored, and returns when that is durable (one flush). After an error the
    /// process must end: what was promised may or may not be on the disk.
    package func store(_ meta: NodeMeta) throws(DiskError) { try slots.store(meta.encoded()) }
}

extension NodeMeta {
    /// Whether this is an older copy put back: the log knows epochs that this has not promised.
    package func isOlder(than head: LogHead) -> Bool { head.epoch > promised }
}
