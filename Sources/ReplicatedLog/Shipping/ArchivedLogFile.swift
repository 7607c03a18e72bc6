package import ByteCoding
internal import Environment

/// A stretch of the log as it lies in the archive: an LZ4 frame around a segment (`SegmentHeader`)
/// whose batches are aligned to 16 bytes, without a salt and without room to spare, so that what
/// reads segments reads it, and the same records always give the same bytes before compression.
package enum ArchivedLogFile {
    /// Payload bytes that are put into one file; the last batch may go beyond.
    package static let payloadBytes = 16 << 20
    /// An expanded file, at most.
    static let rawLimit = 4 * (payloadBytes + LogLimits.batchBytes)
    static let alignment = 16

    /// The file for `batches`, which follow `before`.
    package static func encode(
        _ batches: [Batch], after before: LogHead, identity: LogIdentity
    ) -> [UInt8] {
        var frame = LZ4.FrameWriter(contentSize: rawSize(batches))
        forEachPiece(of: batches, after: before, identity: identity) { frame.append($0) }
        return frame.finish()
    }

    /// What a file expands to.
    static func raw(
        _ batches: [Batch], after before: LogHead, identity: LogIdentity
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rawSize(batches))
        forEachPiece(of: batches, after: before, identity: identity) { bytes += $0 }
        return bytes
    }

    private static func rawSize(_ batches: [Batch]) -> Int {
        batches.reduce(SegmentHeader.bytes) {
            $0 + BatchHeader.framedBytes(payload: $1.payload.count, alignment: alignment)
        }
    }

    /// The header, then each batch.
    private static func forEachPiece(
        of batches: [Batch], after before: LogHead, identity: LogIdentity,
        _ body: ([UInt8]) -> Void
    ) {
        let last = batches.last?.last ?? before.last
        let header = SegmentHeader(
            begins: true, alignment: alignment, cluster: identity.cluster,
            history: identity.history, number: 0, previousNumber: 0, before: before, salt: 0,
            fileBytes: rawSize(batches), epochs: EpochHistory())
        body(header.encoded())
        for batch in batches {
            body(
                BatchHeader.frame(
                    batch, durable: last, commit: last, salt: 0, alignment: alignment))
        }
    }

    /// The head before the file's first batch, and its batches, all verified, with their chain.
    /// - Parameter file: the file's name, for messages.
    package static func decode(
        _ bytes: [UInt8], file: String
    ) throws(Corruption) -> (
        before: LogHead, cluster: Identity, history: Identity, batches: [Batch]
    ) {
        let raw: [UInt8]
        do { raw = try LZ4.decompressFrame(bytes, limit: rawLimit) } catch {
            throw error.within(file: file, at: 0)
        }
        let header: SegmentHeader
        do throws(SegmentHeader.Refusal) {
            header = try SegmentHeader([UInt8](raw.prefix(SegmentHeader.bytes)))
        } catch {
            switch error {
            case .corrupt(let corruption): throw corruption.within(file: file, at: 0)
            case .version(let version):
                throw Corruption(
                    file: file, offset: 8, expected: "format \(SegmentHeader.version)",
                    found: "format \(version)")
            }
        }
        let batches = try decodeBatches(raw, header, file)
        return (header.before, header.cluster, header.history, batches)
    }

    private static func decodeBatches(
        _ raw: [UInt8], _ header: SegmentHeader, _ file: String
    ) throws(Corruption) -> [Batch] {
        var reader = SegmentReader(
            file: ByteFile(raw), path: file, salt: header.salt, alignment: header.alignment,
            end: raw.count, offset: SegmentHeader.bytes, head: header.before)
        var batches: [Batch] = []
        while reader.offset < raw.count {
            let step: SegmentReader.Step
            do { step = try reader.next() } catch {
                throw Corruption(
                    file: file, offset: reader.offset, expected: "a batch", found: error.reason)
            }
            switch step {
            case .batch(let stored): batches.append(stored.batch)
            case .broken(let corruption): throw corruption
            case .mark, .blank, .foreign:
                throw Corruption(
                    file: file, offset: reader.offset, expected: "a batch", found: "none")
            }
        }
        return batches
    }
}
