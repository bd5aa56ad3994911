/// What the random numbers of a picture are used for. Two uses never see the same numbers.
enum RandomStream {
  static let baseline: UInt32 = 1
  static let noise: UInt32 = 2
  static let masks: UInt32 = 3
  static let coalitions: UInt32 = 4
  static let attack: UInt32 = 5
  static let boundaries: UInt32 = 6
}
