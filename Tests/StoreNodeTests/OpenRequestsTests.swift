import Foundation
import Simulation
import Testing

@testable import StoreNode

@Suite struct OpenRequestsTests {
    @Test func `requests are counted until they are done, wanted or not`() {
        var requests = OpenRequests()
        requests.add(1, bytes: 10)
        requests.add(3, bytes: 5)
        requests.cancel(3)
        #expect(requests.count == 2)
        #expect(requests.bytes == 15)
        #expect(requests.finish(3) == false)
        #expect(requests.finish(3) == nil)
        #expect(requests.finish(1) == true)
        #expect(requests.finish(7) == nil)
        #expect(requests.count == 0)
        #expect(requests.bytes == 0)
    }

    @Test func `they are the same as in a dictionary, in whatever order they come and are done`() {
        let given = ProcessInfo.processInfo.environment["HOLDFAST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? .random(in: 0...999_999)
        print("open requests: HOLDFAST_SEED=\(seed)")
        var random = Seed(seed)
        var requests = OpenRequests()
        var model: [UInt32: (bytes: Int, isWanted: Bool)] = [:]
        var next: UInt32 = 1
        // Whose messages are under way while those of later streams are whole.
        var begun: [UInt32] = []
        for _ in 0..<20_000 {
            switch random.number(below: 5) {
            case 0, 1:
                let bytes = random.number(below: 100)
                let isWhole = random.number(below: 10) > 0
                if !isWhole { begun.append(next) }
                let late = begun.isEmpty ? next : begun[random.number(below: begun.count)]
                let stream = isWhole && random.number(below: 4) > 0 ? next : late
                next += 2
                if stream == next - 2, !isWhole { continue }
                begun.removeAll { $0 == stream }
                requests.add(stream, bytes: bytes)
                model[stream] = (bytes, true)
            case 2:
                let stream = UInt32(random.number(below: Int(next))) | 1
                requests.cancel(stream)
                model[stream]?.isWanted = false
            default:
                // Mostly the oldest.
                let oldest = model.keys.min() ?? 1
                let any = UInt32(random.number(below: Int(next))) | 1
                let stream = random.number(below: 3) == 0 ? any : oldest
                #expect(requests.finish(stream) == model.removeValue(forKey: stream)?.isWanted)
            }
            #expect(requests.count == model.count)
            #expect(requests.bytes == model.values.reduce(0) { $0 + $1.bytes })
        }
    }
}
