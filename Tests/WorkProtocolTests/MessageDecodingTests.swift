import ByteCoding
import Testing
import WorkProtocol

/// What Protocol Buffers asks of every decoder, beyond reading what its own encoder wrote.
@Suite struct MessageDecodingTests {
    @Test func `a message without fields has no bytes, and no bytes are every default`() throws {
        #expect(WorkTask().encoded().isEmpty)
        #expect(try WorkTask(decoding: []) == WorkTask())
    }

    @Test func `a field of this schema's future is passed over`() throws {
        var writer = ByteWriter()
        writer.append(tag: 1000 << 3 | 2, text: "what may this be")
        writer.append(tag: 3 << 3 | 2, text: "cake")
        writer.append(tag: 1001 << 3, varint: 7)
        let task = try WorkTask(decoding: writer.bytes)
        #expect(task.name == "cake")
        #expect(task.encoded() == [0x1A, 4] + Array("cake".utf8))
    }

    @Test func `a row keeps what this program does not know, byte for byte`() throws {
        var known = TaskRow()
        known.name = "cake"
        known.bucketRank = -3
        var unknown = ByteWriter()
        unknown.append(tag: 1000 << 3 | 2, text: "what may this be")
        unknown.append(tag: 1001 << 3 | 5, fixed: UInt32(9))
        var row = try TaskRow(decoding: unknown.bytes + known.encoded())
        #expect(row.unknownFields == unknown.bytes)
        row.name = "pie"
        known.name = "pie"
        #expect(row.encoded() == known.encoded() + unknown.bytes)
        #expect(try TaskRow(decoding: row.encoded()) == row)
    }

    @Test func `an unknown value of an enumeration is refused, and the field named`() {
        let corruption = #expect(throws: Corruption.self) {
            // subtype = 99
            try WorkTask(decoding: [6 << 3, 99])
        }
        #expect(corruption?.expected.contains("WorkTask.subtype") == true)
        #expect(corruption?.found == "99")
    }

    @Test func `of a field that is there twice the last one counts`() throws {
        let task = try WorkTask(decoding: [0x1A, 1, 0x61, 0x1A, 1, 0x62, 0x10, 1, 0x10, 2])
        #expect(task.name == "b")
        #expect(task.version == 2)
    }

    @Test func `a message that is there twice is merged`() throws {
        var first = External()
        first.gid = "a"
        first.data = "kept"
        var second = External()
        second.gid = "b"
        var writer = ByteWriter()
        writer.append(tag: 20 << 3 | 2, blob: first.encoded())
        writer.append(tag: 20 << 3 | 2, blob: second.encoded())
        let task = try WorkTask(decoding: writer.bytes)
        #expect(task.external?.gid == "b")
        #expect(task.external?.data == "kept")
    }

    @Test func `of several members of a oneof the last one counts`() throws {
        var writer = ByteWriter()
        writer.append(tag: 1 << 3 | 2, blob: CreateTask().encoded())
        writer.append(tag: 3 << 3 | 2, blob: [])
        let item = try BulkItem(decoding: writer.bytes)
        #expect(item.kind == .delete(DeleteTask()))
        #expect(item.encoded() == [0x1A, 0])
    }

    @Test func `repeated numbers are read packed, unpacked and mixed`() throws {
        var writer = ByteWriter()
        writer.append(tag: 34 << 3 | 1, fixed: UInt64(1))
        writer.append(tag: 34 << 3 | 2)
        writer.appendLengthDelimited {
            $0.append(fixed: UInt64(2))
            $0.append(fixed: UInt64(3))
        }
        writer.append(tag: 34 << 3 | 1, fixed: UInt64(4))
        let task = try WorkTask(decoding: writer.bytes)
        #expect(task.collaborators == [1, 2, 3, 4])
        #expect(try WorkTask(decoding: task.encoded()) == task)
        // A packed field whose length is no multiple of eight.
        #expect(throws: Corruption.self) {
            try WorkTask(decoding: [0x92, 0x02, 7, 0, 0, 0, 0, 0, 0, 0])
        }
    }

    @Test func `a known field with another wire type is passed over`() throws {
        // name as a varint, version as text
        let task = try WorkTask(decoding: [0x18, 7, 0x12, 1, 0x61, 0x20, 5])
        #expect(task == WorkTask())
    }

    @Test func `a default that is asked for is told from one that is not`() throws {
        var update = UpdateTask()
        #expect(update.encoded().isEmpty)
        update.name = ""
        let bytes = update.encoded()
        #expect(!bytes.isEmpty)
        #expect(try UpdateTask(decoding: bytes).name == "")
        #expect(try UpdateTask(decoding: []).name == nil)
    }

    @Test func `an offset in a message within a message counts from the outermost byte`() {
        var writer = ByteWriter()
        writer.append(tag: 3 << 3 | 2, text: "0123456789")
        writer.append(tag: 20 << 3 | 2)
        writer.appendLengthDelimited { $0.append([0x0A, 5, 0x61]) }
        let corruption = #expect(throws: Corruption.self) {
            try WorkTask(decoding: writer.bytes)
        }
        #expect(corruption?.offset == 17)
    }

    @Test func `groups and field number zero are refused`() {
        for bytes: [UInt8] in [[0x0B], [0x0C], [0x00, 0], [0x07], [0x02, 0]] {
            #expect(throws: Corruption.self) { try WorkTask(decoding: bytes) }
        }
    }
}
