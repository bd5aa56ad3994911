import ArgumentParser
import Jobs

/// How a network is to be opened.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The network, an ONNX file, or \(SampleModels.preferred), which comes with tidemark, knows the "
        + "things of 'tidemark samples' alone, and is taken where no other is named.",
      valueName: "file"))
  var model = SampleModels.preferred

  @Option(
    help: ArgumentHelp(
      "What the network was trained on: imagenet, caffe, tf, raw, or a JSON file. Default: what the "
        + "model carries, or else '<model's name>.preprocess.json' beside it.",
      valueName: "preset|file"))
  var preprocess: String?

  @Option(
    help: ArgumentHelp(
      "How pictures become the network's size: crop:256:224 (scale the shorter side to 256, cut the "
        + "middle), squash:224 (whole picture, proportions change) or letterbox:224 (whole picture, "
        + "gray margins); bilinear unless ':bicubic', ':lanczos', ':box' or ':nearest' follows. "
        + "Default: what the preprocessing file says, or else squash.",
      valueName: "geometry"))
  var resize: String?

  @Option(
    help: ArgumentHelp(
      "Class names, one a line. Default: those in the model, or else '<model's name>.labels.txt', "
        + "'labels.txt' or 'imagenet_labels.txt' beside it.",
      valueName: "file"))
  var labels: String?

  func open() throws(JobError) -> OpenedModel {
    let opened = try OpenedModel(
      SampleModels.path(of: model), preprocess: preprocess, resize: resize, labels: labels)
    if SampleModels.isNamed(by: model) {
      Console.note(
        "\(model) knows \(opened.labels.names.joined(separator: ", ")), and nothing else; --model "
          + "names another network")
    }
    return opened
  }
}
