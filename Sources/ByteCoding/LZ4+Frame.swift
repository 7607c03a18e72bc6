internal import CLZ4

extension LZ4 {
    /// `bytes` as one LZ4 frame: independent blocks of at most 1 MiB, a checksum for each block
    /// and for the content, and the content's size in the header. `lz4 -d` opens it.
    ///
    /// Complexity: O(n), some 700 MB/s.
    package static func compressFrame(_ bytes: RawSpan) -> [UInt8] {
        var preferences = preferences(contentSize: bytes.byteCount)
        let bound = unsafe LZ4F_compressFrameBound(bytes.byteCount, &preferences)
        return unsafe bytes.withUnsafeBytes { source in
            unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, count in
                count = unsafe LZ4F_compressFrame(
                    target.baseAddress, bound, source.baseAddress, source.count, &preferences)
                precondition(
                    LZ4F_isError(count) == 0, "liblz4 always succeeds within its own bound")
            }
        }
    }

    fileprivate static func preferences(contentSize: Int) -> LZ4F_preferences_t {
        var preferences = LZ4F_preferences_t()
        // As small as holds all, which is what `LZ4F_compressFrame` does by itself.
        preferences.frameInfo.blockSizeID =
            contentSize <= 64 << 10
            ? LZ4F_max64KB : contentSize <= 256 << 10 ? LZ4F_max256KB : LZ4F_max1MB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled
        preferences.frameInfo.contentSize = UInt64(contentSize)
        return preferences
    }

    /// `bytes` as one LZ4 frame. Complexity: O(n).
    package static func compressFrame(_ bytes: [UInt8]) -> [UInt8] {
        compressFrame(unsafe bytes.span.bytes)
    }

    /// What a frame holds, every checksum checked.
    ///
    /// The frame must be of the kind `compressFrame` makes (sizes and checksums stated, blocks
    /// independent) and be all of `frame`. Throws if it holds more than `limit` bytes; nothing is
    /// allocated then.
    package static func decompressFrame(
        _ frame: RawSpan, limit: Int
    ) throws(Corruption) -> [UInt8] {
        var decoder = try FrameDecoder()
        let header = try decoder.header(of: frame)
        try check(rawSize: header.contentSize, of: frame.byteCount, limit: limit)
        return try decoder.content(of: frame, from: header.byteCount, Int(header.contentSize))
    }

    /// What a frame holds, every checksum checked.
    package static func decompressFrame(
        _ frame: [UInt8], limit: Int
    ) throws(Corruption) -> [UInt8] {
        try decompressFrame(unsafe frame.span.bytes, limit: limit)
    }
}

extension LZ4 {
    private struct FrameHeader {
        var byteCount: Int
        var contentSize: UInt64
    }

    /// liblz4's decompression context, and the checks around it.
    @safe
    private struct FrameDecoder: ~Copyable {
        private var context: OpaquePointer?

        init() throws(Corruption) {
            unsafe context = nil
            let code = unsafe LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
            precondition(LZ4F_isError(code) == 0, "liblz4 has no memory")
        }

        deinit { unsafe _ = LZ4F_freeDecompressionContext(context) }

        mutating func header(of frame: RawSpan) throws(Corruption) -> FrameHeader {
            var description = LZ4F_frameInfo_t()
            var count = frame.byteCount
            let code = unsafe frame.withUnsafeBytes { source in
                unsafe LZ4F_getFrameInfo(context, &description, source.baseAddress, &count)
            }
            try refuseError(code, at: 0)
            guard description.frameType == LZ4F_frame, description.dictID == 0,
                description.blockMode == LZ4F_blockIndependent,
                description.contentChecksumFlag == LZ4F_contentChecksumEnabled,
                description.blockChecksumFlag == LZ4F_blockChecksumEnabled
            else {
                throw Corruption(
                    offset: 4, expected: "an LZ4 frame with independent blocks and checksums",
                    found: "another kind of LZ4 frame")
            }
            return FrameHeader(byteCount: count, contentSize: description.contentSize)
        }

        /// Decompresses the blocks. A frame that states no size (0) must be empty: then liblz4
        /// has no room to write to and does not come to the frame's end.
        mutating func content(
            of frame: RawSpan, from start: Int, _ size: Int
        ) throws(Corruption) -> [UInt8] {
            var consumed = frame.byteCount - start
            var hint = 0
            let blocks = frame.extracting(start..<frame.byteCount)
            let content = unsafe blocks.withUnsafeBytes { source in
                unsafe [UInt8](unsafeUninitializedCapacity: size) { target, count in
                    count = size
                    unsafe hint = LZ4F_decompress(
                        context, target.baseAddress, &count, source.baseAddress, &consumed, nil)
                    if LZ4F_isError(hint) != 0 { count = 0 }
                }
            }
            try refuseError(hint, at: start)
            guard hint == 0, content.count == size else {
                throw Corruption(
                    offset: start + consumed, expected: "an LZ4 frame of \(size) bytes",
                    found: "the end after \(content.count) bytes")
            }
            guard start + consumed == frame.byteCount else {
                throw Corruption(
                    offset: start + consumed, expected: "the end of the LZ4 frame",
                    found: "\(frame.byteCount - start - consumed) more bytes")
            }
            return content
        }

        private func refuseError(_ code: Int, at offset: Int) throws(Corruption) {
            guard LZ4F_isError(code) != 0 else { return }
            let name = unsafe LZ4F_getErrorName(code).map { unsafe String(cString: $0) }
            throw Corruption(
                offset: offset, expected: "an intact LZ4 frame", found: name ?? "error \(code)")
        }
    }
}

extension LZ4 {
    /// Makes a frame (`compressFrame`) of pieces that need not be in memory together.
    @safe
    package struct FrameWriter: ~Copyable {
        private let context: OpaquePointer
        private var preferences: LZ4F_preferences_t
        private var frame: [UInt8] = []
        /// What liblz4 gives next.
        private var part = ByteWriter()
        private var missing: Int

        /// - Parameter contentSize: bytes of all pieces together.
        package init(contentSize: Int) {
            var made: OpaquePointer?
            let code = unsafe LZ4F_createCompressionContext(&made, UInt32(LZ4F_VERSION))
            guard LZ4F_isError(code) == 0, let made = unsafe made else {
                preconditionFailure("liblz4 has no memory")
            }
            unsafe context = made
            preferences = LZ4.preferences(contentSize: contentSize)
            missing = contentSize
            frame.reserveCapacity(contentSize / 2)
            unsafe put(Int(LZ4F_HEADER_SIZE_MAX)) { target, room, context, preferences in
                unsafe LZ4F_compressBegin(context, target, room, &preferences)
            }
        }

        deinit { unsafe _ = LZ4F_freeCompressionContext(context) }

        /// Adds a piece. Complexity: O(n).
        /// - Precondition: no more than `contentSize` in all.
        package mutating func append(_ piece: [UInt8]) {
            missing -= piece.count
            precondition(missing >= 0, "more than the frame's content")
            let bound = unsafe LZ4F_compressBound(piece.count, &preferences)
            unsafe piece.withUnsafeBytes { source in
                unsafe put(bound) { target, room, context, _ in
                    unsafe LZ4F_compressUpdate(
                        context, target, room, source.baseAddress, source.count, nil)
                }
            }
        }

        /// The frame.
        /// - Precondition: all of the content was added.
        package consuming func finish() -> [UInt8] {
            precondition(missing == 0, "less than the frame's content")
            let bound = unsafe LZ4F_compressBound(0, &preferences)
            unsafe put(bound) { target, room, context, _ in
                unsafe LZ4F_compressEnd(context, target, room, nil)
            }
            return frame
        }

        /// Appends what `make` puts into memory of so many bytes, of which it returns the count.
        private mutating func put(
            _ bound: Int,
            _ make: (UnsafeMutableRawPointer, Int, OpaquePointer, inout LZ4F_preferences_t) -> Int
        ) {
            part.removeAll()
            part.reserve(bound)
            let count = unsafe make(part.base, bound, context, &preferences)
            precondition(LZ4F_isError(count) == 0, "liblz4 always succeeds within its own bound")
            unsafe frame.append(contentsOf: UnsafeRawBufferPointer(start: part.base, count: count))
        }
    }
}
