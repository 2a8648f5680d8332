"""Teaching the bundled encoder: from question-and-answer data to its `adapter.npz`, reproducibly."""
