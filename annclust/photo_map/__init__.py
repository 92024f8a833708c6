"""Photo map: from neighbors to places in two dimensions; docs/photo-map.md tells the method.

affinities → spectral_start or remembered_start → descent (attraction, repulsion) → frame; drawing
is the chain. Pure: a graph in, coordinates out.
"""
