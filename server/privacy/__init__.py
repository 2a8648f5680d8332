"""Personal data in what visitors type, found and replaced before anything is stored or logged."""
