"""An index in a Milvus, from a file (Milvus Lite) to a cluster."""
