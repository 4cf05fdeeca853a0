// With this file the compiler takes functions without a body, as call.go has them, on every processor.
