/// A body as rays from the camera meet it.
struct Sight {
  let body: Body
  let camera: Camera
  /// The camera's place in the body's units.
  let eye: Triple

  init(of body: Body, from camera: Camera) {
    self.body = body
    self.camera = camera
    eye = body.rotation.undone(on: camera.position - body.center) / body.radius
  }

  /// Which of the rays through (u, v) meet the body, and where, in its own units; nil if none.
  func hit(_ u: Lanes, _ v: Lanes) -> (hit: Hit, direction: Vector)? {
    let direction = body.rotation.undone(on: camera.directions(u, v))
    // Inside the ball that holds it.
    let along = -direction.dot(eye)
    let square = Body.bound * Body.bound - (eye.dot(eye) - along * along)
    guard any(square .> 0) else { return nil }
    let half = root(square)
    let hit = body.solid.hit(
      from: Vector(eye), towards: direction, begin: along - half,
      end: (along + half).replacing(with: 0, where: square .<= 0))
    return any(hit.isHit) ? (hit, direction) : nil
  }
}
