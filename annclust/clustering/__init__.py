"""Clustering: from neighbors to clusters, one file per object of the HDBSCAN paper.

core_distance → mutual_reachability → spanning_tree → single_linkage → condensed_tree →
cluster_selection; hdbscan is the chain, certificate says how much of it is proven exact, lineage
keeps cluster ids stable from one clustering to the next.
"""
