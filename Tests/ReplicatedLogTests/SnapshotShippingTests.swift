import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

struct SnapshotShippingTests {
    @Test func `the log and a snapshot are shipped, the manifest last, and can be restored`() throws
    {
        let world = try ShippingWorld()
        try world.liveOn()
        try world.ship()
        let names = try world.archive.list("")
        #expect(names.contains { $0.hasSuffix("/manifest") })
        #expect(names.contains { $0.hasSuffix("/LATEST") })
        let manifests = world.steps.indices.filter { index in
            if case .manifest = world.steps[index] { true } else { false }
        }
        #expect(manifests == [world.steps.count - 3])
        let points = try world.check().restorePoints()
        #expect(points.map(\.manifest) == world.manifests)
        #expect(points[0].through == world.manifests[0].complete.last)
        #expect(try world.check().verify() == [])
    }

    @Test func `what is committed is shipped after a minute though its segment is open`() throws {
        let world = try ShippingWorld()
        try world.liveOn()
        try world.ship()
        #expect(world.shipper.archived < world.world.flushed)
        world.world.scheduler.run(for: .seconds(60))
        try world.ship()
        #expect(world.shipper.archived == world.world.flushed)
        #expect(try world.check().restorePoints()[0].through == world.world.flushed)
    }

    @Test func `closed segments are shipped at once`() throws {
        let world = try ShippingWorld()
        for _ in 0..<40 {
            world.world.append(records: 3, bytes: 700)
            world.world.scheduler.run(for: .milliseconds(3))
        }
        try world.ship()
        #expect(world.shipper.archived == world.log?.closedPoint)
        #expect(world.shipper.archived > .zero)
    }

    /// Names match what the port promises.
    @Test func `names are lower case, short and without tricks`() throws {
        let world = try ShippingWorld()
        try world.liveOn()
        try world.ship()
        for name in try world.archive.list("") where !name.hasSuffix("LATEST") {
            #expect(name.utf8.count <= 200)
            #expect(name.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789./-".contains($0) })
        }
    }

    @Test func `a restart or a lost answer at any step changes nothing in the end`() throws {
        let whole = try ShippingWorld()
        try whole.liveOn()
        try whole.ship()
        try whole.liveOn()
        whole.world.scheduler.run(for: .seconds(61))
        try whole.ship()
        let expected = try whole.archive.list("")
        for step in 1...whole.steps.count {
            for loses in [false, true] {
                let world = try ShippingWorld()
                if loses { world.failAt = step } else { world.restartBefore = step }
                try world.liveOn()
                try world.ship()
                try world.liveOn()
                world.world.scheduler.run(for: .seconds(61))
                try world.ship()
                #expect(world.shipper.conflict == nil)
                // Whatever was done twice, no snapshot is without what it needs.
                for point in try world.check().restorePoints() {
                    #expect(point.through != nil, "step \(step)")
                }
                #expect(try world.check().verify() == [], "step \(step)")
                let snapshots = try world.archive.list("").filter { $0.contains("/snap/") }
                #expect(snapshots == expected.filter { $0.contains("/snap/") }, "step \(step)")
            }
        }
    }

    @Test func `other bytes under a name of ours stop shipping for good`() throws {
        let world = try ShippingWorld()
        try world.liveOn()
        let prefix = world.shipper.prefix
        let point = world.manifests[0].point
        try world.archive.publish(prefix.snapshot(point, file: "c-00002.lz4"), [1, 2, 3])
        world.shipper = Shipper(identity: LogWorld.identity)
        try world.archive.publish(prefix.snapshot(point, file: "c-00001.lz4"), [1])
        world.note()
        #expect(world.shipper.next(now: world.world.scheduler.now) == .list)
        // The listing was made before the other node published.
        world.shipper.noteDone(.list, .listed([]))
        let step = ShippingStep.chunk(world.manifests[0].chunks[0], of: point)
        #expect(world.shipper.next(now: world.world.scheduler.now) == step)
        let error = #expect(throws: DiskError.self) {
            try step.perform(
                archive: world.archive, store: world.store, identity: LogWorld.identity)
        }
        guard let error else { return }
        world.shipper.noteFailed(error, now: world.world.scheduler.now)
        #expect(world.shipper.conflict?.kind == .exists)
        world.world.scheduler.run(for: .seconds(600))
        #expect(world.shipper.next(now: world.world.scheduler.now) == nil)
    }

    @Test func `chunks that another left under our names get no manifest`() throws {
        let world = try ShippingWorld()
        try world.liveOn()
        let prefix = world.shipper.prefix
        let point = world.manifests[0].point
        // Another node began to ship a snapshot of this point, and had other bytes.
        try world.archive.publish(prefix.snapshot(point, file: "c-00002.lz4"), [1, 2, 3])
        try world.ship()
        #expect(world.shipper.conflict?.kind == .exists)
        #expect(try world.check().contents.points == [])
        #expect(try world.check().verify() == [])
    }

    @Test func `an archive that has been emptied is filled again with what is still here`() throws {
        let world = try ShippingWorld()
        try world.liveOn()
        world.note()
        world.world.scheduler.run(for: .seconds(61))
        try world.ship()
        #expect(world.shipper.archived == world.world.flushed)
        for name in try world.archive.list("") { try world.archive.remove(name) }
        try world.liveOn()
        try world.ship()
        world.world.scheduler.run(for: .seconds(61))
        try world.ship()
        #expect(world.shipper.archived == world.world.flushed)
        let points = try world.check().restorePoints()
        #expect(points.first?.through == world.world.flushed)
        #expect(try world.check().verify() == [])
    }

    @Test func `a gap that an earlier shipper left is found by listing`() throws {
        let world = try ShippingWorld()
        try world.liveOn()
        try world.ship()
        try world.liveOn()
        world.note()
        world.world.scheduler.run(for: .seconds(61))
        try world.ship()
        let logs = try world.check().contents.logs
        #expect(logs.count > 2)
        try world.archive.remove(world.shipper.prefix.log(logs[1]))
        world.shipper = Shipper(identity: LogWorld.identity)
        world.note()
        #expect(world.shipper.next(now: world.world.scheduler.now) == .list)
        world.shipper.noteDone(
            .list, .listed(try world.archive.list(world.shipper.prefix.text)))
        #expect(world.shipper.gaps == [logs[1].first...logs[1].last])
        #expect(world.shipper.archivedFrom == logs[2].first)
    }

    @Test func `records trimmed before they were shipped are a gap that is reported`() throws {
        let world = try ShippingWorld()
        try world.liveOn(batches: 8)
        world.world.scheduler.run(for: .seconds(61))
        world.note()
        world.world.scheduler.run(for: .seconds(61))
        try world.ship()
        let archived = world.shipper.archived
        #expect(archived == world.world.flushed)
        for _ in 0..<80 {
            world.world.append(records: 3, bytes: 700)
            world.world.scheduler.run(for: .milliseconds(3))
        }
        world.log?.trim(before: world.world.flushed)
        world.world.scheduler.run(for: .seconds(61))
        world.note()
        world.world.scheduler.run(for: .seconds(61))
        try world.ship()
        guard let oldest = world.log?.oldest else { return }
        #expect(world.shipper.gaps == [archived.next...LSN(oldest.rawValue - 1)])
        #expect(world.shipper.archivedFrom == oldest)
    }
}

struct SnapshotArchiveRetentionTests {
    @Test func `old snapshots go manifest first, and only the log that nobody needs`() throws {
        let world = try ShippingWorld()
        for _ in 0..<4 {
            try world.liveOn()
            world.note()
            world.world.scheduler.run(for: .seconds(61))
            try world.ship()
        }
        let contents = try world.check().contents
        let retention = ArchiveRetention(contents)
        let points = world.manifests.map(\.point)
        #expect(retention.kept(newest: 1, drilled: nil) == [points[3], points[2]])
        #expect(retention.kept(newest: 2, drilled: points[0]) == [points[3], points[2], points[0]])
        let names = retention.removable(
            keeping: [points[3], points[2]], oldestStart: world.manifests[2].start.last)
        #expect(names.filter { $0.hasSuffix("/manifest") }.count == 2)
        #expect(names[0].hasSuffix("/manifest"))
        // Whatever is removed first, and wherever that stops, all that has a manifest is whole.
        for name in names {
            try world.archive.remove(name)
            #expect(try world.check().verify() == [])
            #expect(try world.check().restorePoints().allSatisfy { $0.through != nil })
        }
        #expect(try world.check().contents.points == [points[3], points[2]])
        #expect(retention.removable(keeping: [], oldestStart: LSN(.max)) == [])
    }
}
