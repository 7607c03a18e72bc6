internal import Environment

/// A file's content, apart from its name: what can be read, what is durable, and the writes
/// between.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
final class SimulatedInode: @unchecked Sendable {
    private(set) var bytes: [UInt8]
    private(set) var durable: [UInt8]
    /// Writes that are not durable, in order, by number.
    private var pending: [(number: Int, offset: Int, bytes: [UInt8])] = []
    private var lastNumber = 0
    /// When the last append under way will be complete.
    var busyUntil = Instant(nanoseconds: 0)

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
        durable = bytes
    }

    /// - Returns: the write's number.
    @discardableResult
    func write(_ new: [UInt8], at offset: Int) -> Int {
        Self.lay(new, at: offset, into: &bytes)
        lastNumber += 1
        pending.append((lastNumber, offset, new))
        return lastNumber
    }

    func truncate(to size: Int) {
        Self.resize(&bytes, to: size)
        Self.resize(&durable, to: size)
        pending = pending.filter { $0.offset + $0.bytes.count <= size }
    }

    func flush() {
        for write in pending { Self.lay(write.bytes, at: write.offset, into: &durable) }
        pending = []
    }

    /// Makes one write durable.
    func flush(_ number: Int) {
        for write in pending where write.number == number {
            Self.lay(write.bytes, at: write.offset, into: &durable)
        }
        pending.removeAll { $0.number == number }
    }

    /// What a failed flush does: what was pending never reaches the disk.
    func forgetPending() { pending = [] }

    func settle(_ new: [UInt8]) {
        bytes = new
        durable = new
        pending = []
    }

    /// What is on the disk after a crash that kept some of the pending writes, and of some a part:
    /// the beginning, the end, to the byte, or any of the sectors.
    func remainder(drawing seed: inout Seed) -> [UInt8] {
        var result = durable
        for write in pending {
            switch seed.number(below: 5) {
            case 0: continue
            case 1:
                let kept = seed.number(below: Self.content(write.bytes) + 1)
                Self.lay([UInt8](write.bytes.prefix(kept)), at: write.offset, into: &result)
            case 2:
                let lost = seed.number(below: Self.content(write.bytes) + 1)
                Self.lay(
                    [UInt8](write.bytes.dropFirst(lost)), at: write.offset + lost, into: &result)
            case 3: Self.laySectors(of: write.bytes, at: write.offset, into: &result, &seed)
            default: Self.lay(write.bytes, at: write.offset, into: &result)
            }
        }
        return result
    }

    /// The bytes up to the last that is not zero: a write torn in its padding is not torn.
    private static func content(_ bytes: [UInt8]) -> Int {
        (bytes.lastIndex { $0 != 0 } ?? -1) + 1
    }

    /// Sectors of 512 bytes reach the disk in any order: each of them did, or did not.
    private static func laySectors(
        of bytes: [UInt8], at offset: Int, into target: inout [UInt8], _ seed: inout Seed
    ) {
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, ((offset + start) / 512 + 1) * 512 - offset)
            if seed.chance(1, in: 2) {
                lay([UInt8](bytes[start..<end]), at: offset + start, into: &target)
            }
            start = end
        }
    }

    private static func resize(_ target: inout [UInt8], to size: Int) {
        if target.count > size { target.removeLast(target.count - size) }
        if target.count < size {
            target += [UInt8](repeating: 0, count: size - target.count)
        }
    }

    private static func lay(_ new: [UInt8], at offset: Int, into target: inout [UInt8]) {
        guard !new.isEmpty else { return }
        if target.count < offset + new.count { resize(&target, to: offset + new.count) }
        // Both ranges have been made to exist; a plain copy, because simulations write much.
        unsafe target.withUnsafeMutableBytes { place in
            unsafe new.withUnsafeBytes { source in
                let part = unsafe place[offset..<(offset + new.count)]
                unsafe UnsafeMutableRawBufferPointer(rebasing: part).copyMemory(from: source)
            }
        }
    }
}

/// An open file of the simulated disk.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
final class SimulatedFile: DiskFile, @unchecked Sendable {
    private let disk: SimulatedDisk
    private let inode: SimulatedInode
    private let path: String

    init(disk: SimulatedDisk, inode: SimulatedInode, path: String) {
        self.disk = disk
        self.inode = inode
        self.path = path
    }

    func size() throws(DiskError) -> Int {
        try disk.operate(path)
        return inode.bytes.count
    }

    func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        try disk.operate(path)
        let start = min(offset, inode.bytes.count)
        return [UInt8](inode.bytes[start..<min(start + count, inode.bytes.count)])
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(DiskError) {
        try disk.operate(path)
        try disk.admitWrite(path, growth: offset + bytes.count - inode.bytes.count)
        inode.write(bytes, at: offset)
    }

    func flush() throws(DiskError) {
        try disk.operate(path)
        guard !disk.flushFails(path) else {
            inode.forgetPending()
            throw DiskError(.ioError, path: path, reason: "the simulated flush failed")
        }
        inode.flush()
    }

    func truncate(to size: Int) throws(DiskError) {
        try disk.operate(path)
        inode.truncate(to: size)
    }

    func append(
        _ bytes: [UInt8], at offset: Int, on queue: any SerialQueue,
        completed: @escaping @Sendable (DiskError?) -> Void
    ) {
        var number = 0
        do throws(DiskError) {
            try disk.operate(path)
            try disk.admitWrite(path, growth: offset + bytes.count - inode.bytes.count)
            number = inode.write(bytes, at: offset)
        } catch {
            return queue.run { completed(error) }
        }
        let fails = disk.flushFails(path)
        // Completions of one file come in order: a delay is never shorter than those before it.
        queue.schedule(after: disk.delay(for: inode)) { [disk, inode, path, number] in
            // The end of an append is an operation, too: the machine may stop before it.
            do throws(DiskError) { try disk.operate(path) } catch { return }
            if fails {
                inode.forgetPending()
                return completed(DiskError(.ioError, path: path, reason: "the flush failed"))
            }
            inode.flush(number)
            completed(nil)
        }
    }

    func close() {}
}
