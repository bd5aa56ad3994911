/// What random numbers of a picture are used for in measuring. Methods draw from the same seed, and
/// count their uses from 1; these begin well above.
enum MeasureStream {
  static let ties: UInt32 = 256
  static let perturbations: UInt32 = 257
  static let subsets: UInt32 = 258
  static let imputation: UInt32 = 259
  static let neighbors: UInt32 = 260
  static let seeds: UInt32 = 261
  static let controls: UInt32 = 262
  static let resampling: UInt32 = 263
}
