"""Embedding: from pixels to unit vectors.

embedder states the protocol, registry knows the embedders by name, color_histogram is the small
one for tests and trials, efficientnet_lite0 is the default. Its network is made once, of weights
(torch_checkpoint) and an architecture (efficientnet_lite0_graph, onnx_graph), then kept
(model_cache) and run (onnx_session).
"""
