"""Teaching the verifier: from question-and-answer data to `indexer/search/verifier.npz`, reproducibly."""
