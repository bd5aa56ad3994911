// swift-tools-version:6.2

import Foundation
import PackageDescription

// MARK: - Optional libraries

/// Whether an optional system library is to be used.
///
/// `TIDEMARK_<NAME>=1|0` decides first; otherwise the library's header is looked for. SwiftPM caches
/// manifests by content and environment, so after installing a library either export the variable
/// or build once with `--manifest-cache none`.
func uses(_ name: String, header: String) -> Bool {
  switch Context.environment["TIDEMARK_\(name)"] {
  case "1": return true
  case "0": return false
  default: break
  }
  let prefixes = ["/usr", "/usr/local", "/opt/homebrew", Context.environment["HOMEBREW_PREFIX"]]
  return prefixes.compactMap(\.self).contains { prefix in
    FileManager.default.fileExists(atPath: "\(prefix)/include/\(header)")
  }
}

let usesOneDNN = uses("ONEDNN", header: "dnnl.h")
let usesLAPACK = uses("LAPACK", header: "lapacke.h")

// MARK: - Floors, bottom to top

/// A Swift library of ours and the floors below that it stands on.
struct Floor {
  var name: String
  var dependencies: [Target.Dependency] = []
  var exclude: [String] = []
}

let floors: [Floor] = [
  Floor(name: "Imaging"),
  Floor(name: "Tensors", dependencies: ["CKernels"]),
  Floor(
    name: "Directions", dependencies: ["Imaging", "Tensors"] + (usesLAPACK ? ["CLAPACK"] : [])),
  Floor(name: "ImageCodecs", dependencies: ["Imaging", "CImageShims"]),
  Floor(name: "Samples", dependencies: ["Imaging", "Tensors", "ImageCodecs"]),
  Floor(
    name: "Kernels",
    dependencies: ["Tensors", "CKernels"] + (usesOneDNN ? ["CComputeShims"] : [])),
  Floor(
    name: "Networks",
    dependencies: [
      "Imaging", "Tensors", "Kernels",
      .product(name: "SwiftProtobuf", package: "swift-protobuf"),
    ], exclude: ["Files/ONNX/onnx.proto"]),
  Floor(name: "Boundaries", dependencies: ["Imaging", "Tensors", "Networks"]),
  Floor(
    name: "Training", dependencies: ["Imaging", "ImageCodecs", "Tensors", "Kernels", "Networks"]),
  Floor(name: "Explanations", dependencies: ["Imaging", "Tensors", "Networks", "Boundaries"]),
  Floor(name: "Measures", dependencies: ["Imaging", "Tensors", "Networks", "Explanations"]),
  Floor(name: "Rendering", dependencies: ["Imaging", "Explanations"]),
  Floor(
    name: "Jobs",
    dependencies: [
      "Imaging", "ImageCodecs", "Samples", "Tensors", "Kernels", "Networks", "Boundaries",
      "Explanations", "Measures", "Rendering", "Directions",
      .product(name: "Crypto", package: "swift-crypto"),
    ]),
]

let systemLibraries: [Target] =
  [
    .systemLibrary(
      name: "CLibPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CLibJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
  ]
  + (usesOneDNN
    ? [.systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])])]
    : [])
  + (usesLAPACK ? [.systemLibrary(name: "CLAPACK", providers: [.apt(["liblapacke-dev"])])] : [])

let cTargets: [Target] =
  [
    .target(name: "CImageShims", dependencies: ["CLibPNG", "CLibJPEG"]),
    .target(name: "CKernels"),
  ]
  + (usesOneDNN
    ? [
      .target(
        name: "CComputeShims", dependencies: ["COneDNN"],
        // Swift imports the fence only, so the module map's own link line goes unread.
        linkerSettings: [.linkedLibrary("dnnl")])
    ] : [])

let testSettings: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ]
  + (usesOneDNN ? [.define("TIDEMARK_ONEDNN")] : [])
  + (usesLAPACK ? [.define("TIDEMARK_LAPACK")] : [])

/// Warnings are errors where the project itself is checked, and nobody else's trouble. Tests are left
/// out: the testing library's macros expand to code that warns.
let swiftSettings =
  testSettings
  + (Context.environment["TIDEMARK_STRICT"] == "1" ? [.treatAllWarnings(as: .error)] : [])

let libraries: [Target] = floors.map { floor in
  .target(
    name: floor.name, dependencies: floor.dependencies, exclude: floor.exclude,
    swiftSettings: swiftSettings)
}

let tests: [Target] = floors.map { floor in
  .testTarget(
    name: "\(floor.name)Tests",
    dependencies: [.target(name: floor.name), "TestSupport"] + floor.dependencies,
    resources: [.copy("Golden")], swiftSettings: testSettings)
}

/// Programs that measure and compare, for those who work on the package.
let benchmarks: [Target] = ["bench", "values"].map { name in
  .executableTarget(
    name: name,
    dependencies: [
      "Boundaries", "Explanations", "Kernels", "Networks", "Tensors", "TestSupport",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ], path: "Benchmarks/\(name)", swiftSettings: swiftSettings)
}

let package = Package(
  name: "tidemark",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "TidemarkKit", targets: floors.map(\.name)),
    .executable(name: "tidemark", targets: ["tidemark"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
    .package(url: "https://github.com/apple/swift-protobuf", .upToNextMinor(from: "1.39.0")),
    .package(url: "https://github.com/apple/swift-crypto", .upToNextMinor(from: "4.5.2")),
  ],
  targets: systemLibraries + cTargets + libraries + tests + benchmarks + [
    .executableTarget(
      name: "tidemark",
      dependencies: [
        "Imaging", "ImageCodecs", "Tensors", "Kernels", "Networks", "Training", "Boundaries",
        "Explanations", "Measures", "Rendering", "Jobs", "Samples",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], resources: [.copy("SampleModels")], swiftSettings: swiftSettings),
    .target(
      name: "TestSupport",
      dependencies: [
        "Imaging", "ImageCodecs", "Tensors", "Kernels", "Networks", "Explanations",
      ], swiftSettings: swiftSettings),
    .testTarget(
      name: "tidemarkTests", dependencies: ["tidemark", "TestSupport", "Imaging", "ImageCodecs"],
      swiftSettings: testSettings),
  ],
  swiftLanguageModes: [.v6])
