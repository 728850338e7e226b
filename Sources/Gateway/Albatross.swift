import Hummingbird
@main struct Albatross { static func main() {} }
