"""Search: from vectors to neighbors.

index_spec decides (purely) which index fits, faiss_index is the only place that knows FAISS,
exact is the slow and certain answer, graph_build joins a collection with itself.
"""
