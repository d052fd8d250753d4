package detector

// Mirror is mirror, for tests.
func Mirror(crop []byte) ([]byte, error) { return mirror(crop) }
