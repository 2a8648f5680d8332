"""Search by words: what is indexed of a text, what is looked for in a question, and the inverted file between."""
