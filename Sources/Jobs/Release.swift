/// The program as a whole.
public enum Release {
  /// Recorded beside every result; results of another version are made anew.
  public static let version = "0.1.0"
}
