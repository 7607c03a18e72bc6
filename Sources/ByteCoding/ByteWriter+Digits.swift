/// Numbers as people read them, written without a string between.
extension ByteWriter {
    /// A number in decimal digits.
    package mutating func append(decimal value: UInt64) {
        guard value >= 10 else { return append(0x30 | UInt8(truncatingIfNeeded: value)) }
        var width = 1
        var power: UInt64 = 10
        while width < 20, value >= power {
            width &+= 1
            power = power &* 10
        }
        append(digits: value, width: width)
    }

    /// The last `width` decimal digits of a number, zeros before them if it has fewer.
    /// - Precondition: `width` is 1 to 20.
    package mutating func append(digits value: UInt64, width: Int) {
        precondition(width >= 1 && width <= 20)
        reserve(width)
        var rest = value
        var place = count &+ width
        while place > count {
            place &-= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            unsafe base.storeBytes(
                of: 0x30 | UInt8(truncatingIfNeeded: digit), toByteOffset: place, as: UInt8.self)
            rest = quotient
        }
        count &+= width
    }
}
