"""An index: building it, its folder on disk, its manifest, and searching in it."""
