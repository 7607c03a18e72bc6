/// Decimal numbers as text: what a custom field of the kind number holds.
extension Decimal {
    /// The most digits after the point.
    package static let scaleMax: UInt32 = 9

    /// The number that `text` spells: an optional sign, digits, and at most nine digits after a
    /// point. Nil for anything else, and for what does not fit 64 bits.
    package init?(_ text: some StringProtocol) {
        var scanner = DigitScanner(text.utf8)
        let isNegative = scanner.pass(0x2D)
        if !isNegative { _ = scanner.pass(0x2B) }
        guard let whole = scanner.digits() else { return nil }
        var fraction: ArraySlice<UInt8> = []
        if scanner.pass(0x2E) {
            guard let digits = scanner.digits(), digits.count <= Decimal.scaleMax else {
                return nil
            }
            fraction = digits
        }
        guard scanner.isAtEnd else { return nil }
        var mantissa: Int64 = 0
        for digit in [whole, fraction].joined() {
            // Counting downwards, because there is one more negative number than positive ones.
            let (product, tooLarge) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.subtractingReportingOverflow(Int64(digit - 0x30))
            guard !tooLarge, !overflow else { return nil }
            mantissa = sum
        }
        if !isNegative {
            guard mantissa != .min else { return nil }
            mantissa = -mantissa
        }
        self.init()
        self.mantissa = mantissa
        self.scale = UInt32(fraction.count)
    }

    /// The number as it is kept: `-12.50`.
    package var text: String {
        let scale = Int(min(self.scale, Decimal.scaleMax))
        var digits = String(mantissa.magnitude)
        if digits.utf8.count <= scale {
            digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits
        }
        let sign = mantissa < 0 ? "-" : ""
        guard scale > 0 else { return sign + digits }
        return "\(sign)\(digits.dropLast(scale)).\(digits.suffix(scale))"
    }

    /// The number with exactly `precision` digits after the point: zeros are added, digits too many
    /// are rounded half away from zero. With so many digits that 64 bits do not hold it, as it is
    /// kept.
    package func text(precision: UInt32) -> String {
        let precision = min(precision, Decimal.scaleMax)
        var copy = self
        while copy.scale > precision {
            let isLast = copy.scale == precision + 1
            let (quotient, remainder) = copy.mantissa.quotientAndRemainder(dividingBy: 10)
            copy.mantissa = quotient
            if isLast, remainder.magnitude >= 5 { copy.mantissa += remainder < 0 ? -1 : 1 }
            copy.scale -= 1
        }
        while copy.scale < precision {
            let (product, overflow) = copy.mantissa.multipliedReportingOverflow(by: 10)
            if overflow { return text }
            copy.mantissa = product
            copy.scale += 1
        }
        return copy.text
    }
}
